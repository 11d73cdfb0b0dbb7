/* Files of the volume. Inside store_write() or store_read(). */
#pragma once

#include "web/records/file.h"
#include "web/store/store.h"

/* The path must be reserved. */
_must_check_ bool store_file_insert(StoreConnection *connection, const FileRow *file, Error *error);

/* ERROR_NOT_FOUND where there is none. */
_must_check_ bool store_file_get(StoreConnection *connection, const char *path, FileRow *out,
                                 Error *error);
_must_check_ bool store_file_of_media(StoreConnection *connection, const char *media_id,
                                      FileRole role, FileRow *out, Error *error);

_must_check_ bool store_file_paths(StoreConnection *connection, const char *media_id,
                                   FilePaths *out, Error *error);

/* Its path leaves (store_transit.h). */
_must_check_ bool store_file_delete(StoreConnection *connection, const char *media_id,
                                    FileRole role, Error *error);
_must_check_ bool store_file_each(StoreConnection *connection, StoreCheckFile *visit, void *context,
                                  Error *error);
