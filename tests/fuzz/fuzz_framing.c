/*
 * Where a body begins and ends: what is accepted says one thing, and says it in whatever order and
 * case the fields come.
 */
#include "common/base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/framing.h"

#define FIELDS_MAX (HTTP_HEADER_COUNT_MAX + 2)

static bool same(const Framing *a, const Framing *b)
{
    return a->has_body == b->has_body && a->chunked == b->chunked && a->length == b->length;
}

/* "Name: value" or "Name" alone. */
static HeaderField cut_field(char *line)
{
    char *colon = strchr(line, ':');
    HeaderField field = {.name = line, .name_length = strlen(line)};
    if (!colon)
        return field;
    field.name_length = (size_t)(colon - line);
    field.value = colon + 1 + strspn(colon + 1, " ");
    field.value_length = strlen(field.value);
    return field;
}

static void turn_around(HeaderField *fields, char **lines, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        HeaderField field = fields[i];
        fields[i] = fields[count - 1 - i];
        fields[count - 1 - i] = field;
    }
    for (size_t i = 0; i < count; i++)
        for (char *c = lines[i]; *c && *c != ':'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Framing untouched = {.length = 4711};
    FuzzInput input = {(const char *)data, size};
    HeaderField fields[FIELDS_MAX];
    char *lines[FIELDS_MAX];
    size_t count = 0;
    Framing framing = untouched, turned = untouched;
    Error error = {0};
    _cleanup_free_ char *version = fuzz_line(&input);
    for (; input.left > 0 && count < FIELDS_MAX; count++) {
        lines[count] = fuzz_line(&input);
        fields[count] = cut_field(lines[count]);
    }
    bool good = framing_check(version, fields, count, &framing, &error);
    turn_around(fields, lines, count);
    REQUIRE(framing_check(version, fields, count, &turned, NULL) == good);
    REQUIRE(same(&framing, &turned));
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    if (!good) {
        REQUIRE(same(&framing, &untouched));
        REQUIRE(error.code == ERROR_BAD_REQUEST || error.code == ERROR_HEADERS);
        return 0;
    }
    REQUIRE(count <= HTTP_HEADER_COUNT_MAX);
    REQUIRE(framing.has_body == (framing.length > 0));
    REQUIRE(framing.chunked == (framing.length == UINT64_MAX));
    REQUIRE(framing.chunked || framing.length <= (uint64_t)INT64_MAX);
    REQUIRE(!framing.chunked || streq(version, "HTTP/1.1"));
    return 0;
}
