/* An upload as people follow it. A value that owns nothing. */
#pragma once

#include "web/records/file.h"
#include "web/records/job.h"
#include "web/records/media.h"

/* All that the state of an upload consists of, read on one snapshot. */
typedef struct UploadView {
    MediaRow media;
    bool has_job; /* the next five count only with one */
    JobState job_state;
    int64_t queue_position; /* 1: is next; 0: not queued, or beyond QUEUE_POSITION_MAX */
    char stage[STAGE_NAME_MAX + 1];
    double percent;
    char error[JOB_ERROR_MAX + 1];
    FilePaths files;
} UploadView;
