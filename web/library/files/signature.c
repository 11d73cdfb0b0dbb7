#include "web/library/files/signature.h"

bool head_has(Head head, size_t offset, const char *bytes, size_t length)
{
    return offset <= head.length && head.length - offset >= length &&
           memcmp(head.bytes + offset, bytes, length) == 0;
}

uint32_t head_u32(Head head, size_t offset)
{
    if (offset > head.length || head.length - offset < 4)
        return 0;
    const unsigned char *at = head.bytes + offset;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

bool signature_quicktime(Head head)
{
    static const char atoms[][5] = {"moov", "mdat", "wide", "free", "skip", "pnot"};
    uint32_t size = head_u32(head, 0);
    for (size_t i = 0; i < ARRAY_SIZE(atoms); i++)
        if (head_has(head, 4, atoms[i], 4))
            return size >= 8 || size <= 1;
    return false;
}

bool signature_ebml(Head head, const char *doc_type)
{
    size_t length = strlen(doc_type);
    if (!head_has(head, 0, "\x1A\x45\xDF\xA3", 4))
        return false;
    for (size_t offset = 4; offset < 64; offset++)
        if (head_has(head, offset, "\x42\x82", 2) && head_has(head, offset + 3, doc_type, length))
            return true;
    return false;
}

bool signature_ogg(Head head)
{
    return head_has(head, 0, "OggS\0", 5);
}

bool signature_ogg_theora(Head head)
{
    for (size_t offset = 0; offset + 35 < head.length; offset++)
        if (head_has(head, offset, "OggS", 4) && head_has(head, offset + 28, "\x80theora", 7))
            return true;
    return false;
}

static bool signature_ts_packets(Head head, size_t offset, size_t step)
{
    size_t packets = 0;
    for (; offset < head.length && packets < 5; offset += step, packets++)
        if (head.bytes[offset] != 0x47)
            return false;
    return packets >= 3;
}

bool signature_mpeg_ts(Head head)
{
    return signature_ts_packets(head, 0, 188) || signature_ts_packets(head, 4, 192);
}

static size_t signature_adts_frame(Head head, size_t offset)
{
    if (offset > head.length || head.length - offset < 6)
        return 0;
    const unsigned char *at = head.bytes + offset;
    unsigned frequency = at[2] >> 2 & 15;
    size_t length = (size_t)(at[3] & 3) << 11 | (size_t)at[4] << 3 | at[5] >> 5;
    bool sync = at[0] == 0xFF && (at[1] & 0xF6) == 0xF0;
    return sync && frequency < 13 && length >= 7 ? length : 0;
}

bool signature_adts(Head head)
{
    size_t length = signature_adts_frame(head, 0);
    return length && (length == head.length || signature_adts_frame(head, length));
}

/* kbit/s by layer group and index. */
static const unsigned short bitrates[][16] = {
    {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0}, /* 1, layer I */
    {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},    /* 1, layer II */
    {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},     /* 1, layer III */
    {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},    /* 2, layer I */
    {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},         /* 2, II and III */
};

/* Bytes of the frame that begins here; 0 when none does. */
static size_t signature_mpeg_frame(Head head, size_t offset)
{
    static const unsigned rates[] = {44100, 48000, 32000};
    uint32_t header = head_u32(head, offset);
    unsigned version = header >> 19 & 3, layer = 4 - (header >> 17 & 3);
    unsigned bitrate = header >> 12 & 15, rate = header >> 10 & 3, padding = header >> 9 & 1;
    if (header >> 21 != 0x7FF || version == 1 || layer == 4 || rate == 3 || bitrate == 0 ||
        bitrate == 15)
        return 0;
    bool first = version == 3;
    unsigned group = first ? layer - 1 : layer == 1 ? 3 : 4;
    unsigned hertz = rates[rate] >> (first ? 0 : version == 2 ? 1 : 2);
    unsigned bits = bitrates[group][bitrate] * 1000;
    if (layer == 1)
        return (size_t)(12 * bits / hertz + padding) * 4;
    return (size_t)(layer == 3 && !first ? 72 : 144) * bits / hertz + padding;
}

/* Frames in a row of one version, layer and sampling rate; the last may reach beyond the head. */
static unsigned signature_mpeg_frames(Head head, size_t offset)
{
    uint32_t wanted = head_u32(head, offset) & 0xFFFE0C00;
    unsigned count = 0;
    for (size_t length; count < 3 && (length = signature_mpeg_frame(head, offset));
         offset += length) {
        if ((head_u32(head, offset) & 0xFFFE0C00) != wanted)
            break;
        count++;
    }
    return count;
}

bool signature_mpeg_audio(Head head)
{
    if (signature_mpeg_frames(head, 0) >= 2)
        return true;
    for (size_t offset = 1; offset + 4 < head.length; offset++)
        if (signature_mpeg_frames(head, offset) >= 3)
            return true;
    return false;
}
