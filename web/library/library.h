/*
 * What a person would call the archive: items that come in (upload.h) and are looked at
 * (validator.h), results that come back (delivery.h), and files that go (doomed.h). This is what
 * the parts share. Immutable once wired; any thread.
 */
#pragma once

#include "web/decoder.h"
#include "web/jobs/jobs.h"
#include "web/library/doomed.h"
#include "web/store/store.h"
#include "web/store/store_media.h"
#include "web/volume/volume.h"

/* As decoder_verify(). */
typedef bool LibraryVerify(int fd, const DecoderExpectation *expected, const atomic_bool *stop,
                           Error *error);

typedef struct Validator Validator; /* validator.h */

typedef struct Library {
    Store *store;
    Volume *volume;
    Doomed *doomed;
    const Jobs *jobs;
    Validator *validator;                /* NULL: nobody is to be woken */
    uint64_t max_size[MEDIA_KIND_COUNT]; /* bytes of an upload, by kind */
    bool keep_original_videos;
    LibraryVerify *verify;   /* decoder_verify(), but for tests that have no decoder */
    const atomic_bool *stop; /* what takes long is called off; NULL: never */
} Library;
