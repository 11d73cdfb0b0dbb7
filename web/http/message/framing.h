/*
 * Where a request's body begins and ends, RFC 9112 §6: checked before anything else is believed,
 * because a proxy in front may have understood the same bytes differently (request smuggling).
 * Pure; any thread.
 */
#pragma once

#include "web/http/message/head.h"

typedef struct Framing {
    bool has_body;
    bool chunked;
    uint64_t length; /* bytes; UINT64_MAX when chunked */
    bool persistent; /* the client wants to go on with the connection (RFC 9112 §9.3) */
} Framing;

/* Faults are ERROR_BAD_REQUEST, or ERROR_TOO_LARGE for a length beyond all measure; the connection
 * must be closed. */
_must_check_ bool framing_check(const Head *head, Framing *out, Error *error);
