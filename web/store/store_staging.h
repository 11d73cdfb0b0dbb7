/* Transfers that go on after a restart: a file in the staging folder whose name has a row here is
 * kept. Inside store_write() or store_read(). */
#pragma once

#include "web/records/staging.h"
#include "web/store/store.h"

/* Adds the row, or brings it up to date. */
_must_check_ bool store_staging_put(StoreConnection *connection, const StagingState *state,
                                    Error *error);

/* ERROR_NOT_FOUND where there is none. */
_must_check_ bool store_staging_get(StoreConnection *connection, const char *name,
                                    StagingState *out, Error *error);

/* The first row behind the name `after` ("" to begin); *found false when there is none. */
_must_check_ bool store_staging_next(StoreConnection *connection, const char *after,
                                     StagingState *out, bool *found, Error *error);

/* In the transaction that makes the file's row, or with the file. A row that is not there is fine.
 */
_must_check_ bool store_staging_delete(StoreConnection *connection, const char *name, Error *error);
