/* A whole archive in a temporary folder, for unit tests of web's rooms: no server, no clock. */
#pragma once

#include "tests/unit/unit.h"
#include "web/jobs/validating.h"
#include "web/library/library.h"
#include "web/store/store_job.h"

typedef struct Archive {
    char root[64];
    Volume *volume;
    Store *store;
    Waiters *waiters;
    Jobs jobs;
    Library library;
} Archive;

/* cmocka set-up and tear-down with an Archive as the state. */
int archive_set_up(void **state);
int archive_tear_down(void **state);

/* As a restart of the program sees it: everything in memory is gone. */
void archive_reopen(Archive *archive);
void archive_open(Archive *archive);
void archive_close(Archive *archive);

/* A playable-looking MP4 of a given size (at least 64 bytes); `seed` makes it differ. Owned by the
 * caller. */
char *archive_mp4(size_t size, char seed);

/* An uploaded video: the ids of upload and media. */
typedef struct ArchiveVideo {
    char upload_id[UUID_SIZE];
    char media_id[UUID_SIZE];
    char path[MEDIA_PATH_MAX + 1]; /* of the original */
} ArchiveVideo;

/* Uploads such a video. Nobody has looked at it yet. */
ArchiveVideo archive_upload_video(Archive *archive, int64_t now);

/* Queues every job that waits to be looked at, as if this had been found (NULL: nothing). */
void archive_queue(Archive *archive, const MediaFound *found, int64_t now);

/* Both: a job that can be claimed. */
ArchiveVideo archive_add_video(Archive *archive, int64_t now);

/* Claims the one job there must be. */
TransferJob archive_claim(Archive *archive, int64_t now);

JobRow archive_job(Archive *archive, const char *job_id);

/* How a job's last attempt or delivery ended, in the words of the database; "" while it lasts. */
typedef struct ArchiveEnd {
    int64_t number;
    char outcome[16];
    char detail[JOB_ERROR_MAX + 1];
} ArchiveEnd;
ArchiveEnd archive_attempt(const Archive *archive, const char *job_id);
ArchiveEnd archive_delivery(const Archive *archive, const char *job_id);

/* Regular files below the root that are not in .reelkeep, and those being staged. */
size_t archive_count_files(const Archive *archive);
size_t archive_count_staged(const Archive *archive);

/* Runs statements of the test's own, from outside. */
void archive_run(const Archive *archive, const char *sql);

/* Whether an integer that a statement of the test asks for is what it should be. */
int64_t archive_query(const Archive *archive, const char *sql);
