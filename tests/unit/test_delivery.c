/* What a result must be to be accepted, and that accepting happens once and loses nothing. */
#include "tests/unit/archive.h"

#include <fcntl.h>
#include <pthread.h>

#include "common/log.h"
#include "web/housekeeper.h"
#include "web/library/delivery.h"
#include "web/library/upload.h"

#define START 1000000
#define SIZE  3000 /* bytes of the delivered video */

static const char poster_bytes[] = "\xFF\xD8\xFF\xE0\0\x10JFIF and more";

static Digest digest_of(const void *bytes, size_t length)
{
    DigestState state;
    Digest digest;
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, bytes, length);
    digest_final(&state, &digest);
    return digest;
}

/* Everything about one delivery; a test changes what it wants to be wrong. */
typedef struct Parcel {
    Archive *archive;
    ArchiveVideo original;
    TransferJob job;
    char *video;
    size_t video_size;
    const char *poster;
    size_t poster_size;
    TransferResult result;
    int64_t now;
    Delivered out;
} Parcel;

static void describe(Parcel *parcel)
{
    parcel->result.files[TRANSFER_VIDEO].present = true;
    parcel->result.files[TRANSFER_VIDEO].digest = digest_of(parcel->video, parcel->video_size);
    parcel->result.files[TRANSFER_VIDEO].size = (int64_t)parcel->video_size;
    parcel->result.files[TRANSFER_POSTER].present = parcel->poster != NULL;
    if (parcel->poster)
        parcel->result.files[TRANSFER_POSTER].digest =
            digest_of(parcel->poster, parcel->poster_size);
}

static Parcel pack(Archive *archive)
{
    Parcel parcel = {.archive = archive,
                     .video = archive_mp4(SIZE, 'v'),
                     .video_size = SIZE,
                     .poster = poster_bytes,
                     .poster_size = sizeof poster_bytes,
                     .result = {.duration = 10,
                                .source_duration = 10.2,
                                .width = 1080,
                                .height = 1920,
                                .whole = true,
                                .operation = "encode"},
                     .now = START};
    parcel.original = archive_add_video(archive, START);
    parcel.job = archive_claim(archive, START);
    describe(&parcel);
    return parcel;
}

static bool put_file(Delivery *delivery, const Parcel *parcel, DeliveryFile which, Error *error)
{
    const char *bytes = which == DELIVERY_VIDEO ? parcel->video : parcel->poster;
    size_t size = which == DELIVERY_VIDEO ? parcel->video_size : parcel->poster_size;
    return delivery_file_begin(delivery, which, "", error) &&
           delivery_append(delivery, bytes, size, error);
}

static bool put_fields(Delivery *delivery, const Parcel *parcel, Error *error)
{
    _cleanup_json_ json_t *json = transfer_result_encode(&parcel->result);
    _cleanup_free_ char *metadata = json_print(json);
    return delivery_set(delivery, "log_entry_media_id", parcel->job.media_id, error) &&
           delivery_set(delivery, "job_id", parcel->job.job_id, error) &&
           delivery_set(delivery, "lease_token", parcel->job.lease_token, error) &&
           delivery_set(delivery, "metadata", metadata, error) &&
           delivery_set(delivery, "something_new", "ignored", error);
}

static bool send(Parcel *parcel, Error *error)
{
    Delivery *delivery = delivery_begin(&parcel->archive->library, 10000, START, error);
    assert_non_null(delivery);
    bool good = put_fields(delivery, parcel, error) &&
                (!parcel->video || put_file(delivery, parcel, DELIVERY_VIDEO, error)) &&
                (!parcel->poster || put_file(delivery, parcel, DELIVERY_POSTER, error)) &&
                delivery_finish(delivery, parcel->now, &parcel->out, error);
    delivery_free(delivery);
    assert_int_equal(archive_count_staged(parcel->archive), 0);
    return good;
}

static void ignore_removal(void *context, const char *path)
{
    (void)context;
    (void)path;
}

static void sweep(const Parcel *parcel)
{
    Error error = {0};
    DoomedSweep round = {.removing = ignore_removal};
    assert_true(doomed_sweep(parcel->archive->library.doomed, &round, &error));
    assert_int_equal(archive_query(parcel->archive, "SELECT count(*) FROM doomed"), 0);
}

static bool read_last(StoreConnection *connection, void *argument, Error *error)
{
    struct {
        const char *job_id;
        DeliveryRow row;
    } *self = argument;
    return store_delivery_last(connection, self->job_id, &self->row, error);
}

static DeliveryRow expect_journal(const Parcel *parcel, DeliveryOutcome outcome)
{
    struct {
        const char *job_id;
        DeliveryRow row;
    } last = {.job_id = parcel->job.job_id};
    assert_true(store_read(parcel->archive->store, read_last, &last, NULL));
    assert_int_equal(last.row.outcome, outcome);
    return last.row;
}

/* --- acceptance --- */

static void replaces_the_original(void **state)
{
    Parcel parcel = pack(*state);
    UploadView view;
    Error error = {0};
    assert_true(send(&parcel, &error));
    assert_false(parcel.out.repeated);
    JobRow job = archive_job(parcel.archive, parcel.job.job_id);
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(archive_attempt(parcel.archive, job.id).outcome, ATTEMPT_DELIVERED);
    expect_journal(&parcel, DELIVERY_ACCEPTED);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_string_equal(view.original_path, "");
    assert_string_equal(view.video_path, parcel.out.video_path);
    assert_string_equal(view.poster_path, parcel.out.poster_path);
    assert_int_equal(view.media.height, 1920);
    assert_non_null(strstr(view.video_path, "-clip.mp4"));
    assert_non_null(strstr(view.poster_path, "-clip-poster.jpg"));
    free(parcel.video);
}

static void keeps_the_original_where_that_is_wanted(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    parcel.archive->library.keep_original_videos = true;
    assert_true(send(&parcel, &error));
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    free(parcel.video);
}

/* What the result lacks is nowhere else. */
static void keeps_the_original_of_a_result_that_is_not_whole(void **state)
{
    Parcel parcel = pack(*state);
    UploadView view;
    Error error = {0};
    parcel.result.whole = false;
    assert_true(send(&parcel, &error));
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_string_equal(view.original_path, parcel.original.path);
    assert_int_equal(view.job_state, JOB_DONE);
    free(parcel.video);
}

/* A sender that does not know the word has not said so. */
static void keeps_the_original_where_nobody_said_that_it_is_whole(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    _cleanup_json_ json_t *json = transfer_result_encode(&parcel.result);
    assert_int_equal(json_object_del(json, "whole"), 0);
    _cleanup_free_ char *metadata = json_print(json);
    Delivery *delivery = delivery_begin(&parcel.archive->library, 10000, START, &error);
    assert_true(put_fields(delivery, &parcel, &error));
    assert_true(delivery_set(delivery, "metadata", metadata, &error));
    assert_true(put_file(delivery, &parcel, DELIVERY_VIDEO, &error));
    assert_true(put_file(delivery, &parcel, DELIVERY_POSTER, &error));
    assert_true(delivery_finish(delivery, START, &parcel.out, &error));
    delivery_free(delivery);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    free(parcel.video);
}

static void does_without_a_poster(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    parcel.poster = NULL;
    describe(&parcel);
    assert_true(send(&parcel, &error));
    assert_string_equal(parcel.out.poster_path, "");
    free(parcel.video);
}

static void answers_the_same_delivery_the_same(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    assert_true(send(&parcel, &error));
    Delivered first = parcel.out;
    for (int i = 0; i < 2; i++) {
        archive_reopen(parcel.archive);
        assert_true(send(&parcel, &error));
        assert_true(parcel.out.repeated);
        expect_journal(&parcel, DELIVERY_REPEATED);
        assert_string_equal(parcel.out.video_path, first.video_path);
        assert_string_equal(parcel.out.poster_path, first.poster_path);
    }
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    free(parcel.video);
}

static void takes_no_second_result(void **state)
{
    Parcel parcel = pack(*state), other;
    Error error = {0};
    assert_true(send(&parcel, &error));
    other = parcel;
    other.video = archive_mp4(SIZE, 'w');
    describe(&other);
    assert_false(send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    expect_journal(&other, DELIVERY_REFUSED);
    free(other.video);
    other = parcel;
    id_token(other.job.lease_token);
    assert_false(send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    free(parcel.video);
}

static void accepts_a_result_after_its_lease_ran_out(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    int64_t next;
    assert_true(jobs_expire(&parcel.archive->jobs, START + 60000, &next, &error));
    assert_int_equal(archive_job(parcel.archive, parcel.job.job_id).state, JOB_QUEUED);
    assert_true(send(&parcel, &error));
    assert_int_equal(archive_job(parcel.archive, parcel.job.job_id).state, JOB_DONE);
    free(parcel.video);
}

static void refuses_who_was_overtaken(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    int64_t next;
    assert_true(jobs_expire(&parcel.archive->jobs, START + 60000, &next, &error));
    archive_claim(parcel.archive, START + 60000);
    assert_false(send(&parcel, &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    assert_int_equal(archive_count_files(parcel.archive), 1);
    free(parcel.video);
}

static void refuses_a_result_for_a_deleted_item(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    assert_true(jobs_cancel(&parcel.archive->jobs, parcel.job.media_id, START, &error));
    assert_false(send(&parcel, &error));
    assert_int_equal(error.code, ERROR_GONE);
    free(parcel.video);
}

static void drops_a_result_of_a_lost_future(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    id_uuid(parcel.job.job_id);
    assert_false(send(&parcel, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    free(parcel.video);
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
    Delivery *delivery = delivery_begin(&sender->parcel.archive->library, 10000, START, &error);
    sender->good = put_fields(delivery, &sender->parcel, &error) &&
                   put_file(delivery, &sender->parcel, DELIVERY_VIDEO, &error) &&
                   put_file(delivery, &sender->parcel, DELIVERY_POSTER, &error) &&
                   delivery_finish(delivery, START, &sender->parcel.out, &error);
    delivery_free(delivery);
    return NULL;
}

static void leaves_one_file_when_a_delivery_comes_many_times_at_once(void **state)
{
    Parcel parcel = pack(*state);
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
        assert_string_equal(senders[i].parcel.out.video_path, senders[0].parcel.out.video_path);
    }
    assert_int_equal(first, 1);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    free(parcel.video);
}

/* --- what is wrong with a result --- */

static void damage_video(Parcel *parcel)
{
    parcel->video[SIZE - 1] ^= 1;
}
static void cut_video(Parcel *parcel)
{
    parcel->video_size -= 10;
    describe(parcel);
}
static void claim_another_size(Parcel *parcel)
{
    parcel->result.files[TRANSFER_VIDEO].size++;
}
static void send_text(Parcel *parcel)
{
    memset(parcel->video, 'x', SIZE);
    describe(parcel);
}
static void send_quicktime(Parcel *parcel)
{
    memcpy(parcel->video + 8, "qt  \0\0\0\0qt  qt  ", 16);
    describe(parcel);
}
static void send_no_index(Parcel *parcel)
{
    memcpy(parcel->video + 28, "free", 4);
    describe(parcel);
}
static void send_empty(Parcel *parcel)
{
    parcel->video_size = 0;
    describe(parcel);
}
static void send_no_video(Parcel *parcel)
{
    parcel->video = NULL;
}
static void send_text_poster(Parcel *parcel)
{
    parcel->poster = "no picture";
    parcel->poster_size = 10;
    describe(parcel);
}
static void damage_poster(Parcel *parcel)
{
    parcel->poster_size--;
}
static void forget_poster(Parcel *parcel)
{
    parcel->poster = NULL;
}
static void be_short(Parcel *parcel)
{
    parcel->result.duration = 5;
}
static void be_endless(Parcel *parcel)
{
    parcel->result.duration = 20;
}
static void be_nothing(Parcel *parcel)
{
    parcel->result.duration = 0;
}
static void have_no_width(Parcel *parcel)
{
    parcel->result.width = 0;
}
static void have_absurd_height(Parcel *parcel)
{
    parcel->result.height = 1 << 20;
}
static void name_another_item(Parcel *parcel)
{
    id_uuid(parcel->job.media_id);
}

static const struct {
    void (*spoil)(Parcel *parcel);
    const char *field;
    const char *sentence;
} faults[] = {
    {damage_video, "video_file", "a video damaged on its way"},
    {cut_video, "video_file", "a video whose last box is cut off"},
    {claim_another_size, "video_file", "another size than was told"},
    {send_text, "video_file", "text called video"},
    {send_quicktime, "video_file", "another container"},
    {send_no_index, "video_file", "a video without moov"},
    {send_empty, "video_file", "an empty video"},
    {send_no_video, "video_file", "no video"},
    {send_text_poster, "poster_file", "a poster that is no picture"},
    {damage_poster, "poster_file", "a poster damaged on its way"},
    {forget_poster, "poster_file", "a poster that was told of and is missing"},
    {be_short, "metadata", "half of the original's duration"},
    {be_endless, "metadata", "twice the original's duration"},
    {be_nothing, "metadata", "no duration"},
    {have_no_width, "metadata", "no width"},
    {have_absurd_height, "metadata", "an absurd height"},
    {name_another_item, "log_entry_media_id", "another item's id"},
};

static void refuses_what_is_wrong_and_keeps_the_original(void **state)
{
    Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        Parcel parcel = pack(archive);
        char *video = parcel.video;
        Error error = {0};
        size_t before = archive_count_files(archive);
        faults[i].spoil(&parcel);
        unit_check(!send(&parcel, &error), faults[i].sentence);
        unit_check(error.code == ERROR_INVALID, faults[i].sentence);
        unit_check(error.field_count > 0 && streq(error.fields[0].name, faults[i].field),
                   faults[i].sentence);
        unit_check(archive_count_files(archive) == before, faults[i].sentence);
        unit_check(archive_job(archive, parcel.job.job_id).state == JOB_LEASED, faults[i].sentence);
        expect_journal(&parcel, DELIVERY_REFUSED);
        free(video);
    }
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM doomed"), 0);
}

static void names_every_missing_field(void **state)
{
    Archive *archive = *state;
    Delivered out;
    Error error = {0};
    Delivery *delivery = delivery_begin(&archive->library, 100, START, &error);
    assert_false(delivery_finish(delivery, START, &out, &error));
    assert_int_equal(error.field_count, 5);
    assert_false(delivery_set(delivery, "job_id", "42", &error));
    assert_false(delivery_set(delivery, "lease_token", "", &error));
    assert_false(delivery_set(delivery, "metadata", "{\"duration\":", &error));
    assert_false(delivery_set(delivery, "metadata", "{}", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    delivery_free(delivery);
}

/* A stale holder is sent away before its bytes are taken. */
static void refuses_at_the_first_file(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    id_token(parcel.job.lease_token);
    Delivery *delivery = delivery_begin(&parcel.archive->library, 100, START, &error);
    assert_true(put_fields(delivery, &parcel, &error));
    assert_false(delivery_file_begin(delivery, DELIVERY_VIDEO, "", &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    delivery_free(delivery);
    free(parcel.video);
}

/* --- the journal --- */

typedef bool Stumble(Delivery *delivery, const Parcel *parcel, Error *error);

static bool set_bad_metadata(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    return delivery_set(delivery, "metadata", "{}", error);
}

static bool send_video_twice(Delivery *delivery, const Parcel *parcel, Error *error)
{
    return put_file(delivery, parcel, DELIVERY_VIDEO, error) &&
           put_file(delivery, parcel, DELIVERY_VIDEO, error);
}

static bool send_huge_poster(Delivery *delivery, const Parcel *parcel, Error *error)
{
    static char block[MIB];
    (void)parcel;
    if (!delivery_file_begin(delivery, DELIVERY_POSTER, "", error))
        return false;
    for (size_t sent = 0; sent <= TRANSFER_POSTER_MAX; sent += sizeof block)
        if (!delivery_append(delivery, block, sizeof block, error))
            return false;
    return true;
}

/* The folders of the item's files cannot be made: a file stands in their place. */
static bool meet_a_broken_volume(Delivery *delivery, const Parcel *parcel, Error *error)
{
    const Archive *archive = parcel->archive;
    char from[100], to[100];
    Delivered out;
    snprintf(from, sizeof from, "%s/log_entries", archive->root);
    snprintf(to, sizeof to, "%s/aside", archive->root);
    assert_int_equal(rename(from, to), 0);
    int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    bool good = put_file(delivery, parcel, DELIVERY_VIDEO, error) &&
                put_file(delivery, parcel, DELIVERY_POSTER, error) &&
                delivery_finish(delivery, START, &out, error);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(rename(to, from), 0);
    return good;
}

static bool stop_in_the_middle(Delivery *delivery, const Parcel *parcel, Error *error)
{
    assert_true(put_file(delivery, parcel, DELIVERY_VIDEO, error));
    return false;
}

static bool stop_after_the_fields(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)delivery, (void)parcel, (void)error;
    return false;
}

static bool be_refused_outside(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    error_set(error, ERROR_INVALID, "The form is wrong.");
    return delivery_refuse(delivery, error);
}

static void journals_every_end_once(void **state)
{
    static const struct {
        Stumble *stumble;
        const char *words; /* of the row */
        const char *sentence;
    } rows[] = {
        {set_bad_metadata, "duration", "a field that cannot be used"},
        {send_video_twice, "more than one video_file", "two videos"},
        {send_huge_poster, "poster is larger", "a poster too large"},
        {meet_a_broken_volume, "log_entries", "files that cannot be published"},
        {be_refused_outside, "form is wrong", "a fault of the form"},
        {stop_in_the_middle, "cut off", "a connection lost in a file"},
        {stop_after_the_fields, "cut off", "a connection lost after the fields"},
    };
    Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Parcel parcel = pack(archive);
        Error error = {0};
        Delivery *delivery = delivery_begin(&archive->library, 10000, START, &error);
        assert_true(put_fields(delivery, &parcel, &error));
        unit_check(!rows[i].stumble(delivery, &parcel, &error), rows[i].sentence);
        delivery_free(delivery);
        unit_check(archive_query(archive, "SELECT count(*) FROM delivery") == (int64_t)i + 1,
                   rows[i].sentence);
        DeliveryRow row = expect_journal(&parcel, DELIVERY_REFUSED);
        unit_check(row.detail[0] && strstr(row.detail, rows[i].words), rows[i].sentence);
        free(parcel.video);
    }
}

static void journals_nothing_of_no_job(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Delivery *delivery = delivery_begin(&archive->library, 100, START, &error);
    assert_false(delivery_set(delivery, "metadata", "{}", &error));
    delivery_free(delivery);
    Parcel parcel = pack(archive);
    assert_true(send(&parcel, &error));
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM delivery"), 1);
    expect_journal(&parcel, DELIVERY_ACCEPTED);
    free(parcel.video);
}

static void takes_files_announced_as_what_they_are(void **state)
{
    static const struct {
        DeliveryFile which;
        const char *type;
        bool taken;
    } rows[] = {
        {DELIVERY_VIDEO, "", true},
        {DELIVERY_VIDEO, "video/mp4", true},
        {DELIVERY_VIDEO, "Video/MP4; codecs=avc1", true},
        {DELIVERY_VIDEO, "application/octet-stream", true},
        {DELIVERY_VIDEO, "Application/Octet-Stream; x=y", true},
        {DELIVERY_VIDEO, "application/octet-streams", false},
        {DELIVERY_VIDEO, "image/jpeg", false},
        {DELIVERY_VIDEO, "text/plain", false},
        {DELIVERY_VIDEO, "video", false},
        {DELIVERY_POSTER, "", true},
        {DELIVERY_POSTER, "image/webp", true},
        {DELIVERY_POSTER, "application/octet-stream", true},
        {DELIVERY_POSTER, "video/mp4", false},
    };
    Parcel parcel = pack(*state);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        const char *field = rows[i].which == DELIVERY_VIDEO ? "video_file" : "poster_file";
        Delivery *delivery = delivery_begin(&parcel.archive->library, 100, START, &error);
        assert_true(put_fields(delivery, &parcel, &error));
        bool taken = delivery_file_begin(delivery, rows[i].which, rows[i].type, &error);
        unit_check(taken == rows[i].taken, rows[i].type);
        unit_check(taken || error.code == ERROR_INVALID, rows[i].type);
        unit_check(taken || streq(error.fields[0].name, field), rows[i].type);
        delivery_free(delivery);
    }
    free(parcel.video);
}

/* The room that uploads leave free is there for results. */
static void may_use_the_last_room(void **state)
{
    Archive *archive = *state;
    Parcel parcel = pack(archive);
    Error error = {0};
    VolumeOptions options = {.root = archive->root, .inspect = true, .min_free_space = 1ull << 60};
    Volume *full = volume_open(&options, &error);
    Library library = archive->library;
    library.volume = full;
    assert_null(upload_begin(&library, 10000, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    Delivery *delivery = delivery_begin(&library, 10000, START, &error);
    assert_non_null(delivery);
    delivery_free(delivery);
    assert_null(delivery_begin(&library, 1ull << 60, START, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    volume_close(full);
    free(parcel.video);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replaces_the_original),
        TEST(keeps_the_original_where_that_is_wanted),
        TEST(keeps_the_original_of_a_result_that_is_not_whole),
        TEST(keeps_the_original_where_nobody_said_that_it_is_whole),
        TEST(does_without_a_poster),
        TEST(answers_the_same_delivery_the_same),
        TEST(takes_no_second_result),
        TEST(accepts_a_result_after_its_lease_ran_out),
        TEST(refuses_who_was_overtaken),
        TEST(refuses_a_result_for_a_deleted_item),
        TEST(drops_a_result_of_a_lost_future),
        TEST(leaves_one_file_when_a_delivery_comes_many_times_at_once),
        TEST(refuses_what_is_wrong_and_keeps_the_original),
        TEST(names_every_missing_field),
        TEST(refuses_at_the_first_file),
        TEST(journals_every_end_once),
        TEST(journals_nothing_of_no_job),
        TEST(takes_files_announced_as_what_they_are),
        TEST(may_use_the_last_room),
    };
    log_init("test_delivery", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
