/* UTF-8: what is valid stays as it is, what is not becomes valid, and a cut text stays whole
 * characters. */
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"

/* Every character's code, shortest form and place in Unicode, worked out from the bits alone. */
static bool well_formed(const unsigned char *text, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < length;) {
        size_t step = text[i] < 0x80   ? 1
                      : text[i] < 0xC0 ? 0
                      : text[i] < 0xE0 ? 2
                      : text[i] < 0xF0 ? 3
                      : text[i] < 0xF8 ? 4
                                       : 0;
        if (step == 0 || step > length - i)
            return false;
        uint32_t point = step == 1 ? text[i] : text[i] & (0x7Fu >> step);
        for (size_t k = 1; k < step; k++) {
            if (text[i + k] >> 6 != 2)
                return false;
            point = point << 6 | (text[i + k] & 0x3F);
        }
        if (point < smallest[step] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return false;
        i += step;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    size_t length;
    _cleanup_free_ char *bytes = fuzz_bytes(&input, &length);
    bool valid = utf8_valid(bytes, length);
    REQUIRE(valid == well_formed((unsigned char *)bytes, length));
    _cleanup_free_ char *text = base_strdup(bytes);
    size_t text_length = strlen(text);
    _cleanup_free_ char *repaired = utf8_repair(text, text_length);
    REQUIRE(utf8_valid(repaired, strlen(repaired)));
    REQUIRE(!utf8_valid(text, text_length) || streq(repaired, text));
    char cut[16];
    base_copy_truncated(cut, sizeof cut, repaired);
    REQUIRE(utf8_valid(cut, strlen(cut)));
    REQUIRE(strncmp(cut, repaired, strlen(cut)) == 0);
    REQUIRE(strlen(cut) + 4 >= sizeof cut || streq(cut, repaired));
    return 0;
}
