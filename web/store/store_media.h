/* Entries and media: what people put into the archive. Inside store_write() or store_read(). */
#pragma once

#include "web/records/media.h"
#include "web/store/store.h"

/* Adds the item, and its entry where that is new. What an upload does not tell comes later. */
_must_check_ bool store_media_insert(StoreConnection *connection, const MediaRow *media,
                                     Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
_must_check_ bool store_media_get(StoreConnection *connection, const char *id, MediaRow *out,
                                  Error *error);

_must_check_ bool store_media_set_result(StoreConnection *connection, const char *id,
                                         const MediaResult *result, Error *error);

_must_check_ bool store_media_set_found(StoreConnection *connection, const char *id,
                                        const MediaFound *found, Error *error);

/* Deletes the item with its uploads, jobs and file rows, whose files leave. */
_must_check_ bool store_media_delete(StoreConnection *connection, const char *id, Error *error);
