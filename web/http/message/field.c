#include "web/http/message/field.h"

#include "common/base/url.h"
#include "common/base/utf8.h"

bool field_is(const char *field, const char *value)
{
    size_t length = strlen(value);
    if (strncasecmp(field, value, length) != 0)
        return false;
    field += length;
    field += strspn(field, " \t");
    return *field == '\0' || *field == ';';
}

/* Behind the parameter that begins at text (after its ';'): at the next ';' or the end. Quotes may
 * hide a ';'. */
static const char *parameter_end(const char *text)
{
    bool quoted = false;
    for (; *text && (quoted || *text != ';'); text++) {
        if (quoted && *text == '\\' && text[1] == '"')
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return text;
}

/* Only \" is an escape: browsers leave a backslash in a file name alone. */
static bool unquote(const char *from, const char *end, char *out, size_t size)
{
    size_t used = 0;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (end - from >= 2 && *from == '"' && end[-1] == '"') {
        from++;
        end--;
    }
    for (; from < end; from++) {
        if (*from == '\\' && from + 1 < end && from[1] == '"')
            from++;
        if (used + 1 >= size)
            return false;
        out[used++] = *from;
    }
    out[used] = '\0';
    return true;
}

bool field_parameter(const char *field, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    for (const char *at = strchr(field, ';'); at && *at; at = parameter_end(at)) {
        at++;
        at += strspn(at, " \t");
        if (strncasecmp(at, name, length) != 0)
            continue;
        const char *value = at + length + strspn(at + length, " \t");
        if (*value != '=')
            continue;
        value += 1 + strspn(value + 1, " \t");
        return unquote(value, parameter_end(at), out, size);
    }
    return false;
}

/* RFC 8187: UTF-8'language'percent-encoded. Other character sets are not accepted. */
static bool decode_extended(const char *value, char *out, size_t size)
{
    const char *language = strchr(value, '\'');
    const char *text = language ? strchr(language + 1, '\'') : NULL;
    if (!text || strncasecmp(value, "UTF-8'", 6) != 0)
        return false;
    text++;
    return url_decode(text, strlen(text), out, size) && utf8_valid(out, strlen(out));
}

static void decode_browser_escapes(char *text)
{
    static const struct {
        const char *escape;
        char byte;
    } escapes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
    char *out = text;
    while (*text) {
        char byte = *text;
        size_t step = 1;
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
            if (strncasecmp(text, escapes[i].escape, 3) == 0) {
                byte = escapes[i].byte;
                step = 3;
            }
        *out++ = byte;
        text += step;
    }
    *out = '\0';
}

bool field_file_name(const char *disposition, char *out, size_t size)
{
    if (field_parameter(disposition, "filename*", out, size)) {
        _cleanup_free_ char *value = base_strdup(out);
        if (decode_extended(value, out, size))
            return true;
    }
    if (!field_parameter(disposition, "filename", out, size))
        return false;
    decode_browser_escapes(out);
    return true;
}

void field_disposition(const char *kind, const char *file_name, char *out, size_t size)
{
    char plain[256], encoded[1024];
    size_t used = 0;
    for (const char *c = file_name; *c && used + 1 < sizeof plain; c++) {
        bool safe = *c >= 0x20 && *c < 0x7F && *c != '"' && *c != '\\' && *c != '%';
        plain[used++] = safe ? *c : '_';
    }
    plain[used] = '\0';
    if (!url_encode_path(file_name, encoded, sizeof encoded))
        base_copy(encoded, sizeof encoded, "file");
    snprintf(out, size, "%s; filename=\"%s\"; filename*=UTF-8''%s", kind, plain, encoded);
}

bool field_cookie(const char *field, const char *name, char *out, size_t size)
{
    size_t name_length = strlen(name);
    for (const char *at = field; at && *at; at += *at == ';') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ";");
        if (length > name_length && memcmp(at, name, name_length) == 0 && at[name_length] == '=') {
            const char *value = at + name_length + 1, *end = at + length;
            while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            if (end - value >= 2 && *value == '"' && end[-1] == '"') {
                value++;
                end--;
            }
            if ((size_t)(end - value) >= size)
                return false;
            memcpy(out, value, (size_t)(end - value));
            out[end - value] = '\0';
            return true;
        }
        at += length;
    }
    return false;
}
