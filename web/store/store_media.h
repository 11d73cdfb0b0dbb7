/* Entries and media, what people put into the archive, and the uploads they came by. Inside
 * store_write() or store_read(). */
#pragma once

#include "web/records/upload.h"
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

/* The address under which people follow what they sent. */
_must_check_ bool store_upload_insert(StoreConnection *connection, const char *id,
                                      const char *media_id, int64_t now, Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
_must_check_ bool store_upload_get(StoreConnection *connection, const char *id, UploadView *out,
                                   Error *error);
