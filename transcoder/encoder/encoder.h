/*
 * The parent's side of an encode: has it done by a child that gets descriptors and the policy and
 * nothing else (common/sandbox/task.h), follows its progress, and measures what it made. The child
 * meets strangers' bytes; what it says is checked. Called in a job's thread, which it blocks; any
 * number of threads at once. Sees no media library.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "transcoder/encoder/encoder_limits.h"

typedef struct EncoderJob {
    int original_fd;              /* read only, also by the child; borrowed, as are the others */
    int fds[TRANSFER_FILE_COUNT]; /* read and write, regular files; emptied first */
    EncoderPolicy policy;
    int64_t grace_seconds; /* instead of ENCODER_GRACE_SECONDS; 0: that */
    /* Called on every change and at least once a second; false: stop. */
    bool (*progress)(void *context, int percent);
    void *context;
} EncoderJob;

/* On success the files that *result tells of are complete and flushed to the disk; a missing poster
 * or storyboard is no failure. ERROR_MEDIA: this video will never work, for the reason given.
 * ERROR_CANCELLED: the callback said so. Anything else: try again later. *error must be there. */
_must_check_ bool encoder_run(const EncoderJob *job, TransferResult *result, Error *error);
