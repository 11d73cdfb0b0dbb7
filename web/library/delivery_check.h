/* Whether a result is what its metadata says and can be what it should be. Pure; any thread. */
#pragma once

#include "common/transfer.h"
#include "web/library/media_type.h"

/* A file as it was received. */
typedef struct ReceivedFile {
    bool present;
    uint64_t size;
    Digest digest;
    const MediaType *type; /* by content; NULL for none of ours */
} ReceivedFile;

/* Every fault becomes a field of *error (ERROR_INVALID). */
bool delivery_check(const TransferResult *result, const ReceivedFile *video,
                    const ReceivedFile *poster, Error *error);

/* The file name's end for a poster of this type; NULL when it is none we take. */
const char *delivery_poster_suffix(const MediaType *type);
