/* What becomes of a child that does what it should not: its task here misbehaves on purpose. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/sandbox/sandbox_probe.h"
#include "common/sandbox/zygote.h"
#include "tests/unit/job_fixture.h"
#include "tests/unit/unit.h"
#include "transcoder/encoder/encoder.h"
#include "transcoder/encoder/encoder_message.h"

/* --- in the child: the first byte of its original says what it does --- */

enum { NO_SUCH_WORD = 9 };

static char read_word(void)
{
    char word = '\0';
    return pread(ENCODER_FD_ORIGINAL, &word, 1, 0) == 1 ? word : '\0';
}

static void tell(int percent, double seconds)
{
    EncoderMessage message = {.kind = ENCODER_MESSAGE_PROGRESS,
                              .progress = {.percent = percent, .seconds = seconds}};
    encoder_message_write(ENCODER_FD_STATUS, &message);
}

/* Writes to the sound's file until the word changes. */
static int keep_writing(void)
{
    char word = read_word();
    while (read_word() == word) {
        if (pwrite(ENCODER_FD_RESULT + TRANSFER_AUDIO, "sound", 5, 0) != 5)
            return 1;
        clock_sleep_ms(10);
    }
    return 1;
}

static int end_by(int number)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(number, &usual, NULL);
    return raise(number);
}

/* What it was given to read is another original for the next attempt, if this succeeds. */
static int change_original(void)
{
    bool changed = pwrite(ENCODER_FD_ORIGINAL, "!", 1, 0) == 1 ||
                   write(ENCODER_FD_ORIGINAL, "!", 1) == 1 ||
                   ftruncate(ENCODER_FD_ORIGINAL, 0) == 0;
    return changed ? 0 : NO_SUCH_WORD;
}

/* As the pipeline does: what it could not write it calls a full disk. */
static int overflow(void)
{
    char block[4096] = {0};
    EncoderMessage last = {.kind = ENCODER_MESSAGE_ERROR};
    while (write(ENCODER_FD_RESULT, block, sizeof block) > 0)
        ;
    error_set_errno(&last.error, errno, "The result could not be written");
    encoder_message_write(ENCODER_FD_STATUS, &last);
    return 1;
}

static int misbehave(int argc, char **argv)
{
    (void)argc, (void)argv;
    tell(1, 0);
    switch (read_word()) {
    case 'n':
        return socket(AF_INET, SOCK_STREAM, 0);
    case 'a':
        return end_by(SIGABRT);
    case 's':
        return end_by(SIGSEGV);
    case 'x':
        return end_by(SIGXFSZ);
    case 'k':
        return end_by(SIGKILL);
    case 'c':
        tell(2, 1);
        for (volatile unsigned spent = 0;; spent++)
            ;
    case 'f':
        return overflow();
    case 'o':
        return change_original();
    case 'w':
        return keep_writing();
    default:
        return NO_SUCH_WORD;
    }
}

/* --- the parent's side --- */

typedef struct Trial {
    EncoderJob job;
    int calls, calls_max; /* of progress, after which the child is told to end; 0: never */
    Error error;
} Trial;

static bool count_calls(void *context, int percent)
{
    Trial *trial = context;
    (void)percent;
    if (++trial->calls == trial->calls_max)
        assert_int_equal(pwrite(trial->job.original_fd, "-", 1, 0), 1);
    return true;
}

/* Runs a child that is told the word; it must fail. */
static void run_trial(Trial *trial, char word)
{
    TransferResult result;
    EncoderJob *job = &trial->job;
    job->original_fd = fixture_file();
    assert_int_equal(write(job->original_fd, &word, 1), 1);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        job->fds[i] = fixture_file();
    job->progress = count_calls;
    job->context = trial;
    assert_false(encoder_run(job, &result, &trial->error));
    if (trial->calls_max == 0) {
        char found = '\0';
        assert_int_equal(pread(job->original_fd, &found, 1, 0), 1);
        assert_int_equal(found, word);
    }
    close(job->original_fd);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(job->fds[i]);
}

/* Generous in everything. */
static Trial new_trial(void)
{
    return (Trial){.job = {.policy = {.max_seconds = 1000,
                                      .max_output = MIB,
                                      .max_cpu_ratio = 100,
                                      .max_wall_ratio = 100,
                                      .stall_seconds = 300,
                                      .preset = "medium"}}};
}

static bool has_seccomp(void)
{
    SandboxReport report;
    return sandbox_probe(&report, NULL) && (report.walls & SANDBOX_SECCOMP);
}

static void a_child_that_dies_fails_its_file(void **state)
{
    static const struct {
        char word;
        ErrorCode code;
        const char *detail;
    } rows[] = {
        {'a', ERROR_MEDIA, "the decoder crashed"},    {'s', ERROR_MEDIA, "the decoder crashed"},
        {'x', ERROR_MEDIA, "larger than is allowed"}, {'f', ERROR_MEDIA, "larger than is allowed"},
        {'k', ERROR_INTERNAL, "ended from outside"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Trial trial = new_trial();
        run_trial(&trial, rows[i].word);
        unit_check(trial.error.code == rows[i].code, rows[i].detail);
        unit_check(strstr(trial.error.detail, rows[i].detail), trial.error.detail);
    }
}

/* Where the machine may be to blame, the file is tried again. */
static void a_fault_of_the_machine_is_not_the_files(void **state)
{
    static const struct {
        TaskEnd end;
        ErrorCode code;
        const char *what;
    } rows[] = {
        {TASK_LINGERED, ERROR_INTERNAL, "an end that is not told in time is tried again"},
        {TASK_LOST, ERROR_INTERNAL, "a lost child is tried again"},
        {TASK_KILLED, ERROR_INTERNAL, "a killed child is tried again"},
        {TASK_DAMAGED, ERROR_MEDIA, "a damaged answer is the file's"},
        {TASK_FORBIDDEN, ERROR_MEDIA, "a forbidden call is the file's"},
        {TASK_OVERTIME, ERROR_MEDIA, "too much computing is the file's"},
        {TASK_OVERSIZE, ERROR_MEDIA, "too large a result is the file's"},
        {TASK_CRASHED, ERROR_MEDIA, "a crash is the file's"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        unit_check(encoder_limits_faults[rows[i].end].code == rows[i].code, rows[i].what);
}

static void the_original_cannot_be_changed(void **state)
{
    Trial trial = new_trial();
    (void)state;
    run_trial(&trial, 'o');
}

static void a_forbidden_call_ends_the_file_for_good(void **state)
{
    Trial trial = new_trial();
    (void)state;
    if (!has_seccomp())
        skip(); /* a sanitizer's runtime needs what the sandbox forbids */
    run_trial(&trial, 'n');
    assert_int_equal(trial.error.code, ERROR_MEDIA);
    assert_non_null(strstr(trial.error.detail, "the sandbox stopped it"));
}

static void time_is_allowed_in_proportion(void **state)
{
    EncoderPolicy policy = {.max_seconds = 100, .max_wall_ratio = 20, .max_cpu_ratio = 30};
    (void)state;
    assert_int_equal(encoder_limits_wall_ms(&policy, 600, 0), 600000);
    assert_int_equal(encoder_limits_wall_ms(&policy, 600, 10), 800000);
    assert_int_equal(encoder_limits_wall_ms(&policy, 600, 1e9), 2600000);
    assert_int_equal(encoder_limits_cpu_seconds(&policy, 600), 3600);
    policy.max_seconds = 43200;
    assert_int_equal(encoder_limits_cpu_seconds(&policy, 600), 12 * 3600);
}

static void computing_is_limited(void **state)
{
    Trial trial = new_trial();
    (void)state;
    trial.job.policy.max_seconds = trial.job.policy.max_cpu_ratio = 1;
    trial.job.grace_seconds = 2;
    run_trial(&trial, 'c');
    assert_int_equal(trial.error.code, ERROR_MEDIA);
    unit_check(strstr(trial.error.detail, "ENCODE_MAX_CPU_RATIO"), trial.error.detail);
}

static void time_is_limited(void **state)
{
    Trial trial = new_trial();
    (void)state;
    trial.job.grace_seconds = 1;
    run_trial(&trial, 'w');
    assert_int_equal(trial.error.code, ERROR_MEDIA);
    unit_check(strstr(trial.error.detail, "ENCODE_MAX_WALL_RATIO"), trial.error.detail);
}

/* A child says nothing for longer than it may, but writes sound. */
static void writing_is_progress(void **state)
{
    Trial trial = new_trial();
    (void)state;
    trial.calls_max = 6;
    trial.job.policy.stall_seconds = 2;
    run_trial(&trial, 'w');
    assert_int_equal(trial.calls, trial.calls_max);
    unit_check(strstr(trial.error.detail, "crashed"), "it ended because it was told to");
}

int main(int argc, char **argv)
{
    static const ZygoteTask tasks[] = {
        {ENCODER_CHILD_COMMAND, misbehave}, {SANDBOX_PROBE_TASK, sandbox_probe_main}, {0}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_dies_fails_its_file),
        cmocka_unit_test(a_fault_of_the_machine_is_not_the_files),
        cmocka_unit_test(the_original_cannot_be_changed),
        cmocka_unit_test(a_forbidden_call_ends_the_file_for_good),
        cmocka_unit_test(time_is_allowed_in_proportion),
        cmocka_unit_test(computing_is_limited),
        cmocka_unit_test(time_is_limited),
        cmocka_unit_test(writing_is_progress),
    };
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks);
    id_init();
    if (!zygote_start(NULL))
        return EXIT_FAILURE;
    int failed = cmocka_run_group_tests_name("encoder_death", tests, NULL, NULL);
    zygote_stop();
    return failed;
}
