/*
 * A long phone clip of uneven rate: memory does not grow with its length, and picture and sound are
 * together at its end. A minute of it; an hour with REELKEEP_LONG=1.
 */
#include <fcntl.h>
#include <math.h>

#include "common/sandbox/zygote.h"
#include "tests/unit/alignment.h"
#include "tests/unit/encoding.h"

#define SECONDS_SHORT 60
#define SECONDS_LONG  3600

#define MEMORY_MAX (400 << 10) /* KiB: decoder, filters, encoder and sound of a small picture */
#define GROWTH_MAX (24 << 10)  /* KiB from a quarter to the end: an index of the result grows */

/* The address sanitizer keeps freed memory for long. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_TELLS false
#else
#define MEMORY_TELLS true
#endif

typedef struct Memory {
    long quarter, peak; /* KiB */
} Memory;

/* The most that the child of the zygote has had resident; 0 when it is gone already. */
static long child_peak(void)
{
    char path[80], line[200];
    int child;
    long peak = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote_pid(), (int)zygote_pid());
    _cleanup_fclose_ FILE *children = fopen(path, "r");
    if (!children || fscanf(children, "%d", &child) != 1)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/status", child);
    _cleanup_fclose_ FILE *status = fopen(path, "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &peak) == 1)
            break;
    return peak;
}

static bool watch_memory(void *context, int percent)
{
    Memory *memory = context;
    memory->peak = MAX_OF(memory->peak, child_peak());
    if (percent <= 25)
        memory->quarter = memory->peak;
    return true;
}

/* Noise, because it sounds like itself at one moment only. */
static const char *make_clip(int seconds)
{
    char arguments[600];
    snprintf(
        arguments, sizeof arguments,
        "-f lavfi -i testsrc2=s=480x270:r=30:d=%d -f lavfi -i anoisesrc=d=%d:a=0.3:seed=7 "
        "-vf \"select='gt(random(1),0.3)'\" -fps_mode vfr -video_track_timescale 600 "
        "-c:v libx264 -preset ultrafast -g 60 -metadata:s:v rotate=90 -c:a aac -b:a 96k -shortest",
        seconds, seconds);
    return encoding_source("clip.mov", arguments);
}

static void a_long_clip_of_uneven_rate_keeps_time_and_memory(void **state)
{
    const char *wanted = getenv("REELKEEP_LONG");
    int seconds = wanted && *wanted ? SECONDS_LONG : SECONDS_SHORT, files[TRANSFER_FILE_COUNT];
    char made[ENCODING_PATH];
    TransferResult result;
    Error error = {0};
    Memory memory = {0};
    (void)state;
    const char *source = make_clip(seconds);
    _cleanup_close_ int original = open(source, O_RDONLY | O_CLOEXEC);
    EncoderJob job = {.original_fd = original,
                      .policy = encoded_policy(240),
                      .progress = watch_memory,
                      .context = &memory};
    encoded_open_results(files);
    memcpy(job.fds, files, sizeof files);
    if (!encoder_run(&job, &result, &error))
        fail_msg("%s", error.detail);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(files[i]);
    snprintf(made, sizeof made, "%s/%s", encoded_folder(),
             transfer_file_kinds[TRANSFER_VIDEO].name);
    double moved = alignment_of_pictures(made, source), drift = alignment_of_sound(made, source);
    print_message("%d s: %ld MiB at most, %ld MiB after a quarter; pictures within %.4f s, sound "
                  "%.4f s at the end\n",
                  seconds, memory.peak >> 10, memory.quarter >> 10, moved, drift);
    unit_check(encoding_is_whole(&result) && fabs(result.duration - seconds) < 0.5,
               "all of it is there");
    unit_check(moved < ALIGNMENT_PICTURE_MAX, "every picture keeps its time");
    unit_check(fabs(drift) < ALIGNMENT_SOUND_MAX, "and so does the sound");
    unit_check(memory.peak > 0, "the child was seen at work");
    unit_check(!MEMORY_TELLS || memory.peak < MEMORY_MAX, "memory is bounded");
    unit_check(!MEMORY_TELLS || memory.peak - memory.quarter < GROWTH_MAX,
               "and does not grow with the length");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_clip_of_uneven_rate_keeps_time_and_memory),
    };
    return encoding_run("long clip", tests, ARRAY_SIZE(tests), argc, argv);
}
