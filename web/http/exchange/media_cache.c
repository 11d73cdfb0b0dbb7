#include "web/http/exchange/media_cache.h"

#include <stdatomic.h>

#define BUCKETS    4096
#define FIELDS_MAX 4096 /* bytes of a file's fields; they have about 500 */

struct MediaFile {
    char path[MEDIA_PATH_MAX + 1];
    ServedFile served; /* its content is in the pages */
    Pages *pages;
    Buffer whole;             /* fields of the answer with all of it */
    MediaFile *newer, *older; /* by last use */
    MediaFile *next;          /* in its bucket */
};

struct MediaCache {
    MediaFile *buckets[BUCKETS];
    MediaFile *newest, *oldest;
    atomic_size_t entries; /* changed by the loop's thread; the gauges look on */
    atomic_ullong bytes;
};

static MediaFile **media_bucket(MediaCache *cache, const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = path; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &cache->buckets[hash % BUCKETS];
}

MediaFile *media_file_load(const char *path, ServedFile *served, Error *error)
{
    Pages *pages = pages_open(TAKE_PTR(served->content), error);
    if (!pages)
        return NULL;
    MediaFile *file = NEW(MediaFile);
    *file = (MediaFile){.served = *served, .pages = pages, .whole = BUFFER(FIELDS_MAX)};
    FilePlan plan = {.status = 200, .length = pages_size(pages)};
    file_add_fields(&file->whole, &file->served, &plan, plan.length, false);
    REQUIRE(base_copy(file->path, sizeof file->path, path));
    return file;
}

void media_file_release(MediaFile *file)
{
    pages_release(file->pages);
    buffer_release(&file->whole);
    free(file);
}

uint64_t media_file_audience(const MediaFile *file)
{
    return file->served.audience;
}

MediaCache *media_cache_new(void)
{
    return NEW(MediaCache);
}

static void media_unlink_use(MediaCache *cache, MediaFile *file)
{
    *(file->newer ? &file->newer->older : &cache->newest) = file->older;
    *(file->older ? &file->older->newer : &cache->oldest) = file->newer;
}

static void media_link_newest(MediaCache *cache, MediaFile *file)
{
    file->newer = NULL;
    file->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = file;
    cache->newest = file;
}

static void media_evict(MediaCache *cache, MediaFile *file)
{
    MediaFile **link = media_bucket(cache, file->path);
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    media_unlink_use(cache, file);
    cache->entries--;
    cache->bytes -= pages_size(file->pages);
    media_file_release(file);
}

void media_cache_free(MediaCache *cache)
{
    while (cache->oldest)
        media_evict(cache, cache->oldest);
    free(cache);
}

static MediaFile *media_look_up(MediaCache *cache, const char *path)
{
    MediaFile *file = *media_bucket(cache, path);
    while (file && !streq(file->path, path))
        file = file->next;
    return file;
}

MediaFile *media_cache_find(MediaCache *cache, const char *path)
{
    MediaFile *file = media_look_up(cache, path);
    if (file && file != cache->newest) {
        media_unlink_use(cache, file);
        media_link_newest(cache, file);
    }
    return file;
}

MediaFile *media_cache_put(MediaCache *cache, MediaFile *file)
{
    MediaFile *present = media_cache_find(cache, file->path);
    if (present) {
        media_file_release(file);
        return present;
    }
    while (cache->oldest && (cache->entries >= MEDIA_CACHE_ENTRIES_MAX ||
                             cache->bytes + pages_size(file->pages) > MEDIA_CACHE_BYTES_MAX))
        media_evict(cache, cache->oldest);
    MediaFile **bucket = media_bucket(cache, file->path);
    file->next = *bucket;
    *bucket = file;
    media_link_newest(cache, file);
    cache->entries++;
    cache->bytes += pages_size(file->pages);
    return file;
}

void media_cache_forget(MediaCache *cache, const char *path)
{
    MediaFile *file = media_look_up(cache, path);
    if (file)
        media_evict(cache, file);
}

void media_cache_forget_audience(MediaCache *cache, uint64_t audience)
{
    for (MediaFile *older, *file = cache->newest; file; file = older) {
        older = file->older;
        if (file->served.audience == audience)
            media_evict(cache, file);
    }
}

void media_cache_gauges(MediaCache *cache, size_t *files, uint64_t *bytes)
{
    *files = atomic_load_explicit(&cache->entries, memory_order_relaxed);
    *bytes = atomic_load_explicit(&cache->bytes, memory_order_relaxed);
}

Response *media_file_answer(MediaFile *file, const FileAsk *ask)
{
    FilePlan plan = file_plan(ask, &file->served, pages_size(file->pages));
    if (plan.status != 200 || ask->download)
        return file_response(ask, &file->served, &plan, file->pages);
    Response *response = response_new(plan.status);
    response->lent = &file->whole;
    response->length = plan.length;
    response->pages = pages_share(file->pages);
    return response;
}
