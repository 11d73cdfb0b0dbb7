#include "common/media/signature.h"

/* Bytes of the frame of a format that begins here; 0 when none does. */
typedef size_t SignatureFrame(Head head, size_t offset);

#define FRAMES_AT_START 2
#define FRAMES_BEHIND   6 /* rubbish: what other files hold by chance, or as a part, is shorter */
#define FRAMES_FEW      4 /* behind rubbish, where the file ends behind them */

/* Frames in a row that agree in what does not change, the bits of `mask`; up to `most`. The last
 * may reach beyond the head: then *to_end. What only repeats, as the colour of a picture does, is
 * no frame. */
static unsigned signature_frames(Head head, size_t offset, SignatureFrame *frame, uint32_t mask,
                                 bool *to_end)
{
    uint32_t first = head_u32(head, offset);
    unsigned count = 0;
    for (size_t length; count < FRAMES_BEHIND && (length = frame(head, offset)); offset += length) {
        uint32_t header = head_u32(head, offset);
        if ((header & mask) != (first & mask) || header == head_u32(head, offset + 4))
            break;
        count++;
    }
    *to_end = offset + 4 > head.length;
    return count;
}

/* At the very beginning few frames are enough; `behind` is what is looked for further on. */
static bool signature_has_frames(Head head, SignatureFrame *frame, SignatureFrame *behind,
                                 uint32_t mask)
{
    bool to_end;
    if (signature_frames(head, 0, frame, mask, &to_end) >= FRAMES_AT_START)
        return true;
    for (size_t offset = 1; offset + 4 < head.length; offset++) {
        if (head.bytes[offset] != 0xFF)
            continue;
        unsigned count = signature_frames(head, offset, behind, mask, &to_end);
        if (count >= FRAMES_BEHIND || (count >= FRAMES_FEW && to_end))
            return true;
    }
    return false;
}

/* --- AAC --- */

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

/* Version, layer, profile, sampling rate. */
#define ADTS_MASK 0xFFFEFC00

bool signature_adts(Head head)
{
    size_t only = signature_adts_frame(head, 0);
    return (only && only == head.length) ||
           signature_has_frames(head, signature_adts_frame, signature_adts_frame, ADTS_MASK);
}

/* --- MPEG audio --- */

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
        bitrate == 15 || (header & 3) == 2 || (version == 0 && layer != 3))
        return 0;
    bool first = version == 3;
    unsigned group = first ? layer - 1 : layer == 1 ? 3 : 4;
    unsigned hertz = rates[rate] >> (first ? 0 : version == 2 ? 1 : 2);
    unsigned bits = bitrates[group][bitrate] * 1000;
    if (layer == 1)
        return (size_t)(12 * bits / hertz + padding) * 4;
    return (size_t)(layer == 3 && !first ? 72 : 144) * bits / hertz + padding;
}

/* Layer I begins with sixteen bits that are 1, which programs and pictures are full of, and nobody
 * records in it. */
static size_t signature_mpeg_frame_behind(Head head, size_t offset)
{
    return head_has(head, offset, "\xFF\xFF", 2) || head_has(head, offset, "\xFF\xFE", 2) ||
                   head_has(head, offset, "\xFF\xF7", 2) || head_has(head, offset, "\xFF\xF6", 2)
               ? 0
               : signature_mpeg_frame(head, offset);
}

/* Version, layer, sampling rate. */
#define MPEG_MASK 0xFFFE0C00

bool signature_mpeg_audio(Head head)
{
    return signature_has_frames(head, signature_mpeg_frame, signature_mpeg_frame_behind, MPEG_MASK);
}

/* --- Dolby, DTS --- */

/* Frames from the start to the third, or to the end of a head that holds fewer. */
static bool signature_chain(Head head, SignatureFrame *frame, unsigned wanted)
{
    size_t offset = 0, length;
    unsigned count = 0;
    for (; count < wanted && (length = frame(head, offset)); offset += length)
        count++;
    return count == wanted || (count > 0 && offset == head.length);
}

static size_t signature_ac3_frame(Head head, size_t offset)
{
    static const unsigned short rates[] = {32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
                                           192, 224, 256, 320, 384, 448, 512, 576, 640};
    unsigned code = head_u8(head, offset + 4), rate = code >> 6, size = code & 63;
    if (!head_has(head, offset, "\x0B\x77", 2) || head_u8(head, offset + 5) >> 3 > 10 ||
        rate == 3 || size / 2 >= ARRAY_SIZE(rates))
        return 0;
    size_t bits = rates[size / 2];
    if (rate == 1) /* 44.1 kHz: an odd code has one word more */
        return 2 * (320 * bits / 147 + (size & 1));
    return rate == 0 ? 4 * bits : 6 * bits;
}

bool signature_ac3(Head head)
{
    return signature_chain(head, signature_ac3_frame, 3);
}

static size_t signature_eac3_frame(Head head, size_t offset)
{
    unsigned version = head_u8(head, offset + 5) >> 3;
    if (!head_has(head, offset, "\x0B\x77", 2) || version < 11 || version > 16)
        return 0;
    return 2 * (((head_u8(head, offset + 2) & 7) << 8 | head_u8(head, offset + 3)) + 1);
}

bool signature_eac3(Head head)
{
    return signature_chain(head, signature_eac3_frame, 3);
}

static size_t signature_dts_frame(Head head, size_t offset)
{
    size_t size = (head_u32(head, offset + 4) >> 4 & 0x3FFF) + 1;
    return head_has(head, offset, "\x7F\xFE\x80\x01", 4) && size >= 96 ? size : 0;
}

bool signature_dts(Head head)
{
    size_t size = signature_dts_frame(head, 0);
    /* An extension may follow the core (§6.3). */
    return size && (size == head.length || signature_dts_frame(head, size) ||
                    head_has(head, size, "\x64\x58\x20\x25", 4));
}

/* --- GSM --- */

#define GSM_FRAME  33
#define GSM_FRAMES 10 /* a fifth of a second */

bool signature_gsm(Head head)
{
    size_t frames = 0;
    bool varies = false;
    for (size_t offset = 0; offset < head.length; offset += GSM_FRAME, frames++) {
        if (head.bytes[offset] >> 4 != 0xD)
            return false;
        varies = varies || head.bytes[offset] != head_u8(head, offset + 1);
    }
    return frames >= GSM_FRAMES && varies;
}
