#include "web/storage/volume/staging.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/file.h"
#include "web/storage/volume/volume_private.h"

/* Writing back is started this often, so that the final fsync of a large file is short. */
#define WRITE_BACK_BYTES (8 * MIB)

struct Staging {
    Reservation *reservation;
    int folder; /* borrowed from its volume */
    char name[UUID_SIZE];
    int fd;
    uint64_t size;
    uint64_t written_back; /* bytes whose write-back was started */
    DigestState digest;
};

Staging *staging_new(Reservation *reservation, Error *error)
{
    char name[UUID_SIZE];
    int folder = reservation->volume->staging_fd;
    id_uuid(name);
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        error_set_errno(error, errno, "A file for the upload could not be made");
        return NULL;
    }
    Staging *staging = NEW(Staging);
    *staging = (Staging){.reservation = reservation, .folder = folder, .fd = fd};
    base_copy(staging->name, sizeof staging->name, name);
    digest_init(&staging->digest, DIGEST_BLAKE2B);
    return staging;
}

bool staging_append(Staging *staging, const void *data, size_t length, Error *error)
{
    if (!file_write_all(staging->fd, data, length, staging->size, error))
        return false;
    digest_update(&staging->digest, data, length);
    staging->size += length;
    reservation_use(staging->reservation, length);
    if (staging->size - staging->written_back >= WRITE_BACK_BYTES) {
        sync_file_range(staging->fd, (off_t)staging->written_back,
                        (off_t)(staging->size - staging->written_back), SYNC_FILE_RANGE_WRITE);
        staging->written_back = staging->size;
    }
    return true;
}

uint64_t staging_size(const Staging *staging)
{
    return staging->size;
}

bool staging_finish(Staging *staging, Digest *blake2b, Error *error)
{
    if (!file_sync(staging->fd, "The uploaded file", error))
        return false;
    digest_final(&staging->digest, blake2b);
    return true;
}

StoredFile *staging_view(const Staging *staging, Error *error)
{
    int fd = openat(staging->folder, staging->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        error_set_errno(error, errno, "A file that has just come could not be opened");
        return NULL;
    }
    return stored_file_adopt(fd, staging->name, error);
}

const char *staging_name(const Staging *staging)
{
    return staging->name;
}

void staging_free(Staging *staging)
{
    if (!staging)
        return;
    IGNORE_RESULT(file_remove(staging->folder, staging->name, NULL));
    close(staging->fd);
    free(staging);
}
