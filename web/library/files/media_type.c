#include "web/library/files/media_type.h"

#include <strings.h>

#include "web/storage/names.h"

static const MediaType types[TYPE_COUNT] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words)                      \
    [TYPE_##id] = {content_type, MEDIA_##kind, shown, extensions, variant},
    MEDIA_TYPES(X)
#undef X
};

/* What we make of uploads besides, and nobody sends. */
static const MediaType made_types[] = {
    {.content_type = "text/vtt; charset=utf-8", .inline_safe = true, .extensions = "vtt"},
    {.content_type = "application/json", .inline_safe = true, .extensions = "json"},
};

static const MediaType *media_type_of(MediaTypeId id, const MediaRefusal *refusal, Error *error)
{
    if (id != TYPE_NONE)
        return &types[id];
    if (refusal->name)
        error_set(error, ERROR_MEDIA_TYPE, "This is %s, which cannot be kept here. %s",
                  refusal->name, refusal->advice);
    else
        error_set(error, ERROR_MEDIA_TYPE,
                  "This is not a photo, video or recording that can be kept here. What counts is "
                  "the content, whatever the name says.");
    return NULL;
}

const MediaType *media_type_detect(const void *head, size_t length, Error *error)
{
    MediaRefusal refusal;
    MediaTypeId id = media_detect(head, length, &refusal);
    return media_type_of(id, &refusal, error);
}

const MediaType *media_type_detect_file(const MediaReader *reader, Error *error)
{
    MediaRefusal refusal;
    MediaTypeId id = media_detect_file(reader, &refusal);
    return media_type_of(id, &refusal, error);
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
