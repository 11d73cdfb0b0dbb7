/* Fetching an original through everything that a line and a web can do to it. */
#include "tests/unit/job_fixture.h"
#include "tests/unit/scripted_server.h"
#include "tests/unit/unit.h"

#define CUT       ((size_t)100 * 1024)
#define REST_LINE "Content-Range: bytes 102400-307199/307200\r\n"
#define FROM_WEB  "Content-Type: video/mp4\r\nRepr-Digest: sha-256=:AAAA:\r\n"
#define PROBLEM   "Content-Type: application/problem+json\r\n"

static bool has_content(int fd)
{
    static char read_back[FIXTURE_SIZE + 1];
    return pread(fd, read_back, sizeof read_back, 0) == (ssize_t)FIXTURE_SIZE &&
           memcmp(read_back, fixture_content(), FIXTURE_SIZE) == 0;
}

#define ORIGINAL .route = "GET /original"
#define WHOLE    .status = 200, .body = fixture_content(), .length = FIXTURE_SIZE
#define REST                                                                                       \
    .status = 206, .headers = FIXTURE_ETAG REST_LINE, .body = fixture_content() + CUT,             \
    .length = FIXTURE_SIZE - CUT

typedef struct FetchRow {
    ScriptedAnswer answers[4];
    size_t tries;                      /* requests made in all */
    ErrorCode code;                    /* of the last try; ERROR_NONE: fetched */
    int64_t size;                      /* of the file at the end */
    const char *last_has, *last_lacks; /* header lines of the last request */
    const char *sentence;
} FetchRow;

static void run_fetch(const FetchRow *row)
{
    TransferJob job = fixture_job();
    ScriptedServer *server = scripted_server_start(row->answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    _cleanup_close_ int fd = fixture_file();
    WebFetch fetch;
    Error error = {0};
    bool fetched = false;
    web_client_fetch_init(&fetch, &job, fd);
    for (size_t tries = 0; tries < row->tries && !fetched; tries++) {
        unit_check(tries == 0 || web_client_is_transient(error.code), row->sentence);
        fetched = web_client_fetch(client, &fetch, &error);
    }
    unit_check(scripted_server_count(server, "GET /original") == row->tries, row->sentence);
    unit_check(fetched ? row->code == ERROR_NONE : row->code == error.code, row->sentence);
    unit_check(fetched == (row->code == ERROR_NONE), row->sentence);
    unit_check(lseek(fd, 0, SEEK_END) == row->size, row->sentence);
    unit_check(!fetched || has_content(fd), row->sentence);
    const char *head = scripted_server_request(server, "GET /original", row->tries - 1)->head;
    unit_check(strstr(head, "Authorization: Bearer " FIXTURE_TOKEN "\r\n"), row->sentence);
    unit_check(strstr(head, job.lease_token), row->sentence);
    unit_check(!row->last_has || strstr(head, row->last_has), row->sentence);
    unit_check(!row->last_lacks || !strstr(head, row->last_lacks), row->sentence);
    web_client_free(&client);
    scripted_server_stop(&server);
}

static void test_fetch(void **state)
{
    const FetchRow rows[] = {
        {{{ORIGINAL, WHOLE}}, 1, ERROR_NONE, FIXTURE_SIZE, NULL, "Range", "a whole answer"},
        {{{ORIGINAL, WHOLE, .headers = FIXTURE_ETAG, .cut_at = CUT}, {ORIGINAL, REST}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         "Range: bytes=102400-\r\nIf-Range: \"one\"\r\n",
         NULL,
         "a connection cut in the body is gone on with where it broke"},
        {{{ORIGINAL, WHOLE, .headers = FIXTURE_ETAG, .cut_at = CUT},
          {ORIGINAL, WHOLE, .headers = "ETag: \"two\"\r\n"}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         "If-Range: \"one\"\r\n",
         NULL,
         "a changed original is taken from the start"},
        {{{ORIGINAL, WHOLE, .cut_at = CUT}, {ORIGINAL, WHOLE}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         "Range",
         "without an ETag there is no going on"},
        {{{ORIGINAL, WHOLE, .headers = "ETag: W/\"one\"\r\n", .cut_at = CUT}, {ORIGINAL, WHOLE}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         "Range",
         "nor with a weak one"},
        {{{ORIGINAL, .status = 0}, {ORIGINAL, .status = 503}, {ORIGINAL, WHOLE}},
         3,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         NULL,
         "a web that goes away comes back"},
        {{{ORIGINAL, .status = 404, .headers = "Content-Type: text/html\r\n",
           .body = "<html>not here</html>"},
          {ORIGINAL, .status = 404, .headers = PROBLEM, .body = "{\"detail\":\"No such job.\"}"}},
         2,
         ERROR_NOT_FOUND,
         0,
         NULL,
         NULL,
         "an error page is no media"},
        {{{ORIGINAL, .status = 200, .body = "<html>sign in</html>", .repeat = true}},
         3,
         ERROR_UNAVAILABLE,
         0,
         NULL,
         NULL,
         "nor is a page that calls itself a success"},
        {{{ORIGINAL, .status = 200, .body = "<html>sign in</html>", .undeclared = true},
          {ORIGINAL, WHOLE}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         NULL,
         "nor one without a length"},
        {{{ORIGINAL, .status = 200, .headers = FIXTURE_ETAG FROM_WEB, .body = fixture_content(),
           .length = CUT, .undeclared = true},
          {ORIGINAL, REST}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         "Range: bytes=102400-",
         NULL,
         "a short body that ends well is gone on with"},
        {{{ORIGINAL, .status = 200, .headers = FROM_WEB, .body = "much", .repeat = true}},
         3,
         ERROR_NETWORK,
         0,
         NULL,
         NULL,
         "another length of web's own may pass too"},
        {{{ORIGINAL, .status = 200, .body = fixture_content() + 1, .length = FIXTURE_SIZE - 1},
          {ORIGINAL, WHOLE}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         NULL,
         "a declared length that is not the job's is not begun"},
        {{{ORIGINAL, WHOLE, .headers = FIXTURE_ETAG, .cut_at = CUT},
          {ORIGINAL, .status = 206, .headers = "Content-Range: bytes 0-307199/307200\r\n",
           .body = fixture_content(), .length = FIXTURE_SIZE},
          {ORIGINAL, WHOLE}},
         3,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         "Range",
         "another range than asked for is not stored"},
        {{{ORIGINAL, .status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"}},
         1,
         ERROR_SETTING,
         0,
         NULL,
         NULL,
         "a redirection is not followed"},
        {{{ORIGINAL, .status = 403, .headers = PROBLEM, .body = "{\"detail\":\"No.\"}"}},
         1,
         ERROR_FORBIDDEN,
         0,
         NULL,
         NULL,
         "a refusal is final"},
        {{{ORIGINAL, .status = 416}}, 1, ERROR_RANGE, 0, NULL, NULL, "so is a range outside"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        run_fetch(&rows[i]);
}

static void test_fetch_wrong_digest(void **state)
{
    _cleanup_free_ char *wrong = base_calloc(1, FIXTURE_SIZE);
    (void)state;
    memcpy(wrong, fixture_content(), FIXTURE_SIZE);
    wrong[CUT] ^= 1;
    const ScriptedAnswer damaged = {ORIGINAL, .status = 200, .body = wrong, .length = FIXTURE_SIZE};
    const FetchRow rows[] = {
        {{damaged, {ORIGINAL, WHOLE}},
         2,
         ERROR_NONE,
         FIXTURE_SIZE,
         NULL,
         "Range",
         "one flipped bit is seen, and fetched again from the start"},
        {{damaged, damaged}, 2, ERROR_INVALID, FIXTURE_SIZE, NULL, NULL, "twice is the end"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        run_fetch(&rows[i]);
}

static void note_percent(void *context, int percent)
{
    int *last = context;
    assert_true(percent > *last && percent <= 100);
    *last = percent;
}

static void test_fetch_progress(void **state)
{
    const ScriptedAnswer answers[] = {{ORIGINAL, WHOLE}, {0}};
    TransferJob job = fixture_job();
    ScriptedServer *server = scripted_server_start(answers);
    WebClient *client = fixture_client(scripted_server_url(server));
    _cleanup_close_ int fd = fixture_file();
    WebFetch fetch;
    Error error = {0};
    int last = -1;
    (void)state;
    web_client_fetch_init(&fetch, &job, fd);
    fetch.progress = (WebProgress){note_percent, &last};
    assert_true(web_client_fetch(client, &fetch, &error));
    assert_int_equal(last, 100);
    web_client_free(&client);
    scripted_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_fetch_wrong_digest),
        cmocka_unit_test(test_fetch_progress),
    };
    return cmocka_run_group_tests(tests, fixture_group_set_up, fixture_group_tear_down);
}
