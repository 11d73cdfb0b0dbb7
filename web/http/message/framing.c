#include "web/http/message/framing.h"

#define LINE_END_LENGTH 2 /* CR LF; the parser has put NULs there */

/* The first line: its words one blank apart, and no blank or control within the target. */
static bool framing_line_is_whole(const HeadPlace *place)
{
    for (const char *c = place->sent_target; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7F)
            return false;
    return place->target == place->method + strlen(place->method) + 1 &&
           place->version == place->target + strlen(place->sent_target) + 1;
}

bool framing_check_place(const HeadPlace *place, const HeaderField *fields, size_t count,
                         Error *error)
{
    bool whole = framing_line_is_whole(place);
    const char *at = place->version + strlen(place->version) + LINE_END_LENGTH;
    for (size_t i = 0; whole && i < count; i++) {
        whole = fields[i].name == at;
        if (!whole)
            break;
        const char *value = at + fields[i].name_length + 1;
        while (*value == ' ' || *value == '\t')
            value++;
        whole = fields[i].value == value;
        at = value + fields[i].value_length + LINE_END_LENGTH;
    }
    return (whole && at + LINE_END_LENGTH == place->method + place->size) ||
           error_set(error, ERROR_BAD_REQUEST,
                     "The header has folded lines, or lines that do not end in CR LF.");
}

static bool framing_check_fields(const HeaderField *fields, size_t count, Error *error)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (count > HTTP_HEADER_COUNT_MAX)
        return error_set(error, ERROR_HEADERS, "The request has more than %d header fields.",
                         HTTP_HEADER_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].name, *value = fields[i].value;
        bool good = fields[i].name_length > 0;
        for (size_t at = 0; good && at < fields[i].name_length; at++)
            good = name[at] != '\0' && strchr(token, name[at]);
        for (size_t at = 0; good && at < fields[i].value_length; at++)
            good = ((unsigned char)value[at] >= 0x20 && value[at] != 0x7F) || value[at] == '\t';
        if (!good)
            return error_set(error, ERROR_BAD_REQUEST, "A header field is malformed.");
    }
    return true;
}

/* The only field of that name; NULL when there is none. */
static bool framing_find_single(const HeaderField *fields, size_t count, const char *name,
                                const HeaderField **out, Error *error)
{
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name_length != strlen(name) ||
            strncasecmp(fields[i].name, name, fields[i].name_length) != 0)
            continue;
        if (*out)
            return error_set(error, ERROR_BAD_REQUEST, "The field %s is given twice.", name);
        *out = &fields[i];
    }
    return true;
}

static bool framing_parse_length(const HeaderField *field, uint64_t *length, Error *error)
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

bool framing_check(const char *version, const HeaderField *fields, size_t count, Framing *out,
                   Error *error)
{
    const HeaderField *length, *encoding, *host;
    bool modern = streq(version, "HTTP/1.1");
    Framing framing = {0};
    if (!modern && !streq(version, "HTTP/1.0"))
        return error_set(error, ERROR_BAD_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    if (!framing_check_fields(fields, count, error) ||
        !framing_find_single(fields, count, "Content-Length", &length, error) ||
        !framing_find_single(fields, count, "Transfer-Encoding", &encoding, error) ||
        !framing_find_single(fields, count, "Host", &host, error))
        return false;
    if (modern && !host)
        return error_set(error, ERROR_BAD_REQUEST, "The field Host is missing.");
    if (encoding && (length || !modern))
        return error_set(error, ERROR_BAD_REQUEST,
                         "Transfer-Encoding is not allowed with Content-Length or in HTTP/1.0.");
    if (encoding && (encoding->value_length != 7 || strncasecmp(encoding->value, "chunked", 7)))
        return error_set(error, ERROR_BAD_REQUEST, "The only Transfer-Encoding is chunked.");
    if (length && !framing_parse_length(length, &framing.length, error))
        return false;
    framing.chunked = encoding != NULL;
    framing.has_body = framing.chunked || framing.length > 0;
    if (framing.chunked)
        framing.length = UINT64_MAX;
    *out = framing;
    return true;
}
