/*
 * Durable file operations, in the order that was shown to survive every crash: bytes, fsync of the
 * file, name, fsync of the folder. All of these may block on the disk: worker threads only.
 * Descriptors belong to the caller.
 */
#pragma once

#include <sys/stat.h>

#include "common/base/error.h"

/* Writes all bytes at the offset, through interruptions and short writes. A failure, here and of
 * fsync, names the file in error->file. */
_must_check_ bool file_write_all(int fd, const void *data, size_t length, uint64_t offset,
                                 Error *error);

/* Opens below a folder and never outside it: no symbolic links, no mount points crossed upwards, no
 * "..", no absolute names (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS).
 * Returns -1 with errno set. */
_must_check_ int file_open_beneath(int folder, const char *path, int flags, mode_t mode);

/* Creates the missing folders of a relative path ("a/b" for "a/b/file"), each durable in its parent
 * before the next. */
_must_check_ bool file_make_folders(int root, const char *path, Error *error);

/* Who wants to know of each fsync, of a file or a folder, how long it took and, where it failed,
 * why (NULL: it succeeded): called by the thread that waited for it. Set before there are threads;
 * NULL for nobody. */
typedef void FileSyncObserver(bool folder, int64_t microseconds, const Error *fault);
void file_observe_syncs(FileSyncObserver *observer);

/* False, with the reason, while the last fsync of a file or of a folder has failed, of whichever
 * file or folder of this program. */
_must_check_ bool file_syncs_succeed(Error *error);

/* fsync of the descriptor; after a failure the file must be treated as lost. */
_must_check_ bool file_sync(int fd, const char *what, Error *error);

/* fsync of the folder that holds `path` below root. */
_must_check_ bool file_sync_folder_of(int root, const char *path, Error *error);

/* Gives the file `from` (below from_folder) a second name `to` (below root, its folder made as
 * needed) and makes that name durable. Never replaces: an existing name is an error. The first name
 * stays. */
_must_check_ bool file_publish(int from_folder, const char *from, int root, const char *to,
                               Error *error);

/* Removes a name below root; a missing one is fine. */
_must_check_ bool file_remove(int root, const char *path, Error *error);

/* Replaces a small file as a whole: temporary name, fsync, rename, fsync of the folder. */
_must_check_ bool file_replace(int folder, const char *name, const void *data, size_t length,
                               Error *error);

/* Reads a small file whole; the caller owns the NUL-terminated text. NULL and *error when it is
 * longer than `maximum`. */
_must_check_ char *file_read_small(int folder, const char *name, size_t maximum, Error *error);

/* Removes a folder below `parent` and everything in it, not following links. */
_must_check_ bool file_remove_tree(int parent, const char *name, Error *error);

/* Bytes that an unprivileged writer may still use on the file system of fd. */
_must_check_ bool file_free_space(int fd, uint64_t *bytes, Error *error);
