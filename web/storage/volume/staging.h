/*
 * A file on its way into the storage: bytes under a random name in .reelkeep/uploads, hashed as
 * they come, then made durable and given their final name (storage_publish). One thread at a time
 * per file; all calls block on the disk.
 */
#pragma once

#include "web/storage/volume/volume.h"

/* On the reservation's volume; what is written uses it up. Borrows it. NULL and *error. */
_must_check_ Staging *staging_new(Reservation *reservation, Error *error);

/* After a failure the file is lost: only staging_free() may follow. */
_must_check_ bool staging_append(Staging *staging, const void *data, size_t length, Error *error);

uint64_t staging_size(const Staging *staging); /* bytes so far */

/* No more bytes come: flushes them to the disk. Once. */
_must_check_ bool staging_finish(Staging *staging, Digest *blake2b, Error *error);

/* The file so far, for somebody who may only read it; the caller owns it. NULL and *error. */
_must_check_ StoredFile *staging_view(const Staging *staging, Error *error);

/* What it is called in the staging folder; for kinds of storage. */
const char *staging_name(const Staging *staging);

/* Removes the staging name; a published file stays under its final one. NULL is fine. */
void staging_free(Staging *staging);
