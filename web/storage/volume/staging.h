/*
 * A file on its way into the storage: bytes under a random name in .reelkeep/uploads, hashed as
 * they come, then made durable and given their final name (storage_publish). One thread at a time
 * per file; all calls block on the disk.
 *
 *   staging_new ──▶ append … ──▶ finish ──▶ storage_publish ──▶ free
 *                    │   ▲
 *       checkpoint: a state to be kept, with which another process goes on
 *                    ▼   │
 *           suspend, or death … resume
 */
#pragma once

#include "web/records/staging.h"
#include "web/storage/volume/volume.h"

/* On the reservation's volume; what is written uses it up. Borrows it. NULL and *error. */
_must_check_ Staging *staging_new(Reservation *reservation, Error *error);

/* After a failure the file is lost: only staging_free() may follow. */
_must_check_ bool staging_append(Staging *staging, const void *data, size_t length, Error *error);

uint64_t staging_size(const Staging *staging); /* bytes so far */

/* No more bytes come: flushes them to the disk. Once. SHA-256 is for what others fetch from us;
 * files of a result have none, and then it must be NULL. */
_must_check_ bool staging_finish(Staging *staging, Digest *blake2b, Digest *sha256, Error *error);

/* The file so far, for somebody who may only read it; the caller owns it. NULL and *error. */
_must_check_ StoredFile *staging_view(const Staging *staging, Error *error);

/* What it is called in the staging folder; for kinds of storage. */
const char *staging_name(const Staging *staging);

/* Removes the staging name; a published file stays under its final one. NULL is fine. */
void staging_free(Staging *staging);

/* --- going on after a restart --- */

/* Makes what has come durable, and says from where another process may go on. That counts once the
 * caller has kept it in the database (store_staging.h). After a failure the file is lost. */
_must_check_ bool staging_checkpoint(Staging *staging, StagingState *out, Error *error);

/* Closes the file and leaves it, for staging_resume(). */
void staging_suspend(Staging *staging);

/* Goes on from a state: what lies beyond it is cut off, and what another version has hashed is
 * hashed anew. The reservation is for what is still to come, and nothing else. NULL and *error, and
 * the file stays as it is: ERROR_NOT_FOUND where it is missing, ERROR_IO where it has lost bytes,
 * ERROR_UNAVAILABLE while it has its final name too: what was published is never cut. */
_must_check_ Staging *staging_resume(Reservation *reservation, const StagingState *state,
                                     Error *error);

/* Whether the file of a state is certainly not there: a disk that does not answer tells nothing. */
bool staging_missing(const Volume *volume, const char *name);

/* Whether a name in the staging folder is to stay. */
typedef bool StagingWanted(void *context, const char *name, bool *wanted, Error *error);

/* At start, before any transfer: empties the staging folder of all that is not wanted. */
_must_check_ bool staging_sweep(Volume *volume, StagingWanted *wanted, void *context, Error *error);
