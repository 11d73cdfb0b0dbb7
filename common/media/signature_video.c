#include "common/media/signature.h"

/* Offset of the next start code's last byte at or behind `offset`; the head's length: none. */
static size_t signature_start_code(Head head, size_t offset)
{
    for (; offset + 3 < head.length; offset++)
        if (head_has(head, offset, "\0\0\1", 3))
            return offset + 3;
    return head.length;
}

/* Before the first start code there may be zeros, and nothing else. */
static bool signature_begins_with_code(Head head)
{
    size_t zeros = 0;
    while (zeros < head.length && zeros < 64 && head.bytes[zeros] == 0)
        zeros++;
    return zeros >= 2 && head_u8(head, zeros) == 1;
}

#define MPEG_PICTURE   0x00
#define MPEG_SLICE_MAX 0xAF
#define MPEG_SEQUENCE  0xB3

/* Size, shape and rate that are none of the forbidden ones, and the marker behind the bit rate. */
static bool signature_mpeg_sequence(Head head, size_t code)
{
    uint32_t sides = head_u32(head, code + 1);
    unsigned aspect = sides >> 4 & 15, rate = sides & 15;
    return sides >> 20 && (sides >> 8 & 0xFFF) && aspect && aspect < 15 && rate && rate < 14 &&
           head_u32(head, code + 5) & 0x2000;
}

bool signature_mpeg_video(Head head)
{
    bool sequence = false, picture = false;
    for (size_t code = signature_start_code(head, 0); code < head.length;
         code = signature_start_code(head, code)) {
        unsigned value = head.bytes[code];
        if (value == MPEG_SEQUENCE && !sequence) {
            sequence = signature_mpeg_sequence(head, code);
            if (!sequence)
                return false;
        } else if (value == MPEG_PICTURE)
            picture = sequence;
        else if (value <= MPEG_SLICE_MAX && picture)
            return true;
    }
    return false;
}

#define MPEG4_OBJECT_MAX 0x1F
#define MPEG4_LAYER_MAX  0x2F
#define MPEG4_SEQUENCE   0xB0
#define MPEG4_PICTURE    0xB6

bool signature_mpeg4_video(Head head)
{
    bool layer = false;
    size_t code = signature_start_code(head, 0);
    unsigned first = head_u8(head, code);
    if (!signature_begins_with_code(head) || (first > MPEG4_OBJECT_MAX && first != MPEG4_SEQUENCE))
        return false;
    for (; code < head.length; code = signature_start_code(head, code)) {
        unsigned value = head.bytes[code];
        if (value > MPEG4_OBJECT_MAX && value <= MPEG4_LAYER_MAX)
            layer = true;
        else if (value == MPEG4_PICTURE)
            return layer;
    }
    return false;
}

/* Profiles of ITU-T H.264 Annex A, and the four zero bits behind the constraints. */
static bool signature_h264_profile(Head head, size_t unit)
{
    static const unsigned char profiles[] = {44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244};
    return memchr(profiles, (int)head_u8(head, unit + 1), sizeof profiles) &&
           !(head_u8(head, unit + 2) & 3) && head_u8(head, unit + 3);
}

bool signature_h264(Head head)
{
    bool sequence = false, picture = false;
    if (!signature_begins_with_code(head))
        return false;
    for (size_t unit = signature_start_code(head, 0); unit < head.length;
         unit = signature_start_code(head, unit)) {
        unsigned type = head.bytes[unit] & 31;
        if (head.bytes[unit] & 0x80)
            return false;
        if (type == 7)
            sequence = signature_h264_profile(head, unit);
        else if (type == 8)
            picture = sequence;
        else if ((type == 1 || type == 5) && picture)
            return true;
    }
    return false;
}

bool signature_hevc(Head head)
{
    bool sequence = false, picture = false;
    if (!signature_begins_with_code(head))
        return false;
    for (size_t unit = signature_start_code(head, 0); unit < head.length;
         unit = signature_start_code(head, unit)) {
        unsigned type = head.bytes[unit] >> 1, layer = head_u8(head, unit + 1);
        if (head.bytes[unit] & 0x80 || !(layer & 7))
            return false;
        if (type == 33)
            sequence = true;
        else if (type == 34)
            picture = sequence;
        else if (type < 32 && picture)
            return true;
    }
    return false;
}
