#include "tests/unit/memory_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "web/storage/volume/staging.h"

#define MEMORY_MAGIC 0x4d454d4fu /* "MEMO" */

typedef struct MemoryFile {
    char path[MEDIA_PATH_MAX + 1];
    int fd;
    struct MemoryFile *next;
} MemoryFile;

struct MemoryStorage {
    unsigned magic;
    MemoryFile *first; /* in the order of their paths */
};

MemoryStorage *memory_storage_new(void)
{
    MemoryStorage *memory = NEW(MemoryStorage);
    memory->magic = MEMORY_MAGIC;
    return memory;
}

static void memory_drop(MemoryFile **link)
{
    MemoryFile *file = *link;
    *link = file->next;
    close(file->fd);
    free(file);
}

void memory_storage_free(MemoryStorage *memory)
{
    while (memory->first)
        memory_drop(&memory->first);
    free(memory);
}

/* Where the path stands, or would stand. */
static MemoryFile **memory_find(MemoryStorage *memory, const char *path)
{
    MemoryFile **link = &memory->first;
    while (*link && strcmp((*link)->path, path) < 0)
        link = &(*link)->next;
    return link;
}

static bool memory_is(MemoryFile *const *link, const char *path)
{
    return *link && streq((*link)->path, path);
}

static bool memory_publish(void *self, const Staging *staged, const char *path, Error *error)
{
    MemoryFile **link = memory_find(CAST_OBJECT(MemoryStorage, self, MEMORY_MAGIC), path);
    _cleanup_stored_file_ StoredFile *source = staging_view(staged, error);
    char block[4096];
    size_t got = 0;
    if (!source)
        return false;
    if (memory_is(link, path))
        return error_set(error, ERROR_IO, "The file %s is there already.", path);
    _cleanup_close_ int fd = memfd_create("stored", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    for (uint64_t offset = 0; offset < stored_file_size(source); offset += got)
        if (!stored_file_read(source, offset, block, sizeof block, &got, error) ||
            !file_write_all(fd, block, got, offset, error))
            return false;
    MemoryFile *file = NEW(MemoryFile);
    file->fd = TAKE_FD(fd);
    file->next = *link;
    *link = file;
    return base_copy(file->path, sizeof file->path, path);
}

static StoredFile *memory_open(void *self, const char *path, Error *error)
{
    MemoryFile **link = memory_find(CAST_OBJECT(MemoryStorage, self, MEMORY_MAGIC), path);
    char again[40];
    if (!memory_is(link, path)) {
        error_set(error, ERROR_NOT_FOUND, "The file %s is not there.", path);
        return NULL;
    }
    snprintf(again, sizeof again, "/proc/self/fd/%d", (*link)->fd);
    return stored_file_adopt(open(again, O_RDONLY | O_CLOEXEC), path, error);
}

static bool memory_stat(void *self, const char *path, StorageStat *out, Error *error)
{
    _cleanup_stored_file_ StoredFile *file = memory_open(self, path, error);
    if (!file)
        return false;
    *out = (StorageStat){stored_file_size(file), stored_file_modified_ms(file)};
    return true;
}

static bool memory_remove(void *self, const char *path, Error *error)
{
    MemoryFile **link = memory_find(CAST_OBJECT(MemoryStorage, self, MEMORY_MAGIC), path);
    (void)error;
    if (memory_is(link, path))
        memory_drop(link);
    return true;
}

static bool memory_list(void *self, const char *prefix, StorageVisit *visit, void *context,
                        Error *error)
{
    MemoryStorage *memory = CAST_OBJECT(MemoryStorage, self, MEMORY_MAGIC);
    StorageStat stat;
    for (MemoryFile *file = *memory_find(memory, prefix); file; file = file->next) {
        if (strncmp(file->path, prefix, strlen(prefix)) != 0)
            break;
        if (!memory_stat(self, file->path, &stat, error))
            return false;
        if (!visit(context, file->path, &stat))
            break;
    }
    return true;
}

static bool memory_url(void *self, const char *path, int64_t seconds, char **url, Error *error)
{
    (void)self, (void)error;
    return asprintf(url, "memory://host/%s?seconds=%lld", path, (long long)seconds) > 0;
}

Storage memory_storage(MemoryStorage *memory)
{
    static const StorageKind kind = {
        .publish = memory_publish,
        .open = memory_open,
        .stat = memory_stat,
        .remove = memory_remove,
        .list = memory_list,
        .url = memory_url,
    };
    return (Storage){&kind, memory};
}
