/* What a result must be to be accepted, and that accepting happens once and loses nothing. */
#include "tests/unit/parcel.h"

#include <fcntl.h>
#include <pthread.h>

#include "common/base/log.h"
#include "web/library/intake/upload.h"

/* --- acceptance --- */

static void replaces_the_original(void **state)
{
    Parcel parcel = parcel_pack(*state);
    UploadView view;
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    assert_false(parcel.out.repeated);
    JobRow job = archive_job(parcel.archive, parcel.job.job_id);
    assert_int_equal(job.state, JOB_DONE);
    assert_string_equal(archive_attempt(parcel.archive, job.id).outcome, "delivered");
    parcel_expect_journal(&parcel, DELIVERY_ACCEPTED);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_string_equal(view.files.of[FILE_ORIGINAL], "");
    assert_string_equal(view.files.of[FILE_VIDEO], parcel.out.files.of[FILE_VIDEO]);
    assert_string_equal(view.files.of[FILE_POSTER], parcel.out.files.of[FILE_POSTER]);
    assert_int_equal(view.media.height, 1920);
    assert_non_null(strstr(view.files.of[FILE_VIDEO], "-clip.mp4"));
    assert_non_null(strstr(view.files.of[FILE_POSTER], "-clip-poster.jpg"));
    parcel_unpack(&parcel);
}

static void keeps_the_original_where_that_is_wanted(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    parcel.archive->library.keep_original_videos = RETENTION_ALL;
    assert_true(parcel_send(&parcel, &error));
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    parcel_unpack(&parcel);
}

/* What the result lacks is nowhere else, and what it lacks is told afterwards. */
static void keeps_the_original_for_what_the_result_lacks(void **state)
{
    static const struct {
        Retention retention;
        TransferLosses losses;
        bool stays;
        const char *sentence;
    } rows[] = {
        {RETENTION_AUTO, 0, false, "nothing is lost"},
        {RETENTION_AUTO, LOSSES(LOSS_SIZE) | LOSSES(LOSS_HDR), false, "nothing that matters"},
        {RETENTION_AUTO, LOSSES(LOSS_SIZE) | LOSSES(LOSS_SOUND_TRACK), true, "a second sound"},
        {RETENTION_AUTO, LOSSES(LOSS_PART), true, "a part is missing"},
        {RETENTION_ALL, 0, true, "all are wanted"},
        {RETENTION_NONE, LOSSES(LOSS_SOUND_TRACK), false, "none are wanted"},
        {RETENTION_NONE, LOSSES(LOSS_DAMAGED), true, "but this one is in doubt"},
        {RETENTION_NONE, LOSSES(LOSS_SOUND), true, "as is one that fell silent"},
    };
    Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Parcel parcel = parcel_pack(archive);
        UploadView view;
        Error error = {0};
        archive->library.keep_original_videos = rows[i].retention;
        parcel.result.losses = rows[i].losses;
        assert_true(parcel_send(&parcel, &error));
        parcel_sweep(&parcel);
        assert_true(upload_view(&archive->library, parcel.original.upload_id, &view, &error));
        const char *kept = rows[i].stays ? parcel.original.path : "";
        unit_check(streq(view.files.of[FILE_ORIGINAL], kept), rows[i].sentence);
        unit_check(view.media.losses == rows[i].losses, rows[i].sentence);
        assert_int_equal(view.job_state, JOB_DONE);
        parcel_unpack(&parcel);
    }
}

/* The sender's word is not enough where web itself found more. */
static void keeps_the_original_that_was_found_to_be_longer(void **state)
{
    static const struct {
        double found; /* seconds, in the original */
        size_t files; /* afterwards */
        const char *sentence;
    } rows[] = {
        {60, 3, "an original of a minute stays beside ten seconds"},
        {10.9, 2, "what rounding can make is no reason"},
        {2, 2, "nor is an original that told of less"},
    };
    Archive *archive = *state;
    size_t before = 0;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaFound found = {MEDIA_VIDEO, 2160, 3840, rows[i].found, 30};
        UploadView view;
        Error error = {0};
        ArchiveVideo original = archive_upload_video(archive, PARCEL_START);
        archive_queue(archive, &found, PARCEL_START);
        Parcel parcel = parcel_pack_claimed(archive, original);
        assert_true(parcel_send(&parcel, &error));
        parcel_sweep(&parcel);
        assert_true(upload_view(&archive->library, original.upload_id, &view, &error));
        assert_int_equal(view.media.losses, rows[i].files == 3 ? LOSSES(LOSS_PART) : 0);
        assert_int_equal(view.media.original_width, 2160);
        assert_int_equal(view.media.original_height, 3840);
        assert_int_equal(view.media.width, parcel.result.width);
        unit_check(archive_count_files(archive) - before == rows[i].files, rows[i].sentence);
        before = archive_count_files(archive);
        parcel_unpack(&parcel);
    }
}

/* A sender that does not know the word has not said so. */
static void keeps_the_original_where_nobody_said_what_is_lost(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    _cleanup_json_ json_t *json = transfer_result_encode(&parcel.result);
    assert_int_equal(json_object_del(json, "losses"), 0);
    _cleanup_free_ char *metadata = json_print(json);
    Delivery *delivery = delivery_begin(&parcel.archive->library, 10000, PARCEL_START, &error);
    assert_true(parcel_put_fields(delivery, &parcel, &error));
    assert_true(delivery_set(delivery, "metadata", metadata, &error));
    assert_true(parcel_put_files(delivery, &parcel, &error));
    assert_true(delivery_finish(delivery, PARCEL_START, &parcel.out, &error));
    delivery_free(delivery);
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    parcel_unpack(&parcel);
}

static void does_without_a_poster(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    parcel_leave_out(&parcel, TRANSFER_POSTER);
    assert_true(parcel_send(&parcel, &error));
    assert_string_equal(parcel.out.files.of[FILE_POSTER], "");
    parcel_unpack(&parcel);
}

static void answers_the_same_delivery_the_same(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    Delivered first = parcel.out;
    for (int i = 0; i < 2; i++) {
        archive_reopen(parcel.archive);
        assert_true(parcel_send(&parcel, &error));
        assert_true(parcel.out.repeated);
        parcel_expect_journal(&parcel, DELIVERY_REPEATED);
        assert_string_equal(parcel.out.files.of[FILE_VIDEO], first.files.of[FILE_VIDEO]);
        assert_string_equal(parcel.out.files.of[FILE_POSTER], first.files.of[FILE_POSTER]);
    }
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    parcel_unpack(&parcel);
}

static void takes_no_second_result(void **state)
{
    Parcel parcel = parcel_pack(*state), other;
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    other = parcel;
    other.files[TRANSFER_VIDEO].data = archive_mp4(PARCEL_SIZE, 'w');
    parcel_describe(&other);
    assert_false(parcel_send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    parcel_expect_journal(&other, DELIVERY_REFUSED);
    free(other.files[TRANSFER_VIDEO].data);
    other = parcel;
    id_token(other.job.lease_token);
    assert_false(parcel_send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    parcel_unpack(&parcel);
}

static void accepts_a_result_after_its_lease_ran_out(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    int64_t next;
    assert_true(jobs_expire(&parcel.archive->jobs, PARCEL_START + 60000, &next, &error));
    assert_int_equal(archive_job(parcel.archive, parcel.job.job_id).state, JOB_QUEUED);
    assert_true(parcel_send(&parcel, &error));
    assert_int_equal(archive_job(parcel.archive, parcel.job.job_id).state, JOB_DONE);
    parcel_unpack(&parcel);
}

static void refuses_who_was_overtaken(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    int64_t next;
    assert_true(jobs_expire(&parcel.archive->jobs, PARCEL_START + 60000, &next, &error));
    archive_claim(parcel.archive, PARCEL_START + 60000);
    assert_false(parcel_send(&parcel, &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    assert_int_equal(archive_count_files(parcel.archive), 1);
    parcel_unpack(&parcel);
}

static void refuses_a_result_for_a_deleted_item(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    assert_true(jobs_cancel(&parcel.archive->jobs, parcel.job.media_id, PARCEL_START, &error));
    assert_false(parcel_send(&parcel, &error));
    assert_int_equal(error.code, ERROR_GONE);
    parcel_unpack(&parcel);
}

static void drops_a_result_of_a_lost_future(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    id_uuid(parcel.job.job_id);
    assert_false(parcel_send(&parcel, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    parcel_unpack(&parcel);
}

/* --- all that may come --- */

static char *read_file(const Archive *archive, const char *path)
{
    static char bytes[4096];
    char full[400];
    snprintf(full, sizeof full, "%s/%s", archive->root, path);
    _cleanup_close_ int fd = open(full, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t length = read(fd, bytes, sizeof bytes - 1);
    assert_true(length >= 0);
    bytes[length] = '\0';
    return bytes;
}

static void keeps_all_that_comes_with_a_video(void **state)
{
    Parcel parcel = parcel_pack_all(*state);
    UploadView view;
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 4);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    const char *sheet = view.files.of[FILE_STORYBOARD];
    assert_non_null(strstr(sheet, "-clip-storyboard.jpg"));
    assert_non_null(strstr(view.files.of[FILE_STORYBOARD_VTT], "-clip-storyboard.vtt"));
    assert_non_null(strstr(read_file(parcel.archive, view.files.of[FILE_STORYBOARD_VTT]),
                           strrchr(sheet, '/') + 1));
    assert_string_equal(view.media.thumbhash, parcel.result.thumbhash);
    assert_string_equal(view.media.captured_at, "2024-02-29T23:59:59Z");
    assert_string_equal(view.media.title, parcel.result.title);
    assert_int_equal(view.media.kind, MEDIA_VIDEO);
    parcel_unpack(&parcel);
}

/* What came as a video, and holds sound alone, is a recording from now on. */
static void makes_a_recording_of_sound_alone(void **state)
{
    Parcel parcel = parcel_pack_sound(*state);
    UploadView view;
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    parcel_sweep(&parcel);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_int_equal(view.media.kind, MEDIA_AUDIO);
    assert_int_equal(view.media.width, 0);
    assert_string_equal(view.files.of[FILE_VIDEO], "");
    assert_non_null(strstr(view.files.of[FILE_AUDIO], "-clip.m4a"));
    assert_non_null(strstr(view.files.of[FILE_WAVEFORM], "-clip-waveform.json"));
    assert_non_null(
        strstr(read_file(parcel.archive, view.files.of[FILE_WAVEFORM]), "\"data\":[-3,3]"));
    parcel_unpack(&parcel);
}

static void keeps_the_original_of_a_recording(void **state)
{
    Parcel parcel = parcel_pack_sound(*state);
    UploadView view;
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_string_equal(view.files.of[FILE_ORIGINAL], parcel.original.path);
    parcel_unpack(&parcel);
}

/* Whatever a transcoder makes of it. */
static void keeps_the_original_of_a_recording_made_a_video(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    archive_run(parcel.archive, "UPDATE media SET kind = 'audio'");
    assert_true(parcel_send(&parcel, &error));
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    assert_string_equal(parcel.out.files.of[FILE_ORIGINAL], parcel.original.path);
    parcel_unpack(&parcel);
}

static void answers_the_same_sound_the_same(void **state)
{
    Parcel parcel = parcel_pack_sound(*state);
    Error error = {0};
    assert_true(parcel_send(&parcel, &error));
    Delivered first = parcel.out;
    assert_true(parcel_send(&parcel, &error));
    assert_true(parcel.out.repeated);
    assert_memory_equal(&parcel.out.files, &first.files, sizeof first.files);
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    parcel_unpack(&parcel);
}

/* The kind of container says it; not every writer says so in its brand. */
static void takes_sound_in_an_mp4_of_any_brand(void **state)
{
    Parcel parcel = parcel_pack_sound(*state);
    Error error = {0};
    memcpy(parcel.files[TRANSFER_AUDIO].data + 8, "isom", 4);
    parcel_describe(&parcel);
    assert_true(parcel_send(&parcel, &error));
    assert_non_null(strstr(parcel.out.files.of[FILE_AUDIO], ".m4a"));
    parcel_unpack(&parcel);
}

/* --- what the decoder finds --- */

static struct {
    ErrorCode verdict;
    DecoderExpectation expected;
    bool may_write;
    const atomic_bool *stop;
} decoder;

static bool play(int fd, const DecoderExpectation *expected, const atomic_bool *stop, Error *error)
{
    decoder.stop = stop;
    decoder.expected = *expected;
    decoder.may_write = pwrite(fd, "x", 1, 0) == 1;
    return decoder.verdict == ERROR_NONE ||
           error_set(error, decoder.verdict, "What the decoder said.");
}

static void asks_the_decoder_for_what_metadata_says(void **state)
{
    Error error = {0};
    Parcel parcel = parcel_pack(*state);
    atomic_bool time_up = false;
    parcel.archive->library.verify = play;
    parcel.archive->library.stop = &time_up;
    parcel.result.has_audio = true;
    decoder.verdict = ERROR_NONE;
    assert_true(parcel_send(&parcel, &error));
    assert_int_equal(decoder.expected.kind, MEDIA_VIDEO);
    assert_int_equal(decoder.expected.width, 1080);
    assert_int_equal(decoder.expected.height, 1920);
    assert_true(decoder.expected.duration == 10 && decoder.expected.has_audio);
    assert_false(decoder.may_write);
    assert_ptr_equal(decoder.stop, &time_up);
    parcel_unpack(&parcel);
    parcel = parcel_pack_sound(*state);
    assert_true(parcel_send(&parcel, &error));
    assert_int_equal(decoder.expected.kind, MEDIA_AUDIO);
    parcel_unpack(&parcel);
}

/* The file's fault is told with its field; a fault of this machine may be tried again. */
static void keeps_the_original_of_what_does_not_play(void **state)
{
    static const struct {
        Parcel (*pack)(Archive *archive);
        ErrorCode verdict;
        int status;
        const char *field; /* "" for none */
    } rows[] = {
        {parcel_pack, ERROR_MEDIA, 422, "video_file"},
        {parcel_pack_sound, ERROR_MEDIA, 422, "audio_file"},
        {parcel_pack, ERROR_UNAVAILABLE, 503, ""},
        {parcel_pack, ERROR_IO, 500, ""},
    };
    Archive *archive = *state;
    archive->library.verify = play;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        Parcel parcel = rows[i].pack(archive);
        size_t before = archive_count_files(archive);
        decoder.verdict = rows[i].verdict;
        unit_check(!parcel_send(&parcel, &error), rows[i].field);
        unit_check(error_http_status(error.code) == rows[i].status, rows[i].field);
        unit_check(streq(error.fields[0].name, rows[i].field), rows[i].field);
        unit_check(strstr(error.detail, "What the decoder said."), rows[i].field);
        unit_check(archive_count_files(archive) == before, rows[i].field);
        unit_check(archive_job(archive, parcel.job.job_id).state == JOB_LEASED, rows[i].field);
        parcel_unpack(&parcel);
    }
}

/* --- two at once --- */

typedef struct Sender {
    Parcel parcel;
    bool good;
} Sender;

static void *send_one(void *argument)
{
    Sender *sender = argument;
    Error error = {0};
    Delivery *delivery =
        delivery_begin(&sender->parcel.archive->library, 10000, PARCEL_START, &error);
    sender->good = parcel_put_fields(delivery, &sender->parcel, &error) &&
                   parcel_put_files(delivery, &sender->parcel, &error) &&
                   delivery_finish(delivery, PARCEL_START, &sender->parcel.out, &error);
    delivery_free(delivery);
    return NULL;
}

static void leaves_one_file_when_a_delivery_comes_many_times_at_once(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Sender senders[8];
    pthread_t threads[8];
    size_t first = 0;
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        senders[i] = (Sender){.parcel = parcel};
        assert_int_equal(pthread_create(&threads[i], NULL, send_one, &senders[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        pthread_join(threads[i], NULL);
        assert_true(senders[i].good);
        first += !senders[i].parcel.out.repeated;
        assert_string_equal(senders[i].parcel.out.files.of[FILE_VIDEO],
                            senders[0].parcel.out.files.of[FILE_VIDEO]);
    }
    assert_int_equal(first, 1);
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    parcel_unpack(&parcel);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replaces_the_original),
        TEST(keeps_the_original_where_that_is_wanted),
        TEST(keeps_the_original_for_what_the_result_lacks),
        TEST(keeps_the_original_that_was_found_to_be_longer),
        TEST(keeps_the_original_where_nobody_said_what_is_lost),
        TEST(does_without_a_poster),
        TEST(answers_the_same_delivery_the_same),
        TEST(takes_no_second_result),
        TEST(accepts_a_result_after_its_lease_ran_out),
        TEST(refuses_who_was_overtaken),
        TEST(refuses_a_result_for_a_deleted_item),
        TEST(drops_a_result_of_a_lost_future),
        TEST(keeps_all_that_comes_with_a_video),
        TEST(makes_a_recording_of_sound_alone),
        TEST(keeps_the_original_of_a_recording),
        TEST(keeps_the_original_of_a_recording_made_a_video),
        TEST(answers_the_same_sound_the_same),
        TEST(takes_sound_in_an_mp4_of_any_brand),
        TEST(asks_the_decoder_for_what_metadata_says),
        TEST(keeps_the_original_of_what_does_not_play),
        TEST(leaves_one_file_when_a_delivery_comes_many_times_at_once),
    };
    log_init("test_delivery", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
