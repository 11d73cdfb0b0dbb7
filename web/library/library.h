/*
 * What a person would call the archive: items that come in (intake/upload.h), results that come
 * back (results/delivery.h), and files that are served and go (files/). This is what the parts
 * share. Immutable once wired; any thread.
 */
#pragma once

#include "web/decoder/decoder.h"
#include "web/jobs/jobs.h"
#include "web/library/retention.h"
#include "web/storage/volume/staging.h"
#include "web/store/store.h"
#include "web/store/store_media.h"

/* As decoder_verify(). */
typedef bool LibraryVerify(int fd, const DecoderExpectation *expected, const atomic_bool *stop,
                           Error *error);

/* As decoder_photo(). */
typedef bool LibraryPhoto(int fd, const char *content_type, const atomic_bool *stop, Error *error);

typedef struct Transit Transit; /* files/transit.h */

typedef struct Library {
    Store *store;
    Volume *volume;  /* where transfers are staged, and the room for them */
    Storage storage; /* where files are kept */
    Transit *transit;
    const Jobs *jobs;
    /* Something was committed that is to be looked at before it is queued; NULL: nobody waits. */
    void (*arrived)(void *listener);
    void *listener;
    uint64_t max_size[MEDIA_KIND_COUNT]; /* bytes of an upload, by kind */
    Retention keep_original_videos;
    LibraryVerify *verify;   /* decoder_verify(), but for tests that have no decoder */
    LibraryPhoto *photo;     /* decoder_photo(), likewise */
    const atomic_bool *stop; /* what takes long is called off; NULL: never */
} Library;
