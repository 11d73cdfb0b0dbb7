#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "web/storage/volume/staging.h"
#include "web/storage/volume/volume.h"
#include "web/storage/volume/volume_private.h"

static bool volume_publish(void *self, const Staging *staged, const char *path, Error *error)
{
    const Volume *volume = CAST_OBJECT(Volume, self, VOLUME_MAGIC);
    return file_publish(volume->staging_fd, staging_name(staged), volume->root_fd, path, error);
}

static StoredFile *volume_open_file(void *self, const char *path, Error *error)
{
    const Volume *volume = CAST_OBJECT(Volume, self, VOLUME_MAGIC);
    int fd = file_open_beneath(volume->root_fd, path, O_RDONLY | O_NONBLOCK, 0);
    if (fd >= 0)
        return stored_file_adopt(fd, path, error);
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV)
        error_set(error, ERROR_NOT_FOUND, "The file %s is not in the volume.", path);
    else
        error_set_errno(error, errno, "The file %s could not be opened", path);
    return NULL;
}

static bool volume_stat(void *self, const char *path, StorageStat *out, Error *error)
{
    _cleanup_stored_file_ StoredFile *file = volume_open_file(self, path, error);
    if (!file)
        return false;
    *out = (StorageStat){stored_file_size(file), stored_file_modified_ms(file)};
    return true;
}

static bool volume_remove(void *self, const char *path, Error *error)
{
    const Volume *volume = CAST_OBJECT(Volume, self, VOLUME_MAGIC);
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

/* --- list --- */

typedef struct VolumeList {
    const char *prefix;
    StorageVisit *visit;
    void *context;
    bool ended; /* the visitor has had enough */
} VolumeList;

/* The names in a folder, sorted; those of folders end in a slash, because in the order of whole
 * paths it stands between the other characters. */
typedef struct VolumeNames {
    char **names;
    size_t count;
} VolumeNames;

static void volume_names_release(VolumeNames *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static int volume_names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool volume_names_read(int folder, VolumeNames *out, Error *error)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "A folder of the volume could not be read");
    DIR *stream = fdopendir(fd);
    REQUIRE(stream);
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        char *name = NULL;
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        REQUIRE(asprintf(&name, "%s%s", entry->d_name, S_ISDIR(status.st_mode) ? "/" : "") > 0);
        out->names = reallocarray(out->names, out->count + 1, sizeof *out->names);
        REQUIRE(out->names);
        out->names[out->count++] = name;
    }
    closedir(stream);
    if (out->count > 0)
        qsort(out->names, out->count, sizeof *out->names, volume_names_compare);
    return true;
}

/* Whether files of ours may lie in or below a folder, whose path ends in a slash. Others, such as
 * the lost+found of a file system, are not for us to look into. */
static bool volume_may_hold(const char *folder)
{
    char example[MEDIA_PATH_MAX + 1];
    bool is_collection = strchr(folder, '/')[1] == '\0';
    int length =
        snprintf(example, sizeof example, "%s%s", folder, is_collection ? "entry/file" : "file");
    return length < (int)sizeof example && name_path_valid(example);
}

/* Visits what is in a folder whose path is `path`: "", or with a slash at its end. */
static bool volume_list_folder(VolumeList *list, int folder, const char *path, Error *error)
{
    _cleanup_(volume_names_release) VolumeNames names = {0};
    if (!volume_names_read(folder, &names, error))
        return false;
    for (size_t i = 0; i < names.count && !list->ended; i++) {
        const char *name = names.names[i];
        char below[MEDIA_PATH_MAX + 1];
        struct stat status;
        size_t length = (size_t)snprintf(below, sizeof below, "%s%s", path, name);
        size_t common = MIN_OF(length, strlen(list->prefix));
        if (length >= sizeof below || strncmp(below, list->prefix, common) != 0)
            continue;
        if (below[length - 1] == '/') {
            if (!volume_may_hold(below))
                continue;
            _cleanup_close_ int fd = file_open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0);
            if (fd < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "The folder %s could not be opened", below);
            if (fd >= 0 && !volume_list_folder(list, fd, below, error))
                return false;
        } else if (name_path_valid(below) && common == strlen(list->prefix) &&
                   fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISREG(status.st_mode)) {
            StorageStat stat = {(uint64_t)status.st_size,
                                status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000};
            list->ended = !list->visit(list->context, below, &stat);
        }
    }
    return true;
}

static bool volume_list(void *self, const char *prefix, StorageVisit *visit, void *context,
                        Error *error)
{
    const Volume *volume = CAST_OBJECT(Volume, self, VOLUME_MAGIC);
    VolumeList list = {.prefix = prefix, .visit = visit, .context = context};
    return volume_list_folder(&list, volume->root_fd, "", error);
}

/* Web serves its own folder. */
static bool volume_url(void *self, const char *path, int64_t seconds, char **url, Error *error)
{
    (void)self, (void)path, (void)seconds, (void)error;
    *url = NULL;
    return true;
}

Storage volume_storage(Volume *volume)
{
    static const StorageKind kind = {
        .publish = volume_publish,
        .open = volume_open_file,
        .stat = volume_stat,
        .remove = volume_remove,
        .list = volume_list,
        .url = volume_url,
    };
    return (Storage){&kind, volume};
}
