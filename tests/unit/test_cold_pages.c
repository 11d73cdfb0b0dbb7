/*
 * A file whose pages are not in memory, on a disk that gives them when the test says so: a loop
 * must never wait for it. The disk is made of two system calls that this program answers itself.
 */
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/base/file.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "tests/unit/http_client.h"
#include "web/http/http.h"

#define POPULATE_READ 22 /* MADV_POPULATE_READ: newer than the headers */
#define PAGE          4096
#define WINDOWS       3
#define LARGE         (WINDOWS * HTTP_SEND_WINDOW)

static struct {
    Http *http;
    char folder[64];
    int folder_fd;
    sem_t asked, given;   /* a worker waits for the disk; it may go on */
    _Atomic(char *) base; /* of the large file's mapping; NULL: not looked at yet */
    atomic_bool warm[WINDOWS];
    atomic_uint missed; /* times that pages were looked for and not there */
} disk;

/* --- the disk --- */

static bool disk_has(const char *address)
{
    size_t window = (size_t)(address - atomic_load(&disk.base)) / HTTP_SEND_WINDOW;
    return window >= WINDOWS || atomic_load(&disk.warm[window]);
}

/* Only the large file is asked for by so many pages. */
int mincore(void *address, size_t length, unsigned char *present)
{
    char *first = address, *none = NULL;
    if (length < HTTP_SEND_WINDOW / 2)
        return (int)syscall(SYS_mincore, address, length, present);
    atomic_compare_exchange_strong(&disk.base, &none, first);
    for (size_t i = 0; i * PAGE < length; i++)
        present[i] = disk_has(first + i * PAGE);
    if (!present[0])
        atomic_fetch_add(&disk.missed, 1);
    return 0;
}

int madvise(void *address, size_t length, int advice)
{
    char *base = atomic_load(&disk.base);
    if (advice != POPULATE_READ || !base)
        return (int)syscall(SYS_madvise, address, length, advice);
    sem_post(&disk.asked);
    sem_wait(&disk.given);
    size_t window = (size_t)((char *)address - base) / HTTP_SEND_WINDOW;
    atomic_store(&disk.warm[window], true);
    return 0;
}

/* --- the application --- */

static bool allow(void *context, const RequestFacts *facts, unsigned access, Viewer *viewer,
                  Error *error)
{
    (void)context, (void)facts, (void)access, (void)viewer, (void)error;
    return true;
}

static bool resolve(void *context, const char *path, ServedFile *file, Error *error)
{
    (void)context;
    int fd = file_open_beneath(disk.folder_fd, path, O_RDONLY, 0);
    if (fd < 0)
        return error_set(error, ERROR_NOT_FOUND, "There is no file %s.", path);
    *file = (ServedFile){.content = stored_file_adopt(fd, path, error),
                         .etag = "\"tag\"",
                         .content_type = "text/plain",
                         .download_name = "name.txt",
                         .cache_control = "no-store"};
    return file->content;
}

static Response *get_file(Request *request, Error *error)
{
    ServedFile file;
    return resolve(NULL, "large", &file, error) ? response_file(request, &file, error) : NULL;
}

static const Route routes[] = {
    {HTTP_GET, "/media/{*}", "media", 1, BODY_NONE, POOL_MEDIA, .resolve = resolve},
    {HTTP_GET, "/file", "file", 1, BODY_NONE, POOL_API, .handle = get_file},
    {0},
};
static const Route *const tables[] = {routes, NULL};

static int start(void **state)
{
    Error error = {0};
    HttpOptions options = {.host = "127.0.0.1",
                           .tables = tables,
                           .guard = {.authorize = allow},
                           .shutdown_seconds = 3};
    _cleanup_free_ char *bytes = base_calloc(1, LARGE);
    (void)state;
    memset(&disk, 0, sizeof disk);
    sem_init(&disk.asked, 0, 0);
    sem_init(&disk.given, 0, 0);
    unit_folder(disk.folder);
    disk.folder_fd = open(disk.folder, O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)('a' + i / HTTP_SEND_WINDOW);
    assert_true(file_replace(disk.folder_fd, "large", bytes, LARGE, &error));
    assert_true(file_replace(disk.folder_fd, "small", bytes, 100, &error));
    disk.http = http_start(&options, &error);
    if (!disk.http)
        fail_msg("%s", error.detail);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * WINDOWS; i++)
        sem_post(&disk.given);
    http_stop(disk.http);
    close(disk.folder_fd);
    return file_remove_tree(AT_FDCWD, disk.folder, NULL) ? 0 : -1;
}

/* --- the stories --- */

static void wait_for_question(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += CLIENT_PATIENCE_S;
    if (sem_timedwait(&disk.asked, &end) < 0)
        fail_msg("no worker was asked to read ahead");
}

/* Twice as many as there are loops could be, so that each loop is asked. */
static void expect_quick_neighbours(void)
{
    for (int i = 0; i < 2 * HTTP_LOOPS_MAX; i++)
        client_expect(
            client_ask(http_port(disk.http), "GET /media/small HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200");
}

static void expect_window(int fd, size_t window)
{
    static char bytes[HTTP_SEND_WINDOW];
    size_t got = 0;
    while (got < sizeof bytes) {
        ssize_t count = recv(fd, bytes + got, sizeof bytes - got, 0);
        assert_true(count > 0);
        got += (size_t)count;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        if (bytes[i] != (char)('a' + window))
            fail_msg("byte %zu of window %zu is %c", i, window, bytes[i]);
}

static void expect_waiting_for_each_window(const char *request)
{
    int fd = client_dial(http_port(disk.http), INADDR_LOOPBACK);
    client_say(fd, request);
    for (size_t i = 0; i < WINDOWS; i++) {
        wait_for_question();
        expect_quick_neighbours();
        sem_post(&disk.given);
        if (i == 0)
            client_expect(client_hear_head(fd), "HTTP/1.1 200");
        expect_window(fd, i);
    }
    assert_int_equal(disk.missed, WINDOWS);
    close(fd);
}

static void nobody_waits_for_the_disk_of_another(void **state)
{
    (void)state;
    expect_waiting_for_each_window("GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void nor_for_a_file_that_a_handler_gives(void **state)
{
    (void)state;
    expect_waiting_for_each_window("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* What is there goes out, and only what is missing is waited for. */
static void a_file_that_is_there_in_part_is_read_in_part(void **state)
{
    (void)state;
    atomic_store(&disk.warm[0], true);
    atomic_store(&disk.warm[2], true);
    int fd = client_dial(http_port(disk.http), INADDR_LOOPBACK);
    client_say(fd, "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n");
    client_expect(client_hear_head(fd), "HTTP/1.1 200");
    expect_window(fd, 0);
    wait_for_question();
    expect_quick_neighbours();
    sem_post(&disk.given);
    expect_window(fd, 1);
    expect_window(fd, 2);
    assert_int_equal(disk.missed, 1);
    close(fd);
}

/* The client is gone when the disk gives the pages at last. */
static void who_does_not_wait_leaves_nothing_behind(void **state)
{
    HttpGauges gauges;
    (void)state;
    int fd = client_dial(http_port(disk.http), INADDR_LOOPBACK);
    client_say(fd, "GET /media/large HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_question();
    shutdown(fd, SHUT_RDWR);
    close(fd);
    sem_post(&disk.given);
    do {
        sched_yield();
        http_gauges(disk.http, &gauges);
        while (sem_trywait(&disk.asked) == 0)
            sem_post(&disk.given);
    } while (gauges.connections > 0);
    expect_quick_neighbours();
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(nobody_waits_for_the_disk_of_another),
        STORY(nor_for_a_file_that_a_handler_gives),
        STORY(a_file_that_is_there_in_part_is_read_in_part),
        STORY(who_does_not_wait_leaves_nothing_behind),
    };
    id_init();
    log_init("test", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests_name("cold pages", tests, NULL, NULL);
}
