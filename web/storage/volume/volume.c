#include "web/storage/volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/base/file.h"
#include "web/storage/volume/private.h"

#define STAGING_FOLDER NAME_PRIVATE_FOLDER "/uploads"

/* What even a result leaves free: the database must be able to say that it was accepted. */
#define DATABASE_ROOM (16 * MIB)

static void release(Volume **volume)
{
    volume_close(*volume);
}

static bool make_folder(int parent, const char *path, mode_t mode, Error *error)
{
    if (mkdirat(parent, path, mode) == 0)
        return file_sync_folder_of(parent, path, error);
    if (errno != EEXIST)
        return error_set_errno(error, errno, "The folder %s could not be made", path);
    return true;
}

/* A root just made is durable once the folder above it is. */
static bool sync_parent(const Volume *volume, Error *error)
{
    _cleanup_close_ int fd = openat(volume->root_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder that holds the volume %s cannot be read",
                               volume->root);
    return file_sync(fd, "The folder that holds the volume", error);
}

/* The root itself may be a path with links in it: it is the operator's choice. */
static bool open_root(Volume *volume, bool inspect, Error *error)
{
    bool made = !inspect && mkdir(volume->root, 0755) == 0;
    if (!inspect && !made && errno != EEXIST)
        return error_set_errno(error, errno, "The volume %s could not be made", volume->root);
    volume->root_fd = open(volume->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (volume->root_fd < 0)
        return error_set_errno(error, errno, "The volume %s could not be opened", volume->root);
    return !made || sync_parent(volume, error);
}

static bool take_lock(Volume *volume, Error *error)
{
    volume->lock_fd = file_open_beneath(volume->root_fd, NAME_PRIVATE_FOLDER "/lock",
                                        O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (volume->lock_fd < 0)
        return error_set_errno(error, errno, "The volume %s cannot be written to", volume->root);
    if (flock(volume->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return error_set(error, ERROR_CONFLICT,
                         "Another reelkeep-web is using the volume %s. Two must never share one.",
                         volume->root);
    return error_set_errno(error, errno, "The volume %s could not be locked", volume->root);
}

static bool prepare(Volume *volume, Error *error)
{
    if (!make_folder(volume->root_fd, NAME_PRIVATE_FOLDER, 0700, error) ||
        !take_lock(volume, error) || !file_remove_tree(volume->root_fd, STAGING_FOLDER, error) ||
        !make_folder(volume->root_fd, STAGING_FOLDER, 0700, error))
        return false;
    volume->staging_fd =
        file_open_beneath(volume->root_fd, STAGING_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    if (volume->staging_fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", STAGING_FOLDER);
    return true;
}

Volume *volume_open(const VolumeOptions *options, Error *error)
{
    _cleanup_(release) Volume *volume = NEW(Volume);
    volume->root_fd = volume->lock_fd = volume->staging_fd = -1;
    volume->min_free_space = options->min_free_space;
    volume->root = base_strdup(options->root);
    pthread_mutex_init(&volume->lock, NULL);
    REQUIRE(asprintf(&volume->database_path, "%s/%s/reelkeep.sqlite3", options->root,
                     NAME_PRIVATE_FOLDER) > 0);
    if (!open_root(volume, options->inspect, error) ||
        (!options->inspect && !prepare(volume, error)))
        return NULL;
    return TAKE_PTR(volume);
}

void volume_close(Volume *volume)
{
    if (!volume)
        return;
    base_close(&volume->staging_fd);
    base_close(&volume->lock_fd);
    base_close(&volume->root_fd);
    pthread_mutex_destroy(&volume->lock);
    free(volume->database_path);
    free(volume->root);
    free(volume);
}

const char *volume_root(const Volume *volume)
{
    return volume->root;
}

const char *volume_database_path(const Volume *volume)
{
    return volume->database_path;
}

int volume_open_file(const Volume *volume, const char *path, Error *error)
{
    struct stat status;
    _cleanup_close_ int fd = -1;
    if (!name_path_valid(path)) {
        error_set(error, ERROR_NOT_FOUND, "There is no such file.");
        return -1;
    }
    fd = file_open_beneath(volume->root_fd, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV)) {
        error_set(error, ERROR_NOT_FOUND, "The file %s is not in the volume.", path);
        return -1;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        error_set_errno(error, errno, "The file %s could not be opened", path);
        return -1;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(error, ERROR_NOT_FOUND, "The file %s is not in the volume.", path);
        return -1;
    }
    return TAKE_FD(fd);
}

bool volume_remove(Volume *volume, const char *path, Error *error)
{
    REQUIRE(name_path_valid(path));
    char folder[MEDIA_PATH_MAX + 1];
    base_copy(folder, sizeof folder, path);
    char *name = strrchr(folder, '/');
    *name++ = '\0';
    _cleanup_close_ int fd = file_open_beneath(volume->root_fd, folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", folder);
    return file_remove(fd, name, error) && file_sync(fd, "The folder", error);
}

typedef struct Wish {
    uint64_t bytes;
    uint64_t leave; /* bytes that stay free */
} Wish;

/* Bytes on their way to the disk count once or twice, never not at all: the figure is read under
 * the lock, and the promise shrinks after the write. */
static bool set_aside(Volume *volume, const Wish *wish, bool *fits, Error *error)
{
    uint64_t available;
    pthread_mutex_lock(&volume->lock);
    bool known = file_free_space(volume->root_fd, &available, error);
    uint64_t promised = volume->reserved;
    *fits = known && available >= wish->leave && available - wish->leave >= promised &&
            available - wish->leave - promised >= wish->bytes;
    if (*fits)
        volume->reserved += wish->bytes;
    pthread_mutex_unlock(&volume->lock);
    return known;
}

static bool reserve(Volume *volume, const Wish *wish, Reservation *out, Error *error)
{
    bool fits;
    if (!set_aside(volume, wish, &fits, error))
        return false;
    if (!fits)
        return error_set(error, ERROR_NO_SPACE,
                         "The storage is full: there is no room for %llu more MB. Delete something "
                         "or ask whoever runs this archive to enlarge the volume.",
                         (unsigned long long)(wish->bytes / MIB + 1));
    *out = (Reservation){.volume = volume, .bytes = wish->bytes};
    return true;
}

bool volume_reserve(Volume *volume, uint64_t bytes, Reservation *out, Error *error)
{
    return reserve(volume, &(Wish){bytes, volume->min_free_space}, out, error);
}

bool volume_reserve_result(Volume *volume, uint64_t bytes, Reservation *out, Error *error)
{
    uint64_t leave = MIN_OF(volume->min_free_space, (uint64_t)DATABASE_ROOM);
    return reserve(volume, &(Wish){bytes, leave}, out, error);
}

void reservation_use(Reservation *reservation, uint64_t bytes)
{
    Volume *volume = reservation->volume;
    pthread_mutex_lock(&volume->lock);
    uint64_t used = MIN_OF(bytes, reservation->bytes);
    reservation->bytes -= used;
    volume->reserved -= used;
    pthread_mutex_unlock(&volume->lock);
}

void reservation_release(Reservation *reservation)
{
    if (!reservation->volume)
        return;
    reservation_use(reservation, UINT64_MAX);
    reservation->volume = NULL;
}

bool volume_writable(Volume *volume, Error *error)
{
    char name[UUID_SIZE];
    id_uuid(name);
    _cleanup_close_ int fd = openat(volume->staging_fd, name,
                                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The volume cannot be written to");
    return file_remove(volume->staging_fd, name, error);
}
