/*
 * What a transcoder brings besides the video, with the story itself as transcoder: storyboards,
 * recordings and their waveforms, and results that look right and do not play.
 */
#include <fcntl.h>

#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define PATH_SIZE 300

static const char storyboard[] = "WEBVTT\n\n00:00.000 --> 00:02.000\n"
                                 "storyboard.jpg#xywh=0,0,160,90\n";
static const char waveform[] = "{\"version\":2,\"channels\":1,\"sample_rate\":8000,"
                               "\"samples_per_pixel\":8000,\"bits\":8,\"length\":2,"
                               "\"data\":[-9,9,-128,127],\"gps\":\"52.5,13.4\"}";

/* A file of the story's folder with this content. */
static const char *put(Story *story, const char *name, const void *bytes, size_t length)
{
    static char paths[8][PATH_SIZE];
    static size_t next;
    char *path = paths[next++ % ARRAY_SIZE(paths)];
    story_path(story, name, path, PATH_SIZE);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    REQUIRE(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    return path;
}

static const char *put_text(Story *story, const char *name, const char *text)
{
    return put(story, name, text, strlen(text));
}

/* web with one upload whose job is claimed. */
static Upload begin(Story *story, MadeMedia what, TransferJob *job)
{
    story_web_start(story);
    Upload upload = upload_file(story, made_media(what), "a clip #1.mp4");
    story_expect(story, play_claim(story, 10, job), "there should be a job to claim");
    return upload;
}

static Delivery whole_video(Story *story, const TransferJob *job)
{
    return (Delivery){
        .job = job,
        .files.of = {[TRANSFER_VIDEO] = made_media(MADE_READY),
                     [TRANSFER_POSTER] = made_media(MADE_POSTER),
                     [TRANSFER_STORYBOARD] = made_media(MADE_POSTER),
                     [TRANSFER_STORYBOARD_VTT] = put_text(story, "in.vtt", storyboard)}};
}

static Delivery whole_sound(Story *story, const TransferJob *job)
{
    return (Delivery){.job = job,
                      .files.of = {[TRANSFER_AUDIO] = made_media(MADE_SOUND),
                                   [TRANSFER_WAVEFORM] = put_text(story, "in.json", waveform)}};
}

static void expect_delivered(Story *story, const Delivery *delivery)
{
    _cleanup_answer_ Answer answer = play_deliver(story, delivery);
    expect_answer(story, &answer, 200, NULL, "the delivery");
}

static void expect_header(Story *story, const Answer *answer, const char *name, const char *value)
{
    const char *found = answer_header(answer, name);
    story_expect(story, found && strstr(found, value), "%s should be %s, not %s", name, value,
                 found ? found : "missing");
}

/* GETs what the upload has under this field, as browsers want it. */
static Answer fetch(Story *story, const Upload *upload, const char *field, const char *type)
{
    char url[MEDIA_URL_SIZE];
    upload_url(story, upload, field, url);
    Answer answer = ask(story, &(Ask){.path = url});
    expect_answer(story, &answer, 200, NULL, field);
    story_expect(story, streq(answer_header(&answer, "Content-Type"), type),
                 "%s should be %s, not %s", field, type, answer_header(&answer, "Content-Type"));
    expect_header(story, &answer, "X-Content-Type-Options", "nosniff");
    expect_header(story, &answer, "Content-Security-Policy", "default-src 'none'");
    expect_header(story, &answer, "Cache-Control", "immutable");
    expect_header(story, &answer, "Content-Disposition", "inline");
    return answer;
}

static void expect_served(Story *story, const Upload *upload, const char *field, const char *type)
{
    Answer answer = fetch(story, upload, field, type);
    answer_release(&answer);
}

static void test_a_storyboard_comes_with_a_video(void **state)
{
    Story *story = *state;
    TransferJob job;
    char sheet[MEDIA_URL_SIZE];
    Upload upload = begin(story, MADE_VIDEO, &job);
    Delivery delivery = whole_video(story, &job);
    expect_delivered(story, &delivery);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 4);
    _cleanup_answer_ Answer text =
        fetch(story, &upload, "storyboard_url", "text/vtt; charset=utf-8");
    expect_served(story, &upload, "storyboard_image_url", "image/jpeg");
    upload_url(story, &upload, "storyboard_image_url", sheet);
    story_expect(story, strstr(text.body, strrchr(sheet, '/') + 1),
                 "the text should lead to %s: %s", sheet, text.body);
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    assert_string_equal(answer_text(story, &told, "thumbhash"), PLAYED_THUMBHASH);
    assert_string_equal(answer_text(story, &told, "captured_at"), PLAYED_CAPTURED_AT);
    assert_string_equal(answer_text(story, &told, "title"), PLAYED_TITLE);
}

static void test_sound_alone_becomes_a_recording(void **state)
{
    Story *story = *state;
    TransferJob job;
    Upload upload = begin(story, MADE_SOUND, &job);
    Delivery delivery = whole_sound(story, &job);
    expect_delivered(story, &delivery);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 3);
    expect_served(story, &upload, "media_url", "audio/mp4");
    expect_served(story, &upload, "original_url", "video/mp4");
    _cleanup_answer_ Answer peaks = fetch(story, &upload, "waveform_url", "application/json");
    story_expect(story, strstr(peaks.body, "[-9,9,-128,127]") && !strstr(peaks.body, "gps"),
                 "the peaks and nothing else: %s", peaks.body);
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    assert_string_equal(answer_text(story, &told, "kind"), "audio");
    assert_true(json_is_null(json_object_get(answer_json(story, &told), "poster_url")));
    assert_true(json_is_null(json_object_get(answer_json(story, &told), "width")));
}

static void test_the_same_recording_twice(void **state)
{
    Story *story = *state;
    TransferJob job;
    begin(story, MADE_SOUND, &job);
    Delivery delivery = whole_sound(story, &job);
    _cleanup_answer_ Answer first = play_deliver(story, &delivery);
    _cleanup_answer_ Answer second = play_deliver(story, &delivery);
    expect_answer(story, &first, 200, NULL, "the first delivery");
    expect_answer(story, &second, 200, NULL, "the second delivery");
    assert_string_equal(first.body, second.body);
    assert_non_null(strstr(first.body, "-waveform.json"));
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 3);
}

/* --- what is refused --- */

static void expect_refused_as(Story *story, const Delivery *delivery, const char *code,
                              const char *field, const char *what)
{
    _cleanup_answer_ Answer answer = play_deliver(story, delivery);
    expect_answer(story, &answer, 422, code, what);
    story_expect(story, strstr(answer.body, field), "%s: the answer should name %s: %s", what,
                 field, answer.body);
    story_expect(story, job_state_is(story, (void *)"leased"), "%s: the lease stays", what);
}

static void expect_refused(Story *story, const Delivery *delivery, const char *field,
                           const char *what)
{
    expect_refused_as(story, delivery, "invalid", field, what);
}

static void test_hostile_storyboards_are_refused(void **state)
{
    static const char *const texts[] = {
        "<script>alert(1)</script>",
        "WEBVTT\n\n00:00.000 --> 00:02.000\n//evil.example/storyboard.jpg#xywh=0,0,160,90\n",
        "WEBVTT\n\nSTYLE\n::cue { background: url(//evil.example) }\n",
    };
    Story *story = *state;
    TransferJob job;
    begin(story, MADE_VIDEO, &job);
    Delivery delivery = whole_video(story, &job);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        delivery.files.of[TRANSFER_STORYBOARD_VTT] = put_text(story, "hostile.vtt", texts[i]);
        expect_refused(story, &delivery, "storyboard_vtt", texts[i]);
    }
    delivery.files.of[TRANSFER_STORYBOARD_VTT] = NULL;
    expect_refused(story, &delivery, "storyboard_vtt", "a sheet without its text");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
    delivery = whole_video(story, &job);
    expect_delivered(story, &delivery);
}

static void test_hostile_waveforms_are_refused(void **state)
{
    Story *story = *state;
    TransferJob job;
    begin(story, MADE_SOUND, &job);
    Delivery delivery = whole_sound(story, &job);
    delivery.files.of[TRANSFER_WAVEFORM] = put_text(story, "hostile.json", "{\"version\":2}");
    expect_refused(story, &delivery, "waveform_file", "a waveform without peaks");
    delivery.files.of[TRANSFER_WAVEFORM] = made_media(MADE_POSTER);
    expect_refused(story, &delivery, "waveform_file", "a picture as waveform");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
}

/* The boxes are right, the digest too; only who plays it finds out. */
static void test_a_result_that_does_not_play_leaves_the_original(void **state)
{
    Story *story = *state;
    TransferJob job;
    size_t length;
    begin(story, MADE_VIDEO, &job);
    _cleanup_free_ char *bytes = story_read_file(made_media(MADE_READY), &length);
    char *content = memmem(bytes, length, "mdat", 4), *index = memmem(bytes, length, "moov", 4);
    story_expect(story, content && index, "an MP4 file has an index and content");
    char *end = content < index ? index - 4 : bytes + length;
    memset(content + 4, 0xA5, (size_t)(end - content - 4));
    PlayedFiles good = {.of[TRANSFER_VIDEO] = made_media(MADE_READY)};
    Delivery delivery = {.job = &job};
    delivery.files.of[TRANSFER_VIDEO] = put(story, "broken.mp4", bytes, length);
    _cleanup_free_ char *metadata = play_metadata(story, &delivery.files);
    delivery.metadata = metadata;
    expect_refused_as(story, &delivery, "media", "video_file", "a video of noise");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
    expect_delivered(story, &(Delivery){.job = &job, .files = good});
}

static void test_a_kind_that_the_file_is_not(void **state)
{
    Story *story = *state;
    TransferJob job;
    begin(story, MADE_VIDEO, &job);
    Delivery sound = {.job = &job, .files.of[TRANSFER_VIDEO] = made_media(MADE_SOUND)};
    expect_refused_as(story, &sound, "media", "video_file", "sound alone as video");
    Delivery video = {.job = &job, .files.of[TRANSFER_AUDIO] = made_media(MADE_READY)};
    expect_refused_as(story, &video, "media", "audio_file", "a video as sound alone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_a_storyboard_comes_with_a_video),
        STORY_TEST(test_sound_alone_becomes_a_recording),
        STORY_TEST(test_the_same_recording_twice),
        STORY_TEST(test_hostile_storyboards_are_refused),
        STORY_TEST(test_hostile_waveforms_are_refused),
        STORY_TEST(test_a_result_that_does_not_play_leaves_the_original),
        STORY_TEST(test_a_kind_that_the_file_is_not),
    };
    return STORY_RUN(tests);
}
