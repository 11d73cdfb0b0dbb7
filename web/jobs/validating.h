/*
 * Jobs between the upload and the queue: the original is looked at before any transcoder gets it
 * (web/upkeep/validator.h does that). What was found describes the item and gives the job its
 * place in the queue.
 *
 *   validating ──jobs_validated──▶ queued
 *       └───────jobs_rejected────▶ failed
 */
#pragma once

#include "web/jobs/jobs.h"
#include "web/store/store_file.h"
#include "web/store/store_media.h"

typedef struct JobValidating {
    char job_id[UUID_SIZE];
    FileRow original;
} JobValidating;

/* The job that waits longest to be looked at, `except` ("" for none) left out; *found false: there
 * is no other. */
_must_check_ bool jobs_validating_next(const Jobs *jobs, const char *except, JobValidating *out,
                                       bool *found, Error *error);

/* Queues the job and wakes a transcoder. `found` describes the item; NULL: it could not be looked
 * at, and the transcoder will judge. What was deleted meanwhile stays so. */
_must_check_ bool jobs_validated(const Jobs *jobs, const JobValidating *job,
                                 const MediaFound *found, int64_t now, Error *error);

/* The original is nothing that could ever be played: the job has failed. */
_must_check_ bool jobs_rejected(const Jobs *jobs, const JobValidating *job, const char *sentence,
                                int64_t now, Error *error);

/* How long preparing it will take a transcoder, roughly, in ms: picture and time against a machine
 * that encodes 1080p30 as fast as it plays, and carrying `size` bytes to it. At most
 * JOB_EXPECTED_MS_MAX, which bounds how long a job may be overtaken by shorter ones. `found` NULL:
 * judged by size. Pure. */
int64_t jobs_expected_ms(const MediaFound *found, int64_t size);
