/* Requests and answers on the wire. */
#include "tests/unit/http_app.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/id.h"
#include "common/base/log.h"

static void a_connection_serves_one_request_after_another(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 3; i++) {
        client_say(fd, "GET /hello/caf%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n");
        const char *answer = client_hear(fd);
        client_expect(answer, "HTTP/1.1 200");
        client_expect(answer, "X-Request-Id: ");
        client_expect(answer, "{\"name\":\"caf\xC3\xA9\"}");
        client_say(fd, "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
        client_expect(client_hear(fd), "HTTP/1.1 404");
    }
    close(fd);
}

static void a_refusal_says_why(void **state)
{
    static const struct {
        const char *request, *status, *word;
    } rows[] = {
        {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404", "\"code\":\"not_found\""},
        {"POST /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405",
         "Allow: GET, HEAD"},
        {"BREW /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", "405", "\"code\":\"method_not_allowed\""},
        {"GET /hello/%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "wrongly escaped"},
        {"GET /hello/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", "400", "wrongly escaped"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400", "given twice"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "413",
         "takes no content"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "401",
         "WWW-Authenticate: Bearer"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}",
         "403", "\"code\":\"forbidden\""},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Length: 2\r\n\r\n{}",
         "415", "application/json"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
         "400", "malformed"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
         "\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
         "413", "larger than"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", "415",
         "multipart/form-data"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
         "411", "Content-Length is missing"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
         "Content-Length: 99999999999\r\n\r\n",
         "413", "too large"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
         "Content-Length: 5\r\n\r\n--c\r\n",
         "400", "boundary"},
        {"POST /form HTTP/1.1\r\nHost: a\r\nX-Full: 1\r\nContent-Type: multipart/form-data; "
         "boundary=b\r\n"
         "Content-Length: 5\r\n\r\n",
         "507", "The volume is full."},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *answer = ask(rows[i].request);
        char status[40];
        snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
        client_expect(answer, status);
        client_expect(answer, rows[i].word);
        client_expect(answer, "application/problem+json");
        client_expect(answer, "\"request_id\":\"");
    }
    client_expect(ask("POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                      "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
                  "{\"a\":1}");
}

/* On a connection that is in use sends a head ('~' stands for NUL), and behind it what would be
 * another request to whom the head's end or its body's length is another. It must be refused once,
 * and end the connection. */
static void expect_malformed(const char *head)
{
    static const char hidden[] = "GET /hello/hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    char text[4096];
    size_t length = 0, head_length = strlen(head);
    int fd = dial();
    client_say(fd, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    snprintf(text, sizeof text, "%s%s", head, hidden);
    for (size_t i = 0; i < head_length; i++)
        text[i] = text[i] == '~' ? '\0' : text[i];
    assert_int_equal(send(fd, text, head_length + strlen(hidden), MSG_NOSIGNAL),
                     head_length + strlen(hidden));
    memset(text, 0, sizeof text);
    for (ssize_t got; (got = recv(fd, text + length, sizeof text - 1 - length, 0)) > 0;) {
        length += (size_t)got;
        if (strncmp(text, "HTTP/1.1 400 ", MIN_OF(length, 13)) != 0)
            fail_msg("expected 400 to \"%s\": %s", head, text);
    }
    const char *date = strstr(text, "\r\nDate: ");
    if (!date || strstr(date + 1, "\r\nDate: "))
        fail_msg("expected one answer to \"%s\": %s", head, text);
    close(fd);
}

static void a_folded_line_is_refused_whatever_it_frames(void **state)
{
    static const struct {
        const char *before, *after; /* the value */
    } folds[] = {
        {":\r\n ", "\r\n"},      {":\r\n\t", "\r\n"}, {": ", "\r\n \r\n"}, {": ", "\r\n\t 1\r\n"},
        {": ", "\r\n X: 1\r\n"}, {":\n ", "\r\n"},    {"\r\n : ", "\r\n"}, {": \r\n \r\n ", "\r\n"},
    };
    static const struct {
        const char *name, *value, *others;
    } fields[] = {
        {"Content-Length", "43", "Host: a\r\n"},
        {"Transfer-Encoding", "chunked", "Host: a\r\n"},
        {"Host", "a", ""},
        {"Connection", "keep-alive", "Host: a\r\n"},
        {"Expect", "100-continue", "Host: a\r\nContent-Length: 0\r\n"},
        {"X-Other", "a", "Host: a\r\n"},
    };
    static const char *const targets[] = {"GET /hello/a", "HEAD /hello/a", "POST /form"};
    char line[100], head[400];
    (void)state;
    for (size_t f = 0; f < ARRAY_SIZE(fields); f++)
        for (size_t i = 0; i < ARRAY_SIZE(folds); i++)
            for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
                snprintf(line, sizeof line, "%s%s%s%s", fields[f].name, folds[i].before,
                         fields[f].value, folds[i].after);
                snprintf(head, sizeof head, "%s HTTP/1.1\r\n%s%s\r\n", targets[t], fields[f].others,
                         line);
                expect_malformed(head);
                snprintf(head, sizeof head, "%s HTTP/1.1\r\nAccept: a\r\n%s%s\r\n", targets[t],
                         line, fields[f].others);
                expect_malformed(head);
            }
}

static void a_head_with_other_line_ends_is_refused(void **state)
{
    static const char *const heads[] = {
        "GET /hello/a HTTP/1.1\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\n",
        "GET /hello/a HTTP/1.1\nHost: a\n\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\rContent-Length: 43\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX\r: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n",
        "GET /hello/a?\r HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a\t HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET~/b /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a~b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a?~b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1~\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b~c\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: b~\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX~: b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX:~ b\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 0~43\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n~\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
        expect_malformed(heads[i]);
}

/* Byte by byte, several at once, behind an empty line, and with more in it than the library reads
 * at first: what is refused for its line ends alone is never one of these. */
static void a_good_head_is_taken_however_it_arrives(void **state)
{
    static const char head[] = "\r\nGET /hello/a?q=%20&r&s=1 HTTP/1.1\r\nHost:a\r\nEmpty:\r\n"
                               "Blank: \t \r\nBlanks:\t a \t\r\nCookie: a=\"b\"; c=d\r\n"
                               "X: \xC3\xA9\r\n\r\n";
    static const char post[] = "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                               "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
                               "\r\n{\"a\":1}";
    enum { LONG = 24000 };
    _cleanup_free_ char *filler = base_calloc(1, LONG + 1);
    int fd = dial();
    (void)state;
    for (size_t i = 0; head[i]; i++)
        client_say(fd, (char[2]){head[i]});
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    for (int i = 0; i < 3; i++) {
        client_say(fd, head);
        client_say(fd, post);
    }
    for (int i = 0; i < 3; i++) {
        client_expect(client_hear(fd), "{\"name\":\"a\"}");
        client_expect(client_hear(fd), "{\"a\":1}");
    }
    memset(filler, 'x', LONG);
    for (int i = 0; i < 2; i++) {
        client_say(fd, "GET /hello/a HTTP/1.1\r\nX: ");
        client_say(fd, filler);
        client_say(fd, "\r\nHost: a\r\n\r\n");
        client_expect(client_hear(fd), "HTTP/1.1 200 ");
    }
    close(fd);
}

static void a_refusal_without_a_body_leaves_the_connection_open(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 415 ");
    client_say(fd, "POST /form HTTP/1.1\r\nHost: a\r\nX-Full: 1\r\nContent-Length: 0\r\n"
                   "Content-Type: multipart/form-data; boundary=b\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 507 ");
    client_say(fd, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(fd), "HTTP/1.1 200 ");
    close(fd);
}

static void a_refusal_of_a_request_with_a_body_ends_the_connection(void **state)
{
    static const char *const requests[] = {
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n[",
        "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        "chunked\r\n\r\n1\r\n[\r\n0\r\n\r\n",
        "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 6\r\n\r\npoison",
    };
    char byte;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        int fd = dial();
        client_say(fd, requests[i]);
        const char *answer = client_hear(fd);
        client_expect(answer, "HTTP/1.1 4");
        client_expect(answer, "Connection: close");
        if (recv(fd, &byte, 1, 0) != 0)
            fail_msg("the connection lives on after: %s", requests[i]);
        close(fd);
    }
}

/* Rules by path of a proxy see the escape and not the slash. */
static void an_escaped_slash_is_no_second_address(void **state)
{
    static const struct {
        const char *target, *status;
    } rows[] = {
        {"/media/a/b", "200"},   {"/media/a%2fb", "404"},   {"/media/a%2Fb", "404"},
        {"/media/%61/b", "200"}, {"/media%2fa/b", "404"},   {"/media/a%2f%zz", "404"},
        {"/hello/a%2Fb", "404"}, {"/hello/a%252fb", "200"}, {"/hello/a?q=%2f", "200"},
        {"/%2fhello/a", "404"},
    };
    (void)state;
    assert_int_equal(mkdirat(app.folder_fd, "a", 0700), 0);
    write_file("a/b", 10);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[100], wanted[40];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].target);
        snprintf(wanted, sizeof wanted, "HTTP/1.1 %s ", rows[i].status);
        client_expect(ask(request), wanted);
    }
}

static void a_refused_head_request_gets_no_content(void **state)
{
    (void)state;
    const char *answer = ask("HEAD /hello/a HTTP/1.1\r\n\r\n");
    client_expect(answer, "HTTP/1.1 400 ");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

/* A client that has sent all of 20 MB before it listens still hears the refusal: no reset destroys
 * it. */
static void a_refused_upload_hears_the_refusal(void **state)
{
    static const char part[] =
        "--b\r\nContent-Disposition: form-data; name=\"wrong\"; filename=\"f\"\r\n\r\n";
    enum { SIZE = 20 << 20 };
    _cleanup_free_ char *bytes = base_calloc(1, SIZE);
    char header[200];
    (void)state;
    int fd = dial();
    snprintf(header, sizeof header,
             "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
             "Content-Length: %zu\r\n\r\n",
             (size_t)SIZE + strlen(part));
    client_say(fd, header);
    client_say(fd, part);
    for (size_t sent = 0; sent < SIZE;) {
        ssize_t step = send(fd, bytes + sent, SIZE - sent, MSG_NOSIGNAL);
        assert_true(step > 0);
        sent += (size_t)step;
    }
    const char *answer = client_hear(fd);
    client_expect(answer, "HTTP/1.1 422 ");
    client_expect(answer, "\"errors\":[{\"field\":\"wrong\"");
    close(fd);
}

/* The delimiter behind the file lies before, across and behind the edge of a block. */
static void a_form_is_read_across_the_edges_of_blocks(void **state)
{
    static const char head[] =
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
    static const char tail[] =
        "\r\n--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nx\r\n--b--\r\n";
    _cleanup_free_ char *bytes = base_calloc(1, HTTP_STREAM_BLOCK + 1000);
    (void)state;
    for (size_t edge = 0; edge <= strlen(tail) + 1; edge++) {
        char header[200];
        size_t size = HTTP_STREAM_BLOCK - strlen(head) - edge;
        size_t all = strlen(head) + size + strlen(tail);
        int fd = dial();
        memcpy(bytes, head, strlen(head));
        memset(bytes + strlen(head), '\r', size);
        memcpy(bytes + strlen(head) + size, tail, strlen(tail));
        snprintf(header, sizeof header,
                 "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
                 "boundary=b\r\nContent-Length: %zu\r\n\r\n",
                 all);
        atomic_store(&app.received, 0);
        client_say(fd, header);
        for (size_t sent = 0; sent < all;) {
            ssize_t step = send(fd, bytes + sent, all - sent, MSG_NOSIGNAL);
            assert_true(step > 0);
            sent += (size_t)step;
        }
        client_expect(client_hear(fd), "HTTP/1.1 201");
        assert_int_equal(app.received, size + 1);
        close(fd);
    }
}

static void a_form_cut_off_is_closed_once_and_never_finished(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd,
               "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               "Content-Length: 1000\r\n\r\n--b\r\n");
    wait_for(&app.opened, 1);
    close(fd);
    wait_for(&app.closed, 1);
    assert_int_equal(app.finished, 0);
}

/* The end of the stream comes with the last bytes, and is told once. */
static void a_client_that_ends_is_noticed_at_once(void **state)
{
    static const char half[] = "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                               "\r\nContent-Length: 10\r\n\r\nhalf,";
    char byte;
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        int fd = dial();
        client_say(fd, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
        shutdown(fd, SHUT_WR);
        client_expect(client_hear(fd), "HTTP/1.1 200");
        assert_int_equal(recv(fd, &byte, 1, 0), 0);
        close(fd);
        fd = dial();
        client_say(fd, half);
        shutdown(fd, SHUT_WR);
        wait_for(&app.closed, i + 1);
        close(fd);
    }
    assert_int_equal(app.finished, 0);
}

/* The client says more than it was to, while the last answer is still on its way to it. */
static void an_answer_is_whole_whatever_else_its_client_says(void **state)
{
    static const char *const requests[] = {
        "GET /media/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /media/large HTTP/1.0\r\n\r\n",
    };
    enum { LARGE = 16 << 20 };
    static char bytes[65536];
    (void)state;
    write_file("large", LARGE);
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        size_t length = 0;
        ssize_t got;
        int fd = dial();
        client_say(fd, requests[i]);
        client_expect(client_hear_head(fd), "HTTP/1.1 200");
        client_say(fd, "\r\n");
        while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
            length += (size_t)got;
        assert_int_equal(got, 0);
        assert_int_equal(length, LARGE);
        close(fd);
    }
}

/* What is lost below the mapping is an error of the call that sends it, and of that answer alone.
 */
static void a_file_that_is_cut_off_ends_its_own_answer(void **state)
{
    enum { LARGE = 32 << 20 };
    static char bytes[65536];
    size_t length = 0;
    ssize_t got;
    (void)state;
    write_file("large", LARGE);
    int fd = dial();
    client_say(fd, "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear_head(fd), "HTTP/1.1 200");
    _cleanup_close_ int file = openat(app.folder_fd, "large", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(file, 4096), 0);
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        length += (size_t)got;
    assert_true(length < LARGE);
    close(fd);
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
}

static void a_waiting_request_is_woken_at_once(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                   "Content-Length: 12\r\n\r\n{\"ms\":60000}");
    sem_wait(&app.parked);
    http_unpark(app.waiting); /* may come before the handler has returned: that is remembered */
    client_expect(client_hear(fd), "woken");
    close(fd);
}

/* So often that the loop looks at it several times meanwhile. */
static void a_request_may_be_woken_and_wait_again_without_end(void **state)
{
    (void)state;
    int fd = dial();
    client_say(fd, "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 30000; i++) {
        sem_wait(&app.parked);
        for (int turn = 0; turn < 20; turn++) /* mostly it sleeps by then */
            sched_yield();
        http_unpark(app.waiting);
    }
    sem_wait(&app.parked);
    atomic_store(&app.let_go, true);
    http_unpark(app.waiting);
    client_expect(client_hear(fd), "HTTP/1.1 204");
    close(fd);
}

static void a_waiting_request_ends_with_its_time(void **state)
{
    (void)state;
    client_expect(ask("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                      "Content-Length: 8\r\n\r\n{\"ms\":1}"),
                  "HTTP/1.1 204");
}

static void a_file_is_served_from_the_cache_until_it_is_forgotten(void **state)
{
    static const char request[] = "GET /media/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    (void)state;
    write_file("a", 1000);
    client_expect(ask(request), "Content-Length: 1000");
    client_expect(ask(request), "Content-Length: 1000"); /* the other loop has it too */
    assert_true(file_remove(app.folder_fd, "a", NULL));
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_file(app.http, "a");
    client_expect(ask(request), "HTTP/1.1 404");
    client_expect(ask(request), "HTTP/1.1 404");
}

static void ranges_and_conditions_are_answered_on_the_wire(void **state)
{
    static const struct {
        const char *field, *status, *wanted;
    } rows[] = {
        {"Range: bytes=0-9", "206", "Content-Range: bytes 0-9/1000"},
        {"Range: bytes=-1", "206", "Content-Range: bytes 999-999/1000"},
        {"Range: bytes=1000-", "416", "Content-Range: bytes */1000"},
        {"Range: bytes=0-9\r\nIf-Range: \"tag\"", "206", "Content-Length: 10"},
        {"Range: bytes=0-9\r\nIf-Range: \"other\"", "200", "Content-Length: 1000"},
        {"If-None-Match: \"tag\"", "304", "ETag: \"tag\""},
        {"If-None-Match: \"other\"", "200", "Content-Length: 1000"},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "304",
         "Last-Modified: Sun, 06 Nov 1994"},
        {"If-Match: \"other\"", "412", "precondition_failed"},
        {"Accept: */*", "200", "Content-Disposition: inline; filename=\"name.txt\""},
    };
    (void)state;
    write_file("b", 1000);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[300], status[40];
        snprintf(request, sizeof request,
                 "GET /media/b HTTP/1.1\r\nHost: a\r\n%s\r\nConnection: close\r\n\r\n",
                 rows[i].field);
        snprintf(status, sizeof status, "HTTP/1.1 %s ", rows[i].status);
        const char *answer = ask(request);
        client_expect(answer, status);
        client_expect(answer, rows[i].wanted);
    }
    client_expect(ask("GET /media/b?download=1 HTTP/1.1\r\nHost: a\r\n\r\n"),
                  "attachment; filename=");
    client_expect(ask("GET /media/../b HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404");
    client_expect(ask("GET /media/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404");
}

static void what_a_request_says_of_itself_is_read_once(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"GET /facts?a=1&q=caf%C3%A9+au+lait&q=2 HTTP/1.1\r\nHost: a\r\n"
         "Cookie: other=1; session=\"abc\"\r\n\r\n",
         "{\"query\":\"caf\xC3\xA9 au lait\",\"cookie\":\"abc\",\"client\":\"127.0.0.1\","
         "\"viewer\":1,\"route\":\"facts\"}"},
        {"GET /facts?q=%zz HTTP/1.1\r\nHost: a\r\n\r\n", "\"query\":\"-\",\"cookie\":\"-\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.7\r\n\r\n",
         "\"client\":\"192.0.2.7\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n"
         "X-Forwarded-For: 2001:db8::1, 127.0.0.1\r\n\r\n",
         "\"client\":\"2001:db8::1\""},
        {"GET /facts HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.8\r\n\r\n",
         "\"client\":\"192.0.2.8\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        client_expect(ask(rows[i].request), rows[i].answer);
}

static void a_handler_adds_fields_to_its_refusal(void **state)
{
    (void)state;
    const char *answer = ask("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(answer, "HTTP/1.1 429 ");
    client_expect(answer, "Retry-After: 77");
    client_expect(answer, "Upload-Offset: 12");
    if (strstr(answer, "Retry-After: 5"))
        fail_msg("Retry-After is given twice: %s", answer);
}

static void bytes_reach_their_sink_in_order_and_are_refused_in_their_middle(void **state)
{
    enum { SIZE = 3 << 20 };
    _cleanup_free_ char *bytes = base_calloc(1, SIZE);
    char header[200];
    (void)state;
    for (int poisoned = 0; poisoned < 2; poisoned++) {
        int fd = dial();
        snprintf(header, sizeof header,
                 "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                 "\r\nContent-Length: %d\r\n\r\n",
                 SIZE);
        if (poisoned)
            memcpy(bytes + SIZE / 2, "poison", 6);
        client_say(fd, header);
        for (size_t sent = 0; sent < SIZE;) {
            ssize_t step = send(fd, bytes + sent, SIZE - sent, MSG_NOSIGNAL);
            assert_true(step > 0);
            sent += (size_t)step;
        }
        client_expect(client_hear(fd), poisoned ? "HTTP/1.1 422 " : "\"bytes\":3145728}");
        close(fd);
    }
    assert_int_equal(app.closed, 2);
    assert_int_equal(app.finished, 1);
    client_expect(ask("PUT /bytes HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
                  "HTTP/1.1 401");
    assert_int_equal(app.opened, 2);
}

/* A cached file is judged at every request, and its audience can be called back from the caches. */
static void who_may_read_is_asked_before_the_cache(void **state)
{
    static const char request[] = "GET /media/secret HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char part[] = "GET /media/secret HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n";
    static const char unseen[] = "GET /media/secret2 HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char handled[] = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";
    HttpGauges gauges;
    (void)state;
    write_file("secret", 100);
    write_file("secret2", 100);
    for (int i = 0; i < 4; i++) /* every loop has it */
        client_expect(ask(request), "HTTP/1.1 200");
    client_expect(ask(handled), "HTTP/1.1 200");
    atomic_store(&app.refused_audience, 7);
    for (int i = 0; i < 4; i++)
        client_expect(ask(request), "HTTP/1.1 403");
    client_expect(ask(part), "HTTP/1.1 403");
    client_expect(ask(unseen), "HTTP/1.1 403");
    client_expect(ask(handled), "HTTP/1.1 403");
    atomic_store(&app.refused_audience, 0);
    assert_true(file_remove(app.folder_fd, "secret", NULL));
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_audience(app.http, 1); /* another one */
    client_expect(ask(request), "HTTP/1.1 200");
    http_forget_audience(app.http, 7);
    for (int i = 0; i < 4; i++)
        client_expect(ask(request), "HTTP/1.1 404");
    http_gauges(app.http, &gauges);
    assert_int_equal(gauges.cached_files, 0);
    assert_int_equal(gauges.cached_bytes, 0);
}

static void the_end_of_a_request_is_told_with_its_route(void **state)
{
    (void)state;
    client_expect(ask("GET /hello/abc HTTP/1.1\r\nHost: a\r\n\r\n"), "200");
    wait_for(&app.ended, 1);
    assert_int_equal(app.last_status, 200);
    assert_int_equal(app.last_sent, strlen("{\"name\":\"abc\"}"));
    client_expect(ask("HEAD /hello/abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "200");
    wait_for(&app.ended, 2);
    assert_int_equal(app.last_sent, 0);
}

/* There is no request yet, but its end is told, and the client is. */
static void a_head_without_an_end_is_refused_and_told(void **state)
{
    static const struct {
        const char *begin, *status;
    } rows[] = {
        {"GET /hello/a?", "414"},
        {"GET /hello/a HTTP/1.1\r\nHost: a\r\nX: ", "431"},
        {"GET /hello/a HTTP/1.1\r\n", "431"},
    };
    _cleanup_free_ char *filler = base_calloc(1, HTTP_HEAD_MAX + 1);
    (void)state;
    memset(filler, 'x', HTTP_HEAD_MAX);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        char wanted[20];
        int fd = dial();
        snprintf(wanted, sizeof wanted, "HTTP/1.1 %s ", rows[i].status);
        client_say(fd, rows[i].begin);
        client_say(fd, filler);
        const char *answer = client_hear(fd);
        client_expect(answer, wanted);
        client_expect(answer, "Connection: close");
        wait_for(&app.unrouted, i + 1);
        close(fd);
    }
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
}

static void an_incomplete_route_stops_the_start(void **state)
{
    static const Route rows[] = {
        {HTTP_GET, "/a", "a", 0, BODY_NONE, POOL_API, .handle = http_app_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_UNSET, POOL_API, .handle = http_app_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_UNSET, .handle = http_app_hello},
        {HTTP_GET, "/a", NULL, OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = http_app_hello},
        {0, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = http_app_hello},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, .pool = POOL_API},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = http_app_hello,
         .resolve = http_app_resolve},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_FORM, POOL_API, .form = &http_app_form},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_BYTES, POOL_API, .form = &http_app_form,
         .body_max = http_app_body_max},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_JSON, POOL_LOOP, .handle = http_app_echo},
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, POOL_CHILDREN,
         .handle = http_app_hello},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const Route table[] = {rows[i], {0}};
        const Route *const list[] = {table, NULL};
        HttpOptions options = {.host = "127.0.0.1", .tables = list};
        Error error = {0};
        if (http_start(&options, &error))
            fail_msg("the incomplete route %zu is served", i);
        client_expect(error.detail, "/a");
    }
    static const Route twins[] = {
        {HTTP_GET, "/a", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = http_app_hello},
        {HTTP_GET, "/b", "a", OPEN_TO_ALL, BODY_NONE, POOL_API, .handle = http_app_hello},
        {0},
    };
    const Route *const list[] = {twins, NULL};
    HttpOptions options = {.host = "127.0.0.1", .tables = list};
    Error error = {0};
    assert_null(http_start(&options, &error));
    client_expect(error.detail, "The route /b has the name of another one, a.");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, http_app_start, http_app_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_connection_serves_one_request_after_another),
        STORY(a_refusal_says_why),
        STORY(a_folded_line_is_refused_whatever_it_frames),
        STORY(a_head_with_other_line_ends_is_refused),
        STORY(a_good_head_is_taken_however_it_arrives),
        STORY(a_refusal_without_a_body_leaves_the_connection_open),
        STORY(a_refusal_of_a_request_with_a_body_ends_the_connection),
        STORY(an_escaped_slash_is_no_second_address),
        STORY(a_refused_head_request_gets_no_content),
        STORY(a_refused_upload_hears_the_refusal),
        STORY(a_form_is_read_across_the_edges_of_blocks),
        STORY(a_form_cut_off_is_closed_once_and_never_finished),
        STORY(a_client_that_ends_is_noticed_at_once),
        STORY(an_answer_is_whole_whatever_else_its_client_says),
        STORY(a_file_that_is_cut_off_ends_its_own_answer),
        STORY(a_waiting_request_is_woken_at_once),
        STORY(a_request_may_be_woken_and_wait_again_without_end),
        STORY(a_waiting_request_ends_with_its_time),
        STORY(a_file_is_served_from_the_cache_until_it_is_forgotten),
        STORY(ranges_and_conditions_are_answered_on_the_wire),
        STORY(what_a_request_says_of_itself_is_read_once),
        STORY(a_handler_adds_fields_to_its_refusal),
        STORY(bytes_reach_their_sink_in_order_and_are_refused_in_their_middle),
        STORY(who_may_read_is_asked_before_the_cache),
        STORY(the_end_of_a_request_is_told_with_its_route),
        STORY(a_head_without_an_end_is_refused_and_told),
        cmocka_unit_test(an_incomplete_route_stops_the_start),
    };
    id_init();
    log_init("test", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
