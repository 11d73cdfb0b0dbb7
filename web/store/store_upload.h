/* Uploads: the address under which people follow what they sent. Inside store_write() or
 * store_read(). */
#pragma once

#include "web/records/upload.h"
#include "web/store/store.h"

_must_check_ bool store_upload_insert(StoreConnection *connection, const char *id,
                                      const char *media_id, int64_t now, Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
_must_check_ bool store_upload_get(StoreConnection *connection, const char *id, UploadView *out,
                                   Error *error);
