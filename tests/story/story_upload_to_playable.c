/*
 * A video is uploaded, travels to the transcoder and back, and plays; and it is served the way
 * browsers and caches need it.
 */
#include <strings.h>

#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

static void expect_text(Story *story, const char *path, const char *stream, const char *entry,
                        const char *wanted)
{
    _cleanup_free_ char *found = probe_media(path, stream, entry);
    story_expect(story, streq(found, wanted), "%s of the playable video should be %s, is %s", entry,
                 wanted, found);
}

/* What every browser plays, upright, with its poster. */
static void expect_playable(Story *story, const Upload *upload, const char *size)
{
    char url[MEDIA_URL_SIZE], path[300];
    upload_url(story, upload, "media_url", url);
    story_expect(story, strstr(url, ".mp4"), "a playable video is an .mp4: %s", url);
    fetch_to_file(story, url, "playable.mp4", path, sizeof path);
    expect_text(story, path, "v:0", "stream=codec_name", "h264");
    expect_text(story, path, "v:0", "stream=pix_fmt", "yuv420p");
    expect_text(story, path, "v:0", "stream_side_data=rotation", "");
    if (size)
        expect_text(story, path, "v:0", "stream=width,height", size);
    upload_url(story, upload, "poster_url", url);
    fetch_to_file(story, url, "poster.jpg", path, sizeof path);
    expect_text(story, path, "v:0", "stream=codec_name", "mjpeg");
}

static void expect_faststart(Story *story)
{
    char path[300];
    size_t length;
    story_path(story, "playable.mp4", path, sizeof path);
    _cleanup_free_ char *bytes = story_read_file(path, &length);
    const char *index = memmem(bytes, length, "moov", 4), *data = memmem(bytes, length, "mdat", 4);
    story_expect(story, index && data && index < data, "moov should come before mdat");
}

static void travels(Story *story, const char *file, const char *name, const char *size)
{
    Upload upload = upload_file(story, file, name);
    upload_await(story, &upload, "completed");
    expect_playable(story, &upload, size);
    expect_faststart(story);
}

static void test_generated_videos_become_playable(void **state)
{
    Story *story = *state;
    story_web_start(story);
    story_transcoder_start(story);
    travels(story, made_media(MADE_VIDEO), "Riss \"links\" \xF0\x9F\x8E\xA5.mp4", "320,240");
    travels(story, made_media(MADE_ROTATED), "standing.mov", "240,320");
    travels(story, made_media(MADE_READY), "ready.mp4", "320,240");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM file WHERE role = 'original'"), 0);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM attempt"), 3);
    assert_int_equal(inspect_file_count(story), 6);
    story_until(story, inspect_scratch_empty, NULL, "the transcoder to empty its scratch folder");
}

static void test_corpus_videos_become_playable(void **state)
{
    static const struct {
        const char *name, *size;
    } rows[] = {{"video/iphone_h264_gps_rot90.mov", NULL},
                {"video/android_4k60_portrait_h264.mp4", "1080,1920"},
                {"video/vp9_odd_161x121.webm", "160,120"}};
    Story *story = *state;
    char path[600];
    if (!corpus_media(rows[0].name, path, sizeof path))
        skip();
    story_web_start(story);
    story_transcoder_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        story_expect(story, corpus_media(rows[i].name, path, sizeof path), "%s is missing", path);
        travels(story, path, strrchr(path, '/') + 1, rows[i].size);
    }
    inspect_expect_tidy(story);
}

/* As people sent them: heads slightly off, cuts in front, codecs of other days. */
static void test_files_from_the_field_become_playable(void **state)
{
    static const struct {
        const char *name, *content_type, *made; /* the last is how the result's address ends */
    } rows[] = {
        {"field/04_whammy.webm", "video/webm", ".mp4"},
        {"field/06_60ch_resolve.wav", "audio/wav", ".m4a"},
        {"field/09_ts_cut_front.ts", "video/mp2t", ".mp4"},
        {"field/11_voicemail_gsm.wav", "audio/wav", ".m4a"},
        {"field/11b_voice.spx", "audio/ogg", ".m4a"},
        {"field/16_obs_lossless_utvideo.avi", "video/x-msvideo", ".mp4"},
        {"field/ft_fixture-id3v2.flac", "audio/flac", ".m4a"},
        {"field/ft_fixture-null.webm", "video/webm", ".mp4"},
        {"field/ft_fixture.mpg", "video/mpeg", ".mp4"},
    };
    Story *story = *state;
    char path[600], url[MEDIA_URL_SIZE];
    if (!corpus_media("field", path, sizeof path))
        skip();
    story_web_start(story);
    story_transcoder_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        story_expect(story, corpus_media(rows[i].name, path, sizeof path), "%s is missing", path);
        Upload upload = upload_file(story, path, "from-the-field");
        upload_await(story, &upload, "completed");
        _cleanup_answer_ Answer told = upload_state(story, &upload);
        const char *type = answer_text(story, &told, "content_type");
        story_expect(story, streq(type, rows[i].content_type), "%s is %s", path, type);
        upload_url(story, &upload, "media_url", url);
        story_expect(story, strstr(url, rows[i].made), "%s became %s", path, url);
    }
    story_expect(story, !story_log_has(story, "web", "stays, because"),
                 "a recording's original needs no reason to stay");
    assert_true(corpus_media("field/ft_fixture.cr3", path, sizeof path));
    _cleanup_answer_ Answer refused = upload_ask(story, path, "photo.cr3");
    expect_answer(story, &refused, 415, "unsupported_media_type", "a RAW photo");
    story_expect(story, strstr(refused.body, "This is a Canon RAW photo (CR3)"),
                 "it should be called by its name: %s", refused.body);
}

/* What the transcoder says is not in its result, web judges, and the answer tells. */
static void test_originals_are_kept_for_what_is_lost(void **state)
{
    Story *story = *state;
    char path[600], url[MEDIA_URL_SIZE];
    if (!corpus_media("field/07_360_ambisonic.webm", path, sizeof path))
        skip();
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, path, "surround");
    upload_await(story, &upload, "completed");
    upload_url(story, &upload, "original_url", url);
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    story_expect(story, strstr(told.body, "\"kept_for\":[\"channels\""), "why? %s", told.body);
    story_expect(story, strstr(told.body, "\"original_width\":640"), "how large? %s", told.body);
    inspect_expect_tidy(story);
}

static void test_originals_are_kept_when_asked(void **state)
{
    Story *story = *state;
    story_set(story, "KEEP_ORIGINAL_VIDEOS", "yes");
    story_web_start(story);
    story_transcoder_start(story);
    travels(story, made_media(MADE_VIDEO), "kept.mp4", NULL);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 3);
}

/* Web finds out by itself. */
static void test_a_video_nobody_can_decode_fails_with_a_sentence(void **state)
{
    Story *story = *state;
    /* An MP4's first box and nothing behind it that could be decoded. */
    static const unsigned char head[] = {0, 0, 0, 24, 'f', 't', 'y', 'p', 'i', 's', 'o', 'm',
                                         0, 0, 2, 0,  'i', 's', 'o', 'm', 'm', 'p', '4', '2'};
    Upload upload = {0};
    story_web_start(story);
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/api/uploads",
                                                       .form = {{.name = "file",
                                                                 .bytes = head,
                                                                 .length = sizeof head,
                                                                 .padding = 100000,
                                                                 .file_name = "broken.mp4"}}});
    expect_answer(story, &answer, 201, NULL, "a broken video");
    base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id"));
    upload_await(story, &upload, "failed");
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    const char *error = answer_text(story, &told, "error");
    story_expect(story, strlen(error) > 10 && error[strlen(error) - 1] == '.',
                 "the failure should be told in a sentence: %s", told.body);
    inspect_expect_tidy(story);
}

/* --- serving --- */

#define SERVED_SIZE 20000

/* A picture of exactly SERVED_SIZE bytes; its address, and its content for who wants it. */
static void serve_picture(Story *story, const char *name, char url[MEDIA_URL_SIZE], char **content)
{
    Upload upload = {0};
    size_t length;
    _cleanup_free_ char *picture = story_read_file(made_media(MADE_PHOTO), &length);
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/api/uploads",
                                                       .form = {{.name = "file",
                                                                 .file = made_media(MADE_PHOTO),
                                                                 .padding = SERVED_SIZE - length,
                                                                 .file_name = name}}});
    expect_answer(story, &answer, 201, NULL, name);
    base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id"));
    upload_await(story, &upload, "completed");
    upload_url(story, &upload, "media_url", url);
    _cleanup_answer_ Answer whole = ask(story, &(Ask){.path = url});
    expect_answer(story, &whole, 200, NULL, "the whole picture");
    assert_int_equal(whole.length, SERVED_SIZE);
    assert_memory_equal(whole.body, picture, length);
    if (content)
        *content = TAKE_PTR(whole.body);
}

typedef enum IfRange { ANY, MATCHING, OTHER, WEAK, OTHER_DATE } IfRange;

static const struct {
    const char *range;
    IfRange if_range;
    int status, first, last;
    const char *sentence;
} range_rows[] = {
    {"bytes=0-0", ANY, 206, 0, 0, "the first byte"},
    {"bytes=0-9", ANY, 206, 0, 9, "the first ten bytes"},
    {"bytes=100-199", ANY, 206, 100, 199, "a part from the middle"},
    {"bytes=19999-", ANY, 206, 19999, 19999, "open-ended from the last byte"},
    {"bytes=500-", ANY, 206, 500, 19999, "open-ended"},
    {"bytes=0-", ANY, 206, 0, 19999, "open-ended from the start, as players ask"},
    {"bytes=-1", ANY, 206, 19999, 19999, "a suffix of one"},
    {"bytes=-500", ANY, 206, 19500, 19999, "a suffix"},
    {"bytes=-99999", ANY, 206, 0, 19999, "a suffix longer than the file"},
    {"bytes=19990-99999", ANY, 206, 19990, 19999, "a last byte beyond the end"},
    {"bytes=20000-", ANY, 416, 0, 0, "starting behind the end"},
    {"bytes=20000-20010", ANY, 416, 0, 0, "wholly behind the end"},
    {"bytes=-0", ANY, 416, 0, 0, "a suffix of nothing"},
    {"bytes=99999999999999999999-", ANY, 416, 0, 0, "a number beyond 64 bits"},
    {"bytes=5-4", ANY, 200, 0, 0, "last before first is ignored"},
    {"bytes=abc", ANY, 200, 0, 0, "no numbers are ignored"},
    {"bytes=", ANY, 200, 0, 0, "an empty set is ignored"},
    {"bytes=--5", ANY, 200, 0, 0, "two signs are ignored"},
    {"items=0-4", ANY, 200, 0, 0, "another unit is ignored"},
    {"bytes=0-1,5-6", ANY, 200, 0, 0, "several ranges are ignored"},
    {"bytes=0-9", MATCHING, 206, 0, 9, "If-Range with the present tag"},
    {"bytes=0-9", OTHER, 200, 0, 0, "If-Range with another tag"},
    {"bytes=0-9", WEAK, 200, 0, 0, "If-Range with a weak tag never matches"},
    {"bytes=0-9", OTHER_DATE, 200, 0, 0, "If-Range with another date"},
    {"bytes=20000-", OTHER, 200, 0, 0, "If-Range decides before the range is looked at"},
};

static void if_range_field(IfRange kind, const char *etag, char *field, size_t size)
{
    static const char *const formats[] = {[MATCHING] = "If-Range: %s",
                                          [OTHER] = "If-Range: \"other\"",
                                          [WEAK] = "If-Range: W/%s",
                                          [OTHER_DATE] = "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"};
    const char *at = strstr(formats[kind], "%s");
    if (at)
        snprintf(field, size, "%.*s%s", (int)(at - formats[kind]), formats[kind], etag);
    else
        base_copy(field, size, formats[kind]);
}

static void check_range(Story *story, size_t row, const char *url, const char *etag,
                        const char *content)
{
    char range[80], condition[260], expected[80];
    const char *sentence = range_rows[row].sentence;
    int first = range_rows[row].first, last = range_rows[row].last;
    Ask request = {.path = url, .headers = {range}};
    snprintf(range, sizeof range, "Range: %s", range_rows[row].range);
    if (range_rows[row].if_range != ANY) {
        if_range_field(range_rows[row].if_range, etag, condition, sizeof condition);
        request.headers[1] = condition;
    }
    _cleanup_answer_ Answer answer = ask(story, &request);
    expect_answer(story, &answer, range_rows[row].status, NULL, sentence);
    const char *given = answer_header(&answer, "Content-Range");
    if (answer.status == 200) {
        story_expect(story, !given && answer.length == SERVED_SIZE, "%s: the whole", sentence);
        return;
    }
    if (answer.status == 206)
        snprintf(expected, sizeof expected, "bytes %d-%d/%d", first, last, SERVED_SIZE);
    else
        snprintf(expected, sizeof expected, "bytes */%d", SERVED_SIZE);
    story_expect(story, given && streq(given, expected), "%s: Content-Range should be %s, is %s",
                 sentence, expected, given ? given : "missing");
    if (answer.status == 206)
        story_expect(story,
                     answer.length == (size_t)(last - first + 1) &&
                         memcmp(answer.body, content + first, answer.length) == 0,
                     "%s: the bytes differ", sentence);
}

static void test_ranges(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], etag[200];
    story_web_start(story);
    _cleanup_free_ char *content = NULL;
    serve_picture(story, "served.png", url, &content);
    _cleanup_answer_ Answer whole = ask(story, &(Ask){.path = url});
    assert_true(base_copy(etag, sizeof etag, answer_header(&whole, "ETag")));
    story_expect(story, etag[0] == '"', "the ETag should be strong: %s", etag);
    for (size_t i = 0; i < ARRAY_SIZE(range_rows); i++)
        check_range(story, i, url, etag, content);
}

/* %E is the present tag, %D the present date. */
static const struct {
    const char *fields[2];
    int status;
    const char *sentence;
} condition_rows[] = {
    {{"If-None-Match: %E"}, 304, "the present tag"},
    {{"If-None-Match: W/%E"}, 304, "the present tag, compared weakly"},
    {{"If-None-Match: \"a\", %E, \"b\""}, 304, "the present tag in a list"},
    {{"If-None-Match: *"}, 304, "any tag"},
    {{"If-None-Match: \"other\""}, 200, "another tag"},
    {{"If-Modified-Since: %D"}, 304, "not modified since"},
    {{"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"}, 200, "modified since 1994"},
    {{"If-Modified-Since: yesterday"}, 200, "a damaged date is ignored"},
    {{"If-None-Match: \"other\"", "If-Modified-Since: %D"}, 200, "the tag wins over the date"},
    {{"If-Match: %E"}, 200, "If-Match with the present tag"},
    {{"If-Match: \"other\""}, 412, "If-Match with another tag"},
    {{"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"}, 412, "unmodified since 1994"},
};

static void fill_field(const char *pattern, const char *etag, const char *date, char *field,
                       size_t size)
{
    const char *at = strchr(pattern, '%');
    if (!at)
        base_copy(field, size, pattern);
    else
        snprintf(field, size, "%.*s%s%s", (int)(at - pattern), pattern, at[1] == 'E' ? etag : date,
                 at + 2);
}

static void test_conditional_requests(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], etag[200], date[100], fields[2][300];
    story_web_start(story);
    serve_picture(story, "served.png", url, NULL);
    _cleanup_answer_ Answer whole = ask(story, &(Ask){.path = url});
    base_copy(etag, sizeof etag, answer_header(&whole, "ETag"));
    base_copy(date, sizeof date, answer_header(&whole, "Last-Modified"));
    for (size_t i = 0; i < ARRAY_SIZE(condition_rows); i++) {
        Ask request = {.path = url};
        for (size_t n = 0; n < 2 && condition_rows[i].fields[n]; n++) {
            fill_field(condition_rows[i].fields[n], etag, date, fields[n], sizeof fields[n]);
            request.headers[n] = fields[n];
        }
        _cleanup_answer_ Answer answer = ask(story, &request);
        expect_answer(story, &answer, condition_rows[i].status, NULL, condition_rows[i].sentence);
        if (answer.status != 304)
            continue;
        const char *tag = answer_header(&answer, "ETag");
        story_expect(story, answer.length == 0 && tag && streq(tag, etag),
                     "%s: 304 has the tag and no body", condition_rows[i].sentence);
    }
}

static void expect_header(Story *story, const Answer *answer, const char *name, const char *part)
{
    const char *value = answer_header(answer, name);
    story_expect(story, value && strstr(value, part), "%s should hold %s, is %s", name, part,
                 value ? value : "missing");
}

static void expect_media_headers(Story *story, const Answer *answer)
{
    expect_header(story, answer, "Content-Type", "image/png");
    expect_header(story, answer, "Content-Length", "20000");
    expect_header(story, answer, "Accept-Ranges", "bytes");
    expect_header(story, answer, "X-Content-Type-Options", "nosniff");
    expect_header(story, answer, "Content-Security-Policy", "default-src 'none'");
    expect_header(story, answer, "Content-Security-Policy", "sandbox");
    expect_header(story, answer, "Cache-Control", "public");
    expect_header(story, answer, "Cache-Control", "max-age=31536000");
    expect_header(story, answer, "Cache-Control", "immutable");
    expect_header(story, answer, "ETag", "\"");
    expect_header(story, answer, "Last-Modified", " GMT");
}

static void test_head_and_headers(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    story_web_start(story);
    serve_picture(story, "served.png", url, NULL);
    for (int round = 0; round < 2; round++) { /* the second comes from the cache */
        _cleanup_answer_ Answer get = ask(story, &(Ask){.path = url});
        _cleanup_answer_ Answer head = ask(story, &(Ask){.method = "HEAD", .path = url});
        expect_answer(story, &get, 200, NULL, "GET");
        expect_answer(story, &head, 200, NULL, "HEAD");
        assert_int_equal(head.length, 0);
        expect_media_headers(story, &get);
        expect_media_headers(story, &head);
    }
    _cleanup_answer_ Answer page = ask(story, &(Ask){.path = "/"});
    expect_answer(story, &page, 200, NULL, "the page");
    expect_header(story, &page, "Content-Type", "text/html");
    expect_header(story, &page, "Content-Security-Policy", "default-src");
    expect_header(story, &page, "Cache-Control", "no-cache");
}

static void test_download_keeps_the_name(void **state)
{
    static const struct {
        const char *name, *encoded; /* filename*, RFC 8187; NULL: filename alone is enough */
    } rows[] = {
        {"served.png", NULL},
        {"two words.png", NULL},
        {"\xF0\x9F\x8E\xA5 Stra\xC3\x9F"
         "e.png",
         "UTF-8''%F0%9F%8E%A5%20Stra%C3%9F"
         "e.png"},
    };
    Story *story = *state;
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char url[MEDIA_URL_SIZE], wanted[220];
        serve_picture(story, rows[i].name, url, NULL);
        _cleanup_answer_ Answer shown = ask(story, &(Ask){.path = url});
        const char *inline_value = answer_header(&shown, "Content-Disposition");
        story_expect(story, !inline_value || strncasecmp(inline_value, "inline", 6) == 0,
                     "%s is shown in place", rows[i].name);
        snprintf(url + strlen(url), sizeof url - strlen(url), "?download=1");
        _cleanup_answer_ Answer saved = ask(story, &(Ask){.path = url});
        expect_answer(story, &saved, 200, NULL, "a download");
        expect_header(story, &saved, "Content-Disposition", "attachment");
        snprintf(wanted, sizeof wanted, "filename=\"%s\"", rows[i].name);
        expect_header(story, &saved, "Content-Disposition",
                      rows[i].encoded ? rows[i].encoded : wanted);
    }
}

/* 0: the answer says null. */
static void expect_position(Story *story, const Upload *upload, int position)
{
    _cleanup_answer_ Answer answer = upload_state(story, upload);
    const json_t *told = json_object_get(answer_json(story, &answer), "queue_position");
    story_expect(story, position ? json_integer_value(told) == position : json_is_null(told),
                 "queue_position is not %d: %s", position, answer.body);
}

/* It plays everywhere, with its waveform, and what was sent stays. */
static void test_a_recording_becomes_playable(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], path[300];
    story_web_start(story);
    Upload upload = upload_file(story, made_media(MADE_RECORDING), "note.mp3");
    upload_await(story, &upload, "pending");
    expect_position(story, &upload, 1);
    upload_url(story, &upload, "original_url", url);
    fetch_to_file(story, url, "note.mp3", path, sizeof path);
    expect_text(story, path, "a:0", "stream=codec_name", "mp3");
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM media WHERE kind = 'audio' "
                                           "AND duration BETWEEN 0.9 AND 1.2"),
                     1);
    story_transcoder_start(story);
    upload_await(story, &upload, "completed");
    expect_position(story, &upload, 0);
    upload_url(story, &upload, "media_url", url);
    fetch_to_file(story, url, "note.m4a", path, sizeof path);
    expect_text(story, path, "a:0", "stream=codec_name", "aac");
    upload_url(story, &upload, "waveform_url", url);
    fetch_to_file(story, url, "waveform.json", path, sizeof path);
    upload_url(story, &upload, "original_url", url);
    fetch_to_file(story, url, "note.mp3", path, sizeof path);
    expect_text(story, path, "a:0", "stream=codec_name", "mp3");
    inspect_expect_tidy(story);
}

/* Copy the folder, set MEDIA_ROOT, carry on: what was kept is served, what waited is done. */
static void test_a_copied_volume_carries_on(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], copy[sizeof story->media_root], fetched[600];
    char *content = NULL;
    size_t length;
    story_web_start(story);
    serve_picture(story, "kept.jpg", url, &content);
    Upload waiting = upload_file(story, made_media(MADE_VIDEO), "waiting.mp4");
    story_stop(&story->web, "web");
    story_path(story, "elsewhere", copy, sizeof copy);
    const char *const copying[] = {"cp", "-r", story->media_root, copy, NULL};
    assert_int_equal(story_command(copying, NULL), 0);
    const char *const removing[] = {"rm", "-r", story->media_root, NULL};
    assert_int_equal(story_command(removing, NULL), 0);
    base_copy(story->media_root, sizeof story->media_root, copy);
    story_set(story, "MEDIA_ROOT", "%s", copy);
    story_web_start(story);
    fetch_to_file(story, url, "again.jpg", fetched, sizeof fetched);
    _cleanup_free_ char *again = story_read_file(fetched, &length);
    assert_int_equal(length, SERVED_SIZE);
    assert_memory_equal(again, content, length);
    free(content);
    story_transcoder_start(story);
    upload_await(story, &waiting, "completed");
    inspect_expect_tidy(story);
}

/* Whoever follows a link from elsewhere needs the whole of it. */
static void test_links_are_absolute_where_the_address_is_known(void **state)
{
    static const struct {
        const char *url, *base;
    } rows[] = {{"", ""},
                {"https://photos.example.org", "https://photos.example.org"},
                {"https://example.org/photos/", "https://example.org/photos"}};
    Story *story = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char expected[200];
        story_set(story, "PUBLIC_URL", "%s", rows[i].url);
        story_web_start(story);
        _cleanup_answer_ Answer answer = upload_ask(story, made_media(MADE_PHOTO), "photo.png");
        expect_answer(story, &answer, 201, NULL, "a photo");
        snprintf(expected, sizeof expected, "%s/api/uploads/%s", rows[i].base,
                 answer_text(story, &answer, "id"));
        expect_header(story, &answer, "Location", expected);
        snprintf(expected, sizeof expected, "%s/media/log_entries/", rows[i].base);
        static const char *const fields[] = {"media_url", "original_url"};
        for (size_t field = 0; field < ARRAY_SIZE(fields); field++)
            story_expect(story,
                         strncmp(answer_text(story, &answer, fields[field]), expected,
                                 strlen(expected)) == 0,
                         "%s does not begin with %s", fields[field], expected);
        story_stop(&story->web, "web");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_links_are_absolute_where_the_address_is_known),
        STORY_TEST(test_generated_videos_become_playable),
        STORY_TEST(test_corpus_videos_become_playable),
        STORY_TEST(test_files_from_the_field_become_playable),
        STORY_TEST(test_originals_are_kept_for_what_is_lost),
        STORY_TEST(test_originals_are_kept_when_asked),
        STORY_TEST(test_a_video_nobody_can_decode_fails_with_a_sentence),
        STORY_TEST(test_ranges),
        STORY_TEST(test_conditional_requests),
        STORY_TEST(test_head_and_headers),
        STORY_TEST(test_download_keeps_the_name),
        STORY_TEST(test_a_recording_becomes_playable),
        STORY_TEST(test_a_copied_volume_carries_on),
    };
    return STORY_RUN(tests);
}
