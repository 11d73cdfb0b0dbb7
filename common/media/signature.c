#include "common/media/signature.h"

bool head_has(Head head, size_t offset, const char *bytes, size_t length)
{
    return offset <= head.length && head.length - offset >= length &&
           memcmp(head.bytes + offset, bytes, length) == 0;
}

unsigned head_u8(Head head, size_t offset)
{
    return offset < head.length ? head.bytes[offset] : 0;
}

uint32_t head_u32(Head head, size_t offset)
{
    if (offset > head.length || head.length - offset < 4)
        return 0;
    const unsigned char *at = head.bytes + offset;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

Head head_from(Head head, size_t offset)
{
    size_t passed = MIN_OF(offset, head.length);
    return (Head){head.bytes + passed, head.length - passed};
}

#define ID3_HEAD     10
#define ID3_FOOTER   0x10 /* flag: ten more bytes follow */
#define APE_HEAD     32
#define APE_TAG_MAX  (16 << 20) /* larger is damage */
#define SYNCSAFE_TOP 0x80808080 /* bits that are 0 in ID3's sizes */

size_t signature_tag(Head head)
{
    uint32_t size = head_u32(head, 6);
    unsigned version = head_u8(head, 3);
    if (head_has(head, 0, "ID3", 3) && version >= 2 && version <= 4 && !(size & SYNCSAFE_TOP)) {
        size_t length = (size >> 24) << 21 | (size >> 16 & 127) << 14 | (size >> 8 & 127) << 7;
        return ID3_HEAD + (length | (size & 127)) + (head_u8(head, 5) & ID3_FOOTER ? ID3_HEAD : 0);
    }
    if (head_has(head, 0, "APETAGEX", 8) && head.length >= APE_HEAD) {
        size_t length = __builtin_bswap32(head_u32(head, 12));
        return length <= APE_TAG_MAX ? APE_HEAD + length : 0;
    }
    return 0;
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

/* --- EBML --- */

#define EBML_DOC_TYPE 0x4282
#define EBML_HEAD_MAX 4096 /* bytes of a head that anybody writes */

/* A number of variable width (RFC 8794 §4), with its marker where it is an id. False where none
 * begins here. */
static bool signature_ebml_number(Head head, size_t *offset, bool marker, uint64_t *out)
{
    unsigned first = head_u8(head, *offset);
    if (!first || *offset >= head.length)
        return false;
    size_t width = (size_t)__builtin_clz(first) - 23;
    if (head.length - *offset < width)
        return false;
    *out = marker ? first : first & (0xFFu >> width);
    for (size_t i = 1; i < width; i++)
        *out = *out << 8 | head.bytes[*offset + i];
    *offset += width;
    return true;
}

/* Nothing but NULs may follow the text in its element (RFC 8794 §7.4). */
static bool signature_ebml_text(Head head, size_t offset, uint64_t size, const char *wanted)
{
    size_t length = strlen(wanted);
    if (size < length || !head_has(head, offset, wanted, length) || size > EBML_HEAD_MAX)
        return false;
    for (size_t i = length; i < size; i++)
        if (head_u8(head, offset + i))
            return false;
    return true;
}

bool signature_ebml(Head head, const char *doc_type)
{
    uint64_t id, size;
    size_t offset = 4;
    if (!head_has(head, 0, "\x1A\x45\xDF\xA3", 4) ||
        !signature_ebml_number(head, &offset, false, &size))
        return false;
    size_t end = MIN_OF(offset + (size_t)MIN_OF(size, EBML_HEAD_MAX), head.length);
    while (offset < end && signature_ebml_number(head, &offset, true, &id) &&
           signature_ebml_number(head, &offset, false, &size)) {
        if (id == EBML_DOC_TYPE)
            return signature_ebml_text(head, offset, size, doc_type);
        if (size > EBML_HEAD_MAX)
            return false;
        offset += size;
    }
    return false;
}

/* --- Ogg --- */

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

/* --- MPEG streams --- */

#define TS_PACKETS 5  /* in a row prove it at the beginning */
#define TS_BEHIND  16 /* do elsewhere: what other files hold by chance is shorter */
#define TS_FEW     3  /* do where the file ends behind them */

/* Sync byte, no error told, something in the packet, and not the same again and again. */
static bool signature_ts_packet(Head head, size_t offset)
{
    uint32_t header = head_u32(head, offset);
    return header >> 24 == 0x47 && !(header & 0x00800000) && header & 0x30 &&
           header != head_u32(head, offset + 4);
}

static bool signature_ts_packets(Head head, size_t offset, size_t step)
{
    size_t packets = 0, whole = (head.length - offset) / step;
    bool at_start = offset <= 4; /* a time stamp in front */
    size_t wanted = at_start ? TS_PACKETS : TS_BEHIND, few = at_start ? TS_FEW : TS_PACKETS;
    while (packets < wanted && signature_ts_packet(head, offset + packets * step))
        packets++;
    return packets == wanted || (packets >= few && packets >= whole);
}

bool signature_mpeg_ts(Head head)
{
    static const size_t steps[] = {188, 192, 204};
    for (size_t offset = 0; offset < head.length; offset++)
        for (size_t i = 0; head.bytes[offset] == 0x47 && i < ARRAY_SIZE(steps); i++)
            if (signature_ts_packets(head, offset, steps[i]))
                return true;
    return false;
}

/* Bytes of the pack header that begins here, by its marker bits; 0: none does. */
static size_t signature_pack(Head head, size_t offset)
{
    unsigned first = head_u8(head, offset + 4), last = head_u8(head, offset + 8);
    if (head_u32(head, offset) != 0x1BA)
        return 0;
    if ((first & 0xC4) == 0x44 && (last & 4))
        return 14 + (head_u8(head, offset + 13) & 7);
    return (first & 0xF1) == 0x21 && (last & 1) ? 12 : 0;
}

bool signature_mpeg_ps(Head head)
{
    for (size_t offset = 0; offset + 16 < head.length; offset++) {
        size_t length = signature_pack(head, offset);
        uint32_t next = head_u32(head, offset + length);
        if (length && next >> 8 == 1 && (next & 0xFF) >= 0xB9)
            return true;
    }
    return false;
}

/* --- camcorders --- */

/* The key, a status, the length by ASN.1's rules, and version 1 (SMPTE ST 377-1 §7.1). */
bool signature_mxf(Head head)
{
    static const char key[] = "\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02\x01\x01\x02";
    for (size_t offset = 0; offset + 32 <= head.length; offset++) {
        if (!head_has(head, offset, key, sizeof key - 1))
            continue;
        unsigned status = head_u8(head, offset + 14), length = head_u8(head, offset + 16);
        size_t value = offset + 17 + (length & 0x80 ? length & 15 : 0);
        if (status >= 1 && status <= 4 && head_has(head, value, "\0\1", 2))
            return true;
    }
    return false;
}

#define DIF_BLOCK 80

/* A block of this section of the first sequence, the n-th of its kind. */
static bool signature_dif(Head head, size_t offset, unsigned section, unsigned n)
{
    return (head_u8(head, offset) & 0xF0) == section && (head_u8(head, offset + 1) & 0xF0) == 0 &&
           head_u8(head, offset + 2) == n;
}

bool signature_dv(Head head)
{
    static const struct {
        unsigned section, n;
    } blocks[] = {{0x10, 0}, {0x30, 0}, {0x30, 1}, {0x50, 0}, {0x50, 1}, {0x50, 2}};
    for (size_t offset = 0; offset + ARRAY_SIZE(blocks) * DIF_BLOCK <= head.length; offset++) {
        size_t i = (head.bytes[offset + 3] & 0x7F) == 0x3F ? 0 : SIZE_MAX;
        while (i < ARRAY_SIZE(blocks) &&
               signature_dif(head, offset + i * DIF_BLOCK, blocks[i].section, blocks[i].n))
            i++;
        if (i == ARRAY_SIZE(blocks))
            return true;
    }
    return false;
}
