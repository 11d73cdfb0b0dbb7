/* Uploads: the address under which people follow what they sent. Inside store_write() or
 * store_read(). */
#pragma once

#include "web/store/store_file.h"
#include "web/store/store_job.h"
#include "web/store/store_media.h"

/* All that the state of an upload consists of, read on one snapshot. */
typedef struct UploadView {
    MediaRow media;
    bool has_job; /* the next four count only with one */
    JobState job_state;
    char stage[STAGE_NAME_MAX + 1];
    double percent;
    char error[JOB_ERROR_MAX + 1];
    FilePaths files;
} UploadView;

bool store_upload_insert(StoreConnection *connection, const char *id, const char *media_id,
                         int64_t now, Error *error);

/* ERROR_NOT_FOUND for an unknown id. */
bool store_upload_get(StoreConnection *connection, const char *id, UploadView *out, Error *error);
