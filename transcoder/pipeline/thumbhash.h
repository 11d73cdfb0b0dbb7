/*
 * ThumbHash (https://evanw.github.io/thumbhash/): a picture in about 25 bytes, from which a page
 * paints a blurred likeness before the picture itself is there. Pictures here are opaque. In the
 * pipeline's thread.
 */
#pragma once

#include "common/base/limits.h"
#include "transcoder/pipeline/flow.h"

#define THUMBHASH_SIDE_MAX 100 /* pixels */
#define THUMBHASH_SIZE_MAX 25  /* bytes */

typedef struct ThumbhashPicture {
    int width, height; /* 1 to THUMBHASH_SIDE_MAX */
    const uint8_t *rgb;
    ptrdiff_t stride; /* bytes from row to row */
} ThumbhashPicture;

/* Returns the bytes written. */
size_t thumbhash_encode(const ThumbhashPicture *picture, uint8_t hash[THUMBHASH_SIZE_MAX]);

/* The hash of a frame of any size and form, in base64 (RFC 4648 §4). */
_must_check_ bool thumbhash_frame(const AVFrame *frame, char text[TRANSFER_THUMBHASH_MAX + 1],
                                  Error *error);
