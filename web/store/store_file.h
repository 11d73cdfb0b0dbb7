/*
 * Files of the volume and those on their way in or out. Inside store_write() or store_read().
 *
 * A path is reserved before the file gets that name; store_file_insert() ends the reservation; a
 * file row that is deleted, or a reservation given up, makes the path doomed: the housekeeper
 * unlinks it and then forgets it.
 */
#pragma once

#include "common/digest.h"
#include "common/id.h"
#include "web/store/store.h"

typedef enum FileRole {
    FILE_ORIGINAL,
    FILE_VIDEO,
    FILE_AUDIO,
    FILE_POSTER,
    FILE_STORYBOARD,
    FILE_STORYBOARD_VTT,
    FILE_WAVEFORM,
    FILE_ROLE_COUNT
} FileRole;

typedef struct FileRow {
    char path[MEDIA_PATH_MAX + 1]; /* below MEDIA_ROOT */
    char media_id[UUID_SIZE];
    FileRole role;
    char content_type[64];
    int64_t size; /* bytes */
    Digest blake2b;
    bool has_sha256;
    Digest sha256;
    int64_t created_at;                 /* wall clock, ms */
    char media_name[FILE_NAME_MAX + 1]; /* the person's name for the item; read only */
} FileRow;

/* The path must be reserved. */
bool store_file_insert(StoreConnection *connection, const FileRow *file, Error *error);

/* ERROR_NOT_FOUND where there is none. */
bool store_file_get(StoreConnection *connection, const char *path, FileRow *out, Error *error);
bool store_file_of_media(StoreConnection *connection, const char *media_id, FileRole role,
                         FileRow *out, Error *error);

/* Where an item's files are, by role; "" where there is no such file. */
typedef struct FilePaths {
    char of[FILE_ROLE_COUNT][MEDIA_PATH_MAX + 1];
} FilePaths;
bool store_file_paths(StoreConnection *connection, const char *media_id, FilePaths *out,
                      Error *error);

/* The file becomes doomed. */
bool store_file_delete(StoreConnection *connection, const char *media_id, FileRole role,
                       Error *error);
bool store_file_set_sha256(StoreConnection *connection, const char *path, const Digest *sha256,
                           Error *error);
bool store_file_each(StoreConnection *connection, StoreCheckFile *visit, void *context,
                     Error *error);

bool store_doomed_reserve(StoreConnection *connection, const char *path, Error *error);

/* A reservation was given up. A path that has a file row or is unknown stays as it is. */
bool store_doomed_ready(StoreConnection *connection, const char *path, Error *error);

/* At start nothing is on its way in. */
bool store_doomed_ready_all(StoreConnection *connection, Error *error);

/* The first path after `after` ("" to begin) to unlink; *found false when there is none. */
bool store_doomed_next(StoreConnection *connection, const char *after,
                       char path[MEDIA_PATH_MAX + 1], bool *found, Error *error);

/* The file is gone. */
bool store_doomed_delete(StoreConnection *connection, const char *path, Error *error);
