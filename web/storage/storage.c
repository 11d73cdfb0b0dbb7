#include "web/storage/storage.h"

static bool storage_check_path(const char *path, Error *error)
{
    return name_path_valid(path) || error_set(error, ERROR_NOT_FOUND, "There is no such file.");
}

bool storage_publish(const Storage *storage, const Staging *staged, const char *path, Error *error)
{
    REQUIRE(name_path_valid(path));
    return storage->kind->publish(storage->self, staged, path, error);
}

StoredFile *storage_open(const Storage *storage, const char *path, Error *error)
{
    return storage_check_path(path, error) ? storage->kind->open(storage->self, path, error) : NULL;
}

bool storage_stat(const Storage *storage, const char *path, StorageStat *out, Error *error)
{
    return storage_check_path(path, error) && storage->kind->stat(storage->self, path, out, error);
}

bool storage_remove(const Storage *storage, const char *path, Error *error)
{
    REQUIRE(name_path_valid(path));
    return storage->kind->remove(storage->self, path, error);
}

bool storage_list(const Storage *storage, const char *prefix, StorageVisit *visit, void *context,
                  Error *error)
{
    return storage->kind->list(storage->self, prefix, visit, context, error);
}

bool storage_url(const Storage *storage, const char *path, int64_t seconds, char **url,
                 Error *error)
{
    return storage_check_path(path, error) &&
           storage->kind->url(storage->self, path, seconds, url, error);
}
