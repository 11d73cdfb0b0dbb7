/* A job as web would hand it out, for tests of the transcoder: 300 KiB of "video", and a scratch
 * folder of its own. */
#pragma once

#include "common/transfer.h"

#define FIXTURE_SIZE ((size_t)300 * 1024)
#define FIXTURE_ETAG "ETag: \"one\"\r\n"

/* The content of every fixture job's original. */
const char *fixture_content(void);

/* A job with new random ids and a lease of a minute. */
TransferJob fixture_job(void);

/* Its claim's answer; owned by the caller. */
char *fixture_claim(const TransferJob *job);

/* A result with a poster, of a video with this content. */
TransferResult fixture_result(const char *video);

/* A new folder's path below TMPDIR; removed with everything in it by the other. */
void fixture_folder_make(char path[64]);
void fixture_folder_remove(const char *path);
