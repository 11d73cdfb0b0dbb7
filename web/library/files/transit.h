/*
 * Keeps files and rows together whenever the program dies. Before a file gets its final name, the
 * path is reserved in the database; the transaction that creates the file row ends the reservation;
 * one that deletes a file row, or a transfer that fails, leaves the path to be unlinked. Files are
 * never looked for on the disk: after a restored backup the newer ones stay.
 *
 * Any thread; all calls block on the disk.
 */
#pragma once

#include <stdatomic.h>

#include "web/storage/storage.h"
#include "web/store/store.h"

typedef struct Transit Transit;

/* Store and storage are borrowed. */
Transit *transit_new(Store *store, Storage storage);
void transit_free(Transit *transit);

/* At start, before any transfer: what was on its way in when the program died is given up. */
_must_check_ bool transit_recover(Transit *transit, Error *error);

#define TRANSIT_PATHS_MAX 6 /* the files of a delivery */

/* Commits the reservation of paths ("" is skipped); all or none. */
typedef struct TransitPaths {
    char path[TRANSIT_PATHS_MAX][MEDIA_PATH_MAX + 1];
} TransitPaths;
_must_check_ bool transit_reserve(Transit *transit, const TransitPaths *paths, Error *error);

/* The transfer failed: its paths will be unlinked by the next sweep, however the database fares
 * now. */
void transit_abandon(Transit *transit, const TransitPaths *paths);

typedef void TransitRemoving(void *context, const char *path);

typedef struct TransitSweep {
    TransitRemoving *removing; /* a file is about to go */
    void *context;
    int64_t now;             /* monotonic, ms */
    const atomic_bool *stop; /* asked before each file; NULL: never */
} TransitSweep;

/* Unlinks what is to be unlinked, but no more than TRANSIT_SLICE_FILES, and no longer than
 * TRANSIT_SLICE_MS and one file; *more: the next call goes on from there. A file that resists holds
 * up no other: it is logged once and tried again TRANSIT_RETRY_MS later. Fails only where the
 * database does. One thread at a time. */
#define TRANSIT_RETRY_MS 60000
_must_check_ bool transit_sweep(Transit *transit, const TransitSweep *sweep, bool *more,
                                Error *error);
