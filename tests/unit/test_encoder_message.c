#include <fcntl.h>

#include "common/base/flag.h"
#include "tests/unit/encoded.h"
#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/pace.h"
#include "transcoder/pipeline/timeline.h"

/* What else a result tells. */
#define VIDEO_ALONE "\"files\":[\"video\"],\"thumbhash\":\"\",\"captured_at\":\"\",\"title\":\"\""

static void lines_of_a_child_are_checked_before_they_are_believed(void **state)
{
    static const struct {
        const char *line;
        bool valid;
        EncoderMessageKind kind;
        const char *sentence;
    } rows[] = {
        {"{\"progress\":12,\"seconds\":34.5}", true, ENCODER_MESSAGE_PROGRESS,
         "progress is a percentage and seconds"},
        {"{\"progress\":12}", false, 0, "a percentage alone is no progress"},
        {"{\"progress\":12,\"seconds\":-1}", false, 0, "nor are seconds before the beginning"},
        {"{\"progress\":101,\"seconds\":1}", false, 0, "more than everything is a lie"},
        {"{\"progress\":-1,\"seconds\":1}", false, 0, "so is less than nothing"},
        {"{\"progress\":1.5,\"seconds\":1}", false, 0, "and half a percent"},
        {"{\"progress\":\"1\",\"seconds\":1}", false, 0, "text is no number"},
        {"{}", false, 0, "nothing is no message"},
        {"", false, 0, "an empty line is no message"},
        {"[1]", false, 0, "a list is no message"},
        {"{\"progress\":1}{\"progress\":2}", false, 0, "two messages are no line"},
        {"{\"error\":{\"code\":\"media\",\"detail\":\"Too odd.\"}}", true, ENCODER_MESSAGE_ERROR,
         "an error has a code and a sentence"},
        {"{\"error\":{\"code\":\"media\",\"detail\":\"\"}}", false, 0, "an empty reason is none"},
        {"{\"error\":{\"code\":\"media\"}}", false, 0, "a missing one too"},
        {"{\"error\":5}", false, 0, "a number is no error"},
        {"{\"result\":{\"duration\":1.5,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":true,\"losses\":[],\"operation\":\"encode\"," VIDEO_ALONE "}}",
         true, ENCODER_MESSAGE_RESULT, "a result is a result"},
        {"{\"result\":{\"duration\":-1,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":true,\"losses\":[],\"operation\":\"encode\"," VIDEO_ALONE "}}",
         false, 0, "no video lasts less than nothing"},
        {"{\"result\":{\"duration\":1e300,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":true,\"losses\":[],\"operation\":\"encode\"," VIDEO_ALONE "}}",
         false, 0, "or longer than the year"},
        {"{\"result\":{\"duration\":1,\"source_duration\":2,\"width\":64000,\"height\":480,"
         "\"has_audio\":true,\"losses\":[],\"operation\":\"encode\"," VIDEO_ALONE "}}",
         false, 0, "or is wider than we make them"},
        {"{\"result\":{\"duration\":1,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":1,\"losses\":[],\"operation\":\"encode\"," VIDEO_ALONE "}}",
         false, 0, "a flag is true or false"},
        {"{\"result\":{\"duration\":1,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":true,\"operation\":\"encode\"," VIDEO_ALONE "}}",
         false, 0, "what is lost is always told"},
        {"{\"result\":{\"duration\":1,\"source_duration\":2,\"width\":640,\"height\":480,"
         "\"has_audio\":true,\"losses\":[],\"operation\":\"magic\"," VIDEO_ALONE "}}",
         false, 0, "an unknown operation was not done"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        EncoderMessage message = {0};
        bool valid = encoder_message_read(rows[i].line, strlen(rows[i].line), &message);
        unit_check(valid == rows[i].valid, rows[i].sentence);
        if (valid)
            unit_check(message.kind == rows[i].kind, rows[i].sentence);
    }
}

static void a_child_may_blame_the_media_or_the_storage_only(void **state)
{
    static const struct {
        const char *word;
        ErrorCode code;
    } rows[] = {
        {"media", ERROR_MEDIA},
        {"insufficient_storage", ERROR_NO_SPACE},
        {"io", ERROR_IO},
        {"internal", ERROR_INTERNAL},
        {"lease_lost", ERROR_MEDIA},
        {"cancelled", ERROR_MEDIA},
        {"nonsense", ERROR_MEDIA},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char line[200];
        EncoderMessage message;
        snprintf(line, sizeof line, "{\"error\":{\"code\":\"%s\",\"detail\":\"a\\nb\\u001b\"}}",
                 rows[i].word);
        unit_check(encoder_message_read(line, strlen(line), &message), rows[i].word);
        unit_check(message.error.code == rows[i].code, rows[i].word);
        assert_string_equal(message.error.detail, "a b ");
    }
}

static void what_is_written_can_be_read(void **state)
{
    char line[ENCODER_MESSAGE_MAX];
    EncoderMessage read_back,
        sent = {.kind = ENCODER_MESSAGE_RESULT,
                .outcome = {.duration = 1.25,
                            .source_duration = 1.5,
                            .width = 320,
                            .height = 240,
                            .files = {[TRANSFER_VIDEO] = true, [TRANSFER_POSTER] = true},
                            .losses = LOSSES(LOSS_SIZE)}};
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    encoder_message_write(ends[1], &sent);
    ssize_t length = read(ends[0], line, sizeof line);
    close(ends[0]);
    close(ends[1]);
    assert_true(length > 1 && line[length - 1] == '\n');
    assert_true(encoder_message_read(line, (size_t)length - 1, &read_back));
    assert_int_equal(read_back.outcome.width, 320);
    assert_true(read_back.outcome.files[TRANSFER_POSTER] &&
                read_back.outcome.losses == LOSSES(LOSS_SIZE) && !read_back.outcome.has_audio);
    assert_true(read_back.outcome.duration == 1.25);
}

static void the_policy_travels_as_arguments(void **state)
{
    EncoderPolicy sent = encoded_policy(720), read_back;
    EncoderArguments words;
    (void)state;
    encoder_message_arguments(&sent, words);
    char *arguments[ENCODER_ARGUMENTS];
    for (size_t i = 0; i < ENCODER_ARGUMENTS; i++)
        arguments[i] = words[i];
    assert_true(encoder_message_policy(ENCODER_ARGUMENTS, arguments, &read_back));
    assert_int_equal(read_back.max_short_side, 720);
    assert_string_equal(read_back.preset, "veryfast");
    assert_int_equal(read_back.stall_seconds, sent.stall_seconds);
    assert_false(encoder_message_policy(ENCODER_ARGUMENTS - 1, arguments, &read_back));
    char wrong[] = "52";
    arguments[2] = wrong;
    assert_false(encoder_message_policy(ENCODER_ARGUMENTS, arguments, &read_back));
}

/* Frames at `rate`, each moved by up to `jitter` seconds, for ten seconds; how many are kept. */
static int kept_of(double rate, double jitter)
{
    Pace pace = {.rate = PLAN_FRAME_RATE, .permissions = 1};
    int kept = 0;
    for (int i = 0; i < (int)(rate * 10); i++) {
        double seconds = i / rate + (i % 3) * jitter / 2;
        kept += pace_keeps(&pace, &seconds);
    }
    return kept;
}

static void a_rate_is_capped_and_an_uneven_one_below_is_kept_whole(void **state)
{
    (void)state;
    assert_int_equal(kept_of(30, 0), 300);
    assert_int_equal(kept_of(30, 0.03), 300);
    assert_int_equal(kept_of(59.94, 0.005), 599);
    assert_in_range(kept_of(60, 0), 599, 600);
    assert_in_range(kept_of(120, 0), 598, 604);
    assert_in_range(kept_of(240, 0), 598, 604);
}

/* Places a packet at `time` seconds on a track; returns where it came to stand. */
static int64_t placed(Timeline *timeline, TimelineTrack *track, int64_t time, int64_t duration)
{
    AVPacket *packet = av_packet_alloc();
    assert_non_null(packet);
    packet->pts = packet->dts = time;
    packet->duration = duration;
    timeline_place(timeline, track, packet);
    int64_t at = packet->pts;
    assert_true(packet->duration <= 10);
    av_packet_free(&packet);
    return at;
}

static void clocks_that_jump_are_mended_and_late_tracks_are_not(void **state)
{
    Timeline timeline = {.anchored = true, .gap_max = 10 * 1000000};
    TimelineTrack picture = {.time_base = {1, 1}}, sound = {.time_base = {1, 1}};
    (void)state;
    assert_int_equal(placed(&timeline, &picture, 0, 1), 0);
    assert_int_equal(placed(&timeline, &sound, 40, 1), 40);
    assert_int_equal(placed(&timeline, &picture, 1, 1), 1);
    assert_int_equal(placed(&timeline, &picture, 1002, 1), 2);
    assert_int_equal(placed(&timeline, &sound, 1041, 1), 41);
    assert_int_equal(placed(&timeline, &picture, 1003, INT64_MAX / 2), 3);
    assert_int_equal(placed(&timeline, &picture, 1013, 1), 13);
}

/* Packets of the one recording still come when the other has begun. */
static void tracks_of_joined_recordings_stay_together(void **state)
{
    static const int backs[] = {3, 30, -300};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(backs); i++) {
        Timeline timeline = {.anchored = true, .gap_max = 10 * 1000000};
        TimelineTrack picture = {.time_base = {1, 1}}, sound = {.time_base = {1, 1}};
        int start = 1000 - backs[i]; /* where the other one begins to count */
        for (int time = 990; time < 1000; time++)
            assert_int_equal(placed(&timeline, &picture, time, 1), time);
        assert_int_equal(placed(&timeline, &sound, 998, 1), 998);
        assert_int_equal(placed(&timeline, &picture, start, 1), 1000);
        assert_int_equal(placed(&timeline, &sound, 999, 1), 999);
        assert_int_equal(placed(&timeline, &picture, start + 1, 1), 1001);
        assert_int_equal(placed(&timeline, &sound, start, 1), 1000);
        assert_int_equal(placed(&timeline, &sound, start + 1, 1), 1001);
    }
}

static void a_clock_without_a_beginning_begins_with_its_first_packet(void **state)
{
    Timeline timeline = {.gap_max = 10 * 1000000};
    TimelineTrack picture = {.time_base = {1, 1}}, sound = {.time_base = {1, 1}};
    (void)state;
    assert_int_equal(placed(&timeline, &picture, 500, 1), 0);
    assert_int_equal(placed(&timeline, &sound, 502, 1), 2);
}

static void *raise_often(void *flag)
{
    for (int i = 0; i < 20000; i++)
        flag_raise(flag);
    return NULL;
}

static void a_flag_and_its_descriptor_agree(void **state)
{
    Flag flag;
    pthread_t thread;
    (void)state;
    flag_init(&flag);
    assert_int_equal(pthread_create(&thread, NULL, raise_often, &flag), 0);
    for (int i = 0; i < 20000; i++)
        flag_lower(&flag);
    pthread_join(thread, NULL);
    struct pollfd waiting = {.fd = flag.fd, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 0), flag_raised(&flag));
    flag_release(&flag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_child_are_checked_before_they_are_believed),
        cmocka_unit_test(a_child_may_blame_the_media_or_the_storage_only),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(the_policy_travels_as_arguments),
        cmocka_unit_test(a_rate_is_capped_and_an_uneven_one_below_is_kept_whole),
        cmocka_unit_test(clocks_that_jump_are_mended_and_late_tracks_are_not),
        cmocka_unit_test(tracks_of_joined_recordings_stay_together),
        cmocka_unit_test(a_clock_without_a_beginning_begins_with_its_first_packet),
        cmocka_unit_test(a_flag_and_its_descriptor_agree),
    };
    return cmocka_run_group_tests_name("encoder_message", tests, NULL, NULL);
}
