/*
 * A disk that answers fsync with EIO, beneath the whole of web: nothing is acknowledged, the log
 * says why, /readyz and /metrics tell of it, and once the disk is well so is web, by itself. This
 * program is web, too, with an fsync of its own.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/program/program.h"
#include "web/commands/command.h"
#include "web/decoder/child/decoder_child.h"

#define TOKEN       "0123456789abcdef0123456789abcdef"
#define DISK_FD     9 /* of web: the page that the test shares with it */
#define PATIENCE_MS 30000

/* --- the disk --- */

typedef enum Illness { DISK_WELL, DISK_FILES, DISK_DATABASE } Illness;

static atomic_int *disk; /* an Illness; NULL: nobody says */

int fsync(int fd)
{
    if (disk && atomic_load(disk) == DISK_FILES) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* What SQLite calls. */
int fdatasync(int fd)
{
    if (disk && atomic_load(disk) == DISK_DATABASE) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* --- web --- */

static int be_web(int argc, char **argv)
{
    static const ProgramCommand *const commands[] = {&command_serve, NULL};
    const Program program = {.name = "reelkeep-web",
                             .settings = SETTING_WEB,
                             .commands = commands,
                             .child_tasks = decoder_child_tasks};
    void *page = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, DISK_FD, 0);
    disk = page == MAP_FAILED ? NULL : page;
    return program_main(&program, argc, argv);
}

typedef struct Rig {
    char folder[64];
    pid_t web;
    int port;
} Rig;

/* Until the log has an error line that holds both. */
static void rig_await_line(const Rig *rig, const char *words, const char *file)
{
    int folder = open(rig->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = false;
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS; !found; clock_sleep_ms(20)) {
        _cleanup_free_ char *text = file_read_small(folder, "log", 4 << 20, NULL);
        char *rest = text;
        for (char *line; !found && (line = strsep(&rest, "\n"));)
            found = strstr(line, "\"level\":\"error\"") && strstr(line, words) &&
                    strstr(line, " File: ") && strstr(line, file);
        if (!found && clock_monotonic_ms() > until)
            fail_msg("no line about%s", words);
    }
    close(folder);
}

/* The answer, header and all; owned by the caller. NULL: there is nobody. */
static char *rig_send(const Rig *rig, const char *request, size_t size)
{
    static char answer[256 * 1024];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)rig->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    size_t length = 0;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return NULL;
    assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
    for (ssize_t got; (got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0;)
        length += (size_t)got;
    answer[length] = '\0';
    return base_strdup(answer);
}

static char *rig_ask(const Rig *rig, const char *request)
{
    return rig_send(rig, request, strlen(request));
}

#define GET(path)                                                                                  \
    "GET " path " HTTP/1.1\r\nHost: web\r\nConnection: close\r\nAuthorization: Bearer " TOKEN      \
    "\r\n\r\n"
/* A photo that is whole. */
static char *rig_upload(const Rig *rig)
{
    static const char part[] =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gif\"\r\n\r\n"
        "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2L\1\0;\r\n--b--\r\n";
    char request[1000];
    int head =
        snprintf(request, sizeof request,
                 "POST /api/uploads HTTP/1.1\r\nHost: web\r\nConnection: close\r\n"
                 "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n",
                 sizeof part - 1);
    memcpy(request + head, part, sizeof part - 1);
    return rig_send(rig, request, (size_t)head + sizeof part - 1);
}

/* Until an answer holds the words. */
static void rig_await(const Rig *rig, const char *request, const char *words)
{
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS;; clock_sleep_ms(20)) {
        _cleanup_free_ char *answer = rig_ask(rig, request);
        if (answer && strstr(answer, words))
            return;
        if (clock_monotonic_ms() > until)
            fail_msg("no \"%s\" in: %s", words, answer ? answer : "no answer");
    }
}

/* What a metric stands at; the series is written as in the text, but for the value. */
static long rig_metric(const Rig *rig, const char *series)
{
    _cleanup_free_ char *answer = rig_ask(rig, GET("/metrics"));
    const char *line = strstr(answer, series);
    if (!line)
        fail_msg("no %s in: %s", series, answer);
    return strtol(line + strlen(series), NULL, 10);
}

static int rig_set_up(void **state)
{
    static Rig rig;
    char setting[3][100];
    int page = memfd_create("disk", 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    _cleanup_close_ int free_port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *state = &rig;
    unit_folder(rig.folder);
    assert_int_equal(ftruncate(page, sizeof *disk), 0);
    disk = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    assert_true(disk != MAP_FAILED);
    /* The port stays free until web takes it: web sets SO_REUSEADDR, and nobody listens here. */
    assert_int_equal(setsockopt(free_port, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(free_port, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(free_port, (struct sockaddr *)&address, &length), 0);
    rig.port = ntohs(address.sin_port);
    snprintf(setting[0], sizeof setting[0], "MEDIA_ROOT=%s/media", rig.folder);
    snprintf(setting[1], sizeof setting[1], "PORT=%d", rig.port);
    snprintf(setting[2], sizeof setting[2], "%s/log", rig.folder);
    pid_t parent = getpid();
    rig.web = fork();
    if (rig.web == 0) {
        const char *arguments[] = {"reelkeep-web", "serve", NULL};
        const char *environment[] = {setting[0], setting[1], "HOST=127.0.0.1",
                                     "TRANSCODING_UPLOAD_TOKEN=" TOKEN, NULL};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int log = open(setting[2], O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (getppid() != parent || dup2(log, 1) < 0 || dup2(page, DISK_FD) < 0)
            _exit(126);
        execve("/proc/self/exe", (char **)arguments, (char **)environment);
        _exit(127);
    }
    close(page);
    rig_await(&rig, GET("/readyz"), "200 OK");
    return 0;
}

static int rig_tear_down(void **state)
{
    Rig *rig = *state;
    int status;
    atomic_store(disk, DISK_WELL);
    kill(rig->web, SIGTERM);
    assert_int_equal(waitpid(rig->web, &status, 0), rig->web);
    assert_int_equal(file_remove_tree(AT_FDCWD, rig->folder, NULL), 1);
    assert_int_equal(munmap(disk, sizeof *disk), 0);
    disk = NULL;
    return status;
}

/* --- what is expected --- */

static void tells_why(void **state)
{
    static const struct {
        Illness illness;
        const char *line, *file, *ready, *series;
    } rows[] = {
        {DISK_FILES, " (uploads.create): io: The uploaded file could not be made durable: ",
         "/.reelkeep/uploads/", "\"fsync\":\"The uploaded file could not be made durable: ",
         "\nreelkeep_fsync_failures_total{what=\"file\"} "},
        {DISK_DATABASE, " (uploads.create): database: The database could not do its work: ",
         "/.reelkeep/", "\"database\":\"The database could not do its work: disk I/O error.",
         "\nreelkeep_fsync_failures_total{what=\"database-commit\"} "},
    };
    Rig *rig = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(rig_metric(rig, rows[i].series), 0);
        atomic_store(disk, (int)rows[i].illness);
        _cleanup_free_ char *answer = rig_upload(rig);
        unit_check(strstr(answer, "HTTP/1.1 500 "), rows[i].series);
        _cleanup_free_ char *ready = rig_ask(rig, GET("/readyz"));
        unit_check(strstr(ready, "HTTP/1.1 503 ") && strstr(ready, rows[i].ready), ready);
        /* It is tried again and again, and told for as long as that fails. */
        while (rig_metric(rig, rows[i].series) < 3)
            clock_sleep_ms(20);
        rig_await(rig, GET("/readyz"), rows[i].ready);
        atomic_store(disk, DISK_WELL);
        rig_await(rig, GET("/readyz"), "200 OK");
        _cleanup_free_ char *good = rig_upload(rig);
        unit_check(strstr(good, "HTTP/1.1 201 "), good);
        rig_await_line(rig, rows[i].line, rows[i].file);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_why, rig_set_up, rig_tear_down),
    };
    if (argc > 1)
        return be_web(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
