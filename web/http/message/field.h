/* Values of header fields with parameters: `form-data; name="file";
 * filename*=UTF-8''caf%C3%A9.jpg`. Pure; any thread. */
#pragma once

#include "common/base/base.h"

/* Whether the value before the first ';' is this one, case aside. */
bool field_is(const char *field, const char *value);

/* A parameter's value, unquoted (RFC 9110 §5.6.6). False when absent or longer than fits. */
_must_check_ bool field_parameter(const char *field, const char *name, char *out, size_t size);

/*
 * The file name of a Content-Disposition: filename* (RFC 8187, in UTF-8, ISO 8859-1 or
 * windows-1252; always given as UTF-8) before filename; in the latter %22, %0D and %0A are what
 * browsers write for a quote and line breaks (WHATWG form-data encoding).
 * False when the part has none.
 */
_must_check_ bool field_file_name(const char *disposition, char *out, size_t size);

/* The value of a cookie in a Cookie field (RFC 6265 §4.2.1), quotes around it dropped; of several
 * of one name the first. False where there is none and where it does not fit. NULL is no field. */
_must_check_ bool field_cookie(const char *field, const char *name, char *out, size_t size);

/* Writes `inline; filename="…"; filename*=UTF-8''…` (RFC 6266) for a UTF-8 name. */
void field_disposition(const char *kind, const char *file_name, char *out, size_t size);
