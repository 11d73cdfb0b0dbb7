/* Deliveries that are wrong, late or cut off: each is refused in words, journaled, and changes
 * nothing. */
#include "tests/unit/parcel.h"

#include <fcntl.h>

#include "common/base/log.h"
#include "web/library/intake/upload.h"

/* --- what is wrong with a result --- */

static Bytes *video_of(Parcel *parcel)
{
    return &parcel->files[TRANSFER_VIDEO];
}
static void damage_video(Parcel *parcel)
{
    video_of(parcel)->data[PARCEL_SIZE - 1] ^= 1;
}
static void cut_video(Parcel *parcel)
{
    video_of(parcel)->size -= 10;
    parcel_describe(parcel);
}
static void claim_another_size(Parcel *parcel)
{
    parcel->result.files[TRANSFER_VIDEO].size++;
}
static void send_text(Parcel *parcel)
{
    memset(video_of(parcel)->data, 'x', PARCEL_SIZE);
    parcel_describe(parcel);
}
static void send_quicktime(Parcel *parcel)
{
    memcpy(video_of(parcel)->data + 8, "qt  \0\0\0\0qt  qt  ", 16);
    parcel_describe(parcel);
}
static void send_no_index(Parcel *parcel)
{
    memcpy(video_of(parcel)->data + 28, "free", 4);
    parcel_describe(parcel);
}
static void send_empty(Parcel *parcel)
{
    parcel_put(parcel, TRANSFER_VIDEO, "", 0);
}
static void send_no_video(Parcel *parcel)
{
    free(video_of(parcel)->data);
    video_of(parcel)->data = NULL;
}
static void send_text_poster(Parcel *parcel)
{
    parcel_put_text(parcel, TRANSFER_POSTER, "no picture");
}
static void damage_poster(Parcel *parcel)
{
    parcel->files[TRANSFER_POSTER].size--;
}
static void forget_poster(Parcel *parcel)
{
    parcel_leave_out(parcel, TRANSFER_POSTER);
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
    parcel_put_text(parcel, TRANSFER_STORYBOARD, "\x89PNG\r\n\x1A\n and more");
}
static void damage_storyboard(Parcel *parcel)
{
    parcel->files[TRANSFER_STORYBOARD].data[12] ^= 1;
}
static void send_no_storyboard(Parcel *parcel)
{
    parcel_leave_out(parcel, TRANSFER_STORYBOARD);
}
static void send_no_vtt(Parcel *parcel)
{
    parcel_leave_out(parcel, TRANSFER_STORYBOARD_VTT);
}
static void damage_vtt(Parcel *parcel)
{
    parcel->files[TRANSFER_STORYBOARD_VTT].data[21] ^= 1;
}
static void send_strange_vtt(Parcel *parcel)
{
    parcel_put_text(
        parcel, TRANSFER_STORYBOARD_VTT,
        "WEBVTT\n\n00:00.000 --> 00:10.000\n//evil.example/storyboard.jpg#xywh=0,0,1,1\n");
}
static void send_empty_vtt(Parcel *parcel)
{
    parcel_put_text(parcel, TRANSFER_STORYBOARD_VTT, "");
}
static void send_both(Parcel *parcel)
{
    parcel_put(parcel, TRANSFER_AUDIO, video_of(parcel)->data, PARCEL_SIZE);
    parcel->result.files[TRANSFER_AUDIO].present = false;
}
static void send_quicktime_sound(Parcel *parcel)
{
    memcpy(parcel->files[TRANSFER_AUDIO].data + 8, "qt  \0\0\0\0qt  qt  ", 16);
    parcel_describe(parcel);
}
static void damage_sound(Parcel *parcel)
{
    parcel->files[TRANSFER_AUDIO].data[PARCEL_SIZE - 1] ^= 1;
}
static void cut_sound(Parcel *parcel)
{
    parcel->files[TRANSFER_AUDIO].size -= 10;
    parcel_describe(parcel);
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
    parcel_put_text(parcel, TRANSFER_WAVEFORM,
                    "{\"version\":2,\"channels\":1,\"sample_rate\":8000,\"samples_per_pixel\":80,"
                    "\"bits\":8,\"length\":1,\"data\":[-300,3]}");
}
static void send_page_as_waveform(Parcel *parcel)
{
    parcel_put_text(parcel, TRANSFER_WAVEFORM, "<script>alert(1)</script>");
}

static const struct {
    Parcel (*pack)(Archive *archive);
    void (*spoil)(Parcel *parcel);
    const char *field;
    const char *sentence;
    ErrorCode code; /* ERROR_MEDIA: what is made of the same original again is no better */
} faults[] = {
    {parcel_pack, damage_video, "video_file", "a video damaged on its way", ERROR_INVALID},
    {parcel_pack, cut_video, "video_file", "a video whose last box is cut off", ERROR_MEDIA},
    {parcel_pack, claim_another_size, "video_file", "another size than was told", ERROR_INVALID},
    {parcel_pack, send_text, "video_file", "text called video", ERROR_INVALID},
    {parcel_pack, send_quicktime, "video_file", "another container", ERROR_INVALID},
    {parcel_pack, send_no_index, "video_file", "a video without moov", ERROR_MEDIA},
    {parcel_pack, send_empty, "video_file", "an empty video", ERROR_INVALID},
    {parcel_pack, send_no_video, "video_file", "no video", ERROR_INVALID},
    {parcel_pack, send_text_poster, "poster_file", "a poster that is no picture", ERROR_INVALID},
    {parcel_pack, damage_poster, "poster_file", "a poster damaged on its way", ERROR_INVALID},
    {parcel_pack, forget_poster, "poster_file", "a poster that was told of and is missing",
     ERROR_INVALID},
    {parcel_pack, hide_poster, "poster_file", "a poster that was not told of", ERROR_INVALID},
    {parcel_pack, be_short, "metadata", "half of the original's duration", ERROR_MEDIA},
    {parcel_pack, be_endless, "metadata", "twice the original's duration", ERROR_MEDIA},
    {parcel_pack, be_nothing, "metadata", "no duration", ERROR_MEDIA},
    {parcel_pack, have_no_width, "metadata", "no width", ERROR_MEDIA},
    {parcel_pack, have_absurd_height, "metadata", "an absurd height", ERROR_MEDIA},
    {parcel_pack, name_another_item, "log_entry_media_id", "another item's id", ERROR_INVALID},
    {parcel_pack, hash_little, "metadata", "a thumbhash that is no base64", ERROR_INVALID},
    {parcel_pack, tell_no_time, "metadata", "a capture time that is no time", ERROR_INVALID},
    {parcel_pack, call_it_in_two_lines, "metadata", "a title with a line's end", ERROR_INVALID},
    {parcel_pack, send_both, "audio_file", "a video and a recording at once", ERROR_INVALID},
    {parcel_pack_all, send_png_storyboard, "storyboard_file", "a storyboard that is no JPEG",
     ERROR_INVALID},
    {parcel_pack_all, damage_storyboard, "storyboard_file", "a storyboard damaged on its way",
     ERROR_INVALID},
    {parcel_pack_all, send_no_storyboard, "storyboard_file", "a storyboard's text alone",
     ERROR_INVALID},
    {parcel_pack_all, send_no_vtt, "storyboard_vtt", "a storyboard's picture alone", ERROR_INVALID},
    {parcel_pack_all, damage_vtt, "storyboard_vtt", "a storyboard's text damaged on its way",
     ERROR_INVALID},
    {parcel_pack_all, send_strange_vtt, "storyboard_vtt", "a storyboard of another host's picture",
     ERROR_INVALID},
    {parcel_pack_all, send_empty_vtt, "storyboard_vtt", "an empty storyboard's text",
     ERROR_INVALID},
    {parcel_pack_sound, send_quicktime_sound, "audio_file", "sound in another container",
     ERROR_INVALID},
    {parcel_pack_sound, damage_sound, "audio_file", "sound damaged on its way", ERROR_INVALID},
    {parcel_pack_sound, cut_sound, "audio_file", "sound whose last box is cut off", ERROR_MEDIA},
    {parcel_pack_sound, have_a_width, "metadata", "sound with a width", ERROR_MEDIA},
    {parcel_pack_sound, damage_waveform, "waveform_file", "a waveform damaged on its way",
     ERROR_INVALID},
    {parcel_pack_sound, send_loud_waveform, "waveform_file", "a waveform beyond eight bits",
     ERROR_INVALID},
    {parcel_pack_sound, send_page_as_waveform, "waveform_file", "a page as waveform",
     ERROR_INVALID},
};

static void refuses_what_is_wrong_and_keeps_the_original(void **state)
{
    Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        Parcel parcel = faults[i].pack(archive);
        Error error = {0};
        size_t before = archive_count_files(archive);
        faults[i].spoil(&parcel);
        unit_check(!parcel_send(&parcel, &error), faults[i].sentence);
        unit_check(error.code == faults[i].code, faults[i].sentence);
        unit_check(error.field_count > 0 && streq(error.fields[0].name, faults[i].field),
                   faults[i].sentence);
        unit_check(archive_count_files(archive) == before, faults[i].sentence);
        unit_check(archive_job(archive, parcel.job.job_id).state == JOB_LEASED, faults[i].sentence);
        parcel_expect_journal(&parcel, DELIVERY_REFUSED);
        parcel_unpack(&parcel);
    }
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

static void names_every_missing_field(void **state)
{
    Archive *archive = *state;
    Delivered out;
    Error error = {0};
    Delivery *delivery = delivery_begin(&archive->library, 100, PARCEL_START, &error);
    assert_false(delivery_finish(delivery, PARCEL_START, &out, &error));
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
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    id_token(parcel.job.lease_token);
    Delivery *delivery = delivery_begin(&parcel.archive->library, 100, PARCEL_START, &error);
    assert_true(parcel_put_fields(delivery, &parcel, &error));
    assert_false(delivery_file_begin(delivery, TRANSFER_VIDEO, "", &error));
    assert_int_equal(error.code, ERROR_LEASE_LOST);
    delivery_free(delivery);
    parcel_unpack(&parcel);
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
    return parcel_put_file(delivery, parcel, TRANSFER_VIDEO, error) &&
           parcel_put_file(delivery, parcel, TRANSFER_VIDEO, error);
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
    bool good = parcel_put_files(delivery, parcel, error) &&
                delivery_finish(delivery, PARCEL_START, &out, error);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(rename(to, from), 0);
    return good;
}

static bool stop_in_the_middle(Delivery *delivery, const Parcel *parcel, Error *error)
{
    assert_true(parcel_put_file(delivery, parcel, TRANSFER_VIDEO, error));
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
        Parcel parcel = parcel_pack(archive);
        Error error = {0};
        Delivery *delivery = delivery_begin(&archive->library, 10000, PARCEL_START, &error);
        assert_true(parcel_put_fields(delivery, &parcel, &error));
        unit_check(!rows[i].stumble(delivery, &parcel, &error), rows[i].sentence);
        delivery_free(delivery);
        unit_check(archive_query(archive, "SELECT count(*) FROM delivery") == (int64_t)i + 1,
                   rows[i].sentence);
        ArchiveEnd row = parcel_expect_journal(&parcel, DELIVERY_REFUSED);
        unit_check(row.detail[0] && strstr(row.detail, rows[i].words), rows[i].sentence);
        parcel_unpack(&parcel);
    }
}

static void journals_nothing_of_no_job(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Delivery *delivery = delivery_begin(&archive->library, 100, PARCEL_START, &error);
    assert_false(delivery_set(delivery, "metadata", "{}", &error));
    delivery_free(delivery);
    Parcel parcel = parcel_pack(archive);
    assert_true(parcel_send(&parcel, &error));
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM delivery"), 1);
    parcel_expect_journal(&parcel, DELIVERY_ACCEPTED);
    parcel_unpack(&parcel);
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
    Parcel parcel = parcel_pack(*state);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        const char *field = transfer_file_kinds[rows[i].which].field;
        Delivery *delivery = delivery_begin(&parcel.archive->library, 100, PARCEL_START, &error);
        assert_true(parcel_put_fields(delivery, &parcel, &error));
        bool taken = delivery_file_begin(delivery, rows[i].which, rows[i].type, &error);
        unit_check(taken == rows[i].taken, rows[i].type);
        unit_check(taken || error.code == ERROR_INVALID, rows[i].type);
        unit_check(taken || streq(error.fields[0].name, field), rows[i].type);
        delivery_free(delivery);
    }
    parcel_unpack(&parcel);
}

/* The room that uploads leave free is there for results. */
static void may_use_the_last_room(void **state)
{
    Archive *archive = *state;
    Parcel parcel = parcel_pack(archive);
    Error error = {0};
    VolumeOptions options = {.root = archive->root, .inspect = true, .min_free_space = 1ull << 60};
    Volume *full = volume_open(&options, &error);
    Library library = archive->library;
    library.volume = full;
    assert_null(upload_begin(&library, 10000, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    Delivery *delivery = delivery_begin(&library, 10000, PARCEL_START, &error);
    assert_non_null(delivery);
    delivery_free(delivery);
    assert_null(delivery_begin(&library, 1ull << 60, PARCEL_START, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    volume_close(full);
    parcel_unpack(&parcel);
}

/* Its files have their names already when the rows turn out not to be possible. It may come again.
 */
static void leaves_nothing_whose_rows_fail(void **state)
{
    Parcel parcel = parcel_pack(*state);
    Error error = {0};
    archive_run(parcel.archive, "CREATE TRIGGER full BEFORE INSERT ON file "
                                "WHEN NEW.role = 'poster' BEGIN SELECT RAISE (ABORT, 'not now'); "
                                "END");
    assert_false(parcel_send(&parcel, &error));
    assert_int_equal(error.code, ERROR_DATABASE);
    assert_int_equal(archive_job(parcel.archive, parcel.job.job_id).state, JOB_LEASED);
    assert_string_equal(archive_attempt(parcel.archive, parcel.job.job_id).outcome, "");
    assert_int_equal(archive_count_staged(parcel.archive), 0);
    assert_int_equal(archive_count_files(parcel.archive), 3);
    parcel_sweep(&parcel);
    assert_int_equal(archive_count_files(parcel.archive), 1);
    assert_int_equal(archive_query(parcel.archive, "SELECT count(*) FROM transit"), 0);
    archive_run(parcel.archive, "DROP TRIGGER full");
    assert_true(parcel_send(&parcel, &error));
    parcel_unpack(&parcel);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_is_wrong_and_keeps_the_original),
        TEST(names_every_missing_field),
        TEST(refuses_at_the_first_file),
        TEST(journals_every_end_once),
        TEST(journals_nothing_of_no_job),
        TEST(takes_files_announced_as_what_they_are),
        TEST(may_use_the_last_room),
        TEST(leaves_nothing_whose_rows_fail),
    };
    log_init("test_delivery", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
