#include "web/storage/names.h"

#include <limits.h>

#include "common/base/utf8.h"

#define EXTENSION_MAX 16 /* bytes with the dot: longer is no extension */

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Controls, line ends, and marks that make a name read differently from what it is. */
static bool name_unwanted(uint32_t point)
{
    static const struct {
        uint32_t low, high;
    } ranges[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200B, 0x200B}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
        if (point >= ranges[i].low && point <= ranges[i].high)
            return true;
    return false;
}

static void name_trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '.'))
        length--;
    text[length] = '\0';
}

/* Copies the wanted characters; `out` is at least as long as the text, which is valid UTF-8. */
static void name_filter(const char *text, char *out)
{
    static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t rest = strlen(text), used = 0;
    while (rest > 0) {
        size_t step = utf8_character(text, rest);
        uint32_t point = (unsigned char)text[0] & lead[step];
        for (size_t i = 1; i < step; i++)
            point = point << 6 | ((unsigned char)text[i] & 0x3F);
        bool leading = used == 0 && (*text == '.' || *text == ' ');
        if (!name_unwanted(point) && !leading) {
            memcpy(out + used, text, step);
            used += step;
        }
        text += step;
        rest -= step;
    }
    out[used] = '\0';
    name_trim_end(out);
}

void name_make_safe(const char *given, char out[FILE_NAME_MAX + 1])
{
    const char *base = given;
    for (const char *byte = given; *byte; byte++)
        if (*byte == '/' || *byte == '\\')
            base = byte + 1;
    _cleanup_free_ char *repaired = utf8_repair(base, strlen(base));
    _cleanup_free_ char *clean = base_calloc(strlen(repaired) + 1, 1);
    char stem[FILE_NAME_MAX + 1], extension[EXTENSION_MAX + 1];
    name_filter(repaired, clean);
    base_copy_truncated(extension, sizeof extension, name_extension(clean));
    clean[strlen(clean) - strlen(extension)] = '\0';
    base_copy_truncated(stem, FILE_NAME_MAX + 1 - strlen(extension), *clean ? clean : "file");
    snprintf(out, FILE_NAME_MAX + 1, "%.*s%s", FILE_NAME_MAX - (int)strlen(extension), stem,
             extension);
    name_trim_end(out);
}

const char *name_extension(const char *name)
{
    const char *end = name + strlen(name), *dot = strrchr(name, '.');
    if (!dot || dot == name || end - dot > EXTENSION_MAX || !dot[1])
        return end;
    return dot + 1 + strspn(dot + 1, DIGITS LOWER UPPER) == end ? dot : end;
}

bool name_collection_valid(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= COLLECTION_NAME_MAX && strspn(text, DIGITS LOWER "_-") == length;
}

bool name_entry_valid(const char *text)
{
    size_t length = strlen(text);
    return length <= ENTRY_NAME_MAX && strspn(text, DIGITS LOWER UPPER) > 0 &&
           strspn(text, DIGITS LOWER UPPER "._-") == length;
}

bool name_path_valid(const char *path)
{
    char copy[MEDIA_PATH_MAX + 1];
    if (!base_copy(copy, sizeof copy, path))
        return false;
    char *file = copy;
    const char *collection = strsep(&file, "/");
    const char *entry = strsep(&file, "/");
    if (!entry || !file || !name_collection_valid(collection) || !name_entry_valid(entry))
        return false;
    size_t length = strlen(file);
    if (length == 0 || length > NAME_MAX || *file == '.' || strpbrk(file, "/\\") ||
        !utf8_valid(file, length))
        return false;
    for (; *file; file++)
        if ((unsigned char)*file < 0x20 || *file == 0x7F)
            return false;
    return true;
}

bool name_build_path(const NamePath *parts, char out[MEDIA_PATH_MAX + 1])
{
    char path[MEDIA_PATH_MAX + 1];
    const char *end = parts->name + strlen(parts->name);
    int stem = (int)((parts->suffix ? name_extension(parts->name) : end) - parts->name);
    if (stem > FILE_NAME_MAX)
        return false;
    int length = snprintf(path, sizeof path, "%s/%s/%s-%.*s%s", parts->collection, parts->entry,
                          parts->uuid, stem, parts->name, parts->suffix ? parts->suffix : "");
    if (length < 0 || (size_t)length >= sizeof path || !name_path_valid(path))
        return false;
    return base_copy(out, MEDIA_PATH_MAX + 1, path);
}
