/*
 * The life of an upload: begin (is there room?) → fields and bytes in any order → finish (durable,
 * committed) → its state. Nothing of it exists for others before finish, and nothing is lost after.
 * One thread at a time per upload; every call may block on the disk.
 */
#pragma once

#include "web/library/library.h"
#include "web/store/store_media.h"

/* The largest form that may bring a file, in bytes: the largest file of any kind, and what its
 * parts put around it. */
uint64_t upload_form_max(const Library *library);

typedef struct Upload Upload;

typedef enum UploadField {
    UPLOAD_COLLECTION,
    UPLOAD_ENTRY,
    UPLOAD_CAPTION,
    UPLOAD_HINT, /* "audio", "video/mp4", …: decides only what the content leaves open */
} UploadField;

/* What the next upload of so many bytes would be told about room: ERROR_NO_SPACE. */
_must_check_ bool upload_would_fit(const Library *library, uint64_t declared, Error *error);

/* ERROR_NO_SPACE before any byte is taken, where there is no room for all of them, and for a result
 * as large as the largest original that waits for its own. */
_must_check_ Upload *upload_begin(const Library *library, uint64_t declared, Error *error);

/* ERROR_INVALID with the field's name for a value that cannot be used. "" means the default. */
_must_check_ bool upload_set(Upload *upload, UploadField field, const char *value, Error *error);

/* The file comes; ERROR_INVALID for a second one. */
_must_check_ bool upload_file_begin(Upload *upload, const char *name, Error *error);

/* ERROR_MEDIA_TYPE as soon as the bytes tell that it is nothing we take, ERROR_TOO_LARGE as soon as
 * it is certain. */
_must_check_ bool upload_append(Upload *upload, const void *bytes, size_t length, Error *error);

/* ERROR_INVALID for an empty file. */
_must_check_ bool upload_file_end(Upload *upload, Error *error);

/* Keeps it for good; fills the upload's id. The file and the row are durable when it returns.
 * ERROR_MEDIA for a photo that is damaged or cut off. */
_must_check_ bool upload_finish(Upload *upload, int64_t now, char id[UUID_SIZE], Error *error);

/* What the finish committed, without asking the database. */
UploadView upload_committed(const Upload *upload);

/* Drops what was not finished. NULL is fine. */
void upload_free(Upload *upload);

/* Where an upload stands. */
_must_check_ bool upload_view(const Library *library, const char *id, UploadView *out,
                              Error *error);
