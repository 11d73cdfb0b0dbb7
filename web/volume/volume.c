#include "web/volume/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "common/file.h"
#include "web/volume/private.h"

#define STAGING_FOLDER NAME_PRIVATE_FOLDER "/uploads"

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

/* The root itself may be a path with links in it: it is the operator's choice. */
static bool open_root(Volume *volume, bool inspect, Error *error)
{
    if (!inspect && mkdir(volume->root, 0755) < 0 && errno != EEXIST)
        return error_set_errno(error, errno, "The volume %s could not be made", volume->root);
    volume->root_fd = open(volume->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (volume->root_fd < 0)
        return error_set_errno(error, errno, "The volume %s could not be opened", volume->root);
    return true;
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

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static bool empty_staging(Volume *volume, Error *error)
{
    int fd = file_open_beneath(volume->staging_fd, ".", O_RDONLY | O_DIRECTORY, 0);
    _cleanup_(close_folder) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder)
        return error_set_errno(error, errno, "The folder %s could not be read", STAGING_FOLDER);
    struct dirent *entry;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.' && !file_remove(volume->staging_fd, entry->d_name, error))
            return false;
    return true;
}

static bool prepare(Volume *volume, Error *error)
{
    if (!make_folder(volume->root_fd, NAME_PRIVATE_FOLDER, 0700, error) ||
        !take_lock(volume, error) || !make_folder(volume->root_fd, STAGING_FOLDER, 0700, error))
        return false;
    volume->staging_fd =
        file_open_beneath(volume->root_fd, STAGING_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    if (volume->staging_fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", STAGING_FOLDER);
    return empty_staging(volume, error);
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

bool volume_reserve(Volume *volume, uint64_t bytes, Reservation *out, Error *error)
{
    uint64_t available;
    if (!file_free_space(volume->root_fd, &available, error))
        return false;
    pthread_mutex_lock(&volume->lock);
    uint64_t promised = volume->reserved;
    bool fits = available >= volume->min_free_space &&
                available - volume->min_free_space >= promised &&
                available - volume->min_free_space - promised >= bytes;
    if (fits)
        volume->reserved += bytes;
    pthread_mutex_unlock(&volume->lock);
    if (!fits)
        return error_set(error, ERROR_NO_SPACE,
                         "The storage is full: there is no room for %llu more MB. Delete something "
                         "or ask whoever runs this archive to enlarge the volume.",
                         (unsigned long long)(bytes / MIB + 1));
    *out = (Reservation){.volume = volume, .bytes = bytes};
    return true;
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
