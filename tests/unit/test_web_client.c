/* What the transcoder makes of web's answers, good and bad: claims, reports, deliveries. */
#include <fcntl.h>
#include <pthread.h>

#include "tests/unit/job_fixture.h"
#include "tests/unit/scripted_server.h"
#include "tests/unit/unit.h"

#define PROBLEM "Content-Type: application/problem+json\r\n"

/* --- small requests --------------------------------------------------------------------------- */

static void test_statuses(void **state)
{
    static const struct {
        int status;
        const char *headers, *body;
        ErrorCode code;
        bool transient;
        int64_t retry_after_ms;
        const char *detail; /* in the error's sentence */
    } rows[] = {
        {400, NULL, NULL, ERROR_BAD_REQUEST, false, WEB_CLIENT_UNASKED, "400"},
        {401, NULL, NULL, ERROR_UNAUTHENTICATED, false, WEB_CLIENT_UNASKED, "401"},
        {404, "Content-Type: text/html; charset=utf-8\r\n", "<html>", ERROR_UNAVAILABLE, true,
         WEB_CLIENT_UNASKED, "in front of it"},
        {404, "Content-Type: application/json\r\nX-Railway-Fallback: true\r\n", "{}",
         ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {404, PROBLEM, "{\"detail\":\"There is no such job.\"}", ERROR_NOT_FOUND, false,
         WEB_CLIENT_UNASKED, "There is no such job."},
        {404, NULL, "<html>", ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {405, NULL, "<html>", ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {410, NULL, NULL, ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {410, PROBLEM "X-Railway-Fallback: true\r\n", "{}", ERROR_UNAVAILABLE, true,
         WEB_CLIENT_UNASKED, "in front of it"},
        {413, NULL, "<html>", ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {413, PROBLEM, "{\"detail\":\"Too large.\"}", ERROR_TOO_LARGE, false, WEB_CLIENT_UNASKED,
         "Too large."},
        {408, NULL, NULL, ERROR_TIMEOUT, true, WEB_CLIENT_UNASKED, "408"},
        {409, NULL, NULL, ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "in front of it"},
        {409, PROBLEM, "{}", ERROR_CONFLICT, false, WEB_CLIENT_UNASKED, "409"},
        {410, PROBLEM, "{\"detail\":\"The lease is lost.\"}", ERROR_GONE, false, WEB_CLIENT_UNASKED,
         "The lease is lost."},
        {418, NULL, NULL, ERROR_BAD_REQUEST, false, WEB_CLIENT_UNASKED, "418"},
        {422, PROBLEM, "{\"detail\":\"No picture.\",\"code\":\"media\"}", ERROR_MEDIA, false,
         WEB_CLIENT_UNASKED, "No picture."},
        {422, PROBLEM, "{\"detail\":\"No title.\",\"code\":\"invalid\"}", ERROR_INVALID, false,
         WEB_CLIENT_UNASKED, "No title."},
        {422, PROBLEM, "{\"detail\":\"Odd.\",\"code\":\"gone\"}", ERROR_INVALID, false,
         WEB_CLIENT_UNASKED, "Odd."},
        {422, PROBLEM, "{\"detail\":\"Odd.\",\"code\":3,\"errors\":[7,{\"field\":1}]}",
         ERROR_INVALID, false, WEB_CLIENT_UNASKED, "Odd."},
        {422, PROBLEM, "{\"detail\":7}", ERROR_INVALID, false, WEB_CLIENT_UNASKED, "422"},
        {422, PROBLEM, "{\"detail\":", ERROR_INVALID, false, WEB_CLIENT_UNASKED, "422"},
        {429, "Retry-After: 7\r\n", NULL, ERROR_BUSY, true, 7000, "429"},
        {500, NULL, NULL, ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "500"},
        {502, NULL, NULL, ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "502"},
        {503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", NULL, ERROR_UNAVAILABLE, true, 0,
         "503"},
        {507, NULL, NULL, ERROR_UNAVAILABLE, true, WEB_CLIENT_UNASKED, "507"},
        {301, "Location: https://127.0.0.1:1/\r\n", NULL, ERROR_SETTING, false, WEB_CLIENT_UNASKED,
         "WEB_SERVICE_URL"},
        {0, NULL, NULL, ERROR_NETWORK, true, WEB_CLIENT_UNASKED, "could not be reached"},
    };
    TransferJob job = fixture_job();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const ScriptedAnswer answers[] = {{.route = "POST /progress",
                                           .status = rows[i].status,
                                           .headers = rows[i].headers,
                                           .body = rows[i].body,
                                           .repeat = true},
                                          {0}};
        ScriptedServer *server = scripted_server_start(answers);
        WebClient *client = fixture_client(scripted_server_url(server));
        Error error = {0};
        assert_false(web_client_progress(client, &job, TRANSFER_STAGE_ENCODE, 40, &error));
        if (error.code != rows[i].code ||
            web_client_is_transient(error.code) != rows[i].transient ||
            web_client_retry_after_ms(client) != rows[i].retry_after_ms ||
            !strstr(error.detail, rows[i].detail))
            fail_msg("status %d: %s", rows[i].status, error.detail);
        web_client_free(&client);
        scripted_server_stop(&server);
    }
}

static void test_huge_error_page(void **state)
{
    const ScriptedAnswer answers[] = {
        {.route = "POST /fail", .status = 502, .body = fixture_content(), .length = FIXTURE_SIZE},
        {0}};
    TransferJob job = fixture_job();
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    WebFailure failure = {"No picture.", false};
    Error error = {0};
    (void)state;
    assert_false(web_client_fail(client, &job, &failure, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    web_client_free(&client);
    scripted_server_stop(&server);
}

static void test_reports(void **state)
{
    const ScriptedAnswer answers[] = {{.route = "POST /progress", .status = 200, .body = "{}"},
                                      {.route = "POST /release", .status = 204},
                                      {.route = "POST /fail", .status = 200, .body = "{}"},
                                      {0}};
    TransferJob job = fixture_job();
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    WebFailure failure = {"No \"picture\"\n was found.", false};
    Error error = {0};
    char expected[400];
    (void)state;
    assert_true(web_client_progress(client, &job, TRANSFER_STAGE_ENCODE, 40, &error));
    assert_true(web_client_release(client, &job, "stopping", &error));
    assert_true(web_client_fail(client, &job, &failure, &error));
    snprintf(expected, sizeof expected,
             "{\"stage\":\"encode\",\"percent\":40,\"lease_token\":\"%s\"}", job.lease_token);
    assert_string_equal(scripted_server_request(server, "POST /progress", 0)->body, expected);
    snprintf(expected, sizeof expected, "{\"reason\":\"stopping\",\"lease_token\":\"%s\"}",
             job.lease_token);
    assert_string_equal(scripted_server_request(server, "POST /release", 0)->body, expected);
    snprintf(expected, sizeof expected,
             "{\"error\":\"No \\\"picture\\\"\\n was found.\",\"retryable\":false,"
             "\"lease_token\":\"%s\"}",
             job.lease_token);
    assert_string_equal(scripted_server_request(server, "POST /fail", 0)->body, expected);
    web_client_free(&client);
    scripted_server_stop(&server);
}

static void test_claim(void **state)
{
    TransferJob job = fixture_job(), claimed;
    _cleanup_free_ char *body = fixture_claim(&job);
    const ScriptedAnswer answers[] = {
        {.route = "POST /claim", .status = 204},
        {.route = "POST /claim", .status = 200, .body = body},
        {.route = "POST /claim", .status = 200, .body = "{\"job_id\":\"../..\"}"},
        {.route = "POST /claim", .status = 200, .body = "<html>"},
        {.route = "POST /claim", .status = 200},
        {.route = "POST /claim", .status = 200, .body = fixture_content(), .length = FIXTURE_SIZE},
        {0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    WebClaim claim = {.worker = "me", .wait_seconds = 25};
    Error error = {0};
    bool found = true;
    (void)state;
    assert_true(web_client_claim(client, &claim, &claimed, &found, &error) && !found);
    assert_true(web_client_claim(client, &claim, &claimed, &found, &error) && found);
    assert_memory_equal(&claimed, &job, sizeof job);
    for (int i = 0; i < 4; i++)
        assert_false(web_client_claim(client, &claim, &claimed, &found, &error));
    assert_string_equal(scripted_server_request(server, "POST /claim", 0)->body,
                        "{\"worker\":\"me\",\"wait_seconds\":25}");
    web_client_free(&client);
    scripted_server_stop(&server);
}

typedef struct Raiser {
    ScriptedServer *server;
    Flag *flag;
} Raiser;

static void *raise_when_asked(void *context)
{
    const Raiser *raiser = context;
    scripted_server_await(raiser->server, "POST /claim", 1);
    flag_raise(raiser->flag);
    return NULL;
}

static void test_claim_is_called_off(void **state)
{
    const ScriptedAnswer answers[] = {{.route = "POST /claim", .status = 204, .hold = true}, {0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    WebClaim claim = {.worker = "me", .wait_seconds = 25};
    TransferJob job;
    Flag stop;
    Raiser raiser = {server, &stop};
    pthread_t thread;
    Error error = {0};
    bool found;
    (void)state;
    flag_init(&stop);
    web_client_abort_on(client, (FlagSet){{NULL, &stop}});
    assert_int_equal(pthread_create(&thread, NULL, raise_when_asked, &raiser), 0);
    assert_false(web_client_claim(client, &claim, &job, &found, &error));
    assert_int_equal(error.code, ERROR_CANCELLED);
    pthread_join(thread, NULL);
    web_client_free(&client);
    scripted_server_stop(&server);
    flag_release(&stop);
}

static void test_check(void **state)
{
    static const struct {
        int status;
        ErrorCode code;
        const char *sentence;
    } rows[] = {
        {404, ERROR_NONE, "an unknown job means an accepted token"},
        {410, ERROR_NONE, "so does a lost lease"},
        {403, ERROR_FORBIDDEN, "a wrong token is told"},
        {200, ERROR_SETTING, "what accepts anything is not web"},
        {503, ERROR_UNAVAILABLE, "a web that is not ready is told"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const ScriptedAnswer answers[] = {{.route = "POST /progress",
                                           .status = rows[i].status,
                                           .headers = rows[i].status == 503 ? NULL : PROBLEM},
                                          {0}};
        ScriptedServer *server = scripted_server_start(answers);
        WebClient *client = fixture_client(scripted_server_url(server));
        Error error = {0};
        unit_check(web_client_check(client, &error) == (rows[i].code == ERROR_NONE),
                   rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        web_client_free(&client);
        scripted_server_stop(&server);
    }
}

static void test_nobody_listens(void **state)
{
    const ScriptedAnswer answers[] = {{0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    Error error = {0};
    (void)state;
    scripted_server_stop(&server);
    assert_false(web_client_check(client, &error));
    assert_int_equal(error.code, ERROR_NETWORK);
    assert_true(web_client_is_transient(error.code));
    web_client_free(&client);
}

/* A path in the address of web stays in front; the slash at its end is not doubled. */
static void test_base_with_path(void **state)
{
    const ScriptedAnswer answers[] = {
        {.route = "POST /prefix/api/transcoding/jobs/claim", .status = 204}, {0}};
    ScriptedServer *server = scripted_server_start(answers);
    char url[128];
    TransferJob job;
    WebClaim claim = {.worker = "me"};
    Error error = {0};
    bool found;
    (void)state;
    snprintf(url, sizeof url, "%s/prefix/", scripted_server_url(server));
    WebClient *client = fixture_client(url);
    assert_true(web_client_claim(client, &claim, &job, &found, &error));
    web_client_free(&client);
    scripted_server_stop(&server);
}

/* --- the delivery ----------------------------------------------------------------------------- */

#define UPLOAD    .route = "POST /upload/"
#define CONFIRMED .status = 200, .body = "{\"success\":true,\"media\":{}}"

typedef struct Result {
    TransferJob job;
    TransferResult result;
    int fds[TRANSFER_FILE_COUNT];
    WebDelivery delivery;
} Result;

static void make_result(Result *made, bool poster)
{
    *made = (Result){.job = fixture_job(), .result = fixture_result("the video's bytes")};
    made->result.files[TRANSFER_POSTER].present = poster;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        made->fds[i] = fixture_file();
    made->delivery = (WebDelivery){.job = &made->job, .result = &made->result, .fds = made->fds};
    assert_int_equal(write(made->fds[TRANSFER_VIDEO], "the video's bytes", 17), 17);
    assert_int_equal(write(made->fds[TRANSFER_POSTER], "the poster's", 12), 12);
}

static void drop_result(Result *made)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        close(made->fds[i]);
}

/* The parts come in this order, and what stands in them. */
static void expect_parts(const char *body, const char *const *parts)
{
    for (; *parts; parts++) {
        const char *found = strstr(body, *parts);
        if (!found)
            fail_msg("the delivery lacks, or has too early: %s", *parts);
        body = found + strlen(*parts);
    }
}

static void test_delivery(void **state)
{
    const ScriptedAnswer answers[] = {{UPLOAD, CONFIRMED}, {0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    Error error = {0};
    Result made;
    (void)state;
    make_result(&made, true);
    assert_true(web_client_deliver(client, &made.delivery, &error));
    const ScriptedRequest *request = scripted_server_request(server, "POST /upload/", 0);
    assert_non_null(strstr(request->head, "Expect: 100-continue\r\n"));
    assert_non_null(strstr(request->head, "Content-Length: "));
    expect_parts(request->body,
                 (const char *const[]){"name=\"log_entry_media_id\"\r\n\r\n", made.job.media_id,
                                       "name=\"job_id\"\r\n\r\n", made.job.job_id,
                                       "name=\"lease_token\"\r\n\r\n", made.job.lease_token,
                                       "name=\"metadata\"\r\n\r\n{", "\"video_digest\"",
                                       "name=\"video_file\"; filename=\"video.mp4\"",
                                       "Content-Type: video/mp4\r\n\r\nthe video's bytes\r\n",
                                       "name=\"poster_file\"; filename=\"poster.jpg\"",
                                       "Content-Type: image/jpeg\r\n\r\nthe poster's\r\n", NULL});
    drop_result(&made);
    web_client_free(&client);
    scripted_server_stop(&server);
}

static void test_delivery_without_poster(void **state)
{
    const ScriptedAnswer answers[] = {{UPLOAD, CONFIRMED}, {0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    Error error = {0};
    Result made;
    (void)state;
    make_result(&made, false);
    assert_true(web_client_deliver(client, &made.delivery, &error));
    assert_null(strstr(scripted_server_request(server, "POST /upload/", 0)->body, "poster"));
    drop_result(&made);
    web_client_free(&client);
    scripted_server_stop(&server);
}

/* One client, one answer after the other: each try begins at the first byte. */
static void test_delivery_answers(void **state)
{
    static const struct {
        ScriptedAnswer answer;
        ErrorCode code;
        const char *sentence;
    } rows[] = {
        {{UPLOAD, .status = 0}, ERROR_NETWORK, "a lost answer confirms nothing"},
        {{UPLOAD, .status = 200, .body = "<html>"}, ERROR_NETWORK, "nor does a page"},
        {{UPLOAD, .status = 200, .body = "{\"success\":false}"}, ERROR_NETWORK, "nor a no"},
        {{UPLOAD, .status = 410, .headers = PROBLEM, .body = "{\"detail\":\"Lost.\"}"},
         ERROR_GONE,
         "a lost lease is told"},
        {{UPLOAD, .status = 403, .early = true},
         ERROR_FORBIDDEN,
         "a refusal comes before the bytes"},
        {{UPLOAD, .status = 507}, ERROR_UNAVAILABLE, "a full web is waited for"},
        {{UPLOAD, CONFIRMED}, ERROR_NONE, "web's own words confirm"},
    };
    ScriptedAnswer answers[ARRAY_SIZE(rows) + 1] = {0};
    Result made;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        answers[i] = rows[i].answer;
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    make_result(&made, true);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        bool delivered = web_client_deliver(client, &made.delivery, &error);
        unit_check(delivered == (rows[i].code == ERROR_NONE), rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        const ScriptedRequest *request = scripted_server_request(server, "POST /upload/", i);
        unit_check(rows[i].answer.early == !strstr(request->body, "the poster's"),
                   rows[i].sentence);
    }
    drop_result(&made);
    web_client_free(&client);
    scripted_server_stop(&server);
}

/* A file that became shorter than it was is our fault, not the network's. */
static void test_delivery_of_unreadable_file(void **state)
{
    const ScriptedAnswer answers[] = {{UPLOAD, CONFIRMED}, {0}};
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    Error error = {0};
    Result made;
    (void)state;
    make_result(&made, true);
    close(made.fds[TRANSFER_POSTER]);
    made.fds[TRANSFER_POSTER] = -1;
    assert_false(web_client_deliver(client, &made.delivery, &error));
    assert_int_equal(error.code, ERROR_IO);
    drop_result(&made);
    web_client_free(&client);
    scripted_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_huge_error_page),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_claim_is_called_off),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_base_with_path),
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_delivery_without_poster),
        cmocka_unit_test(test_delivery_answers),
        cmocka_unit_test(test_delivery_of_unreadable_file),
    };
    return cmocka_run_group_tests(tests, fixture_group_set_up, fixture_group_tear_down);
}
