/* What people put into the archive, in words without SQL or HTTP. Values that own nothing. */
#pragma once

#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/transfer/losses.h"

/* X(kind, word): the word stands in the database and in answers. */
#define MEDIA_KINDS(X)                                                                             \
    X(MEDIA_PHOTO, "photo")                                                                        \
    X(MEDIA_VIDEO, "video") /* a moving picture, with or without sound */                          \
    X(MEDIA_AUDIO, "audio") /* sound alone; a cover is no moving picture */

typedef enum MediaKind {
#define X(kind, word) kind,
    MEDIA_KINDS(X)
#undef X
        MEDIA_KIND_COUNT
} MediaKind;

extern const char *const media_kind_words[MEDIA_KIND_COUNT];

typedef struct MediaRow {
    char id[UUID_SIZE];
    char collection[COLLECTION_NAME_MAX + 1];
    char entry[ENTRY_NAME_MAX + 1];
    MediaKind kind;
    char caption[CAPTION_MAX + 1];
    char name[FILE_NAME_MAX + 1];
    char content_type[64];                      /* of the upload */
    int64_t size;                               /* bytes as uploaded */
    int64_t width, height;                      /* pixels as shown; 0 while unknown */
    double duration;                            /* seconds; 0 while unknown */
    int64_t created_at;                         /* wall clock, ms */
    char thumbhash[TRANSFER_THUMBHASH_MAX + 1]; /* "" while unknown, as the next two */
    char captured_at[TRANSFER_CAPTURED_AT_MAX + 1];
    char title[TRANSFER_TITLE_MAX + 1];
    TransferLosses losses;                   /* of the accepted result */
    int64_t original_width, original_height; /* pixels as shown, of a prepared item; 0: unknown */
} MediaRow;

/* What an accepted result says about the item. */
typedef struct MediaResult {
    MediaKind kind;
    int64_t width, height; /* 0 for sound */
    double duration;
    const char *thumbhash, *captured_at, *title; /* "" for none; not NULL */
    TransferLosses losses;
} MediaResult;

/* What the original was found to be, before anything is made of it; 0 where it is unknown. The
 * frame rate (a second) only counts for what to expect, and is not kept. */
typedef struct MediaFound {
    MediaKind kind;
    int64_t width, height;
    double duration, frame_rate;
} MediaFound;
