/*
 * A form's body on its way from the loop to its handler: the loop fills one block, a worker parses
 * and hands it on. A request costs one block of memory however long its body is. Owned by the
 * Request; the thread that has the request.
 */
#pragma once

#include "web/http/http.h"

typedef struct Stream Stream;

/* Loop: checks the Content-Type and makes the stream; NULL with ERROR_MEDIA_TYPE. */
Stream *stream_new(const FormHandler *handler, const char *content_type, uint64_t limit,
                   Error *error);

/* Frees what is left; the form must have been closed. */
void stream_free(Stream *stream);

/* Worker: opens the form. */
bool stream_open(Stream *stream, Request *request, Error *error);

/* Loop: copies up to `length` bytes into the block and says how many fitted. False beyond the
 * limit. */
bool stream_fill(Stream *stream, const char *data, size_t length, size_t *taken, Error *error);
bool stream_full(const Stream *stream);

/* Worker: parses the block. */
bool stream_feed(Stream *stream, Error *error);

/* Worker: after the last byte. */
Response *stream_finish(Stream *stream, Request *request, Error *error);

/* Worker: closes the form if it is open; also after a failure of any of the above. */
void stream_close(Stream *stream);
bool stream_is_open(const Stream *stream);
