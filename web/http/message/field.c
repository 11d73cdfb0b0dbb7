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
static const char *field_parameter_end(const char *text)
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
static bool field_unquote(const char *from, const char *end, char *out, size_t size)
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
    for (const char *at = strchr(field, ';'); at && *at; at = field_parameter_end(at)) {
        at++;
        at += strspn(at, " \t");
        if (strncasecmp(at, name, length) != 0)
            continue;
        const char *value = at + length + strspn(at + length, " \t");
        if (*value != '=')
            continue;
        value += 1 + strspn(value + 1, " \t");
        return field_unquote(value, field_parameter_end(at), out, size);
    }
    return false;
}

/* Whether a value of RFC 8187 §3.2 begins with this character set. */
static bool field_set_is(const char *value, const char *set)
{
    size_t length = strlen(set);
    return strncasecmp(value, set, length) == 0 && value[length] == '\'';
}

/* charset'language'percent-encoded. RFC 5987, which came before, knew ISO 8859-1 too, and some
 * senders still write what they have. */
static bool field_extended_value(const char *value, char *out, size_t size)
{
    const char *language = strchr(value, '\'');
    const char *text = language ? strchr(language + 1, '\'') : NULL;
    if (!text || !url_decode(text + 1, strlen(text + 1), out, size))
        return false;
    if (field_set_is(value, "UTF-8"))
        return utf8_valid(out, strlen(out));
    if (!field_set_is(value, "ISO-8859-1") && !field_set_is(value, "windows-1252"))
        return false;
    _cleanup_free_ char *bytes = base_strdup(out);
    return utf8_from_windows(bytes, out, size);
}

bool field_file_name(const char *disposition, char *out, size_t size)
{
    /* What browsers write in place of these three, and of nothing else. */
    static const struct {
        const char *escape;
        char byte;
    } escapes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
    if (field_parameter(disposition, "filename*", out, size)) {
        _cleanup_free_ char *value = base_strdup(out);
        if (field_extended_value(value, out, size))
            return true;
    }
    if (!field_parameter(disposition, "filename", out, size))
        return false;
    char *to = out;
    for (const char *from = out; *from;) {
        char byte = *from;
        size_t step = 1;
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
            if (strncasecmp(from, escapes[i].escape, 3) == 0) {
                byte = escapes[i].byte;
                step = 3;
            }
        *to++ = byte;
        from += step;
    }
    *to = '\0';
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
