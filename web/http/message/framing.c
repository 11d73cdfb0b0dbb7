#include "web/http/message/framing.h"

static bool is_token(const char *text, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return length > 0;
}

static bool is_field_value(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7F)
            return false;
    return true;
}

static bool named(const HeaderField *field, const char *name)
{
    return field->name_length == strlen(name) &&
           strncasecmp(field->name, name, field->name_length) == 0;
}

/* The only field of that name; NULL when there is none. */
static bool find_single(const HeaderField *fields, size_t count, const char *name,
                        const HeaderField **out, Error *error)
{
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!named(&fields[i], name))
            continue;
        if (*out)
            return error_set(error, ERROR_BAD_REQUEST, "The field %s is given twice.", name);
        *out = &fields[i];
    }
    return true;
}

static bool parse_length(const HeaderField *field, uint64_t *length, Error *error)
{
    uint64_t value = 0;
    for (size_t i = 0; i < field->value_length; i++) {
        if (field->value[i] < '0' || field->value[i] > '9' || i >= 18)
            return error_set(error, ERROR_BAD_REQUEST, "Content-Length is no number of bytes.");
        value = value * 10 + (uint64_t)(field->value[i] - '0');
    }
    if (field->value_length == 0)
        return error_set(error, ERROR_BAD_REQUEST, "Content-Length is empty.");
    *length = value;
    return true;
}

static bool check_fields(const HeaderField *fields, size_t count, Error *error)
{
    if (count > HTTP_HEADER_COUNT_MAX)
        return error_set(error, ERROR_HEADERS, "The request has more than %d header fields.",
                         HTTP_HEADER_COUNT_MAX);
    for (size_t i = 0; i < count; i++)
        if (!is_token(fields[i].name, fields[i].name_length) ||
            !is_field_value(fields[i].value, fields[i].value_length))
            return error_set(error, ERROR_BAD_REQUEST, "A header field is malformed.");
    return true;
}

bool framing_check(const char *version, const HeaderField *fields, size_t count, Framing *out,
                   Error *error)
{
    const HeaderField *length, *encoding, *host;
    bool modern = streq(version, "HTTP/1.1");
    Framing framing = {0};
    if (!modern && !streq(version, "HTTP/1.0"))
        return error_set(error, ERROR_BAD_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    if (!check_fields(fields, count, error) ||
        !find_single(fields, count, "Content-Length", &length, error) ||
        !find_single(fields, count, "Transfer-Encoding", &encoding, error) ||
        !find_single(fields, count, "Host", &host, error))
        return false;
    if (modern && !host)
        return error_set(error, ERROR_BAD_REQUEST, "The field Host is missing.");
    if (encoding && (length || !modern))
        return error_set(error, ERROR_BAD_REQUEST,
                         "Transfer-Encoding is not allowed with Content-Length or in HTTP/1.0.");
    if (encoding && (encoding->value_length != 7 || strncasecmp(encoding->value, "chunked", 7)))
        return error_set(error, ERROR_BAD_REQUEST, "The only Transfer-Encoding is chunked.");
    if (length && !parse_length(length, &framing.length, error))
        return false;
    framing.chunked = encoding != NULL;
    framing.has_body = framing.chunked || framing.length > 0;
    if (framing.chunked)
        framing.length = UINT64_MAX;
    *out = framing;
    return true;
}
