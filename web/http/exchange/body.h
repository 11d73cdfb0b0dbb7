/*
 * A body on its way from the loop to its sink: the loop fills one block, a worker hands it on. The
 * block is lent (blocks.h), and only while there are bytes in it. Owned by its request; used by the
 * thread that has the request.
 */
#pragma once

#include "web/http/http.h"

typedef struct Body Body;

Body *body_new(const BodySink *sink, uint64_t limit);

/* Frees what is left; the sink must have been closed, the block taken. NULL is fine. */
void body_free(Body *body);

/* Worker: opens the sink. */
_must_check_ bool body_open(Body *body, Request *request, Error *error);

/* Loop: lends HTTP_STREAM_BLOCK bytes, and takes them back with whatever is in them; NULL: there
 * was no block. */
void body_set_block(Body *body, char *block);
char *body_take_block(Body *body);
bool body_has_block(const Body *body);

/* Loop, with a block: copies up to `length` bytes into the block and says how many fitted.
 * ERROR_TOO_LARGE beyond the limit. */
_must_check_ bool body_fill(Body *body, const char *data, size_t length, size_t *taken,
                            Error *error);
bool body_full(const Body *body);

/* Worker: gives the block to the sink. */
_must_check_ bool body_flush(Body *body, Error *error);

/* Worker: after the last byte. NULL and *error. */
_must_check_ Response *body_finish(Body *body, Request *request, Error *error);

/* Worker: closes the sink if it is open; also after a failure of any of the above. */
void body_close(Body *body);
bool body_is_open(const Body *body);
