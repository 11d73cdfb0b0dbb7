/* The files of an item. Values that own nothing. */
#pragma once

#include "common/base/digest.h"
#include "common/base/id.h"
#include "common/base/limits.h"

/* X(role, word): the word stands in the database. */
#define FILE_ROLES(X)                                                                              \
    X(FILE_ORIGINAL, "original")                                                                   \
    X(FILE_VIDEO, "video")                                                                         \
    X(FILE_AUDIO, "audio")                                                                         \
    X(FILE_POSTER, "poster")                                                                       \
    X(FILE_STORYBOARD, "storyboard")                                                               \
    X(FILE_STORYBOARD_VTT, "storyboard_vtt")                                                       \
    X(FILE_WAVEFORM, "waveform")

typedef enum FileRole {
#define X(role, word) role,
    FILE_ROLES(X)
#undef X
        FILE_ROLE_COUNT
} FileRole;

extern const char *const file_role_words[FILE_ROLE_COUNT];

typedef struct FileRow {
    char path[MEDIA_PATH_MAX + 1]; /* below MEDIA_ROOT */
    char media_id[UUID_SIZE];
    FileRole role;
    char content_type[64];
    int64_t size; /* bytes */
    Digest blake2b;
    bool has_sha256; /* of originals; not of those that came before 0.2 */
    Digest sha256;
    int64_t created_at;                 /* wall clock, ms */
    char media_name[FILE_NAME_MAX + 1]; /* the person's name for the item; read only */
} FileRow;

/* Where an item's files are, by role; "" where there is no such file. */
typedef struct FilePaths {
    char of[FILE_ROLE_COUNT][MEDIA_PATH_MAX + 1];
} FilePaths;
