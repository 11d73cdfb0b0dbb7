#include "web/http/message/framing.h"

#define LENGTH_DIGITS_MAX 18 /* an exabyte, and no overflow */

/* The only field of that name; NULL when there is none. */
static bool framing_find_single(const Head *head, const char *name, const HeadField **out,
                                Error *error)
{
    *out = NULL;
    for (size_t i = 0; i < head->count; i++) {
        const HeadField *field = &head->fields[i];
        if (field->name_length != strlen(name) || strcasecmp(head->bytes + field->name, name) != 0)
            continue;
        if (*out)
            return error_set(error, ERROR_BAD_REQUEST, "The field %s is given twice.", name);
        *out = field;
    }
    return true;
}

static bool framing_parse_length(const char *text, uint64_t *length, Error *error)
{
    uint64_t value = 0;
    if (*text == '\0')
        return error_set(error, ERROR_BAD_REQUEST, "Content-Length is empty.");
    if (text[strspn(text, "0123456789")] != '\0')
        return error_set(error, ERROR_BAD_REQUEST, "Content-Length is no number of bytes.");
    text += strspn(text, "0");
    if (strlen(text) > LENGTH_DIGITS_MAX)
        return error_set(error, ERROR_TOO_LARGE, "No content is as large as Content-Length says.");
    for (; *text; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    *length = value;
    return true;
}

/* Whether one of the words in the fields named Connection is this one. */
static bool framing_connection_has(const Head *head, const char *word)
{
    for (size_t i = 0; i < head->count; i++) {
        if (strcasecmp(head->bytes + head->fields[i].name, "Connection") != 0)
            continue;
        const char *at = head->bytes + head->fields[i].value;
        while (*at) {
            at += strspn(at, " \t,");
            size_t length = strcspn(at, " \t,");
            if (length == strlen(word) && strncasecmp(at, word, length) == 0)
                return true;
            at += length;
        }
    }
    return false;
}

bool framing_check(const Head *head, Framing *out, Error *error)
{
    const HeadField *length, *encoding, *host;
    bool modern = !streq(head->version, "HTTP/1.0");
    Framing framing = {0};
    if (!framing_find_single(head, "Content-Length", &length, error) ||
        !framing_find_single(head, "Transfer-Encoding", &encoding, error) ||
        !framing_find_single(head, "Host", &host, error))
        return false;
    if (modern && !host)
        return error_set(error, ERROR_BAD_REQUEST, "The field Host is missing.");
    if (host && strpbrk(head->bytes + host->value, " \t\",/\\<>?#@"))
        return error_set(error, ERROR_BAD_REQUEST, "The field Host is no name of a host.");
    if (encoding && (length || !modern))
        return error_set(error, ERROR_BAD_REQUEST,
                         "Transfer-Encoding is not allowed with Content-Length or in HTTP/1.0.");
    if (encoding && strcasecmp(head->bytes + encoding->value, "chunked") != 0)
        return error_set(error, ERROR_BAD_REQUEST, "The only Transfer-Encoding is chunked.");
    if (length && !framing_parse_length(head->bytes + length->value, &framing.length, error))
        return false;
    framing.chunked = encoding != NULL;
    framing.has_body = framing.chunked || framing.length > 0;
    if (framing.chunked)
        framing.length = UINT64_MAX;
    framing.persistent = !framing_connection_has(head, "close") &&
                         (modern || framing_connection_has(head, "keep-alive"));
    *out = framing;
    return true;
}
