/*
 * The database: rows about media, files and jobs, in one SQLite file. The only room that speaks
 * SQL; what others need is a typed statement of store_media.h, store_file.h, store_transit.h or
 * store_job.h, called inside a function given to store_write() or store_read().
 *
 * One thread writes; writes that wait at the same time share one durable commit. Any thread may
 * call, but both calls block on the disk: never from an event loop. A function given here does
 * nothing but database work: no files, no network, no lock.
 */
#pragma once

#include "common/base/error.h"

typedef struct Store Store;
typedef struct StoreConnection StoreConnection; /* a transaction under way; valid during a call */

typedef bool StoreFunction(StoreConnection *connection, void *argument, Error *error);

/* Opens or makes the database and brings its schema up to date. Refuses one that belongs to another
 * program or to a newer version of this one. NULL and *error. */
_must_check_ Store *store_open(const char *path, Error *error);

/* Waits for what is queued, then closes. No call may be under way or come later. */
void store_close(Store *store);

/*
 * Runs the function in the writer's transaction and returns when that is durable on disk. A
 * function that returns false takes back only its own changes, and its error is returned. When the
 * commit fails nothing of it has happened, and every caller that shared it gets that error, also
 * one whose function returned false. The same where one caller's changes cannot be taken back
 * alone: then all get ERROR_UNAVAILABLE, or ERROR_NO_SPACE. What the function wrote into its
 * argument counts only after true. ERROR_UNAVAILABLE when STORE_QUEUE_MAX writes wait already.
 */
_must_check_ bool store_write(Store *store, StoreFunction *function, void *argument, Error *error);

/* False, with the reason, from a write that the database could not make durable to the next one
 * that it could. Does not block. */
_must_check_ bool store_writes_succeed(Store *store, Error *error);

/* Writes something that changes nothing, durably: whether writing is possible. */
_must_check_ bool store_try(Store *store, Error *error);

/* Runs the function on one of at most STORE_READERS_MAX reading connections, on one snapshot. */
_must_check_ bool store_read(Store *store, StoreFunction *function, void *argument, Error *error);

/* Looks at a database without changing it and writes one line for each fault; `file` is called for
 * each file row. Returns whether the database itself is sound. */
typedef void StoreCheckFile(void *context, const char *path, int64_t size);
_must_check_ bool store_check(const char *path, StoreCheckFile *file, void *context, FILE *faults);

/* SQLite's own version. */
const char *store_library_version(void);
