#include "tests/unit/encoding.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/sandbox/zygote.h"
#include "transcoder/encoder/child/encoder_child.h"
#include "transcoder/encoder/encoder_message.h"

/* As a decoder ends or hangs that meets bytes it cannot bear, or the system ends it. */
static void signal_child(int number)
{
    char path[80];
    int child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote_pid(), (int)zygote_pid());
    _cleanup_fclose_ FILE *children = fopen(path, "r");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &child), 1);
    assert_int_equal(kill(child, number), 0);
}

static bool watch_progress(void *context, int percent)
{
    Made *made = context;
    unit_check(percent >= made->last_percent && percent <= 100, "progress never goes back");
    made->last_percent = percent;
    if (made->signal && made->calls == 1)
        signal_child(made->signal);
    made->calls++;
    return !made->stop_after_ms || clock_monotonic_ms() - made->started_ms < made->stop_after_ms;
}

/* Runs the encoder as a worker would; `made` may tell when to stop. */
bool encoding_try(const char *source, int max_short_side, Made *made)
{
    int files[TRANSFER_FILE_COUNT];
    snprintf(made->video, sizeof made->video, "%s/video.mp4", encoded_folder());
    snprintf(made->poster, sizeof made->poster, "%s/poster.jpg", encoded_folder());
    encoded_open_results(files);
    made->started_ms = clock_monotonic_ms();
    _cleanup_close_ int original = open(source, O_RDONLY | O_CLOEXEC);
    if (original < 0)
        fail_msg("%s could not be opened", source);
    EncoderJob job = {.original_fd = original,
                      .policy = encoded_policy(max_short_side),
                      .progress = watch_progress,
                      .context = made};
    if (made->limit)
        made->limit(&job.policy);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        job.fds[i] = files[i];
    bool done = encoder_run(&job, &made->result, &made->error);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(files[i]);
    return done;
}

Made encoding_make(const char *source)
{
    Made made = {0};
    if (!encoding_try(source, 1080, &made))
        fail_msg("%s: %s", source, made.error.detail);
    return made;
}

void encoding_allow_copying(EncoderPolicy *policy)
{
    policy->remux_bit_rate = 8000000;
}

bool encoding_is_whole(const TransferResult *result)
{
    TransferLosses light = LOSSES(LOSS_HDR) | LOSSES(LOSS_DOLBY_VISION) | LOSSES(LOSS_COLOURS) |
                           LOSSES(LOSS_SIZE) | LOSSES(LOSS_FRAME_RATE) | LOSSES(LOSS_FIELDS) |
                           LOSSES(LOSS_DATA) | LOSSES(LOSS_SHAPE);
    return (result->losses & ~light) == 0;
}

void encoding_refused(const char *source, const char *reason)
{
    Made made = {0};
    if (encoding_try(source, 1080, &made))
        fail_msg("%s was accepted", source);
    assert_int_equal(made.error.code, ERROR_MEDIA);
    if (!strstr(made.error.detail, reason))
        fail_msg("%s was refused with: %s", source, made.error.detail);
}

/* A file made by ffmpeg with these arguments before its name; the path lives until the next call.
 */
const char *encoding_source(const char *name, const char *arguments)
{
    static char path[ENCODING_PATH];
    snprintf(path, sizeof path, "%s/%s", encoded_folder(), name);
    free(encoded_run("ffmpeg -v error -y %s '%s' </dev/null", arguments, path));
    return path;
}

void encoding_entry(const char *path, const char *stream, const char *entry, const char *wanted)
{
    _cleanup_free_ char *found = encoded_entry(path, stream, entry);
    if (!streq(found, wanted))
        fail_msg("%s of %s is %s and not %s", entry, path, found, wanted);
}

/* What every result must be, wherever it came from. */
void encoding_check(const Made *made, int width, int height)
{
    const TransferResult *result = &made->result;
    struct stat status;
    Digest digest;
    encoding_entry(made->video, "v:0", "stream=codec_name", "h264");
    bool encoded = !streq(result->operation, "remux") && !streq(result->operation, "encode audio");
    if (encoded)
        encoding_entry(made->video, "v:0", "stream=profile", "High");
    encoding_entry(made->video, "v:0", "stream=pix_fmt", "yuv420p");
    if (encoded)
        encoding_entry(made->video, "v:0", "stream=color_range", "tv");
    if (encoded) /* what is copied may leave unsaid what everybody takes for granted */
        encoding_entry(made->video, "v:0", "stream=sample_aspect_ratio", "1:1");
    unit_check(encoded_number(made->video, "v:0", "stream=width") == width, "the width is right");
    unit_check(encoded_number(made->video, "v:0", "stream=height") == height, "the height too");
    unit_check(result->width == width && result->height == height, "and both are told");
    unit_check(encoded_starts_fast(made->video), "the index stands in front");
    unit_check(encoded_times_grow(made->video, "v:0"), "every picture has a time of its own");
    if (encoded)
        unit_check(encoded_key_distance(made->video) <= 2.05, "key frames come every two seconds");
    unit_check(fabs(encoded_number(made->video, "v:0", "format=duration") - result->duration) <
                   0.03,
               "the duration told is the file's");
    unit_check(stat(made->video, &status) == 0 &&
                   status.st_size == result->files[TRANSFER_VIDEO].size,
               "the size told is the file's");
    _cleanup_close_ int fd = open(made->video, O_RDONLY | O_CLOEXEC);
    unit_check(digest_file(fd, DIGEST_BLAKE2B, &digest, NULL) &&
                   digest_equal(&digest, &result->files[TRANSFER_VIDEO].digest),
               "and so is the digest");
    unit_check(result->operation[0], "what was done is told");
    unit_check(result->files[TRANSFER_POSTER].present, "there is a poster");
    double ratio = encoded_number(made->poster, "v:0", "stream=width") /
                   encoded_number(made->poster, "v:0", "stream=height");
    unit_check(fabs(ratio / ((double)width / height) - 1) < 0.02, "the poster has the shape");
    encoding_entry(made->poster, "v:0", "stream=codec_name", "mjpeg");
}

bool encoding_corpus(const char *name, char path[ENCODING_PATH])
{
    const char *corpus = getenv("REELKEEP_CORPUS");
    snprintf(path, ENCODING_PATH, "%s/%s", corpus && *corpus ? corpus : "../shared/corpus", name);
    return access(path, R_OK) == 0;
}

static int clean(void **state)
{
    (void)state;
    encoded_cleanup();
    return 0;
}

int encoding_run(const char *name, const struct CMUnitTest *tests, size_t count, int argc,
                 char **argv)
{
    static const ZygoteTask tasks[] = {{ENCODER_CHILD_COMMAND, encoder_child_main}, {0}};
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks);
    id_init();
    if (!zygote_start(NULL))
        return EXIT_FAILURE;
    int failed = _cmocka_run_group_tests(name, tests, count, NULL, clean);
    zygote_stop();
    return failed;
}
