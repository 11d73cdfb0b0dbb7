#include "common/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "common/base/clock.h"
#include "common/base/health.h"

/* Names the file that a failure is about. */
static void file_name_fault(int fd, Error *error)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (error && readlink(link, error->file, sizeof error->file - 1) < 0)
        error->file[0] = '\0';
}

bool file_write_all(int fd, const void *data, size_t length, uint64_t offset, Error *error)
{
    const char *bytes = data;
    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            error_set_errno(error, errno, "A file could not be written");
            file_name_fault(fd, error);
            return false;
        }
        bytes += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return true;
}

int file_open_beneath(int folder, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

/* The folder part of a path; "." where it has none. */
static char *file_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return base_strdup(".");
    char *folder = strndup(path, (size_t)(slash - path));
    REQUIRE(folder);
    return folder;
}

bool file_make_folders(int root, const char *path, Error *error)
{
    _cleanup_free_ char *prefix = base_strdup(path);
    for (char *slash = strchr(prefix, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(root, prefix, 0755) < 0 && errno != EEXIST)
            return error_set_errno(error, errno, "The folder %s could not be made", prefix);
        /* Also where it was there: whoever made it may not have come this far. */
        if (!file_sync_folder_of(root, prefix, error))
            return false;
        *slash = '/';
    }
    return true;
}

static FileSyncObserver *sync_observer;
static Health sync_health[] = {HEALTH_INITIALIZER, HEALTH_INITIALIZER}; /* of files, of folders */

void file_observe_syncs(FileSyncObserver *observer)
{
    sync_observer = observer;
}

bool file_sync(int fd, const char *what, Error *error)
{
    int64_t started = clock_monotonic_us();
    Error fault = {0};
    struct stat status;
    if (fsync(fd) < 0) {
        error_set_errno(&fault, errno, "%s could not be made durable", what);
        file_name_fault(fd, &fault);
    }
    bool failed = fault.code != ERROR_NONE;
    bool folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    health_note(&sync_health[folder], failed ? &fault : NULL);
    if (sync_observer)
        sync_observer(folder, clock_monotonic_us() - started, failed ? &fault : NULL);
    if (failed && error)
        *error = fault;
    return !failed;
}

bool file_syncs_succeed(Error *error)
{
    return health_check(&sync_health[false], error) && health_check(&sync_health[true], error);
}

bool file_sync_folder_of(int root, const char *path, Error *error)
{
    _cleanup_free_ char *folder = file_folder_of(path);
    _cleanup_close_ int fd = file_open_beneath(root, folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", folder);
    return file_sync(fd, folder, error);
}

bool file_publish(int from_folder, const char *from, int root, const char *to, Error *error)
{
    if (!file_make_folders(root, to, error))
        return false;
    _cleanup_free_ char *folder = file_folder_of(to);
    _cleanup_close_ int fd = file_open_beneath(root, folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", folder);
    const char *slash = strrchr(to, '/');
    if (linkat(from_folder, from, fd, slash ? slash + 1 : to, 0) < 0)
        return error_set_errno(error, errno, "The file %s could not be put in its place", to);
    return file_sync(fd, folder, error);
}

bool file_remove(int root, const char *path, Error *error)
{
    if (unlinkat(root, path, 0) < 0 && errno != ENOENT)
        return error_set_errno(error, errno, "The file %s could not be removed", path);
    return true;
}

bool file_replace(int folder, const char *name, const void *data, size_t length, Error *error)
{
    char temporary[NAME_MAX + 1];
    snprintf(temporary, sizeof temporary, "%s.new", name);
    _cleanup_close_ int fd =
        openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The file %s could not be made", temporary);
    if (!file_write_all(fd, data, length, 0, error) || !file_sync(fd, temporary, error))
        return false;
    if (renameat(folder, temporary, folder, name) < 0)
        return error_set_errno(error, errno, "The file %s could not be replaced", name);
    return file_sync(folder, "The folder", error);
}

char *file_read_small(int folder, const char *name, size_t maximum, Error *error)
{
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ char *text = base_calloc(1, maximum + 2);
    if (fd < 0) {
        error_set_errno(error, errno, "The file %s could not be opened", name);
        return NULL;
    }
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, text + length, maximum + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set_errno(error, errno, "The file %s could not be read", name);
            return NULL;
        }
        length += (size_t)got;
        if (got == 0)
            break;
    }
    if (length > maximum) {
        error_set(error, ERROR_TOO_LARGE, "The file %s is longer than %zu bytes.", name, maximum);
        return NULL;
    }
    return TAKE_PTR(text);
}

bool file_remove_tree(int parent, const char *name, Error *error)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s could not be opened", name);
    DIR *folder = fdopendir(fd);
    REQUIRE(folder);
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder));) {
        struct stat status;
        if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
            fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        empty = S_ISDIR(status.st_mode) ? file_remove_tree(fd, entry->d_name, error)
                                        : file_remove(fd, entry->d_name, error);
    }
    closedir(folder);
    if (empty && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return error_set_errno(error, errno, "The folder %s could not be removed", name);
    return empty;
}

bool file_free_space(int fd, uint64_t *bytes, Error *error)
{
    struct statvfs status;
    if (fstatvfs(fd, &status) < 0)
        return error_set_errno(error, errno, "The free space could not be asked for");
    *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return true;
}
