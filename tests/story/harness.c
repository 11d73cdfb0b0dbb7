#include "tests/story/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "tests/story/ask.h"
#include "tests/story/proxy.h"

#define POLL_MS       20
#define STOP_MS       40000
#define LOG_TAIL_SIZE 16000

static const char *build_folder(void)
{
    const char *folder = getenv("REELKEEP_BUILD");
    return folder && *folder ? folder : "build/dev";
}

void story_build_path(const char *name, char *path, size_t size)
{
    char whole[PATH_MAX];
    REQUIRE(realpath(build_folder(), whole));
    REQUIRE((size_t)snprintf(path, size, "%s/%s", whole, name) < size);
}

void story_path(const Story *story, const char *name, char *path, size_t size)
{
    REQUIRE((size_t)snprintf(path, size, "%s/%s", story->folder, name) < size);
}

bool story_long(void)
{
    return getenv("REELKEEP_LONG") != NULL;
}

void story_filter(void)
{
    const char *pattern = getenv("STORY_ONLY");
    if (pattern)
        cmocka_set_test_filter(pattern);
}

/* A loopback port that is the story's until it ends, also while web is down: who is bound to it and
 * does not listen is in nobody's way who may share addresses, as web may, and no other socket is
 * given that port. */
static void reserve_port(Story *story)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    REQUIRE(bind(fd, (struct sockaddr *)&address, length) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    story->port = ntohs(address.sin_port);
    story->port_fd = fd;
}

/* --- settings --- */

void story_set(Story *story, const char *name, const char *format, ...)
{
    char value[500];
    size_t length = strlen(name), i = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    while (i < story->setting_count &&
           !(strncmp(story->settings[i], name, length) == 0 && story->settings[i][length] == '='))
        i++;
    REQUIRE(i < STORY_SETTINGS_MAX);
    if (i == story->setting_count)
        story->setting_count++;
    snprintf(story->settings[i], sizeof story->settings[i], "%s=%s", name, value);
}

int story_setup(void **state)
{
    Story *story = NEW(Story);
    id_init();
    id_token(story->token);
    reserve_port(story);
    snprintf(story->folder, sizeof story->folder, "%s/reelkeep-story-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    REQUIRE(mkdtemp(story->folder));
    story_path(story, "volume", story->media_root, sizeof story->media_root);
    story_path(story, "scratch", story->work_dir, sizeof story->work_dir);
    REQUIRE(mkdir(story->media_root, 0755) == 0 && mkdir(story->work_dir, 0755) == 0);
    story_set(story, "HOST", "127.0.0.1");
    story_set(story, "PORT", "%d", story->port);
    story_set(story, "MEDIA_ROOT", "%s", story->media_root);
    story_set(story, "WORK_DIR", "%s", story->work_dir);
    story_set(story, "TRANSCODING_UPLOAD_TOKEN", "%s", story->token);
    story_set(story, "WEB_SERVICE_URL", "http://127.0.0.1:%d", story->port);
    story_set(story, "LOG_FORMAT", "json");
    story_set(story, "LOG_LEVEL", "debug");
    story_set(story, "MIN_FREE_SPACE", "16M");
    story_set(story, "SHUTDOWN_SECONDS", "10");
    story_set(story, "VIDEO_PRESET", "ultrafast");
    *state = story;
    return 0;
}

/* --- what the programs said --- */

char *story_read_file(const char *path, size_t *length)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return NULL;
    _cleanup_free_ char *text = base_calloc(1, (size_t)status.st_size + 1);
    ssize_t got, used = 0;
    while (used < status.st_size &&
           (got = read(fd, text + used, (size_t)(status.st_size - used))) > 0)
        used += got;
    if (length)
        *length = (size_t)used;
    return TAKE_PTR(text);
}

static char *read_log(Story *story, const char *program)
{
    char name[64], path[300];
    snprintf(name, sizeof name, "%s.log", program);
    story_path(story, name, path, sizeof path);
    return story_read_file(path, NULL);
}

bool story_log_has(Story *story, const char *program, const char *text)
{
    _cleanup_free_ char *log = read_log(story, program);
    return log && strstr(log, text);
}

static void print_log_end(Story *story, const char *program)
{
    _cleanup_free_ char *log = read_log(story, program);
    size_t length = log ? strlen(log) : 0;
    if (log) /* cmocka would cut it */
        printf("--- the end of what %s said ---\n%s\n", program,
               log + (length > LOG_TAIL_SIZE ? length - LOG_TAIL_SIZE : 0));
    fflush(stdout);
}

static void print_log_ends(Story *story)
{
    print_log_end(story, "web");
    print_log_end(story, "transcoder");
}

/* --- the end --- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* A sanitizer's report is a fault even where the program lived on. */
static bool log_clean(Story *story, const char *program)
{
    static const char *const reports[] = {"runtime error:", "ERROR: AddressSanitizer",
                                          "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer"};
    for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
        if (story_log_has(story, program, reports[i]))
            return false;
    return true;
}

int story_teardown(void **state)
{
    Story *story = *state;
    StoryEnd transcoder = story_end(&story->transcoder, SIGTERM, STOP_MS);
    StoryEnd web = story_end(&story->web, SIGTERM, STOP_MS);
    bool good = transcoder.status == 0 && web.status == 0 && transcoder.ended && web.ended;
    bool clean = log_clean(story, "web") && log_clean(story, "transcoder");
    proxy_stop(story->proxy);
    story->proxy = NULL;
    if (!good)
        print_error("at the end web ended with %d and transcoder with %d instead of 0\n",
                    web.status, transcoder.status);
    if (!clean)
        print_error("a sanitizer found a fault\n");
    if (!good || !clean)
        print_log_ends(story);
    nftw(story->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    close(story->port_fd);
    free(story);
    return good && clean ? 0 : -1;
}

/* --- programs --- */

static void program_environment(const Story *story, const char **environment, size_t room)
{
    static const char *const kept[] = {"PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS="};
    size_t count = 0;
    for (char **variable = environ; *variable; variable++)
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
            if (strncmp(*variable, kept[i], strlen(kept[i])) == 0 && count + 1 < room)
                environment[count++] = *variable;
    for (size_t i = 0; i < story->setting_count; i++) {
        const char *value = strchr(story->settings[i], '=');
        REQUIRE(value && count + 1 < room);
        if (value[1])
            environment[count++] = story->settings[i];
    }
    environment[count] = NULL;
}

static pid_t launch(Story *story, const char *program)
{
    char path[PATH_MAX], name[64], log[300];
    const char *environment[STORY_SETTINGS_MAX + 8];
    snprintf(name, sizeof name, "reelkeep-%s", program);
    story_build_path(name, path, sizeof path);
    snprintf(name, sizeof name, "%s.log", program);
    story_path(story, name, log, sizeof log);
    program_environment(story, environment, ARRAY_SIZE(environment));
    pid_t parent = getpid(), pid = fork();
    REQUIRE(pid >= 0);
    if (pid > 0)
        return pid;
    char *arguments[] = {path, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (getppid() != parent || output < 0 || chdir(story->folder) != 0)
        _exit(126);
    dup2(output, 1);
    dup2(output, 2);
    syscall(SYS_close_range, 3, ~0U, 0);
    execve(path, arguments, (char **)environment);
    _exit(127);
}

void story_web_launch(Story *story)
{
    REQUIRE(story->web == 0);
    story->web = launch(story, "web");
}

static bool web_ready(Story *story, void *context)
{
    (void)context;
    if (!story_running(story->web))
        story_fail(story, "web ended while it was starting");
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/readyz", .may_fail = true});
    return answer.status == 200;
}

void story_web_start(Story *story)
{
    story_web_launch(story);
    story_until(story, web_ready, NULL, "web to be ready");
}

void story_transcoder_start(Story *story)
{
    REQUIRE(story->transcoder == 0);
    story->transcoder = launch(story, "transcoder");
}

bool story_running(pid_t pid)
{
    siginfo_t info = {0};
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

StoryEnd story_end(pid_t *pid, int signal_number, int64_t within_ms)
{
    int status = 0;
    if (*pid == 0)
        return (StoryEnd){.ended = true};
    int64_t started = clock_monotonic_ms();
    _cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, *pid, 0);
    REQUIRE(fd >= 0);
    kill(*pid, signal_number);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    bool ended = poll(&waiting, 1, (int)within_ms) == 1;
    if (!ended)
        kill(*pid, SIGKILL);
    REQUIRE(waitpid(*pid, &status, 0) == *pid);
    *pid = 0;
    return (StoryEnd){.ended = ended,
                      .signalled = WIFSIGNALED(status),
                      .status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                      .after_ms = clock_monotonic_ms() - started};
}

void story_stop(pid_t *pid, const char *what)
{
    StoryEnd end = story_end(pid, SIGTERM, STOP_MS);
    if (!end.ended || end.signalled || end.status != 0)
        fail_msg("%s should end with status 0 after SIGTERM: %s %d after %lld ms", what,
                 end.signalled ? "signal" : "status", end.status, (long long)end.after_ms);
}

void story_kill(pid_t *pid)
{
    story_end(pid, SIGKILL, STOP_MS);
}

/* --- waiting and failing --- */

void story_until(Story *story, StoryCondition condition, void *context, const char *what)
{
    int64_t deadline = clock_monotonic_ms() + STORY_WAIT_MS;
    while (!condition(story, context)) {
        if (clock_monotonic_ms() > deadline)
            story_fail(story, "waited in vain for %s", what);
        clock_sleep_ms(POLL_MS);
    }
}

void story_fail(Story *story, const char *format, ...)
{
    char what[2000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    print_log_ends(story);
    fail_msg("%s", what);
    abort();
}

int story_command(const char *const *arguments, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output ? output : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int failed =
        posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return 127;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
