/* What a file is: told by its head alone, the same each time, and with a name that fits it. The
 * first line is a person's file name, the second what the client says. */
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "web/library/files/media_type.h"
#include "web/storage/names.h"

static void check_name(const MediaType *type, const char *given)
{
    char safe[FILE_NAME_MAX + 1], out[FILE_NAME_MAX + 1], again[FILE_NAME_MAX + 1];
    name_make_safe(given, safe);
    memset(out, 'x', sizeof out);
    media_type_name(type, safe, out);
    REQUIRE(strnlen(out, sizeof out) <= FILE_NAME_MAX && utf8_valid(out, strlen(out)));
    const char *extension = name_extension(out);
    REQUIRE(*extension == '.' && strcasestr(type->extensions, extension + 1));
    media_type_name(type, out, again);
    REQUIRE(streq(out, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    size_t length;
    _cleanup_free_ char *name = fuzz_line(&input), *hint = fuzz_line(&input);
    _cleanup_free_ char *bytes = fuzz_bytes(&input, &length);
    const MediaType *type = media_type_detect(bytes, length);
    if (length > MEDIA_TYPE_HEAD)
        REQUIRE(media_type_detect(bytes, MEDIA_TYPE_HEAD) == type);
    if (!type)
        return 0;
    const MediaType *refined = media_type_refine(type, hint);
    REQUIRE(media_type_find(type->content_type) && media_type_find(refined->content_type));
    REQUIRE(refined == type || (refined->kind == MEDIA_AUDIO && type->kind == MEDIA_VIDEO));
    REQUIRE(media_type_refine(refined, hint) == refined);
    check_name(refined, name);
    return 0;
}
