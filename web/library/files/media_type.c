#include "web/library/files/media_type.h"

#include <strings.h>

#include "web/library/files/media_type_table.h"
#include "web/library/files/signature.h"
#include "web/storage/names.h"

typedef enum TypeId {
#define X(id, content_type, kind, inline_safe, extensions, variant) TYPE_##id,
    MEDIA_TYPES(X)
#undef X
        TYPE_COUNT,
    TYPE_NONE = TYPE_COUNT,
} TypeId;

static const MediaType types[TYPE_COUNT] = {
#define X(id, content_type, kind, inline_safe, extensions, variant)                                \
    [TYPE_##id] = {content_type, kind, inline_safe, extensions, variant},
    MEDIA_TYPES(X)
#undef X
};

/* What we make of uploads besides, and nobody sends. */
static const MediaType made_types[] = {
    {.content_type = "text/vtt; charset=utf-8", .inline_safe = true, .extensions = "vtt"},
    {.content_type = "application/json", .inline_safe = true, .extensions = "json"},
};

/* Magic at one place, and possibly at a second. */
static const struct {
    TypeId type;
    const char *magic;
    size_t length;
    size_t second_offset;
    const char *second;
} signatures[] = {
#define MAGIC(bytes) bytes, sizeof bytes - 1
    {TYPE_JPEG, MAGIC("\xFF\xD8\xFF"), 0, ""},
    {TYPE_PNG, MAGIC("\x89PNG\r\n\x1A\n"), 0, ""},
    {TYPE_GIF, MAGIC("GIF87a"), 0, ""},
    {TYPE_GIF, MAGIC("GIF89a"), 0, ""},
    {TYPE_WEBP, MAGIC("RIFF"), 8, "WEBP"},
    {TYPE_TIFF, MAGIC("II*\0"), 0, ""},
    {TYPE_TIFF, MAGIC("MM\0*"), 0, ""},
    {TYPE_AVI, MAGIC("RIFF"), 8, "AVI "},
    {TYPE_MPEG_PS, MAGIC("\0\0\1\xBA"), 0, ""},
    {TYPE_MPEG_PS, MAGIC("\0\0\1\xB3"), 0, ""},
    {TYPE_FLV, MAGIC("FLV\1"), 0, ""},
    {TYPE_ASF, MAGIC("\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C"), 0, ""},
    {TYPE_WAV, MAGIC("RIFF"), 8, "WAVE"},
    {TYPE_WAV, MAGIC("RF64"), 8, "WAVE"},
    {TYPE_AIFF, MAGIC("FORM"), 8, "AIFF"},
    {TYPE_AIFF, MAGIC("FORM"), 8, "AIFC"},
    {TYPE_AMR, MAGIC("#!AMR\n"), 0, ""},
    {TYPE_AMR_WB, MAGIC("#!AMR-WB\n"), 0, ""},
    {TYPE_FLAC, MAGIC("fLaC"), 0, ""},
    {TYPE_CAF, MAGIC("caff\0\1"), 0, ""},
    {TYPE_MP3, MAGIC("ID3"), 0, ""},
#undef MAGIC
};

/* ISO base media brands: ftyp's four characters, '?' for any (ISO/IEC 14496-12 §4.3). */
static const struct {
    const char *brand;
    TypeId type;
} brands[] = {
    {"avif", TYPE_AVIF},       {"avis", TYPE_AVIF},      {"heic", TYPE_HEIC},
    {"heix", TYPE_HEIC},       {"heim", TYPE_HEIC},      {"heis", TYPE_HEIC},
    {"hevc", TYPE_HEIC},       {"hevx", TYPE_HEIC},      {"hevm", TYPE_HEIC},
    {"hevs", TYPE_HEIC},       {"M4A ", TYPE_M4A},       {"M4B ", TYPE_M4A},
    {"M4P ", TYPE_M4A},        {"F4A ", TYPE_M4A},       {"qt  ", TYPE_QUICKTIME},
    {"3g2?", TYPE_THREE_GPP2}, {"3gp?", TYPE_THREE_GPP}, {"3gr?", TYPE_THREE_GPP},
    {"3gs?", TYPE_THREE_GPP},  {"3ge?", TYPE_THREE_GPP}, {"3gg?", TYPE_THREE_GPP},
    {"M4V?", TYPE_MP4},        {"mp4?", TYPE_MP4},       {"iso?", TYPE_MP4},
    {"avc1", TYPE_MP4},        {"av01", TYPE_MP4},       {"dash", TYPE_MP4},
    {"MSNV", TYPE_MP4},        {"mmp4", TYPE_MP4},       {"f4v ", TYPE_MP4},
    {"F4V ", TYPE_MP4},        {"XAVC", TYPE_MP4},       {"dby1", TYPE_MP4},
    {"hvc1", TYPE_MP4},        {"cmf?", TYPE_MP4},
};

static TypeId media_type_find_brand(Head head, size_t offset)
{
    for (size_t i = 0; i < ARRAY_SIZE(brands); i++) {
        size_t length = strcspn(brands[i].brand, "?");
        if (head_has(head, offset, brands[i].brand, length))
            return brands[i].type;
    }
    return TYPE_NONE;
}

/* A general image brand first, or one we do not know: the compatible brands say more. */
static TypeId media_type_of_brands(Head head)
{
    size_t size = head_u32(head, 0), end = MIN_OF(size, head.length);
    bool image = head_has(head, 8, "mif1", 4) || head_has(head, 8, "msf1", 4);
    if (!head_has(head, 4, "ftyp", 4) || size < 16)
        return TYPE_NONE;
    TypeId type = media_type_find_brand(head, 8);
    if (type != TYPE_NONE)
        return type;
    for (size_t offset = 16; offset + 4 <= end; offset += 4) {
        type = media_type_find_brand(head, offset);
        if (type != TYPE_NONE && (!image || types[type].kind == MEDIA_PHOTO))
            return type;
    }
    return image ? TYPE_HEIF : TYPE_NONE;
}

const MediaType *media_type_detect(const void *bytes, size_t length)
{
    Head head = {bytes, MIN_OF(length, MEDIA_TYPE_HEAD)};
    for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
        size_t second = strlen(signatures[i].second);
        if (head_has(head, 0, signatures[i].magic, signatures[i].length) &&
            head_has(head, signatures[i].second_offset, signatures[i].second, second))
            return &types[signatures[i].type];
    }
    TypeId type = media_type_of_brands(head);
    if (type != TYPE_NONE)
        return &types[type];
    /* The tests that look at structure, dearest last. */
    if (signature_quicktime(head))
        return &types[TYPE_QUICKTIME];
    if (signature_ebml(head, "webm"))
        return &types[TYPE_WEBM];
    if (signature_ebml(head, "matroska"))
        return &types[TYPE_MATROSKA];
    if (signature_ogg(head))
        return &types[signature_ogg_theora(head) ? TYPE_OGG_VIDEO : TYPE_OGG_AUDIO];
    if (signature_mpeg_ts(head))
        return &types[TYPE_MPEG_TS];
    if (signature_adts(head))
        return &types[TYPE_AAC];
    return signature_mpeg_audio(head) ? &types[TYPE_MP3] : NULL;
}

const MediaType *media_type_refine(const MediaType *type, const char *hint)
{
    bool audio = strncasecmp(hint, "audio", 5) == 0 && (hint[5] == '\0' || hint[5] == '/');
    if (!audio || !type->audio_variant)
        return type;
    const MediaType *variant = media_type_find(type->audio_variant);
    REQUIRE(variant);
    return variant;
}

const MediaType *media_type_find(const char *content_type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (streq(types[i].content_type, content_type))
            return &types[i];
    for (size_t i = 0; i < ARRAY_SIZE(made_types); i++)
        if (streq(made_types[i].content_type, content_type))
            return &made_types[i];
    return NULL;
}

/* Whether a space-separated list holds the word, in any case. */
static bool media_type_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (; *list; list += strcspn(list, " "), list += *list == ' ')
        if (strcspn(list, " ") == length && strncasecmp(list, word, length) == 0)
            return true;
    return false;
}

void media_type_name(const MediaType *type, const char *name, char out[FILE_NAME_MAX + 1])
{
    const char *extension = name_extension(name);
    bool known = false; /* as the extension of any type */
    char stem[FILE_NAME_MAX + 1], usual[16], cut[FILE_NAME_MAX + 1];
    snprintf(usual, sizeof usual, ".%.*s", (int)strcspn(type->extensions, " "), type->extensions);
    base_copy_truncated(stem, sizeof stem, name);
    for (size_t i = 0; *extension && i < TYPE_COUNT && !known; i++)
        known = media_type_list_has(types[i].extensions, extension + 1);
    if (*extension && media_type_list_has(type->extensions, extension + 1))
        usual[0] = '\0';
    else if (known)
        stem[extension - name] = '\0';
    base_copy_truncated(cut, FILE_NAME_MAX + 1 - strlen(usual), stem);
    snprintf(out, FILE_NAME_MAX + 1, "%.*s%s", (int)(FILE_NAME_MAX - strlen(usual)), cut, usual);
}
