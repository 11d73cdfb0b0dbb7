/*
 * multipart/form-data (RFC 7578, RFC 2046 §5.1) read piece by piece: linear in the input whatever
 * it holds, and without a copy of the content. A preamble of MULTIPART_PREAMBLE_MAX bytes at most
 * and an epilogue are passed over. The caller keeps what was not consumed and gives it
 * again with more behind it. One thread at a time.
 */
#pragma once

#include "web/http/http.h"

typedef struct Multipart Multipart;

/* The boundary of a Content-Type field. False unless it is multipart/form-data with one of 1 to
 * MULTIPART_BOUNDARY_MAX printable characters of ASCII, more than RFC 2046 has, the last of which
 * is no blank. `boundary` has room for that many and NUL. */
_must_check_ bool multipart_boundary(const char *content_type, char *boundary);

Multipart *multipart_new(const char *boundary, const FormHandler *handler, void *form);
void multipart_free(Multipart *multipart);

/* Consumes as much as can be decided; the rest (always less than MULTIPART_HEADER_MAX + 100 bytes)
 * must come again. */
_must_check_ bool multipart_feed(Multipart *multipart, const char *data, size_t length,
                                 size_t *consumed, Error *error);

/* After the last byte: false unless the closing delimiter has been seen. */
_must_check_ bool multipart_end(const Multipart *multipart, Error *error);

/* The sink of every BODY_FORM route: reads the form into the route's FormHandler.
 * ERROR_MEDIA_TYPE where the Content-Type is none of a form. */
extern const BodySink multipart_sink;
