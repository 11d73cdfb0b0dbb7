/*
 * Parameters of header fields: a value fits where it was put, fits exactly where it just fits, and
 * a file name that was written is read back.
 */
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/field.h"

static void read_parameter(const char *field, const char *name)
{
    size_t room = strlen(field) + 1;
    _cleanup_free_ char *out = base_calloc(1, room);
    memset(out, 'x', room);
    if (!field_parameter(field, name, out, room))
        return;
    size_t length = strnlen(out, room);
    REQUIRE(length < room);
    _cleanup_free_ char *exact = base_calloc(1, length + 1);
    REQUIRE(field_parameter(field, name, exact, length + 1) && streq(exact, out));
    REQUIRE(length == 0 || !field_parameter(field, name, exact, length));
}

/* A value found is found again where it stands first and quoted. */
static void read_cookie(const char *field, const char *name)
{
    char again[4200];
    size_t room = strlen(field) + 1;
    _cleanup_free_ char *out = base_calloc(1, room), *exact = base_calloc(1, room);
    memset(out, 'x', room);
    if (!field_cookie(field, name, out, room))
        return;
    size_t length = strnlen(out, room);
    REQUIRE(length < room && !strchr(out, ';'));
    REQUIRE(!field_cookie(field, name, exact, length));
    snprintf(again, sizeof again, "%s=\"%s\"; %s", name, out, name);
    REQUIRE(field_cookie(again, name, exact, length + 1) && streq(exact, out));
}

static void read_file_name(const char *field)
{
    size_t room = strlen(field) + 1;
    _cleanup_free_ char *out = base_calloc(1, room);
    memset(out, 'x', room);
    REQUIRE(!field_file_name(field, out, room) || strnlen(out, room) < room);
}

/* The field goes into a response as it is: nothing in it may end it early. */
static void write_file_name(const char *name)
{
    char field[2048], out[2048];
    field_disposition("inline", name, field, sizeof field);
    REQUIRE(strlen(field) < sizeof field - 1 && field_is(field, "inline"));
    for (const char *c = field; *c; c++)
        REQUIRE(*c >= 0x20 && *c < 0x7F);
    REQUIRE(field_file_name(field, out, sizeof out));
    if (utf8_valid(name, strlen(name)) && strlen(name) < 300)
        REQUIRE(streq(out, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *name = fuzz_line(&input);
    _cleanup_free_ char *field = fuzz_rest(&input);
    if (*name)
        read_parameter(field, name);
    if (*name)
        read_cookie(field, name);
    read_file_name(field);
    write_file_name(name);
    write_file_name(field);
    return 0;
}
