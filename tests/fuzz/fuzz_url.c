/* Percent-encoding: what is encoded is plain and decodes to what it was; what decodes holds no NUL
 * and is no longer than it was. */
#include "common/base/url.h"
#include "tests/fuzz/fuzz.h"

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%"

static void encode_and_decode(const char *text)
{
    size_t length = strlen(text), room = 3 * length + 1;
    _cleanup_free_ char *encoded = base_calloc(1, room), *decoded = base_calloc(1, length + 1);
    REQUIRE(url_encode_path(text, encoded, room));
    size_t used = strlen(encoded);
    REQUIRE(strspn(encoded, PLAIN) == used);
    REQUIRE(url_decode(encoded, used, decoded, length + 1) && streq(decoded, text));
    if (length > 0) {
        REQUIRE(!url_decode(encoded, used, decoded, length));
        REQUIRE(!url_encode_path(text, encoded, used));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    size_t length;
    _cleanup_free_ char *bytes = fuzz_bytes(&input, &length);
    _cleanup_free_ char *decoded = base_calloc(1, length + 1);
    memset(decoded, 'x', length + 1);
    if (url_decode(bytes, length, decoded, length + 1)) {
        REQUIRE(strnlen(bytes, length) == length);
        REQUIRE(strnlen(decoded, length + 1) <= length);
        encode_and_decode(decoded);
    }
    encode_and_decode(bytes);
    if (url_is_base(bytes))
        REQUIRE(strncmp(bytes, "http", 4) == 0 && !strpbrk(bytes, " \r\n\"<>@?#"));
    return 0;
}
