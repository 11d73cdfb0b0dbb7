/*
 * The files a loop serves without asking anybody: mapped, each with the ready-made fields of its
 * answer. A file never changes under its name, so an entry is true until the file is removed or its
 * audience changes. One cache belongs to one loop; its thread only, except media_file_load and the
 * gauges.
 */
#pragma once

#include "common/base/id.h"
#include "web/http/exchange/file_response.h"

typedef struct MediaCache MediaCache;
typedef struct MediaFile MediaFile;

/* Maps the file and starts reading it ahead. Takes over served->content in any case. Any thread
 * (blocks). NULL and *error. */
_must_check_ MediaFile *media_file_load(const char *path, ServedFile *served, Error *error);

/* For a file that was loaded and not put into a cache. */
void media_file_release(MediaFile *file);

uint64_t media_file_audience(const MediaFile *file);

/* Answers from a cached file. A whole file lends its fields: the answer must begin before the file
 * can leave the cache. */
Response *media_file_answer(MediaFile *file, const FileAsk *ask);

MediaCache *media_cache_new(void);
void media_cache_free(MediaCache *cache);

/* Finds and marks as used; NULL on a miss. */
MediaFile *media_cache_find(MediaCache *cache, const char *path);

/* Takes over the file; returns the one to serve (an older one of the same path wins). May evict
 * others. */
MediaFile *media_cache_put(MediaCache *cache, MediaFile *file);
void media_cache_forget(MediaCache *cache, const char *path);
void media_cache_forget_audience(MediaCache *cache, uint64_t audience);

/* How much is cached at this moment. Any thread. */
void media_cache_gauges(MediaCache *cache, size_t *files, uint64_t *bytes);
