/* Serving what is kept: media for people, and originals for whoever prepares them. May block on the
 * disk. */
#pragma once

#include "web/library/library.h"
#include "web/store/store_file.h"

/* A file row and its open file, which the caller owns. ERROR_NOT_FOUND for what has no row,
 * ERROR_IO for a row whose file is missing. */
_must_check_ bool library_open_file(const Library *library, const char *path, FileRow *row,
                                    StoredFile **file, Error *error);

/* Where the last fsync, or the last write of the database, has failed, this tries another one, so
 * that /readyz tells of it for no longer than it lasts. */
void library_try_disk(const Library *library);

/* The original of an item. */
_must_check_ bool library_open_original(const Library *library, const char *media_id, FileRow *row,
                                        StoredFile **file, Error *error);
