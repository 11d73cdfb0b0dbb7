#include "web/library/files/library_files.h"

#include "common/base/file.h"

#define FIND_MAGIC 0x46494e44u /* "FIND" */

typedef struct LibraryFind {
    unsigned magic;
    const char *path;     /* or NULL, and then */
    const char *media_id; /* its original */
    FileRow row;
} LibraryFind;

static bool library_find_row(StoreConnection *connection, void *argument, Error *error)
{
    LibraryFind *find = CAST_OBJECT(LibraryFind, argument, FIND_MAGIC);
    return find->path
               ? store_file_get(connection, find->path, &find->row, error)
               : store_file_of_media(connection, find->media_id, FILE_ORIGINAL, &find->row, error);
}

static StoredFile *library_open_found(const Library *library, LibraryFind *find, Error *error)
{
    Error fault = {0};
    if (!store_read(library->store, library_find_row, find, error))
        return NULL;
    StoredFile *file = storage_open(&library->storage, find->row.path, &fault);
    if (!file && fault.code == ERROR_NOT_FOUND)
        error_set(error, ERROR_IO, "The file %s is missing from the volume.", find->row.path);
    else if (!file && error)
        *error = fault;
    if (file && stored_file_size(file) != (uint64_t)find->row.size) {
        error_set(error, ERROR_IO, "The file %s is damaged: it is not as long as it was.",
                  find->row.path);
        stored_file_close(TAKE_PTR(file));
    }
    return file;
}

bool library_open_file(const Library *library, const char *path, FileRow *row, StoredFile **file,
                       Error *error)
{
    LibraryFind find = {.magic = FIND_MAGIC, .path = path};
    if (!name_path_valid(path))
        return error_set(error, ERROR_NOT_FOUND, "There is no such file.");
    StoredFile *opened = library_open_found(library, &find, error);
    if (!opened)
        return false;
    *row = find.row;
    *file = opened;
    return true;
}

void library_try_disk(const Library *library)
{
    Reservation room = {0};
    Staging *staged = NULL;
    StagingState state;
    if (!file_syncs_succeed(NULL) && volume_reserve_result(library->volume, 1, &room, NULL) &&
        (staged = staging_new(&room, NULL)))
        IGNORE_RESULT(staging_append(staged, "", 1, NULL) &&
                      staging_checkpoint(staged, &state, NULL));
    staging_free(staged);
    reservation_release(&room);
    if (!store_writes_succeed(library->store, NULL))
        IGNORE_RESULT(store_try(library->store, NULL));
}

bool library_open_original(const Library *library, const char *media_id, FileRow *row,
                           StoredFile **file, Error *error)
{
    LibraryFind find = {.magic = FIND_MAGIC, .media_id = media_id};
    StoredFile *opened = library_open_found(library, &find, error);
    if (!opened)
        return false;
    *row = find.row;
    *file = opened;
    return true;
}
