#include "web/storage/volume/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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
    bool named;            /* its name in the folder is durable */
    DigestState blake2b, sha256;
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
    digest_init(&staging->blake2b, DIGEST_BLAKE2B);
    digest_init(&staging->sha256, DIGEST_SHA256);
    return staging;
}

bool staging_append(Staging *staging, const void *data, size_t length, Error *error)
{
    if (!reservation_extend(staging->reservation, length, error) ||
        !file_write_all(staging->fd, data, length, staging->size, error))
        return false;
    digest_update(&staging->blake2b, data, length);
    if (!staging->reservation->result)
        digest_update(&staging->sha256, data, length);
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

bool staging_finish(Staging *staging, Digest *blake2b, Digest *sha256, Error *error)
{
    if (!file_sync(staging->fd, "The uploaded file", error))
        return false;
    digest_final(&staging->blake2b, blake2b);
    if (sha256)
        digest_final(&staging->sha256, sha256);
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

/* --- going on after a restart --- */

bool staging_checkpoint(Staging *staging, StagingState *out, Error *error)
{
    if (!file_sync(staging->fd, "The uploaded file", error) ||
        (!staging->named && !file_sync(staging->folder, "The folder of uploads", error)))
        return false;
    staging->named = true;
    *out = (StagingState){.durable = staging->size};
    base_copy(out->name, sizeof out->name, staging->name);
    digest_save(&staging->blake2b, &staging->sha256, &out->digests);
    return true;
}

void staging_suspend(Staging *staging)
{
    close(staging->fd);
    free(staging);
}

Staging *staging_resume(Reservation *reservation, const StagingState *state, Error *error)
{
    int folder = reservation->volume->staging_fd;
    struct stat status = {0};
    DigestState blake2b, sha256;
    REQUIRE(id_uuid_valid(state->name));
    _cleanup_close_ int fd = openat(folder, state->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        error_set(error, ERROR_NOT_FOUND, "What had come of the upload is no longer there.");
        return NULL;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        error_set_errno(error, errno, "What had come of the upload could not be opened");
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size < state->durable) {
        error_set(error, ERROR_IO,
                  "What had come of the upload is damaged: %lld of %llu bytes are there.",
                  (long long)status.st_size, (unsigned long long)state->durable);
        return NULL;
    }
    if (status.st_nlink > 1) {
        error_set(error, ERROR_UNAVAILABLE, "What had come of the upload is in its place already.");
        return NULL;
    }
    if (ftruncate(fd, (off_t)state->durable) < 0) {
        error_set_errno(error, errno, "The upload could not be gone on with");
        return NULL;
    }
    if (!digest_restore(&state->digests, &blake2b, &sha256)) {
        digest_init(&blake2b, DIGEST_BLAKE2B);
        digest_init(&sha256, DIGEST_SHA256);
        if (!digest_update_file(&blake2b, fd, state->durable, error) ||
            !digest_update_file(&sha256, fd, state->durable, error))
            return NULL;
    }
    Staging *staging = NEW(Staging);
    *staging = (Staging){.reservation = reservation,
                         .folder = folder,
                         .fd = TAKE_FD(fd),
                         .size = state->durable,
                         .written_back = state->durable,
                         .named = true,
                         .blake2b = blake2b,
                         .sha256 = sha256};
    base_copy(staging->name, sizeof staging->name, state->name);
    return staging;
}

bool staging_missing(const Volume *volume, const char *name)
{
    return faccessat(volume->staging_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

bool staging_sweep(Volume *volume, StagingWanted *wanted, void *context, Error *error)
{
    int fd = openat(volume->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder of uploads could not be opened");
    DIR *folder = fdopendir(fd);
    REQUIRE(folder);
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        struct stat status;
        bool stays = false;
        if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
            fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (S_ISDIR(status.st_mode))
            good = file_remove_tree(fd, entry->d_name, error);
        else
            good = wanted(context, entry->d_name, &stays, error) &&
                   (stays || file_remove(fd, entry->d_name, error));
    }
    closedir(folder);
    return good;
}
