/*
 * Between the upload and the queue: web looks at what it was given, in a child that can reach
 * nothing, and says at once what cannot be used. No transcoder takes part.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

/* --- the process whose children open files --- */

/* A living child of this process; 0: none. */
static pid_t living_child(pid_t parent)
{
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    REQUIRE(processes);
    for (struct dirent *entry; !found && (entry = readdir(processes));) {
        char path[300], state;
        int pid, its_parent;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        if (fscanf(file, "%d (%*[^)]) %c %d", &pid, &state, &its_parent) == 3 &&
            its_parent == parent && state != 'Z')
            found = pid;
        fclose(file);
    }
    closedir(processes);
    return found;
}

static pid_t zygote_of(Story *story)
{
    pid_t zygote = living_child(story->web);
    story_expect(story, zygote > 0, "web should have a process for its children");
    return zygote;
}

static bool answers_ready(Story *story, void *context)
{
    (void)context;
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = "/readyz", .may_fail = true});
    return answer.status == 200 && living_child(story->web) > 0;
}

static Upload kept(Story *story, const Ask *request, const char *status)
{
    Upload upload = {0};
    _cleanup_answer_ Answer answer = ask(story, request);
    expect_answer(story, &answer, 201, NULL, "an upload");
    const char *told = answer_text(story, &answer, "status");
    story_expect(story, streq(told, status), "a new upload should be %s: %s", status, answer.body);
    base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id"));
    return upload;
}

static Upload upload_of_file(Story *story, MadeMedia media)
{
    return kept(story,
                &(Ask){.path = "/api/uploads",
                       .form = {{.name = "file",
                                 .file = made_media(media),
                                 .file_name = "clip.mp4",
                                 .type = "video/mp4"}}},
                "validating");
}

/* --- what is found --- */

static void expect_number(Story *story, Answer *answer, const char *field, double from, double to)
{
    const json_t *value = json_object_get(answer_json(story, answer), field);
    double number = json_number_value(value);
    story_expect(story, json_is_number(value) && number >= from && number <= to,
                 "%s should be between %g and %g: %s", field, from, to, answer->body);
}

static void test_what_was_found_is_told_before_anything_is_made(void **state)
{
    Story *story = *state;
    story_web_start(story);
    Upload upload = upload_file(story, made_media(MADE_ROTATED), "standing.mp4");
    upload_await(story, &upload, "pending");
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    expect_number(story, &told, "width", 240, 240);
    expect_number(story, &told, "height", 320, 320);
    expect_number(story, &told, "duration", 1.9, 2.2);
    expect_number(story, &told, "progress_percentage", 0, 0);
}

/* Sound in a container for both, sent without a word about what it is. */
static void test_sound_alone_is_a_recording(void **state)
{
    Story *story = *state;
    story_web_start(story);
    Upload upload = upload_file(story, made_media(MADE_SOUND), "note.mp4");
    upload_await(story, &upload, "pending");
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    story_expect(story, streq(answer_text(story, &told, "kind"), "audio"), "a recording: %s",
                 told.body);
}

static void test_short_work_goes_first(void **state)
{
    Story *story = *state;
    TransferJob job;
    story_web_start(story);
    Upload film = upload_file(story, made_media(MADE_SLOW_VIDEO), "film.mp4");
    Upload clip = upload_file(story, made_media(MADE_VIDEO), "clip.mp4");
    story_expect(story, play_claim(story, 0, &job), "there should be a job to claim");
    upload_await(story, &clip, "processing");
    upload_await(story, &film, "pending");
}

/* --- what cannot be used --- */

#define MP4_HEAD                                                                                   \
    "\0\0\0\x18"                                                                                   \
    "ftypisom\0\0\2\0isommp42"

/* What stands before and behind the canary's address. */
#define LETTER   "This is a letter about ", "."
#define PLAYLIST "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n", "\n#EXT-X-ENDLIST\n"
#define DASH                                                                                       \
    "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\">"         \
    "<Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\">"      \
    "<BaseURL>",                                                                                   \
        "</BaseURL></Representation></AdaptationSet></Period></MPD>"
#define CONCAT "ffconcat version 1.0\nfile '", "'\n"

static const struct {
    const char *head;
    size_t head_length;
    const char *before, *behind;
    const char *name;
    const char *sentence;
} hostile[] = {
    {MP4_HEAD, sizeof MP4_HEAD - 1, LETTER, "letter.mp4", "text behind an MP4's head"},
    {MP4_HEAD, sizeof MP4_HEAD - 1, PLAYLIST, "list.mp4", "a playlist behind an MP4's head"},
    {MP4_HEAD, sizeof MP4_HEAD - 1, DASH, "dash.mp4", "a manifest behind an MP4's head"},
    {MP4_HEAD, sizeof MP4_HEAD - 1, CONCAT, "concat.mp4", "a list of files behind an MP4's head"},
    {"\x1A\x45\xDF\xA3\x93\x42\x82\x88matroska", 16, PLAYLIST, "list.mkv",
     "a playlist behind a Matroska file's head"},
    {"RIFF\0\1\0\0AVI LIST", 16, PLAYLIST, "list.avi", "a playlist behind an AVI file's head"},
    {"\0\0\1\xBA\x44", 5, PLAYLIST, "list.mpg", "a playlist behind a program stream's head"},
};

/* Listens where nobody should come. */
static int open_canary(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 8) == 0 &&
            getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static bool was_visited(int canary)
{
    struct pollfd waiting = {.fd = canary, .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

/* Failed with a sentence; the file stays, and comes as an attachment. */
static void expect_failed(Story *story, const Upload *upload, const char *bytes, size_t length)
{
    char url[MEDIA_URL_SIZE];
    upload_await(story, upload, "failed");
    _cleanup_answer_ Answer told = upload_state(story, upload);
    const char *error = answer_text(story, &told, "error");
    story_expect(story, strlen(error) > 20 && error[strlen(error) - 1] == '.',
                 "the failure should be told in a sentence: %s", told.body);
    upload_url(story, upload, "original_url", url);
    snprintf(url + strlen(url), sizeof url - strlen(url), "?download=1");
    _cleanup_answer_ Answer original = ask(story, &(Ask){.path = url});
    expect_answer(story, &original, 200, NULL, "the original of a failed upload");
    const char *disposition = answer_header(&original, "Content-Disposition");
    story_expect(story, disposition && strncmp(disposition, "attachment", 10) == 0,
                 "a failed upload comes as an attachment: %s", original.headers);
    story_expect(story, original.length == length && memcmp(original.body, bytes, length) == 0,
                 "a failed upload stays as it was");
}

static void test_what_is_no_media_fails_at_once(void **state)
{
    Story *story = *state;
    TransferJob job;
    int port;
    _cleanup_close_ int canary = open_canary(&port);
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
        char bytes[2000];
        size_t length = hostile[i].head_length;
        memcpy(bytes, hostile[i].head, length);
        length += (size_t)snprintf(bytes + length, sizeof bytes - length,
                                   "%shttp://127.0.0.1:%d/canary%s", hostile[i].before, port,
                                   hostile[i].behind);
        Upload upload = kept(story,
                             &(Ask){.path = "/api/uploads",
                                    .form = {{.name = "file",
                                              .bytes = bytes,
                                              .length = length,
                                              .file_name = hostile[i].name}}},
                             "validating");
        expect_failed(story, &upload, bytes, length);
        story_expect(story, !was_visited(canary), "%s reached the network", hostile[i].sentence);
    }
    story_expect(story, !play_claim(story, 0, &job), "no transcoder should get any of it");
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM attempt"), 0);
    inspect_expect_tidy(story);
}

static void test_hostile_files_of_the_corpus(void **state)
{
    static const struct {
        const char *name;
        int status;
    } rows[] = {{"hostile/hls_file_read.mp4", 415},
                {"hostile/hls_ssrf.mov", 415},
                {"hostile/dash_ssrf.mp4", 415},
                {"hostile/hls_concat.m3u8", 415},
                {"hostile/truncated_moov_at_end.mov", 201}};
    Story *story = *state;
    char path[600];
    if (!corpus_media(rows[0].name, path, sizeof path))
        skip();
    story_web_start(story);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Upload upload = {0};
        size_t length;
        assert_true(corpus_media(rows[i].name, path, sizeof path));
        _cleanup_answer_ Answer answer = upload_ask(story, path, "from-a-stranger.mp4");
        expect_answer(story, &answer, rows[i].status, NULL, rows[i].name);
        if (answer.status != 201)
            continue;
        base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id"));
        _cleanup_free_ char *bytes = story_read_file(path, &length);
        expect_failed(story, &upload, bytes, length);
    }
    inspect_expect_tidy(story);
}

/* --- whatever dies when --- */

static void test_a_killed_web_looks_again(void **state)
{
    Story *story = *state;
    story_web_start(story);
    pid_t zygote = zygote_of(story);
    REQUIRE(kill(zygote, SIGSTOP) == 0);
    Upload upload = upload_of_file(story, MADE_VIDEO);
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    story_expect(story, streq(answer_text(story, &told, "status"), "validating"),
                 "nothing can have been found yet: %s", told.body);
    story_kill(&story->web);
    REQUIRE(kill(zygote, SIGKILL) == 0);
    assert_int_equal(inspect_number(story, "SELECT count(*) FROM job WHERE state = 'validating'"),
                     1);
    story_web_start(story);
    upload_await(story, &upload, "pending");
    inspect_expect_tidy(story);
}

static void test_a_stopped_web_looks_again(void **state)
{
    Story *story = *state;
    story_web_start(story);
    pid_t zygote = zygote_of(story);
    REQUIRE(kill(zygote, SIGSTOP) == 0);
    Upload upload = upload_of_file(story, MADE_VIDEO);
    REQUIRE(kill(story->web, SIGTERM) == 0);
    REQUIRE(kill(zygote, SIGCONT) == 0);
    story_stop(&story->web, "web");
    story_web_start(story);
    upload_await(story, &upload, "pending");
}

static void test_a_dead_process_for_children_is_replaced(void **state)
{
    Story *story = *state;
    story_web_start(story);
    REQUIRE(kill(zygote_of(story), SIGKILL) == 0);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "clip.mp4");
    upload_await(story, &upload, "pending");
    REQUIRE(kill(zygote_of(story), SIGKILL) == 0);
    story_until(story, answers_ready, NULL, "web to be ready with a new process for children");
    upload = upload_file(story, made_media(MADE_READY), "clip.mp4");
    upload_await(story, &upload, "pending");
    _cleanup_answer_ Answer told = upload_state(story, &upload);
    expect_number(story, &told, "width", 320, 320);
}

/* --- the sandbox --- */

static bool has_ended_or_serves(Story *story, void *context)
{
    return !story_running(story->web) || answers_ready(story, context);
}

static void test_a_required_sandbox_stands_or_web_does_not_run(void **state)
{
    Story *story = *state;
    story_set(story, "SANDBOX", "required");
    story_web_launch(story);
    story_until(story, has_ended_or_serves, NULL, "web to serve or to refuse");
    if (story_running(story->web)) {
        _cleanup_answer_ Answer ready = ask(story, &(Ask){.path = "/readyz"});
        story_expect(story,
                     streq(answer_text(story, &ready, "sandbox"),
                           "resource limits, an unprivileged user, Landlock, seccomp"),
                     "web should tell of the whole sandbox: %s", ready.body);
        story_expect(story, story_log_has(story, "web", "Media is opened behind"),
                     "the log should say what stands");
        return;
    }
    StoryEnd end = story_end(&story->web, SIGTERM, 1000);
    assert_int_equal(end.status, 78);
    story_expect(story, story_log_has(story, "web", "SANDBOX=required"),
                 "the log should say why web does not run");
}

/* Without the three that every program has, the files opened first would take their place. */
static void test_web_can_be_started_with_everything_closed(void **state)
{
    Story *story = *state;
    char program[PATH_MAX], path[64], target[64];
    story_build_path("reelkeep-web", program, sizeof program);
    story->web = fork();
    assert_true(story->web >= 0);
    if (story->web == 0) {
        for (size_t i = 0; i < story->setting_count; i++)
            putenv(story->settings[i]);
        syscall(SYS_close_range, 0, ~0U, 0);
        execl(program, program, NULL);
        _exit(127);
    }
    story_until(story, answers_ready, NULL, "web to be ready");
    for (int fd = 0; fd <= 2; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)story->web, fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[MAX_OF(length, 0)] = '\0';
        story_expect(story, streq(target, "/dev/null"), "%d is %s", fd, target);
    }
    _cleanup_answer_ Answer ready = ask(story, &(Ask){.path = "/readyz"});
    const char *sandbox = answer_text(story, &ready, "sandbox");
    story_expect(story, strncmp(sandbox, "resource limits", 15) == 0,
                 "web should tell what stands: %s", sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_what_was_found_is_told_before_anything_is_made),
        STORY_TEST(test_sound_alone_is_a_recording),
        STORY_TEST(test_short_work_goes_first),
        STORY_TEST(test_what_is_no_media_fails_at_once),
        STORY_TEST(test_hostile_files_of_the_corpus),
        STORY_TEST(test_a_killed_web_looks_again),
        STORY_TEST(test_a_stopped_web_looks_again),
        STORY_TEST(test_a_dead_process_for_children_is_replaced),
        STORY_TEST(test_a_required_sandbox_stands_or_web_does_not_run),
        STORY_TEST(test_web_can_be_started_with_everything_closed),
    };
    return STORY_RUN(tests);
}
