/* What tests of the transcoder start from: a job as web would hand it out (300 KiB of "video"), a
 * client, a scratch folder. */
#pragma once

#include "transcoder/web_client/web_client.h"

#define FIXTURE_SIZE  ((size_t)300 * 1024)
#define FIXTURE_ETAG  "ETag: \"one\"\r\n"
#define FIXTURE_TOKEN "0123456789abcdef0123456789abcdef"

/* The content of every fixture job's original. */
const char *fixture_content(void);

/* A job with new random ids and a lease of a minute. */
TransferJob fixture_job(void);

/* Its claim's answer; owned by the caller. */
char *fixture_claim(const TransferJob *job);

/* A result with a poster, of a video with this content. */
TransferResult fixture_result(const char *video);

/* Removes a folder with everything in it. */
void fixture_folder_remove(const char *path);

/* A client of the web at this address, with FIXTURE_TOKEN. */
WebClient *fixture_client(const char *url);

/* An empty file in memory, and how large it has become. */
int fixture_file(void);
off_t fixture_file_size(int fd);

/* For cmocka's group: prepares the libraries, and ignores SIGPIPE and SIGXFSZ as the program does.
 */
int fixture_group_set_up(void **state);
int fixture_group_tear_down(void **state);
