/*
 * Encodes one file as a worker's thread does, in the sandboxed child of a zygote, and prints what
 * came out as one line for tests/bench/transcode:
 *
 *   encode_one SOURCE FOLDER PRESET CRF THREADS REMUX-BIT-RATE
 *   operation=encode width=1920 height=1080 duration=120.000
 *
 * Its own resource use includes the child's, so that whoever waits for it learns both.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/id.h"
#include "common/sandbox/zygote.h"
#include "transcoder/encoder/child/encoder_child.h"
#include "transcoder/encoder/encoder.h"
#include "transcoder/encoder/encoder_message.h"

static bool go_on(void *context, int percent)
{
    (void)context, (void)percent;
    return true;
}

/* Limits as wide as they go: the bench measures, it does not refuse. */
static EncoderPolicy policy_of(char **words)
{
    EncoderPolicy policy = {.max_short_side = 1080,
                            .crf = atoll(words[1]),
                            .threads = atoll(words[2]),
                            .remux_bit_rate = atoll(words[3]),
                            .max_pixels = MEDIA_PIXELS_MAX,
                            .max_streams = MEDIA_STREAMS_MAX,
                            .max_seconds = MEDIA_SECONDS_MAX,
                            .max_output = (int64_t)16 << 30,
                            .max_cpu_ratio = 1000,
                            .max_wall_ratio = 1000,
                            .stall_seconds = 300};
    REQUIRE(base_copy(policy.preset, sizeof policy.preset, words[0]));
    return policy;
}

static int open_result(const char *folder, TransferFile which)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, transfer_file_kinds[which].name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    return fd;
}

static bool encode(char **words, TransferResult *result, Error *error)
{
    EncoderJob job = {.policy = policy_of(words + 2), .progress = go_on};
    _cleanup_close_ int original = open(words[0], O_RDONLY | O_CLOEXEC);
    job.original_fd = original;
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        job.fds[i] = open_result(words[1], i);
    bool done = encoder_run(&job, result, error);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(job.fds[i]);
    return done;
}

int main(int argc, char **argv)
{
    static const ZygoteTask tasks[] = {{ENCODER_CHILD_COMMAND, encoder_child_main}, {0}};
    TransferResult result;
    Error error = {0};
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks);
    if (argc != 7) {
        fprintf(stderr, "encode_one SOURCE FOLDER PRESET CRF THREADS REMUX-BIT-RATE\n");
        return 64;
    }
    id_init();
    bool done = zygote_start(&error) && encode(argv + 1, &result, &error);
    zygote_stop();
    if (!done) {
        fprintf(stderr, "%s: %s\n", argv[1], error.detail);
        return EXIT_FAILURE;
    }
    printf("operation=%s width=%lld height=%lld duration=%.3f\n", result.operation,
           (long long)result.width, (long long)result.height, result.duration);
    return EXIT_SUCCESS;
}
