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

bool utf8_from_windows(const char *text, char *out, size_t size)
{
    /* What stands at 0x80 to 0x9F; 0: nothing. All others are their own number. */
    static const uint16_t letters[32] = {
        0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        unsigned letter = *at >= 0x80 && *at < 0xA0 ? letters[*at - 0x80] : *at;
        size_t length = letter < 0x80 ? 1 : letter < 0x800 ? 2 : 3;
        if (letter == 0 || used + length >= size)
            return false;
        unsigned char bytes[3] = {(unsigned char)letter};
        if (length == 2)
            bytes[0] = (unsigned char)(0xC0 | letter >> 6);
        if (length == 3) {
            bytes[0] = (unsigned char)(0xE0 | letter >> 12);
            bytes[1] = (unsigned char)(0x80 | (letter >> 6 & 0x3F));
        }
        if (length > 1)
            bytes[length - 1] = (unsigned char)(0x80 | (letter & 0x3F));
        memcpy(out + used, bytes, length);
        used += length;
    }
    if (used >= size)
        return false;
    out[used] = '\0';
    return true;
}
