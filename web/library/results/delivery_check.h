/* Whether a result is what its metadata says and can be what it should be. Pure; any thread. */
#pragma once

#include "common/transfer/transfer.h"
#include "web/library/files/media_type.h"
#include "web/store/store_file.h"

/* A file as it was received. */
typedef struct ReceivedFile {
    bool present;
    uint64_t size;
    Digest digest;
    const MediaType *type; /* by content; NULL for none of ours, and for text */
} ReceivedFile;

/* Of the files of a result, by TransferFile. Every fault becomes a field of *error: ERROR_MEDIA
 * where what is made of the same original again would be no better, ERROR_INVALID else; the first
 * decides. */
_must_check_ bool delivery_check(const TransferResult *result,
                                 const ReceivedFile files[TRANSFER_FILE_COUNT], Error *error);

/* Whether the result plays for less than an original of `original` seconds; 0: unknown, and no. */
bool delivery_is_cut(const TransferResult *result, double original);

/* As what a file is published. */
typedef struct PublishedAs {
    const char *content_type;
    const char *suffix; /* the file name's end */
    FileRole role;
} PublishedAs;

/* NULL where a file of this content cannot be such a file. */
const PublishedAs *delivery_published_as(TransferFile which, const MediaType *type);
