/*
 * The life of a result: begin (is there room?) → fields, which come first, so that a stale holder
 * is refused before its bytes → the files → finish. A delivery is accepted once, from the holder of
 * the job's last lease, if it is what its metadata says; the same one again gets the same answer.
 * The original of a video leaves only in the transaction that accepts the result.
 *
 * One thread at a time per delivery; every call may block on the disk.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "web/library/library.h"
#include "web/store/store_media.h"

typedef struct Delivery Delivery;

/* What came of it. */
typedef struct Delivered {
    char media_id[UUID_SIZE];
    FilePaths files; /* of the item, its original among them where that stays */
    int64_t width, height;
    double duration;
    bool repeated;
} Delivered;

/* Sets aside room for `declared` bytes; `now` is when it came. */
_must_check_ Delivery *delivery_begin(const Library *library, uint64_t declared, int64_t now,
                                      Error *error);

/* From the job's id on, the job's journal gets one row about it, however it ends. */

/* A plain field of the form; unknown ones are ignored. */
_must_check_ bool delivery_set(Delivery *delivery, const char *field, const char *value,
                               Error *error);

/* The first file asks whether the job takes a result of this holder at all: ERROR_NOT_FOUND for an
 * unknown job, ERROR_GONE and ERROR_LEASE_LOST as in jobs.h, if the ids came before. The type is
 * what the sender says, "" if nothing; ERROR_INVALID for one that cannot be right. */
_must_check_ bool delivery_file_begin(Delivery *delivery, TransferFile which,
                                      const char *content_type, Error *error);
_must_check_ bool delivery_append(Delivery *delivery, const void *bytes, size_t length,
                                  Error *error);
_must_check_ bool delivery_finish(Delivery *delivery, int64_t now, Delivered *out, Error *error);

/* The form around it is at fault. Returns false. */
bool delivery_refuse(Delivery *delivery, const Error *error);

/* Drops what was not accepted. NULL is fine. */
void delivery_free(Delivery *delivery);
