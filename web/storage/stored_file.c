#include "web/storage/stored_file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define POPULATE_SIZE (256 * KIB) /* up to it the pages are mapped at once: no faults later */

struct StoredFile {
    int fd;
    uint64_t size;
    int64_t modified_ms;
};

StoredFile *stored_file_adopt(int fd, const char *name, Error *error)
{
    _cleanup_close_ int own = fd;
    struct stat status;
    if (fstat(own, &status) < 0) {
        error_set_errno(error, errno, "The file %s could not be opened", name);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(error, ERROR_NOT_FOUND, "The file %s is not in the volume.", name);
        return NULL;
    }
    StoredFile *file = NEW(StoredFile);
    *file = (StoredFile){
        .fd = TAKE_FD(own),
        .size = (uint64_t)status.st_size,
        .modified_ms = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000,
    };
    return file;
}

uint64_t stored_file_size(const StoredFile *file)
{
    return file->size;
}

int64_t stored_file_modified_ms(const StoredFile *file)
{
    return file->modified_ms;
}

bool stored_file_map(const StoredFile *file, void **mapping, Error *error)
{
    int populate = file->size <= POPULATE_SIZE ? MAP_POPULATE : 0;
    if (file->size == 0) {
        *mapping = NULL;
        return true;
    }
    void *pages = mmap(NULL, file->size, PROT_READ, MAP_SHARED | populate, file->fd, 0);
    if (pages == MAP_FAILED)
        return error_set_errno(error, errno, "A file could not be mapped");
    *mapping = pages;
    return true;
}

int stored_file_lend_fd(const StoredFile *file, Error *error)
{
    (void)error; /* a file of this machine is there already */
    return file->fd;
}

bool stored_file_read(const StoredFile *file, uint64_t offset, void *bytes, size_t length,
                      size_t *got, Error *error)
{
    size_t filled = 0;
    while (filled < length) {
        ssize_t count =
            pread(file->fd, (char *)bytes + filled, length - filled, (off_t)(offset + filled));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set_errno(error, errno, "A file could not be read back");
        if (count == 0)
            break;
        filled += (size_t)count;
    }
    *got = filled;
    return true;
}

bool stored_file_digest(const StoredFile *file, DigestKind kind, Digest *out, Error *error)
{
    return digest_file(file->fd, kind, out, error);
}

void stored_file_close(StoredFile *file)
{
    if (!file)
        return;
    close(file->fd);
    free(file);
}

void stored_file_cleanup(StoredFile **file)
{
    stored_file_close(*file);
}
