/* What becomes of an upload between its commit and the queue, with a decoder that says what the
 * test wants. */
#include "tests/unit/archive.h"

#include <sched.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "web/library/intake/upload.h"
#include "web/upkeep/validator.h"

#define WORDS "It holds nothing that moves."

/* What the decoder will say, once for each probe; the last one again and again. */
static struct {
    ErrorCode answers[VALIDATOR_TRIES + 1]; /* ERROR_NONE: media */
    DecoderFacts facts;
    atomic_size_t probes;
    atomic_bool held; /* the first probe waits until this is false or it is stopped */
    atomic_bool waiting;
} decoder;

static bool hold(const atomic_bool *stop)
{
    atomic_store(&decoder.waiting, true);
    while (atomic_load(&decoder.held) && !atomic_load(stop))
        sched_yield();
    return !atomic_load(stop);
}

static bool probe(int fd, const atomic_bool *stop, DecoderFacts *out, Error *error)
{
    size_t number = atomic_fetch_add(&decoder.probes, 1);
    ErrorCode code = decoder.answers[MIN_OF(number, ARRAY_SIZE(decoder.answers) - 1)];
    assert_true(fd >= 0);
    if (number == 0 && !hold(stop))
        return error_set(error, ERROR_CANCELLED, "The program is being stopped.");
    if (code != ERROR_NONE)
        return error_set(error, code, WORDS);
    *out = decoder.facts;
    return true;
}

typedef struct Rig {
    Archive *archive;
    Validator *validator;
} Rig;

static Rig start(void **state)
{
    Rig rig = {.archive = *state};
    ValidatorOptions options = {&rig.archive->library, probe, .pause_ms = 1};
    rig.validator = validator_start(&options);
    return rig;
}

static void answer(ErrorCode first, ErrorCode second, ErrorCode others)
{
    decoder.answers[0] = first;
    decoder.answers[1] = second;
    decoder.answers[2] = decoder.answers[3] = others;
    decoder.facts = (DecoderFacts){MEDIA_VIDEO, 1080, 1920, 12.5, 30, true, "hevc", "aac"};
    atomic_store(&decoder.probes, 0);
    atomic_store(&decoder.held, false);
    atomic_store(&decoder.waiting, false);
}

static UploadView await_end(Archive *archive, const ArchiveVideo *video)
{
    int64_t until = clock_monotonic_ms() + 30000;
    UploadView view;
    do {
        assert_true(upload_view(&archive->library, video->upload_id, &view, NULL));
        assert_true(clock_monotonic_ms() < until);
        sched_yield();
    } while (view.job_state == JOB_VALIDATING);
    return view;
}

static UploadView follow(void **state, ErrorCode first, ErrorCode second, ErrorCode others)
{
    answer(first, second, others);
    Rig rig = start(state);
    rig.archive->library.arrived = validator_wake;
    rig.archive->library.listener = rig.validator;
    ArchiveVideo video = archive_upload_video(rig.archive, 1000);
    UploadView view = await_end(rig.archive, &video);
    validator_stop(rig.validator);
    rig.archive->library.arrived = NULL;
    return view;
}

static void queues_what_plays(void **state)
{
    UploadView view = follow(state, ERROR_NONE, ERROR_NONE, ERROR_NONE);
    assert_int_equal(view.job_state, JOB_QUEUED);
    assert_int_equal(view.media.kind, MEDIA_VIDEO);
    assert_int_equal(view.media.width, 1080);
    assert_int_equal(view.media.height, 1920);
    assert_true(view.media.duration > 12.4 && view.media.duration < 12.6);
    assert_int_equal(archive_query(*state, "SELECT rank - queued_at FROM job"), 12500);
}

static void fails_what_does_not_at_once(void **state)
{
    UploadView view = follow(state, ERROR_MEDIA, ERROR_NONE, ERROR_NONE);
    assert_int_equal(view.job_state, JOB_FAILED);
    assert_string_equal(view.error, WORDS);
    assert_true(*view.files.of[FILE_ORIGINAL]);
    assert_int_equal(view.media.width, 0);
    assert_int_equal(atomic_load(&decoder.probes), 1);
}

static void asks_again_after_a_fault_of_the_machine(void **state)
{
    UploadView view = follow(state, ERROR_UNAVAILABLE, ERROR_IO, ERROR_NONE);
    assert_int_equal(view.job_state, JOB_QUEUED);
    assert_int_equal(view.media.width, 1080);
    assert_int_equal(atomic_load(&decoder.probes), 3);
}

static void leaves_to_the_transcoder_what_it_cannot_look_at(void **state)
{
    UploadView view = follow(state, ERROR_UNAVAILABLE, ERROR_UNAVAILABLE, ERROR_UNAVAILABLE);
    assert_int_equal(view.job_state, JOB_QUEUED);
    assert_int_equal(view.media.width, 0);
    assert_int_equal(atomic_load(&decoder.probes), VALIDATOR_TRIES);
}

static void calls_sound_alone_a_recording(void **state)
{
    answer(ERROR_NONE, ERROR_NONE, ERROR_NONE);
    decoder.facts = (DecoderFacts){.kind = MEDIA_AUDIO, .duration = 3};
    Rig rig = start(state);
    ArchiveVideo video = archive_upload_video(rig.archive, 1000);
    validator_wake(rig.validator);
    UploadView view = await_end(rig.archive, &video);
    assert_int_equal(view.media.kind, MEDIA_AUDIO);
    assert_int_equal(archive_query(rig.archive, "SELECT width IS NULL FROM media"), 1);
    validator_stop(rig.validator);
}

/* Stopped in the middle, and a program killed before anybody was woken: the next start goes on. */
static void goes_on_after_a_restart(void **state)
{
    answer(ERROR_NONE, ERROR_NONE, ERROR_NONE);
    atomic_store(&decoder.held, true);
    ArchiveVideo first = archive_upload_video(*state, 1000);
    Rig rig = start(state);
    while (!atomic_load(&decoder.waiting))
        sched_yield();
    validator_stop(rig.validator);
    ArchiveVideo second = archive_upload_video(rig.archive, 2000);
    archive_reopen(rig.archive);
    assert_int_equal(archive_query(rig.archive, "SELECT count(*) FROM job "
                                                "WHERE state = 'validating'"),
                     2);
    rig = start(state);
    assert_int_equal(await_end(rig.archive, &first).job_state, JOB_QUEUED);
    assert_int_equal(await_end(rig.archive, &second).job_state, JOB_QUEUED);
    validator_stop(rig.validator);
}

static void is_not_held_up_by_one_file(void **state)
{
    answer(ERROR_NONE, ERROR_NONE, ERROR_NONE);
    atomic_store(&decoder.held, true);
    ArchiveVideo slow = archive_upload_video(*state, 1000);
    Rig rig = start(state);
    while (!atomic_load(&decoder.waiting))
        sched_yield();
    ArchiveVideo quick = archive_upload_video(rig.archive, 2000);
    validator_wake(rig.validator);
    assert_int_equal(await_end(rig.archive, &quick).job_state, JOB_QUEUED);
    UploadView view;
    assert_true(upload_view(&rig.archive->library, slow.upload_id, &view, NULL));
    assert_int_equal(view.job_state, JOB_VALIDATING);
    atomic_store(&decoder.held, false);
    assert_int_equal(await_end(rig.archive, &slow).job_state, JOB_QUEUED);
    validator_stop(rig.validator);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(queues_what_plays),
        TEST(fails_what_does_not_at_once),
        TEST(asks_again_after_a_fault_of_the_machine),
        TEST(leaves_to_the_transcoder_what_it_cannot_look_at),
        TEST(calls_sound_alone_a_recording),
        TEST(goes_on_after_a_restart),
        TEST(is_not_held_up_by_one_file),
    };
    log_init("test_validator", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
