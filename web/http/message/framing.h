/*
 * Where a request's body begins and ends, RFC 9112 §6: checked before anything else is believed,
 * because a proxy in front may have understood the same bytes differently (request smuggling).
 * libmicrohttpd lets several of these through. Pure; any thread.
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

/* A head as its parser left it in the buffer that it came in: cut up by NULs, nothing moved. */
typedef struct HeadPlace {
    const char *method, *target, *version; /* where each begins */
    const char *sent_target;               /* the target before its parameters were cut up */
    size_t size;                           /* bytes from the method to behind the empty line */
} HeadPlace;

/*
 * Whether the parts of a head fill its bytes: RFC 9112 §3 and §5 leave one blank between the words
 * of the first line, a colon and blanks between name and value, and CR LF behind each line. A
 * folded line (§5.2), a bare LF, a NUL and a line that was passed over all leave bytes between two
 * parts that belong to none, or too few of them. ERROR_BAD_REQUEST, and the connection must be
 * closed.
 *
 * One thing looks like CR LF once it is cut up: a NUL before a bare LF.
 */
_must_check_ bool framing_check_place(const HeadPlace *place, const HeaderField *fields,
                                      size_t count, Error *error);

/* `version` is "HTTP/1.0" or "HTTP/1.1". Faults are ERROR_BAD_REQUEST or ERROR_HEADERS, and the
 * connection must be closed. */
_must_check_ bool framing_check(const char *version, const HeaderField *fields, size_t count,
                                Framing *out, Error *error);
