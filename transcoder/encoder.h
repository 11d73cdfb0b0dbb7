/*
 * The parent's side of an encode: starts the program again as a child that gets descriptors and the
 * policy and nothing else, follows its progress, and measures what it made. The child meets
 * strangers' bytes; what it says is checked. Called in a job's thread, which it blocks; any number
 * of threads at once. Sees no media library.
 */
#pragma once

#include "common/transfer.h"
#include "transcoder/plan.h"

#define ENCODER_STALL_MS (5 * 60 * 1000)

typedef struct EncoderJob {
    int original_fd; /* read; borrowed, as are the others */
    int video_fd;    /* read and write, a regular file; emptied first */
    int poster_fd;   /* read and write, a regular file; emptied first */
    EncoderPolicy policy;
    int64_t stall_ms; /* without any advance: stuck; 0: ENCODER_STALL_MS */
    /* Called on every change and at least once a second; false: stop. */
    bool (*progress)(void *context, int percent);
    void *context;
} EncoderJob;

/* On success both files are complete and flushed to the disk, and *result describes them; a missing
 * poster is no failure. ERROR_MEDIA: this video will never work, for the reason given.
 * ERROR_CANCELLED: the callback said so. Anything else: try again later. */
bool encoder_run(const EncoderJob *job, TransferResult *result, Error *error);
