#include "web/http/exchange/media_cache.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define BUCKETS          4096
#define MEDIA_FILE_MAGIC 0x4d46494cu /* "MFIL" */

struct MediaFile {
    unsigned magic;
    char path[MEDIA_PATH_MAX + 1];
    ServedFile served; /* its content is closed once mapped */
    uint64_t size;
    void *mapping;                 /* NULL for an empty file */
    struct MHD_Response *whole;    /* the reusable 200 */
    char last_id[REQUEST_ID_SIZE]; /* the request id that `whole` carries now */
    unsigned references;           /* the whole response and each part response under way */
    MediaFile *newer, *older;      /* by last use */
    MediaFile *next;               /* in its bucket */
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

/* libmicrohttpd calls this when a response over the mapping is destroyed. */
static void media_drop_reference(void *pointer)
{
    MediaFile *file = CAST_OBJECT(MediaFile, pointer, MEDIA_FILE_MAGIC);
    REQUIRE(file->references > 0);
    if (--file->references > 0)
        return;
    REQUIRE(munmap(file->mapping, file->size) == 0);
    file->magic = 0;
    free(file);
}

static struct MHD_Response *media_response_over(MediaFile *file, uint64_t first, uint64_t length)
{
    file->references++;
    struct MHD_Response *body = MHD_create_response_from_buffer_with_free_callback_cls(
        length, (char *)file->mapping + first, media_drop_reference, file);
    REQUIRE(body);
    return body;
}

MediaFile *media_file_load(const char *path, ServedFile *served, Error *error)
{
    _cleanup_stored_file_ StoredFile *content = TAKE_PTR(served->content);
    void *mapping = NULL;
    if (!stored_file_map(content, &mapping, error))
        return NULL;
    MediaFile *file = NEW(MediaFile);
    *file = (MediaFile){.magic = MEDIA_FILE_MAGIC,
                        .served = *served,
                        .size = stored_file_size(content),
                        .mapping = mapping};
    REQUIRE(base_copy(file->path, sizeof file->path, path));
    if (file->size > 0) {
        FilePlan plan = {.status = 200, .length = file->size};
        file->whole = media_response_over(file, 0, file->size);
        file_add_fields(file->whole, &file->served, &plan, file->size, false);
    }
    return file;
}

void media_file_release(MediaFile *file)
{
    if (!file->whole)
        free(file);
    else
        MHD_destroy_response(file->whole);
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
    cache->bytes -= file->size;
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
                             cache->bytes + file->size > MEDIA_CACHE_BYTES_MAX))
        media_evict(cache, cache->oldest);
    MediaFile **bucket = media_bucket(cache, file->path);
    file->next = *bucket;
    *bucket = file;
    media_link_newest(cache, file);
    cache->entries++;
    cache->bytes += file->size;
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

/* A whole file goes out with the reusable response, with this request's id in place of the last
 * one's: libmicrohttpd copies the fields while the answer is queued, on this same thread, so the
 * next request may change them again. */
Response *media_file_answer(MediaFile *file, const FileAsk *ask)
{
    FilePlan plan = file_plan(ask, &file->served, file->size);
    if (plan.length == 0)
        return file_response_empty(ask, &file->served, &plan, file->size);
    if (plan.status == 206 || ask->download)
        return file_response(ask, &file->served, &plan, file->size,
                             media_response_over(file, plan.first, plan.length));
    if (*file->last_id)
        REQUIRE(MHD_del_response_header(file->whole, "X-Request-Id", file->last_id) == MHD_YES);
    base_copy(file->last_id, sizeof file->last_id, ask->request_id);
    Response *response = response_new(plan.status, file->whole, plan.length);
    response->shared = true;
    return response;
}
