/*
 * The chunked transfer coding, RFC 9112 §7.1, taken apart where it lies. Strict in what ends a
 * line; extensions and trailer fields are read over, up to CHUNKED_EXTRA_MAX bytes of them all.
 * Pure; any thread.
 */
#pragma once

#include "common/base/error.h"

typedef enum ChunkedState {
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_LF,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER, /* at the beginning of a line */
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_LINE,
    CHUNKED_TRAILER_LF,
    CHUNKED_END_LF,
    CHUNKED_END,
} ChunkedState;

/* Zeroed for a new body. */
typedef struct Chunked {
    ChunkedState state;
    unsigned digits; /* of the size that is being read; zeros in front count as one */
    uint64_t left;   /* bytes of the chunk */
    size_t extra;    /* bytes of extensions and trailers so far */
} Chunked;

/* Takes up to `length` bytes, to the end of the body at most, and moves the content among them to
 * their beginning. *used says how many were taken, *content how many are content. The body has
 * ended when the state is CHUNKED_END. ERROR_BAD_REQUEST. */
_must_check_ bool chunked_decode(Chunked *chunked, char *bytes, size_t length, size_t *used,
                                 size_t *content, Error *error);
