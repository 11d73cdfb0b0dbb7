/*
 * A file that is kept, open for reading. Whoever holds one knows neither its path nor the kind of
 * storage it lies in; it never changes while it is open. What is kept elsewhere is fetched to a
 * local file first, so everything but the two plain facts may block: never on an event loop.
 *
 * The caller owns what it was given, until stored_file_close(). One thread at a time.
 */
#pragma once

#include "common/base/digest.h"

typedef struct StoredFile StoredFile;

uint64_t stored_file_size(const StoredFile *file);       /* bytes */
int64_t stored_file_modified_ms(const StoredFile *file); /* wall clock */

/* Maps the whole file for reading; a small one is read at once. The mapping outlives the file: the
 * caller ends it with munmap() of the file's size. NULL for an empty file. */
_must_check_ bool stored_file_map(const StoredFile *file, void **mapping, Error *error);

/* A descriptor that can only be read, for sendfile() or a child: borrowed until the close, and to
 * be duplicated by who needs it for longer. -1 and *error. Its offset belongs to nobody. */
_must_check_ int stored_file_lend_fd(const StoredFile *file, Error *error);

/* Reads up to `length` bytes at the offset; *got tells how many, fewer only at the file's end. */
_must_check_ bool stored_file_read(const StoredFile *file, uint64_t offset, void *bytes,
                                   size_t length, size_t *got, Error *error);

/* The digest of the whole. */
_must_check_ bool stored_file_digest(const StoredFile *file, DigestKind kind, Digest *out,
                                     Error *error);

/* NULL is fine. */
void stored_file_close(StoredFile *file);
void stored_file_cleanup(StoredFile **file);
#define _cleanup_stored_file_ _cleanup_(stored_file_cleanup)

/* For kinds of storage: takes over a descriptor of a local file, in any case. NULL and *error:
 * ERROR_NOT_FOUND for what is no regular file. `name` is for the sentence. */
_must_check_ StoredFile *stored_file_adopt(int fd, const char *name, Error *error);
