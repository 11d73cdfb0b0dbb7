/*
 * The head of a request: however its bytes come, its end is found in the same place or not at all;
 * what is accepted holds nothing that somebody else could read differently, and says the same when
 * it is written anew. The first line says by its bytes how long the pieces are; the rest is the
 * head, and whatever is behind it.
 */
#include "common/base/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/head.h"

/* Scans the bytes in pieces of these lengths, again and again; "" for one piece. What has come so
 * far stands in memory of its own, so that a step beyond is seen. */
static HeadEnd scan_head(const char *lengths, const Buffer *bytes, HeadScan *scan)
{
    HeadEnd end = HEAD_PARTIAL;
    *scan = (HeadScan){0};
    for (size_t i = 0, come = 0; end == HEAD_PARTIAL && come < bytes->length; i++) {
        size_t left = bytes->length - come;
        size_t step = *lengths ? (unsigned char)lengths[i % strlen(lengths)] : left;
        come += MIN_OF(step, left);
        _cleanup_free_ char *exact = malloc(come);
        REQUIRE(exact);
        memcpy(exact, bytes->data, come);
        end = head_scan(scan, exact, come);
    }
    return end;
}

static bool same(const HeadScan *a, const HeadScan *b)
{
    return a->line == b->line && a->start == b->start && a->size == b->size &&
           a->fields == b->fields && a->begun == b->begun;
}

static void look_at_end(const Buffer *bytes, const HeadScan *scan)
{
    Buffer less = {.data = bytes->data, .length = scan->size};
    HeadScan again;
    REQUIRE(scan->begun && scan->start < scan->size && scan->size <= bytes->length);
    REQUIRE(memcmp(bytes->data + scan->size - 4, "\r\n\r\n", 4) == 0);
    REQUIRE(scan_head("", &less, &again) == HEAD_WHOLE && same(scan, &again));
    less.length--;
    REQUIRE(scan_head("", &less, &again) == HEAD_PARTIAL);
}

/* No control characters, and a NUL at the end. */
static void look_at_text(const char *text, size_t length, bool blanks)
{
    REQUIRE(strlen(text) == length);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        REQUIRE((byte > ' ' && byte != 0x7F) || (blanks && (byte == ' ' || byte == '\t')));
    }
}

static void look_at_field(const Head *head, const HeadField *field, size_t size)
{
    const char *name = head->bytes + field->name, *value = head->bytes + field->value;
    REQUIRE(field->name + field->name_length < field->value);
    REQUIRE((size_t)field->value + field->value_length < size);
    REQUIRE(field->name_length > 0 && !strpbrk(name, ":()<>@,;\\\"/[]?={} \t"));
    look_at_text(name, field->name_length, false);
    look_at_text(value, field->value_length, true);
    if (field->value_length > 0)
        REQUIRE(!strchr(" \t", value[0]) && !strchr(" \t", value[field->value_length - 1]));
    const char *first = head_field(head, name);
    REQUIRE(first && first <= value);
    for (const HeadField *before = head->fields; before < field; before++)
        if (head->bytes + before->value == first)
            return;
    REQUIRE(first == value);
}

static void write_head(const Head *head, Buffer *out)
{
    REQUIRE(buffer_append_format(out, "%s %s %s\r\n", head->method, head->target, head->version));
    for (size_t i = 0; i < head->count; i++)
        REQUIRE(buffer_append_format(out, "%s: %s\r\n", head->bytes + head->fields[i].name,
                                     head->bytes + head->fields[i].value));
    REQUIRE(buffer_append_text(out, "\r\n"));
}

/* Parses what was scanned, in memory of its own, and writes it anew; false where it is refused. */
static bool parse(const char *from, const HeadScan *scan, Buffer *out)
{
    _cleanup_free_ char *bytes = malloc(scan->size);
    _cleanup_free_ HeadField *fields = base_calloc(scan->fields + 1, sizeof *fields);
    Head head = {.count = 4711};
    Error error = {0};
    REQUIRE(bytes);
    memcpy(bytes, from, scan->size);
    if (!head_parse(bytes, scan, fields, &head, &error)) {
        REQUIRE(head.count == 4711 && !head.bytes && !head.method);
        REQUIRE(error.code ==
                (scan->fields > HTTP_HEADER_COUNT_MAX ? ERROR_HEADERS : ERROR_BAD_REQUEST));
        return false;
    }
    REQUIRE(head.bytes == bytes && head.count == scan->fields &&
            head.count <= HTTP_HEADER_COUNT_MAX);
    look_at_text(head.method, strlen(head.method), false);
    look_at_text(head.target, strlen(head.target), false);
    REQUIRE(*head.method && *head.target);
    REQUIRE(strncmp(head.version, "HTTP/1.", 7) == 0 && strlen(head.version) == 8);
    for (size_t i = 0; i < head.count; i++)
        look_at_field(&head, &head.fields[i], scan->size);
    write_head(&head, out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_buffer_ Buffer bytes = BUFFER(1 << 20), anew = BUFFER(1 << 20);
    _cleanup_buffer_ Buffer again = BUFFER(1 << 20);
    _cleanup_free_ char *lengths = fuzz_line(&input);
    HeadScan whole, pieces;
    if (input.left == 0 || !buffer_append(&bytes, input.at, input.left))
        return 0;
    HeadEnd end = scan_head("", &bytes, &whole);
    REQUIRE(scan_head(lengths, &bytes, &pieces) == end && same(&whole, &pieces));
    REQUIRE(scan_head("\x01", &bytes, &pieces) == end && same(&whole, &pieces));
    if (end != HEAD_WHOLE)
        return 0;
    look_at_end(&bytes, &whole);
    if (whole.size > HTTP_HEAD_MAX || !parse(bytes.data, &whole, &anew))
        return 0;
    REQUIRE(scan_head("", &anew, &pieces) == HEAD_WHOLE && pieces.fields == whole.fields);
    REQUIRE(pieces.start == 0 && pieces.size == anew.length);
    if (pieces.size > HTTP_HEAD_MAX)
        return 0;
    REQUIRE(parse(anew.data, &pieces, &again));
    REQUIRE(again.length == anew.length && memcmp(again.data, anew.data, again.length) == 0);
    return 0;
}
