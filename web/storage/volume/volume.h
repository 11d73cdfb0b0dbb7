/*
 * The folder MEDIA_ROOT: one web owns it at a time. Files appear under their final name only when
 * they are whole and durable (staging.h), and never change under it. Here are its lock, its places
 * and the room on its disk; its files are reached through volume_storage(). Any thread, but
 * everything here may block on the disk: never from an event loop.
 */
#pragma once

#include "web/storage/storage.h"

typedef struct Volume Volume;

#define VOLUME_FREE_SPACE_MIN                                                                      \
    (16 * MIB) /* MIN_FREE_SPACE is no less: a poster and the database                             \
                */

typedef struct VolumeOptions {
    const char *root;
    uint64_t min_free_space; /* bytes that uploads leave free */
    bool inspect;            /* neither makes anything nor takes the lock */
} VolumeOptions;

/* Makes the folders that are missing and takes the lock. What is left in the staging folder belongs
 * to a process that has ended: see staging_sweep(). NULL and *error; ERROR_CONFLICT when another
 * web owns the volume. */
_must_check_ Volume *volume_open(const VolumeOptions *options, Error *error);

/* NULL is fine. */
void volume_close(Volume *volume);

/* Whether MIN_FREE_SPACE can work on this disk: with less than VOLUME_FREE_SPACE_MIN a full disk
 * could never be made emptier, with all of it nothing could ever come. ERROR_SETTING. */
_must_check_ bool volume_check_options(const Volume *volume, Error *error);

const char *volume_root(const Volume *volume);
const char *volume_database_path(const Volume *volume);

/* Its files, as a storage of the kind "volume". Lives as long as the volume. */
Storage volume_storage(Volume *volume);

/*
 * Room on the disk that a transfer may still fill. An announcement costs nothing, so an upload is
 * believed as its bytes come: set aside is a small step at first, then as much again as it has
 * brought. All uploads together hold no more than a quarter of the free room ahead of their bytes;
 * beyond that each gets room for what it is about to write, and so there is always some for
 * others.
 */
typedef struct Reservation {
    Volume *volume;   /* NULL: none */
    bool result;      /* else an upload */
    uint64_t leave;   /* bytes that stay free beside it */
    uint64_t left;    /* bytes: announced and not yet written */
    uint64_t held;    /* bytes: set aside; guarded by the volume's lock */
    uint64_t written; /* bytes */
} Reservation;

typedef struct RoomSpec {
    uint64_t bytes;
    uint64_t beside; /* bytes to be left free beyond MIN_FREE_SPACE, for results that will come */
} RoomSpec;

/* For an upload. ERROR_NO_SPACE where it certainly does not fit, counting what others hold. */
_must_check_ bool volume_reserve(Volume *volume, const RoomSpec *spec, Reservation *out,
                                 Error *error);

/* For a result, all at once. It may use MIN_FREE_SPACE but for the little that the database needs
 * to say that it was accepted: with that it frees the room of its original. */
_must_check_ bool volume_reserve_result(Volume *volume, uint64_t bytes, Reservation *out,
                                        Error *error);

/* So many bytes are about to be written: ERROR_NO_SPACE if by now there is no room for them. */
_must_check_ bool reservation_extend(Reservation *reservation, uint64_t bytes, Error *error);

/* So many bytes are on the disk now. */
void reservation_use(Reservation *reservation, uint64_t bytes);
void reservation_release(Reservation *reservation);

/* Bytes that may still be written, and how many of them are set aside. */
_must_check_ bool volume_room(Volume *volume, uint64_t *available, uint64_t *promised,
                              Error *error);

/* Whether a file can be made and removed here now. */
_must_check_ bool volume_writable(Volume *volume, Error *error);
