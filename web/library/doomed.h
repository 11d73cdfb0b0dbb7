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

#include "web/store/store.h"
#include "web/volume/volume.h"

typedef struct Doomed Doomed;

/* Store and volume are borrowed. */
Doomed *doomed_new(Store *store, Volume *volume);
void doomed_free(Doomed *doomed);

/* At start, before any transfer: what was on its way in when the program died is given up. */
bool doomed_recover(Doomed *doomed, Error *error);

#define DOOMED_PATHS_MAX 6 /* the files of a delivery */

/* Commits the reservation of paths ("" is skipped); all or none. */
typedef struct DoomedPaths {
    char path[DOOMED_PATHS_MAX][MEDIA_PATH_MAX + 1];
} DoomedPaths;
bool doomed_reserve(Doomed *doomed, const DoomedPaths *paths, Error *error);

/* The transfer failed: its paths will be unlinked by the next sweep, however the database fares
 * now. */
void doomed_abandon(Doomed *doomed, const DoomedPaths *paths);

typedef void DoomedRemoving(void *context, const char *path);

typedef struct DoomedSweep {
    DoomedRemoving *removing; /* a file is about to go */
    void *context;
    int64_t now;             /* monotonic, ms */
    const atomic_bool *stop; /* asked before each file; NULL: never */
} DoomedSweep;

/* Unlinks what is to be unlinked. A file that resists holds up no other: it is logged once and
 * tried again DOOMED_RETRY_MS later. Fails only where the database does. One thread at a time. */
#define DOOMED_RETRY_MS 60000
bool doomed_sweep(Doomed *doomed, const DoomedSweep *sweep, Error *error);
