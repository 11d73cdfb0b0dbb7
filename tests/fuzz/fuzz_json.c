/* JSON from outside: an object or an error, printed and parsed to the same, and its fields come in
 * the type that was asked for or not at all. The first line names the field. */
#include "common/base/json.h"
#include "tests/fuzz/fuzz.h"

static void get_fields(const json_t *object, const char *field)
{
    Error error = {0};
    const json_t *inner = NULL;
    const char *text = NULL;
    char copied[8] = "before";
    double number = -1;
    int64_t integer = -1;
    bool flag = false;
    int found = json_get_string(object, field, &text, &error) +
                json_get_integer(object, field, &integer, &error) +
                json_get_flag(object, field, &flag, &error) +
                json_get_object(object, field, &inner, &error);
    REQUIRE(found <= 1);
    bool real = json_get_number(object, field, &number, &error);
    REQUIRE(real || (number == -1 && integer == -1));
    if (json_copy_string(object, field, copied, sizeof copied, &error))
        REQUIRE(text && streq(text, copied));
    else
        REQUIRE(streq(copied, "before") && (!text || strlen(text) >= sizeof copied));
    REQUIRE(found == 1 || error.code == ERROR_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    size_t length;
    Error error = {0};
    _cleanup_free_ char *field = fuzz_line(&input), *bytes = fuzz_bytes(&input, &length);
    _cleanup_json_ json_t *value = json_parse_object(bytes, length, &error);
    if (!value) {
        REQUIRE(error.code == ERROR_BAD_REQUEST && *error.detail);
        return 0;
    }
    _cleanup_free_ char *printed = json_print(value);
    if (strlen(printed) <= TRANSFER_JSON_MAX) {
        _cleanup_json_ json_t *again = json_parse_object(printed, strlen(printed), NULL);
        REQUIRE(again && json_equal(value, again));
    }
    get_fields(value, field);
    _cleanup_json_ json_t *text = json_text(field);
    REQUIRE(json_is_string(text));
    return 0;
}
