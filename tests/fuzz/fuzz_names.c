/* Names in the volume: whatever a person's file is called, a path of ours is made of it that stays
 * in its folder; and no other path is valid. */
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "web/storage/names.h"

#define UUID "0b3e4e2c-7a37-4c7c-9a4b-0f6d4a3f7a10"

static void check_path(const char *path)
{
    size_t slashes = 0;
    if (!name_path_valid(path))
        return;
    REQUIRE(strlen(path) <= MEDIA_PATH_MAX && utf8_valid(path, strlen(path)));
    for (const char *c = path; *c; c++) {
        REQUIRE((unsigned char)*c >= 0x20 && *c != 0x7F && *c != '\\');
        slashes += *c == '/';
        REQUIRE(*c != '.' || (c > path && c[-1] != '/'));
    }
    REQUIRE(slashes == 2 && path[0] != '/' && !strstr(path, "//"));
}

static void check_safe(const char *given, const char *suffix)
{
    char safe[FILE_NAME_MAX + 1], again[FILE_NAME_MAX + 1], path[MEDIA_PATH_MAX + 1];
    NamePath parts = {"photos", "entry", UUID, safe, NULL};
    memset(safe, 'x', sizeof safe);
    name_make_safe(given, safe);
    size_t length = strnlen(safe, sizeof safe);
    REQUIRE(length > 0 && length <= FILE_NAME_MAX && utf8_valid(safe, length));
    REQUIRE(safe[0] != '.' && safe[0] != ' ' && !strpbrk(safe, "/\\\r\n\t\x7F"));
    name_make_safe(safe, again);
    REQUIRE(streq(again, safe));
    REQUIRE(name_build_path(&parts, path) && name_path_valid(path));
    check_path(path);
    parts.suffix = suffix;
    REQUIRE(name_build_path(&parts, path) && name_path_valid(path));
}

static void check_parts(char *collection, char *entry, const char *name)
{
    char path[MEDIA_PATH_MAX + 1];
    NamePath parts = {collection, entry, UUID, name, NULL};
    if (name_build_path(&parts, path)) {
        REQUIRE(name_collection_valid(collection) && name_entry_valid(entry));
        check_path(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *whole = fuzz_rest(&(FuzzInput){input.at, input.left});
    _cleanup_free_ char *collection = fuzz_line(&input), *entry = fuzz_line(&input);
    _cleanup_free_ char *name = fuzz_rest(&input);
    check_path(whole);
    check_safe(whole, "-poster.jpg");
    check_safe(name, "-storyboard.vtt");
    check_parts(collection, entry, name);
    return 0;
}
