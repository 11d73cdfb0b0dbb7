/*
 * Where a request's body begins and ends, RFC 9112 §6: checked before anything else is believed,
 * because a proxy in front may have understood the same bytes differently (request smuggling).
 * libmicrohttpd lets several of these through. Bare line feeds and folded lines cannot be seen from
 * here; refusing them is the proxy's part. Pure; any thread.
 */
#pragma once

#include "common/base/error.h"

typedef struct HeaderField {
    const char *name;
    size_t name_length;
    const char *value; /* may be NULL for an empty one */
    size_t value_length;
} HeaderField;

typedef struct Framing {
    bool has_body;
    bool chunked;
    uint64_t length; /* bytes; UINT64_MAX when chunked */
} Framing;

/* `version` is "HTTP/1.0" or "HTTP/1.1". Faults are ERROR_BAD_REQUEST or ERROR_HEADERS, and the
 * connection must be closed. */
_must_check_ bool framing_check(const char *version, const HeaderField *fields, size_t count,
                                Framing *out, Error *error);
