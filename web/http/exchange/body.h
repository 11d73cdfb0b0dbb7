/*
 * A body on its way from the loop to its sink: the loop fills one block, a worker hands it on, and
 * meanwhile the loop may fill the next. Blocks are lent (blocks.h), and only while there are bytes
 * in them. Owned by its request; used by the thread that has the request, but for what is ahead.
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

/* Loop, with a block: where bytes may be put, and how many. */
char *body_room(Body *body, size_t *room);

/* Loop: so many bytes were put there. ERROR_TOO_LARGE beyond the limit. */
_must_check_ bool body_filled(Body *body, size_t length, Error *error);
bool body_full(const Body *body);
bool body_empty(const Body *body);

/* Loop, while a worker may have the block: the same of the next one. body_advance, when the worker
 * has given the request back, makes it the block that is filled. */
void body_set_ahead(Body *body, char *block);
bool body_has_ahead(const Body *body);
char *body_ahead_room(Body *body, size_t *room);
void body_ahead_filled(Body *body, size_t length);
void body_advance(Body *body);

/* Worker: gives the block to the sink. */
_must_check_ bool body_flush(Body *body, Error *error);

/* Worker: after the last byte. NULL and *error. */
_must_check_ Response *body_finish(Body *body, Request *request, Error *error);

/* Worker: closes the sink if it is open; also after a failure of any of the above. */
void body_close(Body *body);
bool body_is_open(const Body *body);
