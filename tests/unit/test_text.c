/* Text from outside: UTF-8, URLs, dates, bounded fields and buffers, JSON fields. */

#include "tests/unit/unit.h"

#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/url.h"
#include "common/base/utf8.h"

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        const char *repaired, *sentence;
    } rows[] = {
        {"", true, "", "nothing is valid"},
        {"caf\xC3\xA9", true, "caf\xC3\xA9", "two bytes"},
        {"\xE2\x82\xAC \xF0\x9F\x98\x80", true, "\xE2\x82\xAC \xF0\x9F\x98\x80",
         "three and four bytes"},
        {"\xC0\xAF", false, "\xEF\xBF\xBD\xEF\xBF\xBD", "an overlong slash"},
        {"\xE0\x80\xAF", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "a longer overlong slash"},
        {"\xED\xA0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "a surrogate"},
        {"\xF4\x90\x80\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
         "beyond the last character"},
        {"a\xC3", false, "a\xEF\xBF\xBD", "a character cut off"},
        {"\x80z", false, "\xEF\xBF\xBDz", "a lone continuation"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t length = strlen(rows[i].text);
        _cleanup_free_ char *repaired = utf8_repair(rows[i].text, length);
        unit_check(utf8_valid(rows[i].text, length) == rows[i].valid, rows[i].sentence);
        unit_check(streq(repaired, rows[i].repaired), rows[i].sentence);
    }
}

static void url_escapes_are_decoded_once_and_strictly(void **state)
{
    static const struct {
        const char *text, *decoded, *sentence;
    } rows[] = {
        {"a%20b", "a b", "a space"},
        {"%2e%2E", "..", "dots, in either case"},
        {"%252e", "%2e", "only once"},
        {"a+b", "a+b", "a plus stays"},
        {"%00", NULL, "NUL"},
        {"%", NULL, "a lone percent sign"},
        {"%4", NULL, "half an escape"},
        {"%4g", NULL, "no hexadecimal digit"},
        {"0123456789abcde", "0123456789abcde", "just fits"},
        {"0123456789abcdef", NULL, "does not fit"},
    };
    char out[16];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool good = url_decode(rows[i].text, strlen(rows[i].text), out, sizeof out);
        unit_check(good == (rows[i].decoded != NULL), rows[i].sentence);
        if (good)
            unit_check(streq(out, rows[i].decoded), rows[i].sentence);
    }
    assert_true(url_encode_path("a/b c%", out, sizeof out));
    assert_string_equal(out, "a/b%20c%25");
    assert_false(url_encode_path("      ", out, sizeof out));
}

static void base_urls_have_a_host_and_nothing_behind(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"http://web.internal:8000", true},
        {"https://a.example/", true},
        {"http://[::1]:80", true},
        {"ftp://a", false},
        {"http://", false},
        {"http:///x", false},
        {"http://u@a", false},
        {"http://a?b", false},
        {"http://a b", false},
        {"a.example", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        unit_check(url_is_base(rows[i].text) == rows[i].good, rows[i].text);
}

static void http_dates_go_there_and_back(void **state)
{
    char text[40];
    int64_t parsed;
    (void)state;
    clock_http_date(784111777000, text, sizeof text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(clock_parse_http_date(text, &parsed));
    assert_int_equal(parsed, 784111777000);
    assert_false(clock_parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT", &parsed));
    assert_false(clock_parse_http_date("Sun, 06 Nov 1994 08:49:37 UTC", &parsed));
    assert_false(clock_parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", &parsed));
}

static void fields_never_overflow_nor_cut_a_character(void **state)
{
    char field[6];
    (void)state;
    assert_true(base_copy(field, sizeof field, "12345"));
    assert_false(base_copy(field, sizeof field, "123456"));
    assert_string_equal(field, "");
    base_copy_truncated(field, sizeof field, "1234\xC3\xA9");
    assert_string_equal(field, "1234");
    base_copy_truncated(field, sizeof field, "123\xC3\xA9z");
    assert_string_equal(field, "123\xC3\xA9");
}

static void a_buffer_grows_to_its_maximum_and_no_further(void **state)
{
    _cleanup_buffer_ Buffer buffer = BUFFER(10);
    (void)state;
    assert_true(buffer_append_text(&buffer, "12345"));
    assert_true(buffer_append_format(&buffer, "%d", 67890));
    assert_false(buffer_append_text(&buffer, "x"));
    assert_string_equal(buffer.data, "1234567890");
    assert_null(buffer_reserve(&buffer, 1));
    buffer_consume(&buffer, 8);
    assert_string_equal(buffer.data, "90");
    assert_non_null(buffer_reserve(&buffer, 8));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
}

static void json_faults_name_the_field(void **state)
{
    Error error = {0};
    const char *text = NULL;
    int64_t number;
    (void)state;
    _cleanup_json_ json_t *object = json_parse_object("{\"a\":1,\"b\":\"x\"}", 15, &error);
    assert_non_null(object);
    assert_true(json_get_integer(object, "a", &number, &error));
    assert_true(json_get_string(object, "b", &text, &error));
    assert_false(json_get_string(object, "a", &text, &error));
    assert_false(json_get_integer(object, "c", &number, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_int_equal(error.field_count, 2);
    assert_string_equal(error.fields[0].name, "a");
    assert_string_equal(error.fields[0].detail, "The field a must be a text.");
    assert_string_equal(error.fields[1].detail, "The field c is missing.");
}

static void json_refuses_what_is_no_plain_object(void **state)
{
    static const char *const texts[] = {
        "", "[]", "1", "{\"a\":1,\"a\":2}", "{} x", "{\"a\":\"\\u0000\"}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        Error error = {0};
        unit_check(json_parse_object(texts[i], strlen(texts[i]), &error) == NULL, texts[i]);
        unit_check(error.code == ERROR_BAD_REQUEST, texts[i]);
    }
}

static void any_bytes_become_json_text(void **state)
{
    _cleanup_json_ json_t *value = json_text("a\xFF");
    (void)state;
    assert_string_equal(json_string_value(value), "a\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
        cmocka_unit_test(url_escapes_are_decoded_once_and_strictly),
        cmocka_unit_test(base_urls_have_a_host_and_nothing_behind),
        cmocka_unit_test(http_dates_go_there_and_back),
        cmocka_unit_test(fields_never_overflow_nor_cut_a_character),
        cmocka_unit_test(a_buffer_grows_to_its_maximum_and_no_further),
        cmocka_unit_test(json_faults_name_the_field),
        cmocka_unit_test(json_refuses_what_is_no_plain_object),
        cmocka_unit_test(any_bytes_become_json_text),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
