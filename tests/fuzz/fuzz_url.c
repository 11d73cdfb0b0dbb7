/* Percent-encoding: what is encoded is plain and decodes to what it was; what decodes holds no NUL
 * and is no longer than it was; a parameter that was found is found where it is written anew. For
 * the last, the first line is a name and the rest a target. */
#include "common/base/buffer.h"
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

static void read_query(const char *name, const char *target)
{
    size_t room = strlen(target) + 1, name_room = 3 * strlen(name) + 1;
    _cleanup_free_ char *value = base_calloc(1, room), *again = base_calloc(1, room);
    _cleanup_free_ char *encoded = base_calloc(3, room), *encoded_name = base_calloc(1, name_room);
    if (!url_query_value(target, name, value, room))
        return;
    size_t length = strlen(value);
    REQUIRE(length < room && strchr(target, '?'));
    REQUIRE(length == 0 || !url_query_value(target, name, again, length));
    REQUIRE(url_encode_path(value, encoded, 3 * room));
    REQUIRE(url_encode_path(name, encoded_name, name_room));
    _cleanup_buffer_ Buffer written = BUFFER(MIB);
    REQUIRE(buffer_append_format(&written, "/?&%s=%s&x", encoded_name, encoded));
    REQUIRE(url_query_value(written.data, name, again, room) && streq(again, value));
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
    FuzzInput lines = {(const char *)data, size};
    _cleanup_free_ char *name = fuzz_line(&lines), *target = fuzz_rest(&lines);
    if (*name)
        read_query(name, target);
    return 0;
}
