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
static const char storyboard_text[] =
    "WEBVTT\n\n00:00.000 --> 00:10.000\nstoryboard.jpg#xywh=0,0,160,90\n";
static const char waveform_text[] = "{\"version\":2,\"channels\":1,\"sample_rate\":8000,"
                                    "\"samples_per_pixel\":80,\"bits\":8,\"length\":1,"
                                    "\"data\":[ -3, 3 ]}";

static Digest digest_of(const void *bytes, size_t length)
{
    DigestState state;
    Digest digest;
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, bytes, length);
    digest_final(&state, &digest);
    return digest;
}

typedef struct Bytes {
    char *data; /* NULL: is not sent */
    size_t size;
} Bytes;

/* Everything about one delivery; a test changes what it wants to be wrong. */
typedef struct Parcel {
    Archive *archive;
    ArchiveVideo original;
    TransferJob job;
    Bytes files[TRANSFER_FILE_COUNT]; /* until unpack() */
    TransferResult result;
    int64_t now;
    Delivered out;
} Parcel;

static void describe(Parcel *parcel)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        Bytes bytes = parcel->files[i];
        parcel->result.files[i] = (TransferMade){0};
        if (bytes.data)
            parcel->result.files[i] =
                (TransferMade){true, (int64_t)bytes.size, digest_of(bytes.data, bytes.size)};
    }
}

static void put(Parcel *parcel, TransferFile which, const void *data, size_t size)
{
    Bytes *bytes = &parcel->files[which];
    free(bytes->data);
    *bytes = (Bytes){base_calloc(size + 1, 1), size};
    memcpy(bytes->data, data, size);
    describe(parcel);
}

static void put_text(Parcel *parcel, TransferFile which, const char *text)
{
    put(parcel, which, text, strlen(text));
}

static void leave_out(Parcel *parcel, TransferFile which)
{
    free(parcel->files[which].data);
    parcel->files[which] = (Bytes){0};
    describe(parcel);
}

static Parcel pack_claimed(Archive *archive, ArchiveVideo original)
{
    Parcel parcel = {.archive = archive,
                     .files = {[TRANSFER_VIDEO] = {archive_mp4(SIZE, 'v'), SIZE}},
                     .result = {.duration = 10,
                                .source_duration = 10.2,
                                .width = 1080,
                                .height = 1920,
                                .whole = true,
                                .operation = "encode"},
                     .now = START};
    parcel.original = original;
    parcel.job = archive_claim(archive, START);
    put(&parcel, TRANSFER_POSTER, poster_bytes, sizeof poster_bytes);
    return parcel;
}

static Parcel pack(Archive *archive)
{
    return pack_claimed(archive, archive_add_video(archive, START));
}

static void unpack(Parcel *parcel)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        free(parcel->files[i].data);
}

/* A video with all that may come with it. */
static Parcel pack_all(Archive *archive)
{
    Parcel parcel = pack(archive);
    put(&parcel, TRANSFER_STORYBOARD, poster_bytes, sizeof poster_bytes);
    put_text(&parcel, TRANSFER_STORYBOARD_VTT, storyboard_text);
    base_copy(parcel.result.thumbhash, sizeof parcel.result.thumbhash,
              "3OcRJYB4d3h/iIeHeEh3eIhw+j3A");
    base_copy(parcel.result.captured_at, sizeof parcel.result.captured_at, "2024-02-29T23:59:59Z");
    base_copy(parcel.result.title, sizeof parcel.result.title, "The crack, \xC3\xA9");
    return parcel;
}

/* Sound alone. */
static Parcel pack_sound(Archive *archive)
{
    Parcel parcel = pack(archive);
    leave_out(&parcel, TRANSFER_POSTER);
    memcpy(parcel.files[TRANSFER_VIDEO].data + 8, "M4A ", 4);
    parcel.files[TRANSFER_AUDIO] = parcel.files[TRANSFER_VIDEO];
    parcel.files[TRANSFER_VIDEO] = (Bytes){0};
    put_text(&parcel, TRANSFER_WAVEFORM, waveform_text);
    parcel.result.width = parcel.result.height = 0;
    return parcel;
}

static bool put_file(Delivery *delivery, const Parcel *parcel, TransferFile which, Error *error)
{
    const Bytes *bytes = &parcel->files[which];
    return delivery_file_begin(delivery, which, "", error) &&
           delivery_append(delivery, bytes->data, bytes->size, error);
}

static bool put_files(Delivery *delivery, const Parcel *parcel, Error *error)
{
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (parcel->files[i].data && !put_file(delivery, parcel, i, error))
            return false;
    return true;
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
    bool good = put_fields(delivery, parcel, error) && put_files(delivery, parcel, error) &&
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
    assert_string_equal(view.files.of[FILE_ORIGINAL], "");
    assert_string_equal(view.files.of[FILE_VIDEO], parcel.out.files.of[FILE_VIDEO]);
    assert_string_equal(view.files.of[FILE_POSTER], parcel.out.files.of[FILE_POSTER]);
    assert_int_equal(view.media.height, 1920);
    assert_non_null(strstr(view.files.of[FILE_VIDEO], "-clip.mp4"));
    assert_non_null(strstr(view.files.of[FILE_POSTER], "-clip-poster.jpg"));
    unpack(&parcel);
}

static void keeps_the_original_where_that_is_wanted(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    parcel.archive->library.keep_original_videos = true;
    assert_true(send(&parcel, &error));
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    unpack(&parcel);
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
    assert_string_equal(view.files.of[FILE_ORIGINAL], parcel.original.path);
    assert_int_equal(view.job_state, JOB_DONE);
    unpack(&parcel);
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
        MediaFound found = {MEDIA_VIDEO, 1080, 1920, rows[i].found, 30};
        Error error = {0};
        ArchiveVideo original = archive_upload_video(archive, START);
        archive_queue(archive, &found, START);
        Parcel parcel = pack_claimed(archive, original);
        assert_true(send(&parcel, &error));
        sweep(&parcel);
        unit_check(archive_count_files(archive) - before == rows[i].files, rows[i].sentence);
        before = archive_count_files(archive);
        unpack(&parcel);
    }
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
    assert_true(put_files(delivery, &parcel, &error));
    assert_true(delivery_finish(delivery, START, &parcel.out, &error));
    delivery_free(delivery);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    unpack(&parcel);
}

static void does_without_a_poster(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    leave_out(&parcel, TRANSFER_POSTER);
    assert_true(send(&parcel, &error));
    assert_string_equal(parcel.out.files.of[FILE_POSTER], "");
    unpack(&parcel);
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
        assert_string_equal(parcel.out.files.of[FILE_VIDEO], first.files.of[FILE_VIDEO]);
        assert_string_equal(parcel.out.files.of[FILE_POSTER], first.files.of[FILE_POSTER]);
    }
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    unpack(&parcel);
}

static void takes_no_second_result(void **state)
{
    Parcel parcel = pack(*state), other;
    Error error = {0};
    assert_true(send(&parcel, &error));
    other = parcel;
    other.files[TRANSFER_VIDEO].data = archive_mp4(SIZE, 'w');
    describe(&other);
    assert_false(send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    expect_journal(&other, DELIVERY_REFUSED);
    free(other.files[TRANSFER_VIDEO].data);
    other = parcel;
    id_token(other.job.lease_token);
    assert_false(send(&other, &error));
    assert_int_equal(error_http_status(error.code), 410);
    unpack(&parcel);
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
    unpack(&parcel);
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
    unpack(&parcel);
}

static void refuses_a_result_for_a_deleted_item(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    assert_true(jobs_cancel(&parcel.archive->jobs, parcel.job.media_id, START, &error));
    assert_false(send(&parcel, &error));
    assert_int_equal(error.code, ERROR_GONE);
    unpack(&parcel);
}

static void drops_a_result_of_a_lost_future(void **state)
{
    Parcel parcel = pack(*state);
    Error error = {0};
    id_uuid(parcel.job.job_id);
    assert_false(send(&parcel, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    unpack(&parcel);
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
    Parcel parcel = pack_all(*state);
    UploadView view;
    Error error = {0};
    assert_true(send(&parcel, &error));
    sweep(&parcel);
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
    unpack(&parcel);
}

/* What came as a video, and holds sound alone, is a recording from now on. */
static void makes_a_recording_of_sound_alone(void **state)
{
    Parcel parcel = pack_sound(*state);
    UploadView view;
    Error error = {0};
    assert_true(send(&parcel, &error));
    sweep(&parcel);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_int_equal(view.media.kind, MEDIA_AUDIO);
    assert_int_equal(view.media.width, 0);
    assert_string_equal(view.files.of[FILE_VIDEO], "");
    assert_non_null(strstr(view.files.of[FILE_AUDIO], "-clip.m4a"));
    assert_non_null(strstr(view.files.of[FILE_WAVEFORM], "-clip-waveform.json"));
    assert_non_null(
        strstr(read_file(parcel.archive, view.files.of[FILE_WAVEFORM]), "\"data\":[-3,3]"));
    unpack(&parcel);
}

static void keeps_the_original_of_a_recording(void **state)
{
    Parcel parcel = pack_sound(*state);
    UploadView view;
    Error error = {0};
    assert_true(send(&parcel, &error));
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    assert_true(upload_view(&parcel.archive->library, parcel.original.upload_id, &view, &error));
    assert_string_equal(view.files.of[FILE_ORIGINAL], parcel.original.path);
    unpack(&parcel);
}

static void answers_the_same_sound_the_same(void **state)
{
    Parcel parcel = pack_sound(*state);
    Error error = {0};
    assert_true(send(&parcel, &error));
    Delivered first = parcel.out;
    assert_true(send(&parcel, &error));
    assert_true(parcel.out.repeated);
    assert_memory_equal(&parcel.out.files, &first.files, sizeof first.files);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    unpack(&parcel);
}

/* The kind of container says it; not every writer says so in its brand. */
static void takes_sound_in_an_mp4_of_any_brand(void **state)
{
    Parcel parcel = pack_sound(*state);
    Error error = {0};
    memcpy(parcel.files[TRANSFER_AUDIO].data + 8, "isom", 4);
    describe(&parcel);
    assert_true(send(&parcel, &error));
    assert_non_null(strstr(parcel.out.files.of[FILE_AUDIO], ".m4a"));
    unpack(&parcel);
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
    Parcel parcel = pack(*state);
    atomic_bool time_up = false;
    parcel.archive->library.verify = play;
    parcel.archive->library.stop = &time_up;
    parcel.result.has_audio = true;
    decoder.verdict = ERROR_NONE;
    assert_true(send(&parcel, &error));
    assert_int_equal(decoder.expected.kind, DECODER_VIDEO);
    assert_int_equal(decoder.expected.width, 1080);
    assert_int_equal(decoder.expected.height, 1920);
    assert_true(decoder.expected.duration == 10 && decoder.expected.has_audio);
    assert_false(decoder.may_write);
    assert_ptr_equal(decoder.stop, &time_up);
    unpack(&parcel);
    parcel = pack_sound(*state);
    assert_true(send(&parcel, &error));
    assert_int_equal(decoder.expected.kind, DECODER_AUDIO);
    unpack(&parcel);
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
        {pack, ERROR_MEDIA, 422, "video_file"},
        {pack_sound, ERROR_MEDIA, 422, "audio_file"},
        {pack, ERROR_UNAVAILABLE, 503, ""},
        {pack, ERROR_IO, 500, ""},
    };
    Archive *archive = *state;
    archive->library.verify = play;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        Parcel parcel = rows[i].pack(archive);
        size_t before = archive_count_files(archive);
        decoder.verdict = rows[i].verdict;
        unit_check(!send(&parcel, &error), rows[i].field);
        unit_check(error_http_status(error.code) == rows[i].status, rows[i].field);
        unit_check(streq(error.fields[0].name, rows[i].field), rows[i].field);
        unit_check(strstr(error.detail, "What the decoder said."), rows[i].field);
        unit_check(archive_count_files(archive) == before, rows[i].field);
        unit_check(archive_job(archive, parcel.job.job_id).state == JOB_LEASED, rows[i].field);
        unpack(&parcel);
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
    Delivery *delivery = delivery_begin(&sender->parcel.archive->library, 10000, START, &error);
    sender->good = put_fields(delivery, &sender->parcel, &error) &&
                   put_files(delivery, &sender->parcel, &error) &&
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
        assert_string_equal(senders[i].parcel.out.files.of[FILE_VIDEO],
                            senders[0].parcel.out.files.of[FILE_VIDEO]);
    }
    assert_int_equal(first, 1);
    sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 2);
    unpack(&parcel);
}

/* --- what is wrong with a result --- */

static Bytes *video_of(Parcel *parcel)
{
    return &parcel->files[TRANSFER_VIDEO];
}
static void damage_video(Parcel *parcel)
{
    video_of(parcel)->data[SIZE - 1] ^= 1;
}
static void cut_video(Parcel *parcel)
{
    video_of(parcel)->size -= 10;
    describe(parcel);
}
static void claim_another_size(Parcel *parcel)
{
    parcel->result.files[TRANSFER_VIDEO].size++;
}
static void send_text(Parcel *parcel)
{
    memset(video_of(parcel)->data, 'x', SIZE);
    describe(parcel);
}
static void send_quicktime(Parcel *parcel)
{
    memcpy(video_of(parcel)->data + 8, "qt  \0\0\0\0qt  qt  ", 16);
    describe(parcel);
}
static void send_no_index(Parcel *parcel)
{
    memcpy(video_of(parcel)->data + 28, "free", 4);
    describe(parcel);
}
static void send_empty(Parcel *parcel)
{
    put(parcel, TRANSFER_VIDEO, "", 0);
}
static void send_no_video(Parcel *parcel)
{
    free(video_of(parcel)->data);
    video_of(parcel)->data = NULL;
}
static void send_text_poster(Parcel *parcel)
{
    put_text(parcel, TRANSFER_POSTER, "no picture");
}
static void damage_poster(Parcel *parcel)
{
    parcel->files[TRANSFER_POSTER].size--;
}
static void forget_poster(Parcel *parcel)
{
    leave_out(parcel, TRANSFER_POSTER);
    parcel->result.files[TRANSFER_POSTER].present = true;
}
static void hide_poster(Parcel *parcel)
{
    parcel->result.files[TRANSFER_POSTER].present = false;
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
static void hash_little(Parcel *parcel)
{
    base_copy(parcel->result.thumbhash, sizeof parcel->result.thumbhash, "3OcRJQ=");
}
static void tell_no_time(Parcel *parcel)
{
    base_copy(parcel->result.captured_at, sizeof parcel->result.captured_at, "yesterday");
}
static void call_it_in_two_lines(Parcel *parcel)
{
    base_copy(parcel->result.title, sizeof parcel->result.title, "a\nb");
}
static void send_png_storyboard(Parcel *parcel)
{
    put_text(parcel, TRANSFER_STORYBOARD, "\x89PNG\r\n\x1A\n and more");
}
static void damage_storyboard(Parcel *parcel)
{
    parcel->files[TRANSFER_STORYBOARD].data[12] ^= 1;
}
static void send_no_storyboard(Parcel *parcel)
{
    leave_out(parcel, TRANSFER_STORYBOARD);
}
static void send_no_vtt(Parcel *parcel)
{
    leave_out(parcel, TRANSFER_STORYBOARD_VTT);
}
static void damage_vtt(Parcel *parcel)
{
    parcel->files[TRANSFER_STORYBOARD_VTT].data[21] ^= 1;
}
static void send_strange_vtt(Parcel *parcel)
{
    put_text(parcel, TRANSFER_STORYBOARD_VTT,
             "WEBVTT\n\n00:00.000 --> 00:10.000\n//evil.example/storyboard.jpg#xywh=0,0,1,1\n");
}
static void send_empty_vtt(Parcel *parcel)
{
    put_text(parcel, TRANSFER_STORYBOARD_VTT, "");
}
static void send_both(Parcel *parcel)
{
    put(parcel, TRANSFER_AUDIO, video_of(parcel)->data, SIZE);
    parcel->result.files[TRANSFER_AUDIO].present = false;
}
static void send_quicktime_sound(Parcel *parcel)
{
    memcpy(parcel->files[TRANSFER_AUDIO].data + 8, "qt  \0\0\0\0qt  qt  ", 16);
    describe(parcel);
}
static void damage_sound(Parcel *parcel)
{
    parcel->files[TRANSFER_AUDIO].data[SIZE - 1] ^= 1;
}
static void cut_sound(Parcel *parcel)
{
    parcel->files[TRANSFER_AUDIO].size -= 10;
    describe(parcel);
}
static void have_a_width(Parcel *parcel)
{
    parcel->result.width = parcel->result.height = 100;
}
static void damage_waveform(Parcel *parcel)
{
    parcel->files[TRANSFER_WAVEFORM].data[20] ^= 1;
}
static void send_loud_waveform(Parcel *parcel)
{
    put_text(parcel, TRANSFER_WAVEFORM,
             "{\"version\":2,\"channels\":1,\"sample_rate\":8000,\"samples_per_pixel\":80,"
             "\"bits\":8,\"length\":1,\"data\":[-300,3]}");
}
static void send_page_as_waveform(Parcel *parcel)
{
    put_text(parcel, TRANSFER_WAVEFORM, "<script>alert(1)</script>");
}

static const struct {
    Parcel (*pack)(Archive *archive);
    void (*spoil)(Parcel *parcel);
    const char *field;
    const char *sentence;
} faults[] = {
    {pack, damage_video, "video_file", "a video damaged on its way"},
    {pack, cut_video, "video_file", "a video whose last box is cut off"},
    {pack, claim_another_size, "video_file", "another size than was told"},
    {pack, send_text, "video_file", "text called video"},
    {pack, send_quicktime, "video_file", "another container"},
    {pack, send_no_index, "video_file", "a video without moov"},
    {pack, send_empty, "video_file", "an empty video"},
    {pack, send_no_video, "video_file", "no video"},
    {pack, send_text_poster, "poster_file", "a poster that is no picture"},
    {pack, damage_poster, "poster_file", "a poster damaged on its way"},
    {pack, forget_poster, "poster_file", "a poster that was told of and is missing"},
    {pack, hide_poster, "poster_file", "a poster that was not told of"},
    {pack, be_short, "metadata", "half of the original's duration"},
    {pack, be_endless, "metadata", "twice the original's duration"},
    {pack, be_nothing, "metadata", "no duration"},
    {pack, have_no_width, "metadata", "no width"},
    {pack, have_absurd_height, "metadata", "an absurd height"},
    {pack, name_another_item, "log_entry_media_id", "another item's id"},
    {pack, hash_little, "metadata", "a thumbhash that is no base64"},
    {pack, tell_no_time, "metadata", "a capture time that is no time"},
    {pack, call_it_in_two_lines, "metadata", "a title with a line's end"},
    {pack, send_both, "audio_file", "a video and a recording at once"},
    {pack_all, send_png_storyboard, "storyboard_file", "a storyboard that is no JPEG"},
    {pack_all, damage_storyboard, "storyboard_file", "a storyboard damaged on its way"},
    {pack_all, send_no_storyboard, "storyboard_file", "a storyboard's text alone"},
    {pack_all, send_no_vtt, "storyboard_vtt", "a storyboard's picture alone"},
    {pack_all, damage_vtt, "storyboard_vtt", "a storyboard's text damaged on its way"},
    {pack_all, send_strange_vtt, "storyboard_vtt", "a storyboard of another host's picture"},
    {pack_all, send_empty_vtt, "storyboard_vtt", "an empty storyboard's text"},
    {pack_sound, send_quicktime_sound, "audio_file", "sound in another container"},
    {pack_sound, damage_sound, "audio_file", "sound damaged on its way"},
    {pack_sound, cut_sound, "audio_file", "sound whose last box is cut off"},
    {pack_sound, have_a_width, "metadata", "sound with a width"},
    {pack_sound, damage_waveform, "waveform_file", "a waveform damaged on its way"},
    {pack_sound, send_loud_waveform, "waveform_file", "a waveform beyond eight bits"},
    {pack_sound, send_page_as_waveform, "waveform_file", "a page as waveform"},
};

static void refuses_what_is_wrong_and_keeps_the_original(void **state)
{
    Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        Parcel parcel = faults[i].pack(archive);
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
        unpack(&parcel);
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
    assert_false(delivery_file_begin(delivery, TRANSFER_VIDEO, "", &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    delivery_free(delivery);
    unpack(&parcel);
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
    return put_file(delivery, parcel, TRANSFER_VIDEO, error) &&
           put_file(delivery, parcel, TRANSFER_VIDEO, error);
}

/* One byte more than may come. */
static bool send_too_much(Delivery *delivery, TransferFile which, Error *error)
{
    static char block[MIB];
    int64_t rest = transfer_file_kinds[which].size_max + 1;
    if (!delivery_file_begin(delivery, which, "", error))
        return false;
    for (int64_t size; rest > 0; rest -= size) {
        size = MIN_OF(rest, (int64_t)sizeof block);
        if (!delivery_append(delivery, block, (size_t)size, error))
            return false;
    }
    return true;
}

static bool send_huge_poster(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    return send_too_much(delivery, TRANSFER_POSTER, error);
}
static bool send_huge_storyboard(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    return send_too_much(delivery, TRANSFER_STORYBOARD, error);
}
static bool send_huge_vtt(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    return send_too_much(delivery, TRANSFER_STORYBOARD_VTT, error);
}
static bool send_huge_waveform(Delivery *delivery, const Parcel *parcel, Error *error)
{
    (void)parcel;
    return send_too_much(delivery, TRANSFER_WAVEFORM, error);
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
    bool good = put_files(delivery, parcel, error) && delivery_finish(delivery, START, &out, error);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(rename(to, from), 0);
    return good;
}

static bool stop_in_the_middle(Delivery *delivery, const Parcel *parcel, Error *error)
{
    assert_true(put_file(delivery, parcel, TRANSFER_VIDEO, error));
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
        {send_huge_poster, "poster_file is larger", "a poster too large"},
        {send_huge_storyboard, "storyboard_file is larger", "a storyboard too large"},
        {send_huge_vtt, "storyboard_vtt is larger", "a storyboard's text too large"},
        {send_huge_waveform, "waveform_file is larger", "a waveform too large"},
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
        unpack(&parcel);
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
    unpack(&parcel);
}

static void takes_files_announced_as_what_they_are(void **state)
{
    static const struct {
        TransferFile which;
        const char *type;
        bool taken;
    } rows[] = {
        {TRANSFER_VIDEO, "", true},
        {TRANSFER_VIDEO, "video/mp4", true},
        {TRANSFER_VIDEO, "Video/MP4; codecs=avc1", true},
        {TRANSFER_VIDEO, "application/octet-stream", true},
        {TRANSFER_VIDEO, "Application/Octet-Stream; x=y", true},
        {TRANSFER_VIDEO, "application/octet-streams", false},
        {TRANSFER_VIDEO, "image/jpeg", false},
        {TRANSFER_VIDEO, "text/plain", false},
        {TRANSFER_VIDEO, "video", false},
        {TRANSFER_AUDIO, "audio/mp4", true},
        {TRANSFER_AUDIO, "video/mp4", false},
        {TRANSFER_POSTER, "", true},
        {TRANSFER_POSTER, "image/webp", true},
        {TRANSFER_POSTER, "application/octet-stream", true},
        {TRANSFER_POSTER, "video/mp4", false},
        {TRANSFER_STORYBOARD, "image/jpeg", true},
        {TRANSFER_STORYBOARD, "text/vtt", false},
        {TRANSFER_STORYBOARD_VTT, "text/vtt; charset=utf-8", true},
        {TRANSFER_STORYBOARD_VTT, "text/html", false},
        {TRANSFER_WAVEFORM, "application/json", true},
        {TRANSFER_WAVEFORM, "text/html", false},
    };
    Parcel parcel = pack(*state);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        const char *field = transfer_file_kinds[rows[i].which].field;
        Delivery *delivery = delivery_begin(&parcel.archive->library, 100, START, &error);
        assert_true(put_fields(delivery, &parcel, &error));
        bool taken = delivery_file_begin(delivery, rows[i].which, rows[i].type, &error);
        unit_check(taken == rows[i].taken, rows[i].type);
        unit_check(taken || error.code == ERROR_INVALID, rows[i].type);
        unit_check(taken || streq(error.fields[0].name, field), rows[i].type);
        delivery_free(delivery);
    }
    unpack(&parcel);
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
    unpack(&parcel);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replaces_the_original),
        TEST(keeps_the_original_where_that_is_wanted),
        TEST(keeps_the_original_of_a_result_that_is_not_whole),
        TEST(keeps_the_original_that_was_found_to_be_longer),
        TEST(keeps_the_original_where_nobody_said_that_it_is_whole),
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
        TEST(answers_the_same_sound_the_same),
        TEST(takes_sound_in_an_mp4_of_any_brand),
        TEST(asks_the_decoder_for_what_metadata_says),
        TEST(keeps_the_original_of_what_does_not_play),
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
