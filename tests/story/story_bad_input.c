/*
 * What web answers to bad input: the right status, a sentence, nothing half-written left behind,
 * and it goes on serving.
 */
#include "common/base/buffer.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

static void expect_alive(Story *story, const char *after)
{
    story_expect(story, story_running(story->web), "web has ended after %s", after);
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/livez", .may_fail = true});
    story_expect(story, answer.status == 200, "web does not serve any more after %s", after);
}

static void expect_nothing_kept(Story *story)
{
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 0);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM media"), 0);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM upload"), 0);
}

/* --- forms --- */

#define PHOTO .file = made_media(MADE_PHOTO), .file_name = "photo.png"

/* What browsers send of an input for files that was left empty. */
#define BLANK .bytes = "", .file_name = "", .type = "application/octet-stream"

static void refuse_form(Story *story, const Ask *request, int status, const char *code,
                        const char *what)
{
    _cleanup_answer_ Answer answer = ask(story, request);
    expect_answer(story, &answer, status, code, what);
    expect_alive(story, what);
}

static void test_forms_that_cannot_be_an_upload(void **state)
{
    Story *story = *state;
    static const char text[] = "This is a text and no film at all, whatever its name says.\n";
    static const char rubbish[] = "\xFF\xD8\xFF and no photo behind it.";
    story_web_start(story);
    const struct {
        Field form[4];
        int status;
        const char *sentence;
    } rows[] = {
        {{{.name = "entry", .value = "42"}}, 422, "no file"},
        {{{.name = "file", PHOTO}, {.name = "file", PHOTO}}, 422, "two files"},
        {{{.name = "file", .bytes = "", .file_name = "empty.png"}}, 422, "an empty file"},
        {{{.name = "file", BLANK}}, 422, "an input in which no file was chosen"},
        {{{.name = "document", PHOTO}}, 422, "a file in the wrong field"},
        {{{.name = "document", .bytes = text, .length = sizeof text, .file_name = ""},
          {.name = "file", PHOTO}},
         422,
         "one without a name in the wrong field"},
        {{{.name = "file", .value = "words"}}, 422, "words in the place of the file"},
        {{{.name = "file", .bytes = text, .length = sizeof text, .file_name = "film.mp4"}},
         415,
         "a text renamed to .mp4"},
        {{{.name = "file", .bytes = rubbish, .length = sizeof rubbish, .file_name = "photo.jpg"}},
         422,
         "the first bytes of a photo and rubbish"},
        {{{.name = "collection", .value = "../up"}, {.name = "file", PHOTO}},
         422,
         "a collection with a way up"},
        {{{.name = "collection", .value = ".reelkeep"}, {.name = "file", PHOTO}},
         422,
         "the private folder as collection"},
        {{{.name = "entry", .value = "a/b"}, {.name = "file", PHOTO}},
         422,
         "an entry with a separator"},
        {{{.name = "entry", .value = "a\nb"}, {.name = "file", PHOTO}},
         422,
         "an entry with a new line"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Ask request = {.path = "/api/uploads"};
        memcpy(request.form, rows[i].form, sizeof rows[i].form);
        refuse_form(story, &request, rows[i].status, NULL, rows[i].sentence);
    }
    expect_nothing_kept(story);
}

static void take_form(Story *story, const Ask *request, const char *name, const char *what)
{
    _cleanup_answer_ Answer answer = ask(story, request);
    expect_answer(story, &answer, 201, NULL, what);
    story_expect(story, streq(answer_text(story, &answer, "name"), name), "%s: the name is %s",
                 what, answer_text(story, &answer, "name"));
}

static void test_inputs_in_which_no_file_was_chosen(void **state)
{
    Story *story = *state;
    story_web_start(story);
    static const char *const sentence = "No file was chosen.";
    _cleanup_answer_ Answer alone =
        ask(story, &(Ask){.path = "/api/uploads", .form = {{.name = "file", BLANK}}});
    expect_answer(story, &alone, 422, "invalid", "a blank input alone");
    story_expect(story, streq(answer_text(story, &alone, "detail"), sentence), "it says: %s",
                 answer_text(story, &alone, "detail"));
    const struct {
        Field form[3];
        const char *name, *sentence;
    } rows[] = {
        {{{.name = "file", BLANK}, {.name = "file", PHOTO}}, "photo.png", "a blank one before"},
        {{{.name = "file", PHOTO}, {.name = "file", BLANK}}, "photo.png", "a blank one behind"},
        {{{.name = "more", BLANK}, {.name = "file", PHOTO}}, "photo.png", "another blank field"},
        {{{.name = "file", .file = made_media(MADE_PHOTO), .file_name = ""}},
         "file",
         "a file without a name is one"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Ask request = {.path = "/api/uploads"};
        memcpy(request.form, rows[i].form, sizeof rows[i].form);
        take_form(story, &request, rows[i].name, rows[i].sentence);
    }
    inspect_expect_tidy(story);
}

/* The made photo in a form written by hand. */
static void write_form(Buffer *out, const char *before, const char *boundary, const char *name)
{
    char bytes[4096];
    FILE *photo = fopen(made_media(MADE_PHOTO), "rbe");
    assert_non_null(photo);
    assert_true(buffer_append_format(out,
                                     "%s--%s\r\nContent-Disposition: form-data; name=\"file\"; "
                                     "%s\r\n\r\n",
                                     before, boundary, name));
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, photo)) > 0;)
        assert_true(buffer_append(out, bytes, got));
    fclose(photo);
    assert_true(buffer_append_format(out, "\r\n--%s--\r\n", boundary));
}

static void test_forms_as_clients_write_them(void **state)
{
    static const struct {
        const char *type, *boundary; /* as announced, and as it is */
        const char *before, *disposition, *name, *sentence;
    } rows[] = {
        {"b", "b", "\r\n", "filename=\"a.png\"", "a.png", "a line's end before the first boundary"},
        {"b", "b", "This is a form.\r\n", "filename=\"a.png\"", "a.png", "a preamble"},
        {"a&b*c~d", "a&b*c~d", "", "filename=\"a.png\"", "a.png", "a boundary of any characters"},
        {"\"=_;~\"", "=_;~", "", "filename=\"a.png\"", "a.png", "and quoted"},
        {"b", "b", "", "filename=\"x\"; filename*=ISO-8859-1''caf%E9.png", "caf\xC3\xA9.png",
         "a name in Latin-1"},
    };
    Story *story = *state;
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char type[200];
        _cleanup_buffer_ Buffer form = BUFFER(1 << 20);
        snprintf(type, sizeof type, "Content-Type: multipart/form-data; boundary=%s", rows[i].type);
        write_form(&form, rows[i].before, rows[i].boundary, rows[i].disposition);
        take_form(story,
                  &(Ask){.path = "/api/uploads",
                         .headers = {type},
                         .body = form.data,
                         .length = form.length},
                  rows[i].name, rows[i].sentence);
    }
    inspect_expect_tidy(story);
}

static void test_more_than_allowed(void **state)
{
    Story *story = *state;
    story_set(story, "MAX_PHOTO_SIZE", "100K");
    story_set(story, "MAX_VIDEO_SIZE", "1M");
    story_set(story, "MAX_AUDIO_SIZE", "200K");
    story_web_start(story);
    refuse_form(
        story,
        &(Ask){.path = "/api/uploads", .form = {{.name = "file", PHOTO, .padding = 200 << 10}}},
        413, "too_large", "a photo over its limit, though a video might be as large");
    refuse_form(
        story,
        &(Ask){.path = "/api/uploads", .form = {{.name = "file", PHOTO, .padding = 8 << 20}}}, 413,
        "too_large", "a body over every limit");
    refuse_form(story,
                &(Ask){.path = "/api/uploads",
                       .headers = {"Transfer-Encoding: chunked"},
                       .form = {{.name = "file", PHOTO, .padding = 8 << 20}}},
                411, "length_required", "a body that does not say how long it is");
    expect_nothing_kept(story);
}

static void test_bodies_of_another_kind(void **state)
{
    Story *story = *state;
    story_web_start(story);
    refuse_form(story,
                &(Ask){.path = "/api/uploads",
                       .headers = {"Content-Type: image/png"},
                       .body = "x",
                       .length = 1},
                415, "unsupported_media_type", "an upload that is no form");
    refuse_form(story,
                &(Ask){.path = "/api/uploads",
                       .headers = {"Content-Type: multipart/form-data"},
                       .body = "x",
                       .length = 1},
                415, "unsupported_media_type", "a form without a boundary");
    refuse_form(story,
                &(Ask){.path = "/api/uploads",
                       .headers = {"Content-Type: multipart/form-data; boundary=x"},
                       .body = "nothing like a form",
                       .length = 19},
                400, NULL, "a body without its boundary");
    refuse_form(story,
                &(Ask){.path = TRANSFER_PATH_CLAIM,
                       .as_transcoder = true,
                       .headers = {"Content-Type: application/json"},
                       .body = "{\"worker\":",
                       .length = 10},
                400, "bad_request", "half a JSON object");
    refuse_form(story,
                &(Ask){.path = TRANSFER_PATH_CLAIM,
                       .as_transcoder = true,
                       .headers = {"Content-Type: application/json"},
                       .body = "[]",
                       .length = 2},
                400, "bad_request", "JSON that is no object");
    expect_nothing_kept(story);
}

static void test_names_people_and_attackers_give(void **state)
{
    static char long_name[4101];
    static const char *const names[] = {"../../etc/passwd.png",
                                        "..\\..\\windows.png",
                                        "a/b/c.png",
                                        "quote\"d.png",
                                        "new\nline.png",
                                        "\xF0\x9F\x98\x80.png",
                                        ".hidden.png",
                                        "nul%00.png",
                                        "\xFF\xFE no UTF-8.png",
                                        "...",
                                        "-rf.png",
                                        ".reelkeep/evil.png",
                                        "caf\xC3\xA9 \xE2\x80\xAEgnp.png",
                                        long_name};
    Story *story = *state;
    memset(long_name, 'n', sizeof long_name - 5);
    memcpy(long_name + sizeof long_name - 5, ".png", 5);
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        _cleanup_answer_ Answer answer = upload_ask(story, made_media(MADE_PHOTO), names[i]);
        expect_answer(story, &answer, 201, NULL, names[i]);
        Upload upload = {0};
        char url[MEDIA_URL_SIZE];
        base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id"));
        upload_url(story, &upload, "media_url", url);
        _cleanup_answer_ Answer served = ask(story, &(Ask){.path = url});
        expect_answer(story, &served, 200, NULL, url);
    }
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), ARRAY_SIZE(names));
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM file WHERE path NOT LIKE "
                                           "'log_entries/42/%' OR path LIKE '%/.%' OR "
                                           "length(CAST(path AS BLOB)) > 300"),
                     0);
}

/* --- bodies that end too early --- */

static void test_an_upload_cut_in_its_body(void **state)
{
    Story *story = *state;
    story_web_start(story);
    static const uint64_t cuts[] = {1, 60, 4096, 3 << 20};
    for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
        static Gate gate;
        static AskThread under_way;
        gate = GATE_CLOSED;
        ask_start(&under_way, story,
                  &(Ask){.path = "/api/uploads",
                         .form = {{.name = "file",
                                   .file = made_media(MADE_VIDEO),
                                   .file_name = "cut.mp4",
                                   .padding = 8 << 20,
                                   .gate = &gate,
                                   .gate_at = cuts[i]}}});
        gate_await(&gate, 1);
        gate_cut(&gate);
        _cleanup_answer_ Answer answer = ask_finish(&under_way);
        assert_int_equal(answer.status, 0);
    }
    expect_alive(story, "uploads that were cut");
    expect_nothing_kept(story);
}

static void test_a_length_that_is_wrong(void **state)
{
    static const char form[] = "--b\r\nContent-Disposition: form-data; name=\"file\"; "
                               "filename=\"a.png\"\r\n\r\n\x89PNG\r\n\x1A\n";
    Story *story = *state;
    char request[1000];
    story_web_start(story);
    int length = snprintf(request, sizeof request,
                          "POST /api/uploads HTTP/1.1\r\nHost: web\r\n"
                          "Content-Type: multipart/form-data; boundary=b\r\n"
                          "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          strlen(form), form);
    _cleanup_answer_ Answer shorter = ask_raw(story, request, (size_t)length);
    expect_answer(story, &shorter, 400, NULL, "a body that ends before the form does");
    expect_alive(story, "a form without its end");
    expect_nothing_kept(story);
}

/* --- framing, targets, methods --- */

#define HOST "Host: web\r\n"

static const struct {
    const char *request;
    int status, or_status; /* or_status 0: no other */
    const char *sentence;
} raw_rows[] = {
    {"GET /livez HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400, 0,
     "two Content-Length fields"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400,
     0, "two Content-Length fields that differ"},
    {"GET /livez HTTP/1.1\r\n" HOST "Host: other\r\n\r\n", 400, 0, "two Host fields"},
    {"GET /livez HTTP/1.1\r\n\r\n", 400, 0, "no Host field"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST
     "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, 0, "Content-Length with Transfer-Encoding"},
    {"POST /api/uploads HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0,
     "HTTP/1.0 with Transfer-Encoding"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 400, 501,
     "an unknown Transfer-Encoding"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
     400, 501, "Transfer-Encoding twice"},
    {"GET /livez HTTP/1.1\r\n" HOST "(x): y\r\n\r\n", 400, 0, "a header name with parentheses"},
    {"BREW /livez HTTP/1.1\r\n" HOST "\r\n", 405, 501, "an unknown method"},
    {"CONNECT web:1 HTTP/1.1\r\n" HOST "\r\n", 405, 400, "CONNECT"},
    {"TRACE / HTTP/1.1\r\n" HOST "\r\n", 405, 501, "TRACE"},
    {"GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, 0, "an unknown route"},
    {"DELETE /livez HTTP/1.1\r\n" HOST "\r\n", 405, 0, "a method the route does not have"},
    {"PUT /api/uploads HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 405, 0,
     "PUT where POST belongs"},
    {"GET /media/../.reelkeep/reelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400, "a way up"},
    {"GET /media/a/../../.reelkeep/reelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400,
     "a way up further in"},
    {"GET /media/%2e%2e/.reelkeep/reelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400,
     "an encoded way up"},
    {"GET /media/..%2f.reelkeep%2freelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400,
     "an encoded separator"},
    {"GET /media/.reelkeep/reelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400,
     "the private folder"},
    {"GET /media/%2Ereelkeep/reelkeep.sqlite3 HTTP/1.1\r\n" HOST "\r\n", 404, 400,
     "the private folder, encoded"},
    {"GET /media/a%00b HTTP/1.1\r\n" HOST "\r\n", 400, 404, "an encoded NUL"},
    {"GET /livez%00/../x HTTP/1.1\r\n" HOST "\r\n", 400, 404, "a NUL behind a route"},
    {"GET /media/%zz HTTP/1.1\r\n" HOST "\r\n", 400, 404, "a damaged escape"},
    {"GET /media//etc/passwd HTTP/1.1\r\n" HOST "\r\n", 404, 400, "an absolute path"},
    {"GET /api/uploads/not-an-id HTTP/1.1\r\n" HOST "\r\n", 404, 0, "an id that is none"},
    {"GET /api/uploads/00000000-0000-4000-8000-000000000000 HTTP/1.1\r\n" HOST "\r\n", 404, 0,
     "an upload nobody made"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST
     "Sec-Fetch-Site: cross-site\r\nContent-Length: 2\r\n\r\nxx",
     403, 0, "another site's page"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST
     "Origin: http://elsewhere.example\r\nContent-Length: 2\r\n\r\nxx",
     403, 0, "another site's page in an older browser"},
    {"POST /api/uploads HTTP/1.1\r\n" HOST "Origin: http://web\r\nContent-Length: 2\r\n\r\nxx", 415,
     0, "a page of this site in an older browser"},
    {"GET /livez HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 413, 400,
     "a body where none belongs"},
};

static void test_requests_that_are_malformed(void **state)
{
    Story *story = *state;
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(raw_rows); i++) {
        _cleanup_answer_ Answer answer =
            ask_raw(story, raw_rows[i].request, strlen(raw_rows[i].request));
        int status = answer.status && answer.status == raw_rows[i].or_status ? answer.status
                                                                             : raw_rows[i].status;
        expect_answer(story, &answer, status, NULL, raw_rows[i].sentence);
        story_expect(story, status != 405 || answer_header(&answer, "Allow"),
                     "%s: 405 says what is allowed", raw_rows[i].sentence);
        expect_alive(story, raw_rows[i].sentence);
    }
    expect_nothing_kept(story);
}

/* What the HTTP library refuses before we see it comes in its own words. */
static void test_requests_without_measure(void **state)
{
    static char request[200000];
    Story *story = *state;
    story_web_start(story);
    static const struct {
        const char *head, *tail;
        size_t filler;
        int status;
        const char *sentence;
    } rows[] = {
        {"GET /media/", " HTTP/1.1\r\n" HOST "\r\n", 5000, 414, "a target that is too long"},
        {"POST /api/uploads HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\n", "", 5, 400,
         "a blank before the colon"},
        {"GET /livez HTTP/1.1\r\n" HOST "bad header: x\r\n\r\n", "", 0, 400,
         "a header name that is no token"},
        {"POST /api/uploads HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", "", 0, 400,
         "a negative length"},
        {"POST /api/uploads HTTP/1.1\r\n" HOST "Content-Length: 0x10\r\n\r\n", "", 0, 400,
         "a length that is no decimal number"},
        {"POST /api/uploads HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", "",
         0, 413, "a length beyond 64 bits"},
        {"GET /livez HTTP/1.1\r\n" HOST "X-Large: ", "\r\n\r\n", 100000, 431,
         "a header that is too large"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t head = strlen(rows[i].head), tail = strlen(rows[i].tail);
        memcpy(request, rows[i].head, head);
        memset(request + head, 'a', rows[i].filler);
        memcpy(request + head + rows[i].filler, rows[i].tail, tail);
        _cleanup_answer_ Answer answer = ask_raw(story, request, head + rows[i].filler + tail);
        story_expect(story, answer.status == rows[i].status, "%s: expected %d, got %d",
                     rows[i].sentence, rows[i].status, answer.status);
        expect_alive(story, rows[i].sentence);
    }
    size_t used = (size_t)snprintf(request, sizeof request, "GET /livez HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 300; i++)
        used += (size_t)snprintf(request + used, sizeof request - used, "X-%d: y\r\n", i);
    used += (size_t)snprintf(request + used, sizeof request - used, "\r\n");
    _cleanup_answer_ Answer answer = ask_raw(story, request, used);
    expect_answer(story, &answer, 431, "headers_too_large", "300 header fields");
}

/* --- the transcoder's token --- */

static void test_tokens(void **state)
{
    Story *story = *state;
    char nearly[100], with_tail[100], shorter[100], basic[100];
    story_web_start(story);
    snprintf(nearly, sizeof nearly, "Authorization: Bearer %s", story->token);
    nearly[strlen(nearly) - 1] ^= 1;
    snprintf(with_tail, sizeof with_tail, "Authorization: Bearer %sx", story->token);
    snprintf(shorter, sizeof shorter, "Authorization: Bearer %.10s", story->token);
    snprintf(basic, sizeof basic, "Authorization: Basic %s", story->token);
    const struct {
        const char *field;
        int status, or_status;
        const char *sentence;
    } rows[] = {
        {NULL, 401, 0, "no token"},
        {"Authorization: Bearer", 401, 403, "a scheme without a token"},
        {"Authorization: Bearer x", 403, 0, "a short token"},
        {nearly, 403, 0, "a token with one bit changed"},
        {with_tail, 403, 0, "a token with a tail"},
        {shorter, 403, 0, "the beginning of the token"},
        {basic, 401, 403, "another scheme"},
    };
    static const char *const paths[] = {
        TRANSFER_PATH_CLAIM, TRANSFER_PATH_UPLOAD,
        "/api/transcoding/jobs/00000000-0000-4000-8000-000000000000/progress"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t n = 0; n < ARRAY_SIZE(paths); n++) {
            _cleanup_answer_ Answer answer =
                ask(story, &(Ask){.path = paths[n],
                                  .headers = {"Content-Type: application/json", rows[i].field},
                                  .body = "{}",
                                  .length = 2});
            int status = answer.status == rows[i].or_status ? answer.status : rows[i].status;
            expect_answer(story, &answer, status, NULL, rows[i].sentence);
            story_expect(story, status != 401 || answer_header(&answer, "WWW-Authenticate"),
                         "%s: 401 names the scheme", rows[i].sentence);
        }
    story_expect(story, !story_log_has(story, "web", story->token), "the token stands in the log");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_forms_that_cannot_be_an_upload),
        STORY_TEST(test_inputs_in_which_no_file_was_chosen),
        STORY_TEST(test_forms_as_clients_write_them),
        STORY_TEST(test_more_than_allowed),
        STORY_TEST(test_bodies_of_another_kind),
        STORY_TEST(test_names_people_and_attackers_give),
        STORY_TEST(test_an_upload_cut_in_its_body),
        STORY_TEST(test_a_length_that_is_wrong),
        STORY_TEST(test_requests_that_are_malformed),
        STORY_TEST(test_requests_without_measure),
        STORY_TEST(test_tokens),
    };
    return STORY_RUN(tests);
}
