/* Many at once, at their limits, and the end of the server. */
#include "tests/unit/http_app.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/id.h"
#include "common/base/log.h"

static void *ask_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        char answer[256];
        client_say(fd, "GET /media/c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_true(recv(fd, answer, sizeof answer, MSG_WAITALL) > 0);
        assert_memory_equal(answer, "HTTP/1.1 200", 12);
        close(fd);
    }
    return NULL;
}

static void many_clients_are_served_while_files_come_and_go(void **state)
{
    pthread_t clients[8];
    (void)state;
    write_file("c", 20000);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        pthread_create(&clients[i], NULL, ask_many, NULL);
    for (int i = 0; i < 50; i++)
        http_forget_file(app.http, "c");
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
        pthread_join(clients[i], NULL);
}

static void stopping_ends_waits_and_cuts_uploads(void **state)
{
    (void)state;
    int waiting = dial(), sending = dial(), idle = dial();
    client_say(waiting, "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        "Content-Length: 12\r\n\r\n{\"ms\":60000}");
    sem_wait(&app.parked);
    client_say(sending,
               "POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               "Content-Length: 1000\r\n\r\n--b\r\n");
    wait_for(&app.opened, 1);
    http_stop(TAKE_PTR(app.http));
    client_expect(client_hear(waiting), "HTTP/1.1 204");
    assert_int_equal(app.closed, 1);
    assert_int_equal(app.finished, 0);
    assert_string_equal(client_hear(idle), "");
    close(waiting);
    close(sending);
    close(idle);
}

/* A worker that does not end would take the program with it. */
static void stopping_calls_off_what_takes_long(void **state)
{
    (void)state;
    int working = dial();
    client_say(working, "GET /work HTTP/1.1\r\nHost: a\r\n\r\n");
    sem_wait(&app.parked);
    assert_false(app.time_up);
    http_stop(TAKE_PTR(app.http));
    assert_int_equal(app.finished, 1);
    close(working);
}

static void stopping_does_not_wait_for_the_silent(void **state)
{
    (void)state;
    int idle = dial(), served = dial(), half = dial();
    client_say(served, "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(served), "HTTP/1.1 200");
    client_say(half, "GET /hello/a HTTP/1.1\r\nHo");
    http_stop(TAKE_PTR(app.http));
    assert_string_equal(client_hear(idle), "");
    assert_string_equal(client_hear(served), "");
    assert_string_equal(client_hear(half), "");
    close(idle);
    close(served);
    close(half);
}

static void *stop_server(void *http)
{
    http_stop(http);
    return NULL;
}

/* One loop waits for a handler, the others have ended: what they are told then is freed unread. */
static void files_may_be_forgotten_until_the_server_has_stopped(void **state)
{
    Http *http = app.http;
    pthread_t stopping;
    int idle[8], held = dial();
    (void)state;
    client_say(held, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    sem_wait(&app.parked);
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
        idle[i] = dial();
    app.http = NULL;
    assert_int_equal(pthread_create(&stopping, NULL, stop_server, http), 0);
    for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
        assert_string_equal(client_hear(idle[i]), "");
        close(idle[i]);
    }
    for (int i = 0; i < 1000; i++)
        http_forget_file(http, "a");
    sem_post(&app.held);
    client_expect(client_hear(held), "HTTP/1.1 204");
    close(held);
    pthread_join(stopping, NULL);
}

/* Twice as many as the pool has threads wait for children, and a quick question is answered. */
static void what_waits_for_children_holds_up_nobody_else(void **state)
{
    enum { HELD = 2 * HTTP_CHILDREN_WORKERS };
    int held[HELD];
    HttpGauges gauges;
    (void)state;
    for (int i = 0; i < HELD; i++) {
        held[i] = dial();
        client_say(held[i], "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (int i = 0; i < HTTP_CHILDREN_WORKERS; i++)
        sem_wait(&app.parked);
    write_file("d", 10);
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    client_expect(ask("GET /media/d HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    http_gauges(app.http, &gauges);
    assert_int_equal(gauges.threads[POOL_CHILDREN], HTTP_CHILDREN_WORKERS);
    assert_true(gauges.connections >= HELD);
    for (int i = 0; i < HELD; i++)
        sem_post(&app.held);
    for (int i = 0; i < HELD; i++) {
        client_expect(client_hear(held[i]), "HTTP/1.1 204");
        close(held[i]);
    }
}

/* More than may wait for children ask from two addresses, each of which may have so many. */
static void beyond_the_queue_of_its_pool_a_request_is_told_to_come_again(void **state)
{
    enum { ASKING = HTTP_CHILDREN_WORKERS + HTTP_WORK_QUEUE_MAX };
    static const char request[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
    static int asking[ASKING];
    HttpGauges gauges = {0};
    (void)state;
    for (int i = 0; i < ASKING; i++) {
        asking[i] = dial_from(INADDR_LOOPBACK + (unsigned)i % 2);
        client_say(asking[i], request);
        if (i < HTTP_CHILDREN_WORKERS)
            sem_wait(&app.parked);
    }
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    while (gauges.waiting[POOL_CHILDREN] < HTTP_WORK_QUEUE_MAX) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
        http_gauges(app.http, &gauges);
    }
    const char *answer = ask(request);
    client_expect(answer, "HTTP/1.1 503 ");
    client_expect(answer, "Retry-After: 5");
    client_expect(ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200");
    for (int i = 0; i < ASKING; i++)
        sem_post(&app.held);
    for (int i = 0; i < ASKING; i++) {
        client_expect(client_hear(asking[i]), "HTTP/1.1 204");
        close(asking[i]);
    }
}

/* Whether the server has closed it, or does so soon. Reads what is still on its way. */
static bool is_closed(int fd)
{
    static char bytes[65536];
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0)
        ;
    return got == 0 || errno == ECONNRESET;
}

static void wait_for_next_ms(void)
{
    int64_t now_ms = clock_monotonic_ms();
    while (clock_monotonic_ms() < now_ms + 2)
        sched_yield();
}

/* All are idle, but in another order than that in which they came. */
static void at_the_limit_the_longest_idle_gives_way(void **state)
{
    static const char facts[] = "GET /facts HTTP/1.1\r\nHost: a\r\n\r\n";
    static const int order[HTTP_APP_FEW] = {3, 1, 5, 0, 4, 2};
    int idle[HTTP_APP_FEW];
    (void)state;
    for (int i = 0; i < HTTP_APP_FEW; i++)
        idle[i] = dial();
    for (int i = 0; i < HTTP_APP_FEW; i++) {
        wait_for_next_ms();
        client_say(idle[order[i]], facts);
        client_expect(client_hear(idle[order[i]]), "HTTP/1.1 200");
    }
    for (int i = 0; i < 2; i++) {
        int newcomer = dial();
        client_say(newcomer, facts);
        client_expect(client_hear(newcomer), "HTTP/1.1 200");
        assert_true(is_closed(idle[order[i]]));
        close(idle[order[i]]);
        idle[order[i]] = newcomer;
    }
    for (int i = 0; i < HTTP_APP_FEW; i++) {
        client_say(idle[i], facts);
        client_expect(client_hear(idle[i]), "HTTP/1.1 200");
        close(idle[i]);
    }
}

/* Who asks, waits or sends is left alone; there the newcomer is the one too many. */
static void at_the_limit_nobody_busy_gives_way(void **state)
{
    static const char half[] = "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                               "\r\nContent-Length: 10\r\n\r\nhalf,";
    int busy[HTTP_APP_FEW];
    (void)state;
    for (int i = 0; i < HTTP_APP_FEW; i++) {
        busy[i] = dial();
        client_say(busy[i], i % 2 ? half : "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
        if (i % 2 == 0)
            sem_wait(&app.parked);
    }
    wait_for(&app.opened, HTTP_APP_FEW / 2);
    int newcomer = dial();
    assert_true(is_closed(newcomer));
    close(newcomer);
    for (int i = 1; i < HTTP_APP_FEW; i += 2) {
        client_say(busy[i], "whole");
        client_expect(client_hear(busy[i]), "HTTP/1.1 201");
    }
    atomic_store(&app.let_go, true);
    for (int i = 0; i < HTTP_APP_FEW; i++)
        close(busy[i]);
}

/* Whether the newcomer's request is taken: it parks. Else the connection is closed. */
static bool parks(int fd)
{
    static const char again[] = "GET /again HTTP/1.1\r\nHost: a\r\n\r\n";
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    char byte;
    IGNORE_RESULT(send(fd, again, strlen(again), MSG_NOSIGNAL) < 0);
    while (clock_monotonic_ms() < deadline) {
        if (sem_trywait(&app.parked) == 0)
            return true;
        ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return false;
        sched_yield();
    }
    fail_msg("the newcomer is neither served nor closed");
    return false;
}

/* The first one for whom a reader who is known to be slow by now has given way. */
static int first_newcomer(void)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    for (;;) {
        assert_true(clock_monotonic_ms() < deadline);
        int newcomer = dial();
        if (parks(newcomer))
            return newcomer;
        close(newcomer);
    }
}

/* Two more, while the loop is held up: it hears of them and of who is to leave for them at once.
 * `sender` sends the rest of its request, and then one that holds the loop. */
static void two_newcomers_at_once(int sender, int newcomers[2])
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    HttpGauges gauges = {0};
    client_say(sender, "wholeGET /stall HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear(sender), "HTTP/1.1 201");
    sem_wait(&app.parked);
    for (int i = 0; i < 2; i++)
        newcomers[i] = dial();
    while (gauges.connections < HTTP_APP_FEW + 2) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
        http_gauges(app.http, &gauges);
    }
    sem_post(&app.held);
    for (int i = 0; i < 2; i++)
        assert_true(parks(newcomers[i]));
}

/* Beside one who sends slowly and one who waits, the others ask for a file and do not read it. As
 * soon as they are known to be slow, newcomers take their places; one takes that of the sender, who
 * is done and idle. */
static void at_the_limit_the_slowest_reader_gives_way(void **state)
{
    enum { READERS = HTTP_APP_FEW - 2, SIZE = 32 << 20 };
    int fds[HTTP_APP_FEW], newcomers[3], closed = 0;
    (void)state;
    write_file("large", SIZE);
    for (int i = 0; i < HTTP_APP_FEW; i++) {
        fds[i] = dial();
        client_say(fds[i], i < READERS ? "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n"
                           : i == READERS
                               ? "GET /again HTTP/1.1\r\nHost: a\r\n\r\n"
                               : "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
                                 "\r\nContent-Length: 10\r\n\r\nhalf,");
    }
    for (int i = 0; i < READERS; i++) {
        char byte;
        assert_int_equal(recv(fds[i], &byte, 1, MSG_PEEK), 1);
    }
    sem_wait(&app.parked);
    wait_for(&app.opened, 1);
    newcomers[0] = first_newcomer();
    two_newcomers_at_once(fds[HTTP_APP_FEW - 1], newcomers + 1);
    for (int i = 0; i < READERS; i++) {
        static char bytes[65536];
        size_t length = 0;
        ssize_t got;
        while (length <= SIZE && (got = recv(fds[i], bytes, sizeof bytes, 0)) > 0)
            length += (size_t)got;
        closed += length < SIZE;
    }
    assert_int_equal(closed, 2);
    atomic_store(&app.let_go, true);
    for (int i = 0; i < HTTP_APP_FEW; i++)
        close(fds[i]);
    for (int i = 0; i < 3; i++)
        close(newcomers[i]);
}

/* The thread sanitizer keeps four bytes of its own for each. */
#ifdef __SANITIZE_THREAD__
#define MEMORY_FACTOR 5
#elif defined(__SANITIZE_ADDRESS__) /* and the address sanitizer room around each piece */
#define MEMORY_FACTOR 2
#else
#define MEMORY_FACTOR 1
#endif

/* Bytes of memory that belong to no file. */
static uint64_t anonymous_memory(void)
{
    static const char word[] = "RssAnon:";
    char text[4096] = "";
    _cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    const char *found = strstr(text, word);
    assert_non_null(found);
    return strtoul(found + strlen(word), NULL, 10) * KIB;
}

/* Each has sent more than a block and less than its whole. What they cost together does not grow
 * with what each has sent; and whoever goes on is done, though many more wait than there are
 * blocks.
 */
static void a_thousand_uploads_under_way_share_the_blocks(void **state)
{
    enum { UPLOADS = 1000, FIRST = HTTP_STREAM_BLOCK + 1000, REST = 1000 };
    enum { COST_MAX = HTTP_STREAM_BLOCKS * HTTP_STREAM_BLOCK + UPLOADS * 12 * 1024 };
    static int fds[UPLOADS];
    static char bytes[FIRST];
    char header[200];
    (void)state;
    snprintf(header, sizeof header,
             "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
             "\r\nContent-Length: %d\r\n\r\n",
             FIRST + REST);
    memset(bytes, 'x', sizeof bytes);
    uint64_t before = anonymous_memory();
    for (int i = 0; i < UPLOADS; i++) {
        fds[i] = dial_from(INADDR_LOOPBACK + (unsigned)i % 2);
        client_say(fds[i], header);
        assert_int_equal(send(fds[i], bytes, FIRST, MSG_NOSIGNAL), FIRST);
    }
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    uint64_t sure = (uint64_t)UPLOADS * FIRST - HTTP_STREAM_BLOCKS * HTTP_STREAM_BLOCK;
    while (atomic_load(&app.received) < sure) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
    uint64_t cost = (anonymous_memory() - before) / MEMORY_FACTOR;
    if (cost > COST_MAX)
        fail_msg("a thousand uploads under way cost %llu MiB", (unsigned long long)(cost / MIB));
    for (int i = UPLOADS; i > 0; i--)
        assert_int_equal(send(fds[i - 1], bytes, REST, MSG_NOSIGNAL), REST);
    for (int i = 0; i < UPLOADS; i++) {
        client_expect(client_hear(fds[i]), "HTTP/1.1 201");
        close(fds[i]);
    }
    assert_int_equal(app.finished, UPLOADS);
    assert_int_equal(app.received, (uint64_t)UPLOADS * (FIRST + REST));
}

/* As many as may be open, of every kind that holds something. */
static void whatever_is_open_costs_little(void **state)
{
    enum { EACH = 1000, KINDS = 4, SOME = 20000, LARGE = 8 << 20, COST_MAX = 48 << 20 };
    static int fds[KINDS][EACH];
    static char bytes[SOME + 1];
    static const char *const begun[KINDS] = {
        "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello/a HTTP/1.1\r\nHost: a\r\nX: ",
        "PUT /bytes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 1000000\r\n\r\n",
        "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    char byte;
    (void)state;
    memset(bytes, 'x', SOME);
    write_file("large", LARGE);
    uint64_t before = anonymous_memory();
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < EACH; i++) {
            int fd = fds[kind][i] = dial_from(INADDR_LOOPBACK + (unsigned)kind);
            client_say(fd, begun[kind]);
            if (kind == 0)
                client_expect(client_hear(fd), "HTTP/1.1 200");
            else if (kind == 3)
                assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), 1);
            else
                client_say(fd, bytes);
        }
    wait_for(&app.opened, EACH);
    int64_t deadline = clock_monotonic_ms() + PATIENCE_S * 1000;
    uint64_t sure = (uint64_t)(EACH - HTTP_STREAM_BLOCKS) * SOME;
    while (atomic_load(&app.received) < sure) {
        assert_true(clock_monotonic_ms() < deadline);
        sched_yield();
    }
    uint64_t cost = (anonymous_memory() - before) / MEMORY_FACTOR;
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i < EACH; i++)
            close(fds[kind][i]);
    if (cost > COST_MAX)
        fail_msg("all that is open costs %llu MiB", (unsigned long long)(cost / MIB));
    print_message("all that is open costs %llu KiB\n", (unsigned long long)(cost / KIB));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, http_app_start, http_app_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_thousand_uploads_under_way_share_the_blocks),
        STORY(whatever_is_open_costs_little),
        STORY(many_clients_are_served_while_files_come_and_go),
        STORY(stopping_ends_waits_and_cuts_uploads),
        STORY(stopping_calls_off_what_takes_long),
        STORY(what_waits_for_children_holds_up_nobody_else),
        STORY(beyond_the_queue_of_its_pool_a_request_is_told_to_come_again),
        cmocka_unit_test_setup_teardown(stopping_does_not_wait_for_the_silent,
                                        http_app_start_patient, http_app_stop),
        cmocka_unit_test_setup_teardown(files_may_be_forgotten_until_the_server_has_stopped,
                                        http_app_start_patient, http_app_stop),
        cmocka_unit_test_setup_teardown(at_the_limit_the_longest_idle_gives_way,
                                        http_app_start_small, http_app_stop),
        cmocka_unit_test_setup_teardown(at_the_limit_nobody_busy_gives_way, http_app_start_small,
                                        http_app_stop),
        cmocka_unit_test_setup_teardown(at_the_limit_the_slowest_reader_gives_way,
                                        http_app_start_small, http_app_stop),
    };
    id_init();
    log_init("test", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests_name("http load", tests, NULL, NULL);
}
