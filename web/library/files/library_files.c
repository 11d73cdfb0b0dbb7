#include "web/library/files/library_files.h"

#include "web/storage/volume/volume.h"

typedef struct Find {
    const char *path;     /* or NULL, and then */
    const char *media_id; /* its original */
    FileRow file;
} Find;

static bool find(StoreConnection *connection, void *argument, Error *error)
{
    Find *self = argument;
    return self->path
               ? store_file_get(connection, self->path, &self->file, error)
               : store_file_of_media(connection, self->media_id, FILE_ORIGINAL, &self->file, error);
}

static bool open_found(const Library *library, Find *wanted, FileRow *file, int *fd, Error *error)
{
    if (!store_read(library->store, find, wanted, error))
        return false;
    int opened = volume_open_file(library->volume, wanted->file.path, error);
    if (opened < 0 && error->code == ERROR_NOT_FOUND)
        return error_set(error, ERROR_IO, "The file %s is missing from the volume.",
                         wanted->file.path);
    if (opened < 0)
        return false;
    *file = wanted->file;
    *fd = opened;
    return true;
}

bool library_open_file(const Library *library, const char *path, FileRow *file, int *fd,
                       Error *error)
{
    Find wanted = {.path = path};
    if (!name_path_valid(path))
        return error_set(error, ERROR_NOT_FOUND, "There is no such file.");
    return open_found(library, &wanted, file, fd, error);
}

static bool remember(StoreConnection *connection, void *argument, Error *error)
{
    const FileRow *file = argument;
    return store_file_set_sha256(connection, file->path, &file->sha256, error);
}

bool library_open_original(const Library *library, const char *media_id, FileRow *file, int *fd,
                           Error *error)
{
    Find wanted = {.media_id = media_id};
    FileRow found;
    _cleanup_close_ int opened = -1;
    if (!open_found(library, &wanted, &found, &opened, error))
        return false;
    if (!found.has_sha256) {
        if (!digest_file(opened, DIGEST_SHA256, &found.sha256, error) ||
            !store_write(library->store, remember, &found, error))
            return false;
        found.has_sha256 = true;
    }
    *file = found;
    *fd = TAKE_FD(opened);
    return true;
}
