/*
 * The moves that stories are made of: uploading, waiting for a state, and what a transcoder says
 * when the story itself plays the transcoder.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "tests/story/ask.h"

/* An upload that was accepted. */
typedef struct Upload {
    char id[UUID_SIZE];
} Upload;

/* POST /api/uploads of one file; the caller owns the answer. */
Answer upload_ask(Story *story, const char *path, const char *file_name);

/* The same, and 201 is expected; web has looked at it when this returns. */
Upload upload_file(Story *story, const char *path, const char *file_name);

Answer upload_state(Story *story, const Upload *upload);

/* Waits for a status; fails at once when it becomes `failed` and that is not what is awaited. */
void upload_await(Story *story, const Upload *upload, const char *status);

/* The address of what the upload became ("media_url", "poster_url") as a path on web; in a buffer
 * of MEDIA_PATH_SIZE. */
#define MEDIA_URL_SIZE 1200
void upload_url(Story *story, const Upload *upload, const char *field, char url[MEDIA_URL_SIZE]);

/* GETs a path into a file below the story's folder and gives its name back. */
void fetch_to_file(Story *story, const char *url, const char *name, char *path, size_t size);

/* --- playing transcoder --- */

/* POST …/claim; false for 204. Fails the test for anything else. */
bool play_claim(Story *story, int wait_seconds, TransferJob *job);

/* POST …/progress, /release, /fail with this job's lease. */
Answer play_progress(Story *story, const TransferJob *job, const char *stage, double percent);
Answer play_release(Story *story, const TransferJob *job);
Answer play_fail(Story *story, const TransferJob *job, const char *error, bool retryable);

/* Paths of what was made; NULL: there is no such file. */
typedef struct PlayedFiles {
    const char *of[TRANSFER_FILE_COUNT];
} PlayedFiles;

/* A delivery: a job, what was made, and how it may be spoiled. */
typedef struct Delivery {
    const TransferJob *job;
    PlayedFiles files;
    const char *leave_out;                                  /* a field's name */
    const char *type[TRANSFER_FILE_COUNT];                  /* NULL: the usual one */
    const char *lease_token, *job_id, *media_id, *metadata; /* instead of the right ones */
    bool without_token;
    int port; /* 0: web's */
} Delivery;

/* The metadata that belongs to the files; a video also has a ThumbHash, a capture time and a title.
 * Owned by the caller. */
#define PLAYED_THUMBHASH   "3OcRJYB4d3h/iIeHeEh3eIhw+j3A"
#define PLAYED_CAPTURED_AT "2024-06-01T10:30:00Z"
#define PLAYED_TITLE       "The crack in the wall"
char *play_metadata(Story *story, const PlayedFiles *files);
Answer play_deliver(Story *story, const Delivery *delivery);

/* One job's state in the database is this word. A StoryCondition with the word as its context. */
bool job_state_is(Story *story, void *context);
