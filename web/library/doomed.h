/*
 * Keeps files and rows together whenever the program dies. Before a file gets its final name, the
 * path is reserved in the database; the transaction that creates the file row ends the reservation;
 * one that deletes a file row, or a transfer that fails, leaves the path to be unlinked. Files are
 * never looked for on the disk: after a restored backup the newer ones stay.
 *
 * Any thread; all calls block on the disk.
 */
#pragma once

#include "web/store/store.h"
#include "web/volume/volume.h"

typedef struct Doomed Doomed;

/* Store and volume are borrowed. */
Doomed *doomed_new(Store *store, Volume *volume);
void doomed_free(Doomed *doomed);

/* At start, before any transfer: what was on its way in when the program died is given up. */
bool doomed_recover(Doomed *doomed, Error *error);

#define DOOMED_PATHS_MAX 2 /* a delivery's video and poster */

/* Commits the reservation of paths ("" is skipped); all or none. */
typedef struct DoomedPaths {
    char path[DOOMED_PATHS_MAX][MEDIA_PATH_MAX + 1];
} DoomedPaths;
bool doomed_reserve(Doomed *doomed, const DoomedPaths *paths, Error *error);

/* The transfer failed: its paths will be unlinked by the next sweep, however the database fares
 * now. */
void doomed_abandon(Doomed *doomed, const DoomedPaths *paths);

/* Unlinks what is to be unlinked; calls `removing` before each. A file that resists is left for the
 * next sweep, and the first such error is returned. */
typedef void DoomedRemoving(void *context, const char *path);
bool doomed_sweep(Doomed *doomed, DoomedRemoving *removing, void *context, Error *error);
