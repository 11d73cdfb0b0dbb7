#include "common/base/buffer.h"
#include "tests/unit/unit.h"
#include "web/http/message/field.h"
#include "web/http/message/multipart.h"

/* A form that writes down what it was told: [name|file|type]content; */
static bool on_part(void *form, const FormPart *part, Error *error)
{
    (void)error;
    return buffer_append_format(form, "[%s|%s|%s]", part->name,
                                part->file_name ? part->file_name : "-", part->content_type);
}

static bool on_data(void *form, const void *bytes, size_t length, Error *error)
{
    (void)error;
    return buffer_append(form, bytes, length);
}

static bool on_part_end(void *form, Error *error)
{
    (void)error;
    return buffer_append_text(form, ";");
}

static const FormHandler recorder = {.part = on_part, .data = on_data, .part_end = on_part_end};

#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"

static const struct {
    const char *body;
    const char *expected; /* NULL: refused */
    const char *sentence;
} rows[] = {
    {"--b\r\n" HEAD("a") "\r\n1\r\n--b--\r\n", "[a|-|]1;", "one field"},
    {"--b\r\n" HEAD("a") "\r\n\r\n--b--", "[a|-|];", "an empty field"},
    {"--b\r\n" HEAD("a") "\r\n1\r\n--b\r\n" HEAD("b") "\r\n2\r\n--b--epilogue\r\n--b\r\n",
     "[a|-|]1;[b|-|]2;", "two fields; behind the end nothing counts"},
    {"--b\r\n" HEAD("a") "\r\n\r\n--bx\r\n--c\r\n\n--b\r\n\r\n--b--", NULL,
     "a line that only begins like the boundary breaks the form, as RFC 2046 has it"},
    {"--b\r\n" HEAD("a") "\r\n\r\r\n\r\n--\r\n--c\n--b\r\n--b--", "[a|-|]\r\r\n\r\n--\r\n--c\n--b;",
     "near misses of the boundary are content"},
    {"--b  \r\n" HEAD("a") "\r\n1\r\n--b--", "[a|-|]1;", "padding behind a boundary is allowed"},
    {"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.mp4\"\r\nContent-Type: "
     "video/mp4\r\n\r\nz\r\n--b--",
     "[f|x.mp4|video/mp4]z;", "a file"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"a\\\"b%22c.mp4\"\r\n\r\nz\r\n--b--",
     "[f|a\"b\"c.mp4|]z;", "both ways of writing a quote in a name"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"C:\\dir\\x.mp4\"\r\n\r\nz\r\n--b--",
     "[f|C:\\dir\\x.mp4|]z;", "a backslash is no escape"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"x\"; "
     "filename*=UTF-8''caf%C3%A9.jpg\r\n\r\nz\r\n--b--",
     "[f|caf\xC3\xA9.jpg|]z;", "filename* wins"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"ok\"; "
     "filename*=UTF-8''%FF\r\n\r\nz\r\n--b--",
     "[f|ok|]z;", "a damaged filename* does not"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"x\"; "
     "filename*=ISO-8859-1''caf%E9%20%A3.jpg\r\n\r\nz\r\n--b--",
     "[f|caf\xC3\xA9 \xC2\xA3.jpg|]z;", "filename* in Latin-1"},
    {"--b\r\nContent-Disposition: form-data; name=f; "
     "filename*=iso-8859-1'fr'%80%93%9F\r\n\r\nz\r\n--b--",
     "[f|\xE2\x82\xAC\xE2\x80\x9C\xC5\xB8|]z;", "which is read as Windows writes it"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename*=windows-1252''%8a\r\n\r\nz\r\n--b--",
     "[f|\xC5\xA0|]z;", "and is called so by some"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"ok\"; "
     "filename*=ISO-8859-1''%81\r\n\r\nz\r\n--b--",
     "[f|ok|]z;", "a byte that is no character there"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"ok\"; "
     "filename*=KOI8-R''%C1\r\n\r\nz\r\n--b--",
     "[f|ok|]z;", "a character set that is not known"},
    {"--b\r\nContent-Disposition: form-data; name=f; filename=\"a;b=c\"\r\n\r\nz\r\n--b--",
     "[f|a;b=c|]z;", "a semicolon inside quotes"},
    {"\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--", "[a|-|]1;", "a CRLF before the first boundary"},
    {"\r\n\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--", "[a|-|]1;", "and two of them"},
    {"For programs\r\nthat know no MIME.\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--", "[a|-|]1;",
     "a preamble is passed over"},
    {"a --b in it\n--b\r\r\n-\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--", "[a|-|]1;",
     "only a line that begins with it is the boundary"},
    {"\r\n--b--\r\n", "", "a form of no parts, behind a CRLF"},
    {"", NULL, "an empty body"},
    {"--c\r\n", NULL, "another boundary"},
    {"nothing like a form", NULL, "no boundary at all"},
    {"\r\n--bx\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--", NULL, "a line that only begins like it"},
    {"\r\n--", NULL, "cut in the first boundary"},
    {"--b\r\n" HEAD("a") "\r\n1\r\n--b", NULL, "cut before the end"},
    {"--b\r\n" HEAD("a") "\r\n1", NULL, "cut in the content"},
    {"--b\r\n" HEAD("a"), NULL, "cut in a header"},
    {"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--", NULL, "a part without a name"},
    {"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--", NULL,
     "another disposition"},
    {"--b\r\n\r\n1\r\n--b--", NULL, "a part without a header"},
    {"--bx\r\n" HEAD("a") "\r\n1\r\n--b--", NULL, "something behind the boundary"},
};

/* Feeds the body in pieces of `piece` bytes, as the network would. */
static bool parse(const char *body, size_t piece, Buffer *out)
{
    Multipart *multipart = multipart_new("b", &recorder, out);
    Buffer window = BUFFER(1 << 20);
    size_t length = strlen(body);
    bool good = true;
    Error error = {0};
    for (size_t at = 0; good && at < length; at += piece) {
        size_t consumed = 0;
        assert_true(buffer_append(&window, body + at, MIN_OF(piece, length - at)));
        good = multipart_feed(multipart, window.data, window.length, &consumed, &error);
        if (good)
            buffer_consume(&window, consumed);
    }
    good = good && multipart_end(multipart, &error);
    buffer_release(&window);
    multipart_free(multipart);
    return good;
}

static void forms_are_read_the_same_however_they_are_cut(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 5, 7, 16, 4096};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t p = 0; p < ARRAY_SIZE(pieces); p++) {
            Buffer out = BUFFER(1 << 16);
            bool good = parse(rows[i].body, pieces[p], &out);
            unit_check(good == (rows[i].expected != NULL), rows[i].sentence);
            if (good)
                unit_check(streq(out.data ? out.data : "", rows[i].expected), rows[i].sentence);
            buffer_release(&out);
        }
}

/* With the CRLF before it, it may be as long as the limit, wherever the network cuts it. */
static void a_part_header_has_a_limit(void **state)
{
    static const char begin[] = "--b\r\n" HEAD("a") "X: ";
    size_t shortest = strlen(begin) - strlen("--b");
    (void)state;
    for (size_t size = MULTIPART_HEADER_MAX - 1; size <= MULTIPART_HEADER_MAX + 1; size++)
        for (size_t piece = strlen("--b") + size - 1; piece <= strlen("--b") + size + 5; piece++) {
            Buffer body = BUFFER(1 << 16), out = BUFFER(1 << 16);
            assert_true(buffer_append_text(&body, begin));
            for (size_t i = shortest; i < size; i++)
                assert_true(buffer_append_text(&body, "x"));
            assert_true(buffer_append_text(&body, "\r\n\r\n1\r\n--b--"));
            if (parse(body.data, piece, &out) != (size <= MULTIPART_HEADER_MAX))
                fail_msg("a header of %zu bytes, %zu of the form at once", size, piece);
            buffer_release(&body);
            buffer_release(&out);
        }
}

static void parts_have_a_limit(void **state)
{
    Buffer body = BUFFER(1 << 16), out = BUFFER(1 << 16);
    (void)state;
    for (size_t i = 0; i <= MULTIPART_PARTS_MAX; i++)
        assert_true(buffer_append_text(&body, "--b\r\n" HEAD("a") "\r\n1\r\n"));
    assert_true(buffer_append_text(&body, "--b--"));
    assert_false(parse(body.data, 4096, &out));
    buffer_release(&body);
    buffer_release(&out);
}

/* What stands before the first boundary has a limit, wherever the network cuts it. */
static void a_preamble_has_a_limit(void **state)
{
    (void)state;
    for (size_t size = MULTIPART_PREAMBLE_MAX - 1; size <= MULTIPART_PREAMBLE_MAX + 1; size++)
        for (size_t piece = size - 1; piece <= size + 6; piece++) {
            Buffer body = BUFFER(1 << 16), out = BUFFER(1 << 16);
            for (size_t i = 0; i < size; i++)
                assert_true(buffer_append_text(&body, "-"));
            assert_true(buffer_append_text(&body, "\r\n--b\r\n" HEAD("a") "\r\n1\r\n--b--"));
            if (parse(body.data, piece, &out) != (size <= MULTIPART_PREAMBLE_MAX))
                fail_msg("a preamble of %zu bytes, %zu of the form at once", size, piece);
            buffer_release(&body);
            buffer_release(&out);
        }
}

static void boundaries_are_checked(void **state)
{
    static const struct {
        const char *type, *boundary, *sentence;
    } cases[] = {
        {"multipart/form-data; boundary=abc", "abc", "a plain one"},
        {"Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", "a b", "quoted, any case"},
        {"multipart/form-data; boundary=a&b*c~d!e#f$g%h^i{j}k|l`m@n[o]p",
         "a&b*c~d!e#f$g%h^i{j}k|l`m@n[o]p",
         "characters that the standard does not have, and clients do"},
        {"multipart/form-data; boundary=\"=_&;<*>~\\\"\"", "=_&;<*>~\"", "the same, quoted"},
        {"multipart/form-data; boundary=\"abc\"; charset=utf-8", "abc", "with something behind it"},
        {"multipart/form-data; boundary=a\tb", NULL, "a tab"},
        {"multipart/mixed; boundary=abc", NULL, "another multipart type"},
        {"multipart/form-data", NULL, "none"},
        {"multipart/form-data; boundary=", NULL, "an empty one"},
        {"multipart/form-data; boundary=\"a \"", NULL, "a space at its end"},
        {"multipart/form-data; boundary=a\xC3\xA9", NULL, "letters outside ASCII"},
        {"multipart/form-data; "
         "boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
         NULL, "71 characters"},
        {NULL, NULL, "no Content-Type"},
    };
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool good = multipart_boundary(cases[i].type, boundary);
        unit_check(good == (cases[i].boundary != NULL), cases[i].sentence);
        if (good)
            unit_check(streq(boundary, cases[i].boundary), cases[i].sentence);
    }
}

static void dispositions_survive_any_name(void **state)
{
    char text[1400];
    (void)state;
    field_disposition("attachment", "caf\xC3\xA9 \"1\".mp4", text, sizeof text);
    assert_string_equal(text, "attachment; filename=\"caf__ _1_.mp4\"; "
                              "filename*=UTF-8''caf%C3%A9%20%221%22.mp4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read_the_same_however_they_are_cut),
        cmocka_unit_test(a_part_header_has_a_limit),
        cmocka_unit_test(parts_have_a_limit),
        cmocka_unit_test(a_preamble_has_a_limit),
        cmocka_unit_test(boundaries_are_checked),
        cmocka_unit_test(dispositions_survive_any_name),
    };
    return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
