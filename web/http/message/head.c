#include "web/http/message/head.h"

/* RFC 9110 §5.6.2. */
static const bool token_characters[256] = {
    ['!'] = true, ['#' ... '\''] = true, ['*'] = true, ['+'] = true,         ['-'] = true,
    ['.'] = true, ['|'] = true,          ['~'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true,
    ['^'] = true, ['_'] = true,          ['`'] = true, ['a' ... 'z'] = true,
};

static bool head_is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!token_characters[(unsigned char)text[i]])
            return false;
    return length > 0;
}

/* Bytes beyond ASCII are let through: RFC 9110 §5.5 calls them opaque. */
static bool head_is_text(const char *text, size_t length, bool blanks)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool blank = byte == ' ' || byte == '\t';
        if (blank ? !blanks : byte < ' ' || byte == 0x7F)
            return false;
    }
    return true;
}

HeadEnd head_scan(HeadScan *scan, const char *bytes, size_t length)
{
    for (;;) {
        if (!scan->begun && length > scan->line && bytes[scan->line] != '\r' &&
            !token_characters[(unsigned char)bytes[scan->line]])
            return HEAD_MALFORMED;
        const char *end = memchr(bytes + scan->line, '\n', length - scan->line);
        if (!end)
            return HEAD_PARTIAL;
        size_t at = (size_t)(end - bytes);
        bool empty = at == scan->line + 1;
        if (at == scan->line || end[-1] != '\r')
            return HEAD_MALFORMED;
        scan->line = at + 1;
        if (!scan->begun && empty) {
            scan->start = scan->line;
        } else if (empty) {
            scan->size = scan->line;
            return HEAD_WHOLE;
        } else if (scan->begun) {
            scan->fields++;
        }
        scan->begun = scan->begun || !empty;
    }
}

/* method SP request-target SP HTTP-version, RFC 9112 §3. */
static bool head_parse_first(char *line, size_t length, Head *head, Error *error)
{
    char *target = memchr(line, ' ', length);
    char *version = target ? memchr(target + 1, ' ', length - (size_t)(target + 1 - line)) : NULL;
    line[length] = '\0';
    if (!version || !head_is_token(line, (size_t)(target - line)) ||
        !head_is_text(target + 1, (size_t)(version - target - 1), false) || version == target + 1)
        return error_set(error, ERROR_BAD_REQUEST, "The first line of the request is malformed.");
    *target++ = '\0';
    *version++ = '\0';
    if (strlen(version) != length - (size_t)(version - line) ||
        length - (size_t)(version - line) != strlen("HTTP/1.1") ||
        strncmp(version, "HTTP/1.", 7) != 0 || version[7] < '0' || version[7] > '9')
        return error_set(error, ERROR_BAD_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    head->method = line;
    head->target = target;
    head->version = version;
    return true;
}

/* field-name ":" OWS field-value OWS, RFC 9112 §5. */
static bool head_parse_field(char *bytes, size_t line, size_t length, HeadField *field)
{
    char *text = bytes + line, *colon = memchr(text, ':', length), *end = text + length;
    if (!colon || !head_is_token(text, (size_t)(colon - text)))
        return false;
    char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (!head_is_text(value, (size_t)(end - value), true))
        return false;
    *colon = '\0';
    *end = '\0';
    *field = (HeadField){.name = (uint16_t)line,
                         .name_length = (uint16_t)(colon - text),
                         .value = (uint16_t)(value - bytes),
                         .value_length = (uint16_t)(end - value)};
    return true;
}

bool head_parse(char *bytes, const HeadScan *scan, HeadField *fields, Head *out, Error *error)
{
    Head head = {.bytes = bytes, .fields = fields, .count = scan->fields};
    REQUIRE(scan->size > 0 && scan->size <= HTTP_HEAD_MAX);
    if (scan->fields > HTTP_HEADER_COUNT_MAX)
        return error_set(error, ERROR_HEADERS, "The request has more than %d header fields.",
                         HTTP_HEADER_COUNT_MAX);
    size_t line = scan->start;
    for (size_t i = 0; i <= scan->fields; i++) {
        const char *end = memchr(bytes + line, '\n', scan->size - line);
        size_t length = (size_t)(end - 1 - bytes) - line;
        if (i == 0 && !head_parse_first(bytes + line, length, &head, error))
            return false;
        if (i > 0 && !head_parse_field(bytes, line, length, &fields[i - 1]))
            return error_set(error, ERROR_BAD_REQUEST, "A header field is malformed.");
        line = (size_t)(end + 1 - bytes);
    }
    *out = head;
    return true;
}

const char *head_field(const Head *head, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < head->count; i++)
        if (head->fields[i].name_length == length &&
            strcasecmp(head->bytes + head->fields[i].name, name) == 0)
            return head->bytes + head->fields[i].value;
    return NULL;
}
