/*
 * Where a body begins and ends: what is accepted says one thing, and says it in whatever order and
 * case the fields come. The first line is the version; the others are fields as they were sent.
 */
#include "common/base/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/framing.h"

#define FIELDS_MAX (HTTP_HEADER_COUNT_MAX + 2)

/* A head of those lines, and what came of it. */
typedef struct Reading {
    bool parsed, checked;
    bool connection; /* whether there is such a field */
    Framing framing;
    Error error;
} Reading;

static bool same(const Framing *a, const Framing *b)
{
    return a->has_body == b->has_body && a->chunked == b->chunked && a->length == b->length &&
           a->persistent == b->persistent;
}

static void turn_around(char **lines, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        char *line = lines[i];
        lines[i] = lines[count - 1 - i];
        lines[count - 1 - i] = line;
    }
    for (size_t i = 0; i < count; i++)
        for (char *c = lines[i]; *c && *c != ':'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 0x20);
}

/* `more` is one more line, or "". */
static Reading read_head(const char *version, char **lines, size_t count, const char *more)
{
    _cleanup_buffer_ Buffer text = BUFFER(HTTP_HEAD_MAX);
    Reading reading = {.framing.length = 4711};
    HeadScan scan = {0};
    Head head;
    bool fits = buffer_append_format(&text, "GET / %s\r\n", version);
    for (size_t i = 0; i < count; i++)
        fits = fits && buffer_append_format(&text, "%s\r\n", lines[i]);
    if (!fits || !buffer_append_format(&text, "%s\r\n", more))
        return reading;
    REQUIRE(head_scan(&scan, text.data, text.length) == HEAD_WHOLE && scan.size == text.length);
    _cleanup_free_ HeadField *fields = base_calloc(scan.fields + 1, sizeof *fields);
    reading.parsed = head_parse(text.data, &scan, fields, &head, &reading.error);
    if (!reading.parsed)
        return reading;
    reading.connection = head_field(&head, "Connection");
    reading.checked = framing_check(&head, &reading.framing, &reading.error);
    return reading;
}

static void look(const char *version, char **lines, size_t count)
{
    const Framing untouched = {.length = 4711};
    bool modern = !streq(version, "HTTP/1.0");
    Reading reading = read_head(version, lines, count, "");
    Reading closing = read_head(version, lines, count, "Connection: close\r\n");
    turn_around(lines, count);
    Reading turned = read_head(version, lines, count, "");
    Framing framing = reading.framing;
    REQUIRE(turned.parsed == reading.parsed && turned.checked == reading.checked);
    REQUIRE(same(&framing, &turned.framing));
    if (!reading.checked) {
        REQUIRE(same(&framing, &untouched));
        REQUIRE(!reading.parsed || reading.error.code == ERROR_BAD_REQUEST ||
                reading.error.code == ERROR_TOO_LARGE);
        return;
    }
    REQUIRE(strncmp(version, "HTTP/1.", 7) == 0);
    REQUIRE(framing.has_body == (framing.length > 0));
    REQUIRE(framing.chunked == (framing.length == UINT64_MAX));
    REQUIRE(framing.chunked || framing.length <= (uint64_t)INT64_MAX);
    REQUIRE(!framing.chunked || modern);
    REQUIRE(reading.connection || framing.persistent == modern);
    if (closing.parsed) {
        framing.persistent = false;
        REQUIRE(closing.checked && same(&closing.framing, &framing));
    }
}

/* An empty line would end the head. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    char *lines[FIELDS_MAX];
    size_t count = 0;
    _cleanup_free_ char *version = fuzz_line(&input);
    while (input.left > 0 && count < FIELDS_MAX) {
        lines[count] = fuzz_line(&input);
        if (*lines[count])
            count++;
        else
            free(lines[count]);
    }
    look(version, lines, count);
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    return 0;
}
