#include "common/base/url.h"

static int url_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool url_decode(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = length - i > 2 ? url_hex_value(text[i + 1]) : -1;
            int low = length - i > 2 ? url_hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (byte == '\0' || used + 1 >= size)
            return false;
        out[used++] = byte;
    }
    out[used] = '\0';
    return true;
}

bool url_encode_path(const char *path, char *out, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    size_t used = 0;
    for (; *path; path++) {
        bool keep = strchr(plain, *path) != NULL;
        if (used + (keep ? 1 : 3) >= size)
            return false;
        if (keep)
            out[used++] = *path;
        else
            used += (size_t)snprintf(out + used, size - used, "%%%02X", (unsigned char)*path);
    }
    out[used] = '\0';
    return true;
}

bool url_is_base(const char *text)
{
    const char *host = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : NULL;
    return host && *host && *host != '/' && !strpbrk(text, "@?# \t\r\n\"<>\\");
}

/* Decodes %XX and '+' of one name or value. */
static bool url_decode_form(const char *text, size_t length, char *out, size_t size)
{
    _cleanup_free_ char *blanked = base_calloc(length + 1, 1);
    for (size_t i = 0; i < length; i++)
        blanked[i] = text[i] == '+' ? ' ' : text[i];
    return url_decode(blanked, length, out, size);
}

bool url_query_value(const char *target, const char *name, char *out, size_t size)
{
    const char *query = strchr(target, '?');
    if (!query)
        return false;
    _cleanup_free_ char *found = base_calloc(strlen(name) + 1, 1);
    for (query++; *query; query += *query == '&') {
        size_t length = strcspn(query, "&"), name_length = MIN_OF(strcspn(query, "="), length);
        const char *value = query + MIN_OF(name_length + 1, length);
        if (url_decode_form(query, name_length, found, strlen(name) + 1) && streq(found, name))
            return url_decode_form(value, (size_t)(query + length - value), out, size);
        query += length;
    }
    return false;
}
