#include "web/http/exchange/media_cache.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "web/http/exchange/request.h"

#define BUCKETS    4096
#define READ_AHEAD (4 * MIB)
#define POPULATE_SIZE                                                                              \
    (256 * KIB) /* below it the pages are mapped at once: no faults on the loop                    \
                 */

struct MediaCache {
    MediaFile *buckets[BUCKETS];
    MediaFile *newest, *oldest;
    size_t entries;
    uint64_t bytes;
};

static MediaFile **bucket_of(MediaCache *cache, const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = path; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &cache->buckets[hash % BUCKETS];
}

/* libmicrohttpd calls this when a response over the mapping is destroyed. */
static void drop_reference(void *pointer)
{
    MediaFile *file = pointer;
    REQUIRE(file->references > 0);
    if (--file->references > 0)
        return;
    if (file->mapping)
        munmap(file->mapping, file->served.size);
    free(file);
}

static struct MHD_Response *response_over(MediaFile *file, uint64_t first, uint64_t length)
{
    file->references++;
    struct MHD_Response *body = MHD_create_response_from_buffer_with_free_callback_cls(
        length, (char *)file->mapping + first, drop_reference, file);
    REQUIRE(body);
    return body;
}

MediaFile *media_file_load(const char *path, ServedFile *served, Error *error)
{
    _cleanup_close_ int fd = TAKE_FD(served->fd);
    _cleanup_free_ MediaFile *file = NEW(MediaFile);
    struct stat status;
    REQUIRE(base_copy(file->path, sizeof file->path, path));
    file->served = *served;
    if (fstat(fd, &status) < 0 || (uint64_t)status.st_size != served->size) {
        error_set(error, ERROR_IO, "The file %s is damaged: it is not as long as it was.", path);
        return NULL;
    }
    if (served->size > 0) {
        int populate = served->size <= POPULATE_SIZE ? MAP_POPULATE : 0;
        file->mapping = mmap(NULL, served->size, PROT_READ, MAP_SHARED | populate, fd, 0);
        if (file->mapping == MAP_FAILED) {
            error_set_errno(error, errno, "The file %s could not be mapped", path);
            return NULL;
        }
        madvise(file->mapping, MIN_OF(served->size, READ_AHEAD), MADV_WILLNEED);
        file->whole = response_over(file, 0, served->size);
        FilePlan plan = {.status = 200, .length = served->size};
        response_add_file_fields(file->whole, &file->served, &plan, false);
    }
    return TAKE_PTR(file);
}

void media_file_release(MediaFile *file)
{
    if (!file->whole)
        free(file);
    else
        MHD_destroy_response(file->whole);
}

MediaCache *media_cache_new(void)
{
    return NEW(MediaCache);
}

static void unlink_use(MediaCache *cache, MediaFile *file)
{
    *(file->newer ? &file->newer->older : &cache->newest) = file->older;
    *(file->older ? &file->older->newer : &cache->oldest) = file->newer;
}

static void link_newest(MediaCache *cache, MediaFile *file)
{
    file->newer = NULL;
    file->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = file;
    cache->newest = file;
}

static void evict(MediaCache *cache, MediaFile *file)
{
    MediaFile **link = bucket_of(cache, file->path);
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    unlink_use(cache, file);
    cache->entries--;
    cache->bytes -= file->served.size;
    media_file_release(file);
}

void media_cache_free(MediaCache *cache)
{
    while (cache->oldest)
        evict(cache, cache->oldest);
    free(cache);
}

static MediaFile *look_up(MediaCache *cache, const char *path)
{
    MediaFile *file = *bucket_of(cache, path);
    while (file && !streq(file->path, path))
        file = file->next;
    return file;
}

MediaFile *media_cache_find(MediaCache *cache, const char *path)
{
    MediaFile *file = look_up(cache, path);
    if (file && file != cache->newest) {
        unlink_use(cache, file);
        link_newest(cache, file);
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
                             cache->bytes + file->served.size > MEDIA_CACHE_BYTES_MAX))
        evict(cache, cache->oldest);
    MediaFile **bucket = bucket_of(cache, file->path);
    file->next = *bucket;
    *bucket = file;
    link_newest(cache, file);
    cache->entries++;
    cache->bytes += file->served.size;
    return file;
}

void media_cache_forget(MediaCache *cache, const char *path)
{
    MediaFile *file = look_up(cache, path);
    if (file)
        evict(cache, file);
}

/* The reusable response, with this request's id in place of the last one's. libmicrohttpd copies
 * the fields while the answer is queued, on this same thread, so the next request may change them
 * again. */
static Response *whole_answer(MediaFile *file, const Request *request, int status)
{
    Response *response = NEW(Response);
    if (*file->last_id)
        MHD_del_response_header(file->whole, "X-Request-Id", file->last_id);
    *response = (Response){.status = status, .body = file->whole, .shared = true};
    base_copy(file->last_id, sizeof file->last_id, request_id(request));
    return response;
}

Response *media_file_answer(MediaFile *file, const Request *request)
{
    FilePlan plan = response_plan_file(request, &file->served);
    if (plan.length == 0)
        return response_file_empty(request, &file->served, &plan);
    if (plan.status != 206 && !request_query_is(request, "download", "1"))
        return whole_answer(file, request, plan.status);
    return response_file_body(request, &file->served, &plan,
                              response_over(file, plan.first, plan.length));
}
