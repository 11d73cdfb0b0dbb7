#include "common/base/utf8.h"

/* Well-formed sequences: Unicode 15 table 3-7, as first byte range, second byte range, length. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high, length;
} sequences[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

size_t utf8_character(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; length > 0 && i < ARRAY_SIZE(sequences); i++) {
        size_t wanted = sequences[i].length;
        if (bytes[0] < sequences[i].first_low || bytes[0] > sequences[i].first_high)
            continue;
        if (wanted > length)
            return 0;
        if (wanted > 1 &&
            (bytes[1] < sequences[i].second_low || bytes[1] > sequences[i].second_high))
            return 0;
        for (size_t k = 2; k < wanted; k++)
            if ((bytes[k] & 0xC0) != 0x80)
                return 0;
        return wanted;
    }
    return 0;
}

bool utf8_valid(const char *text, size_t length)
{
    while (length > 0) {
        size_t step = utf8_character(text, length);
        if (step == 0)
            return false;
        text += step;
        length -= step;
    }
    return true;
}

char *utf8_repair(const char *text, size_t length)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *repaired = base_calloc(length + 1, 3), *out = repaired;
    while (length > 0) {
        size_t step = utf8_character(text, length);
        if (step == 0) {
            memcpy(out, replacement, 3);
            out += 3;
            step = 1;
        } else {
            memcpy(out, text, step);
            out += step;
        }
        text += step;
        length -= step;
    }
    return repaired;
}
