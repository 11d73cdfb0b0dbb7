/*
 * The transfer contract: what web and transcoder say to each other, in one text that both compile
 * against. Paths, field names, stages, and the JSON of each message with its encoder and decoder.
 * Pure; any thread. docs/http-api.md tells the same to people.
 */
#pragma once

#include "common/base/digest.h"
#include "common/base/id.h"
#include "common/base/json.h"
#include "common/transfer/losses.h"

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

/* The files of a result; either the first or the second is there, the others may be.
 * X(ID, form field, word in metadata, family of media types, usual type, usual name, bytes at most)
 */
#define TRANSFER_FILES(X)                                                                          \
    X(TRANSFER_VIDEO, "video_file", "video", "video/", "video/mp4", "video.mp4", INT64_MAX)        \
    X(TRANSFER_AUDIO, "audio_file", "audio", "audio/", "audio/mp4", "audio.m4a", INT64_MAX)        \
    X(TRANSFER_POSTER, "poster_file", "poster", "image/", "image/jpeg", "poster.jpg",              \
      TRANSFER_POSTER_MAX)                                                                         \
    X(TRANSFER_STORYBOARD, "storyboard_file", "storyboard", "image/", "image/jpeg",                \
      "storyboard.jpg", TRANSFER_POSTER_MAX)                                                       \
    X(TRANSFER_STORYBOARD_VTT, "storyboard_vtt", "storyboard_vtt", "text/vtt", "text/vtt",         \
      "storyboard.vtt", TRANSFER_TEXT_MAX)                                                         \
    X(TRANSFER_WAVEFORM, "waveform_file", "waveform", "application/json", "application/json",      \
      "waveform.json", TRANSFER_TEXT_MAX)

typedef enum TransferFile {
#define X(id, field, word, family, type, name, size_max) id,
    TRANSFER_FILES(X)
#undef X
        TRANSFER_FILE_COUNT
} TransferFile;

typedef struct TransferFileKind {
    const char *field, *word, *family, *content_type, *name;
    int64_t size_max; /* bytes */
} TransferFileKind;

extern const TransferFileKind transfer_file_kinds[TRANSFER_FILE_COUNT];

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
_must_check_ bool transfer_job_decode(const json_t *value, TransferJob *job, Error *error);

/* The delivery's `metadata`: what was made, so that web can check it. */
typedef struct TransferMade {
    bool present;
    int64_t size;  /* bytes; told of the first two kinds, 0 for the others if not told */
    Digest digest; /* BLAKE2b-256 */
} TransferMade;

typedef struct TransferResult {
    double duration;        /* seconds of the delivered video or sound */
    double source_duration; /* seconds found in the original */
    int64_t width, height;  /* pixels as shown; 0 for sound alone */
    TransferMade files[TRANSFER_FILE_COUNT];
    bool has_audio;
    TransferLosses losses; /* what the original told of and is not in the result */
    char operation[16];    /* what was done: "encode", "remux", "encode video", "encode audio" */
    char thumbhash[TRANSFER_THUMBHASH_MAX + 1];     /* base64 (RFC 4648 §4); "" for none */
    char captured_at[TRANSFER_CAPTURED_AT_MAX + 1]; /* RFC 3339, in UTC; "" unknown */
    char title[TRANSFER_TITLE_MAX + 1];             /* UTF-8 without controls; "" for none */
} TransferResult;

/* The video, or the sound where there is no picture. */
TransferFile transfer_main_file(const TransferResult *result);

/* Leaves out all that a result may lack: what adorns the video or sound, and the texts about it.
 * False when there was nothing of that. */
bool transfer_result_strip(TransferResult *result);

json_t *transfer_result_encode(const TransferResult *result);
_must_check_ bool transfer_result_decode(const json_t *value, TransferResult *result, Error *error);
