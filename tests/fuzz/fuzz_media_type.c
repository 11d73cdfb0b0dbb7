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

/* What lies beyond the head, whatever it is, changes nothing; and a tag in front of sound that is
 * known by its first bytes hides nothing. */
static void check_beyond(const char *bytes, size_t length, const MediaType *type)
{
    static const char tag[] = "ID3\4\0\0\0\0\0\1";
    size_t kept = MIN_OF(length, MEDIA_TYPE_HEAD);
    _cleanup_free_ char *longer = base_calloc(1, MEDIA_TYPE_HEAD + 16);
    memcpy(longer, bytes, kept);
    if (length >= MEDIA_TYPE_HEAD) {
        memset(longer + MEDIA_TYPE_HEAD, 'G', 16);
        REQUIRE(media_type_detect(longer, MEDIA_TYPE_HEAD + 16, NULL) == type);
        REQUIRE(media_type_detect(longer, MEDIA_TYPE_HEAD, NULL) == type);
        return;
    }
    memcpy(longer, tag, sizeof tag); /* one byte of tag */
    memcpy(longer + sizeof tag, bytes, MIN_OF(kept, MEDIA_TYPE_HEAD - sizeof tag));
    const MediaType *tagged =
        media_type_detect(longer, MIN_OF(kept + sizeof tag, MEDIA_TYPE_HEAD), NULL);
    REQUIRE(!tagged || tagged->kind == MEDIA_AUDIO);
    if (type && streq(type->content_type, "audio/flac") && kept > 4 && !memcmp(bytes, "fLaC", 4))
        REQUIRE(tagged == type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    size_t length;
    _cleanup_free_ char *name = fuzz_line(&input), *hint = fuzz_line(&input);
    _cleanup_free_ char *bytes = fuzz_bytes(&input, &length);
    Error error = {0};
    const MediaType *type = media_type_detect(bytes, length, &error);
    REQUIRE(media_type_detect(bytes, length, NULL) == type);
    REQUIRE(!type == (error.code == ERROR_MEDIA_TYPE) && !type == (error.detail[0] != '\0'));
    check_beyond(bytes, length, type);
    if (!type)
        return 0;
    const MediaType *refined = media_type_refine(type, hint);
    REQUIRE(media_type_find(type->content_type) && media_type_find(refined->content_type));
    REQUIRE(refined == type || (refined->kind == MEDIA_AUDIO && type->kind == MEDIA_VIDEO));
    REQUIRE(media_type_refine(refined, hint) == refined);
    check_name(refined, name);
    return 0;
}
