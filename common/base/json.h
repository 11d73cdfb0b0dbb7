/*
 * The only door to jansson: the library's own constructors may be used through this header. What is
 * read from outside goes through the typed getters, which name the field at fault. Any thread;
 * values are reference counted and one value belongs to one thread at a time.
 */
#pragma once

#include <jansson.h>

#include "common/base/error.h"

void json_cleanup(json_t **value);
#define _cleanup_json_ _cleanup_(json_cleanup)

/* A string value of any bytes: what is no UTF-8 is replaced by U+FFFD, so that it never fails. */
json_t *json_text(const char *text);

/* Parses one object of at most TRANSFER_JSON_MAX bytes, depth limited by jansson. Returns NULL and
 * fills *error (ERROR_BAD_REQUEST) for anything else. The caller owns the value. */
_must_check_ json_t *json_parse_object(const char *text, size_t length, Error *error);

/* Compact text, owned by the caller. */
char *json_print(const json_t *value);

/* One line of it to a pipe; a reader that is gone is no concern of the writer's. */
void json_write_line(int fd, const json_t *value);

/* Required fields. Wrong or missing: a fault of that field (ERROR_INVALID) and false, out-parameter
 * untouched. */
_must_check_ bool json_get_string(const json_t *object, const char *field, const char **out,
                                  Error *error);
_must_check_ bool json_copy_string(const json_t *object, const char *field, char *out, size_t size,
                                   Error *error);
_must_check_ bool json_get_integer(const json_t *object, const char *field, int64_t *out,
                                   Error *error);
_must_check_ bool json_get_number(const json_t *object, const char *field, double *out,
                                  Error *error);
_must_check_ bool json_get_flag(const json_t *object, const char *field, bool *out, Error *error);
_must_check_ bool json_get_object(const json_t *object, const char *field, const json_t **out,
                                  Error *error);
