/*
 * Where files are kept for good, whatever kind of place that is: a folder on this machine
 * (web/storage/volume/), or one day another one's. A file appears under its name only when it is
 * whole and durable, and never changes under it. What is on its way in is staged on this machine
 * first, in any case (web/storage/volume/staging.h).
 *
 * Any thread; everything here may block: never from an event loop. A path is collection/entry/file
 * (names.h). Opening or asking for one that is not valid is ERROR_NOT_FOUND; publishing or removing
 * one is a fault of the program.
 */
#pragma once

#include "web/storage/names.h"
#include "web/storage/stored_file.h"

typedef struct Staging Staging;

typedef struct StorageStat {
    uint64_t size;       /* bytes */
    int64_t modified_ms; /* wall clock */
} StorageStat;

/* False ends the list. */
typedef bool StorageVisit(void *context, const char *path, const StorageStat *stat);

/* What a kind of storage can do. `self` is the kind's own object; paths are valid. Each function
 * does what its namesake below says. */
typedef struct StorageKind {
    bool (*publish)(void *self, const Staging *staged, const char *path, Error *error);
    StoredFile *(*open)(void *self, const char *path, Error *error);
    bool (*stat)(void *self, const char *path, StorageStat *out, Error *error);
    bool (*remove)(void *self, const char *path, Error *error);
    bool (*list)(void *self, const char *prefix, StorageVisit *visit, void *context, Error *error);
    bool (*url)(void *self, const char *path, int64_t seconds, char **url, Error *error);
} StorageKind;

/* A value: borrows both. */
typedef struct Storage {
    const StorageKind *kind;
    void *self;
} Storage;

/* Gives a finished staged file (staging_finish) its name, durably. Never replaces: a name that is
 * taken is an error. The staged file stays until staging_free(). */
_must_check_ bool storage_publish(const Storage *storage, const Staging *staged, const char *path,
                                  Error *error);

/* The caller owns the file. NULL and *error: ERROR_NOT_FOUND for a path that names nothing. */
_must_check_ StoredFile *storage_open(const Storage *storage, const char *path, Error *error);

/* The same facts without opening it. */
_must_check_ bool storage_stat(const Storage *storage, const char *path, StorageStat *out,
                               Error *error);

/* Removes a file durably; one that is missing is fine. */
_must_check_ bool storage_remove(const Storage *storage, const char *path, Error *error);

/* Visits every file whose path begins with the prefix ("": all), in the order of the paths' bytes.
 * What was published or removed meanwhile may be among them or not. */
_must_check_ bool storage_list(const Storage *storage, const char *prefix, StorageVisit *visit,
                               void *context, Error *error);

/* An address from which anybody may fetch the file for so many seconds, without asking web; the
 * caller owns the text. *url is NULL where there is none: then web serves the file itself. */
_must_check_ bool storage_url(const Storage *storage, const char *path, int64_t seconds, char **url,
                              Error *error);
