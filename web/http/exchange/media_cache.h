/*
 * The files a loop serves without asking anybody: mapped, each with a ready-made response. A file
 * never changes under its name, so an entry is true until the file is removed (media_cache_forget).
 * One cache belongs to one loop; its thread only, except media_file_load.
 *
 * Nobody here reads a mapping: only the kernel does, in send, where a page lost to a disk error is
 * EFAULT and not SIGBUS.
 */
#pragma once

#include "common/base/id.h"
#include "web/http/exchange/response.h"

typedef struct MediaCache MediaCache;

typedef struct MediaFile {
    char path[MEDIA_PATH_MAX + 1];
    ServedFile served;               /* its fd is closed once mapped */
    void *mapping;                   /* NULL for an empty file */
    struct MHD_Response *whole;      /* the reusable 200 */
    char last_id[REQUEST_ID_SIZE];   /* the request id that `whole` carries now */
    unsigned references;             /* the whole response and each part response under way */
    struct MediaFile *newer, *older; /* by last use */
    struct MediaFile *next;          /* in its bucket */
} MediaFile;

/* Maps the file and starts reading it ahead. Takes over served->fd in any case. Any thread
 * (blocks). */
MediaFile *media_file_load(const char *path, ServedFile *served, Error *error);

/* For a file that was loaded and not put into a cache. */
void media_file_release(MediaFile *file);

MediaCache *media_cache_new(void);
void media_cache_free(MediaCache *cache);

/* Finds and marks as used; NULL on a miss. */
MediaFile *media_cache_find(MediaCache *cache, const char *path);

/* Takes over the file; returns the one to serve (an older one of the same path wins). May evict
 * others. */
MediaFile *media_cache_put(MediaCache *cache, MediaFile *file);
void media_cache_forget(MediaCache *cache, const char *path);

/* Answers from a cached file. Whole files go out with the reusable response; the caller frees the
 * Response as usual. */
Response *media_file_answer(MediaFile *file, const Request *request);
