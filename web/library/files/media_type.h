/*
 * What web makes of a file's type (common/media/media_types.h): its kind, how it is served and
 * named. What is not in that table is not taken, and told by its name. Pure; any thread.
 */
#pragma once

#include "common/base/error.h"
#include "common/media/media_detect.h"
#include "web/store/store_media.h"

#define MEDIA_TYPE_HEAD MEDIA_DETECT_HEAD /* bytes that are looked at */

typedef struct MediaType {
    const char *content_type;
    MediaKind kind;
    bool inline_safe;       /* browsers show it without running anything */
    const char *extensions; /* "jpg jpeg jfif": the first is the usual one */
    /* The same container holding sound alone, which its first bytes do not tell. NULL: none. */
    const char *audio_variant;
} MediaType;

/* The type of a file that begins so. NULL when it is none of ours, and *error, ERROR_MEDIA_TYPE,
 * tells people what it is, if we know it, and what to do. */
_must_check_ const MediaType *media_type_detect(const void *head, size_t length, Error *error);

/* The same for a whole file. */
_must_check_ const MediaType *media_type_detect_file(const MediaReader *reader, Error *error);

/* Where the container can hold both, the client's word ("audio", "audio/webm", …) decides between
 * a video and a recording, and nothing else. */
const MediaType *media_type_refine(const MediaType *type, const char *hint);

/* The row of a content type that we take or make; NULL otherwise. */
const MediaType *media_type_find(const char *content_type);

/* The person's name with an extension that fits the type; an ill-fitting one is replaced if it is
 * that of another type, otherwise the right one is added. */
void media_type_name(const MediaType *type, const char *name, char out[FILE_NAME_MAX + 1]);
