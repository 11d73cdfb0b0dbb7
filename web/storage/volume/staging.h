/*
 * A file on its way into the volume: bytes under a random name in .reelkeep/uploads, hashed as they
 * come, then made durable and given their final name. One thread at a time per file; all calls
 * block on the disk.
 */
#pragma once

#include "common/base/digest.h"
#include "web/storage/volume/volume.h"

typedef struct Staging Staging;

/* The reservation is borrowed and used up by what is written. NULL and *error. */
Staging *staging_new(Volume *volume, Reservation *reservation, Error *error);

/* After a failure the file is lost: only staging_free() may follow. */
bool staging_append(Staging *staging, const void *data, size_t length, Error *error);

uint64_t staging_size(const Staging *staging); /* bytes so far */
int staging_fd(const Staging *staging);        /* borrowed, readable */

/* The same file for somebody who may only read it; the caller owns the descriptor. -1 and *error.
 */
int staging_open(const Staging *staging, Error *error);

/* No more bytes come: flushes them to the disk. Once. */
bool staging_finish(Staging *staging, Digest *blake2b, Error *error);

/* Gives the finished file its final name, durably; never replaces. */
bool staging_publish(Staging *staging, const char *path, Error *error);

/* Removes the staging name; a published file stays under its final one. NULL is fine. */
void staging_free(Staging *staging);
