/* Percent-encoding (RFC 3986 §2.1) and the parts of a request target. Pure; any thread. */
#pragma once

#include "common/base/base.h"

/* Decodes %XX. False for a damaged escape, for %00 and where the result (with NUL) does not fit.
 * '+' stays '+'. */
_must_check_ bool url_decode(const char *text, size_t length, char *out, size_t size);

/* Encodes everything but unreserved characters and '/'. False where it does not fit. */
_must_check_ bool url_encode_path(const char *path, char *out, size_t size);

/* The first value of a parameter in the query of a request target (what is behind its first '?'),
 * decoded as application/x-www-form-urlencoded (WHATWG URL §5.1: also '+' is a blank). False where
 * there is none, where it is wrongly escaped and where it does not fit. "" for one without '='. */
_must_check_ bool url_query_value(const char *target, const char *name, char *out, size_t size);

/* An absolute http or https URL without user, query or fragment; a trailing slash is allowed. */
bool url_is_base(const char *text);
