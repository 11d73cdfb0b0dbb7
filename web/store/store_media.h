/* Entries and media: what people put into the archive. Inside store_write() or store_read(). */
#pragma once

#include "common/id.h"
#include "web/store/store.h"

typedef enum MediaKind { MEDIA_PHOTO, MEDIA_VIDEO, MEDIA_AUDIO, MEDIA_KIND_COUNT } MediaKind;

const char *media_kind_word(MediaKind kind); /* "photo", "video", "audio" */

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
} MediaRow;

/* Adds the item, and its entry where that is new. What an upload does not tell comes later. */
bool store_media_insert(StoreConnection *connection, const MediaRow *media, Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
bool store_media_get(StoreConnection *connection, const char *id, MediaRow *out, Error *error);

/* What an accepted result says about the item. */
typedef struct MediaResult {
    MediaKind kind;
    int64_t width, height; /* 0 for sound */
    double duration;
    const char *thumbhash, *captured_at, *title; /* "" for none; not NULL */
} MediaResult;
bool store_media_set_result(StoreConnection *connection, const char *id, const MediaResult *result,
                            Error *error);

/* What the original was found to be, before anything is made of it; 0 where it is unknown. The
 * frame rate (a second) only counts for what to expect, and is not kept. */
typedef struct MediaFound {
    MediaKind kind;
    int64_t width, height;
    double duration, frame_rate;
} MediaFound;
bool store_media_set_found(StoreConnection *connection, const char *id, const MediaFound *found,
                           Error *error);

/* Deletes the item with its uploads, jobs and file rows, whose files become doomed. */
bool store_media_delete(StoreConnection *connection, const char *id, Error *error);
