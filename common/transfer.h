/*
 * The transfer contract: what web and transcoder say to each other, in one text that both compile
 * against. Paths, field names, stages, and the JSON of each message with its encoder and decoder.
 * Pure; any thread. docs/http-api.md tells the same to people.
 */
#pragma once

#include "common/digest.h"
#include "common/id.h"
#include "common/json.h"

#define TRANSFER_PATH_CLAIM    "/api/transcoding/jobs/claim"
#define TRANSFER_PATH_ORIGINAL "/api/transcoding/jobs/%s/original" /* job id */
#define TRANSFER_PATH_PROGRESS "/api/transcoding/jobs/%s/progress"
#define TRANSFER_PATH_RELEASE  "/api/transcoding/jobs/%s/release"
#define TRANSFER_PATH_FAIL     "/api/transcoding/jobs/%s/fail"
#define TRANSFER_PATH_UPLOAD   "/api/transcoding/upload/"

#define TRANSFER_HEADER_LEASE "X-Lease-Token"

/* Fields of the delivery's multipart/form-data. The plain ones go first, so that web can refuse
 * before the files. */
#define TRANSFER_FIELD_MEDIA    "log_entry_media_id"
#define TRANSFER_FIELD_JOB      "job_id"
#define TRANSFER_FIELD_LEASE    "lease_token"
#define TRANSFER_FIELD_METADATA "metadata"
#define TRANSFER_FIELD_VIDEO    "video_file"
#define TRANSFER_FIELD_POSTER   "poster_file"

/* What a holder of a lease is doing. */
#define TRANSFER_STAGE_FETCH   "fetch"
#define TRANSFER_STAGE_ENCODE  "encode"
#define TRANSFER_STAGE_DELIVER "deliver"

/* The answer to a claim. */
typedef struct TransferJob {
    char job_id[UUID_SIZE];
    char lease_token[TOKEN_SIZE];
    int64_t lease_seconds;
    char media_id[UUID_SIZE];
    struct {
        char url[512]; /* a path on web */
        int64_t size;  /* bytes */
        Digest digest; /* BLAKE2b-256 */
        char content_type[64];
        char name[FILE_NAME_MAX + 1]; /* for the log only */
    } original;
    int64_t attempt; /* 1 for the first */
} TransferJob;

json_t *transfer_job_encode(const TransferJob *job);
bool transfer_job_decode(const json_t *value, TransferJob *job, Error *error);

/* The delivery's `metadata`: what was made, so that web can check it. */
typedef struct TransferResult {
    double duration;        /* seconds of the delivered video */
    double source_duration; /* seconds decoded from the original */
    int64_t width, height;  /* pixels as shown */
    Digest video_digest;    /* BLAKE2b-256 */
    int64_t video_size;     /* bytes */
    bool has_poster;
    Digest poster_digest;
    bool has_audio;
    bool whole;         /* all the original told of could be decoded; false if not told */
    char operation[16]; /* "encode" or "remux": what was done */
} TransferResult;

json_t *transfer_result_encode(const TransferResult *result);
bool transfer_result_decode(const json_t *value, TransferResult *result, Error *error);
