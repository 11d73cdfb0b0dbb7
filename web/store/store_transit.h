/*
 * Paths on their way in or out. Inside store_write() or store_read().
 *
 * A path is reserved before a file gets that name; store_file_insert() ends the reservation. A file
 * row that is deleted, or a reservation given up, makes the path ready to be unlinked: the
 * housekeeper does so and then forgets it.
 */
#pragma once

#include "web/store/store.h"

_must_check_ bool store_transit_reserve(StoreConnection *connection, const char *path,
                                        Error *error);

/* A reservation was given up. A path that has a file row or is unknown stays as it is. */
_must_check_ bool store_transit_ready(StoreConnection *connection, const char *path, Error *error);

/* At start nothing is on its way in. */
_must_check_ bool store_transit_ready_all(StoreConnection *connection, Error *error);

/* The first path after `after` ("" to begin) to unlink; *found false when there is none. */
_must_check_ bool store_transit_next(StoreConnection *connection, const char *after,
                                     char path[MEDIA_PATH_MAX + 1], bool *found, Error *error);

/* The file is gone. */
_must_check_ bool store_transit_delete(StoreConnection *connection, const char *path, Error *error);
