/*
 * One thread for what nobody asks for: it ends leases that ran out and unlinks files that nothing
 * refers to. Started after the recovery of what a killed process left, stopped promptly.
 */
#pragma once

#include "web/library/files/transit.h"
#include "web/library/library.h"

typedef struct Housekeeper Housekeeper;

typedef struct HousekeeperOptions {
    const Library *library;    /* borrowed until the stop */
    TransitRemoving *removing; /* a file is about to go */
    void *context;
} HousekeeperOptions;

/* At start, before anything is served: every lease runs anew, every reservation is given up. */
_must_check_ bool housekeeper_recover(const Library *library, int64_t now, Error *error);

/* One round at this time (wall clock, ms): leases, and a slice of the files that go, so that no
 * number of files keeps a lease from ending. *next gets when there will be more to do: a lease
 * ends, or files are left (INT64_MAX: neither). Ends early once `stop` (may be NULL) is set. Errors
 * are logged, one that lasts once a minute. */
void housekeeper_round(const HousekeeperOptions *options, int64_t now, const atomic_bool *stop,
                       int64_t *next);

Housekeeper *housekeeper_start(const HousekeeperOptions *options);
void housekeeper_stop(Housekeeper *housekeeper);
