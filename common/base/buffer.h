/*
 * A byte buffer that grows up to a maximum given at its creation, and never beyond. Any thread, one
 * at a time. Always NUL-terminated behind its length, so that text in it can be printed.
 */
#pragma once

#include "common/base/base.h"

typedef struct Buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t maximum; /* bytes, set once */
} Buffer;

#define BUFFER(maximum_bytes) ((Buffer){.maximum = (maximum_bytes)})

/* Adds bytes; false, and nothing added, when that would exceed the maximum. */
_must_check_ bool buffer_append(Buffer *buffer, const void *data, size_t length);
_must_check_ bool buffer_append_text(Buffer *buffer, const char *text);
_must_check_ bool buffer_append_format(Buffer *buffer, const char *format, ...) _printf_(2, 3);

/* Room for `length` more bytes at data + length, for reading into; NULL beyond the maximum. Commit
 * by adding to length. */
_must_check_ char *buffer_reserve(Buffer *buffer, size_t length);

/* Drops the first bytes. */
void buffer_consume(Buffer *buffer, size_t length);
void buffer_clear(Buffer *buffer);
void buffer_release(Buffer *buffer);
#define _cleanup_buffer_ _cleanup_(buffer_release)
