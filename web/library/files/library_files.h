/* Serving what is in the volume: media for people, and originals for whoever prepares them. May
 * block on the disk. */
#pragma once

#include "web/library/library.h"
#include "web/store/store_file.h"

/* A file row and its open file; the caller owns the descriptor. ERROR_NOT_FOUND for what has no
 * row, ERROR_IO for a row whose file is missing. */
bool library_open_file(const Library *library, const char *path, FileRow *file, int *fd,
                       Error *error);

/* The original of an item, with its SHA-256: computed at the first request and then remembered. */
bool library_open_original(const Library *library, const char *media_id, FileRow *file, int *fd,
                           Error *error);
