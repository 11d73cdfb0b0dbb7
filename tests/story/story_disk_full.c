/*
 * A full disk is a normal event: new uploads get 507, nothing half-written stays, what exists is
 * served, and a transcoder without room claims nothing.
 *
 * Needs a small file system of its own, which only root can mount; otherwise it is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>

#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"
#include "tests/story/proxy.h"

#define SMALL_DISK "size=64m"
#define LARGE_DISK "size=48g" /* takes no memory while it is empty */

static bool mount_disk(const char *folder, const char *size)
{
    return mount("none", folder, "tmpfs", 0, size) == 0;
}

static int teardown_mounts(void **state)
{
    Story *story = *state;
    StoryEnd transcoder = story_end(&story->transcoder, SIGTERM, 20000);
    StoryEnd web = story_end(&story->web, SIGTERM, 20000);
    umount2(story->media_root, MNT_DETACH);
    umount2(story->work_dir, MNT_DETACH);
    int result = story_teardown(state);
    return transcoder.status || web.status ? -1 : result;
}

/* Bytes available in the folder but for so many, at least 0. */
static off_t room_beyond(const char *folder, uint64_t leave)
{
    struct statvfs status;
    REQUIRE(statvfs(folder, &status) == 0);
    uint64_t available = status.f_bavail * status.f_frsize;
    return (off_t)(available - MIN_OF(available, leave));
}

/* Takes room until so many bytes are left; a program at work there may be quicker, so it is tried
 * anew. The volume's own folder is no place for strangers, so the filler hides in a folder whose
 * name begins with a dot. */
static void fill(Story *story, const char *folder, uint64_t leave)
{
    char path[400];
    off_t room;
    int result = 0;
    snprintf(path, sizeof path, "%s/.filler", folder);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (int tries = 0; tries < 100 && (room = room_beyond(folder, leave)) > 0; tries++) {
        result = posix_fallocate(fd, 0, room);
        if (result != ENOSPC)
            break;
    }
    story_expect(story, result == 0 || room == 0, "%s cannot be filled", folder);
}

static void make_room(const char *folder)
{
    char path[400];
    snprintf(path, sizeof path, "%s/.filler", folder);
    unlink(path);
}

static void expect_full(Story *story, const Ask *request, const char *what)
{
    _cleanup_answer_ Answer answer = ask(story, request);
    expect_answer(story, &answer, 507, "insufficient_storage", what);
}

#define VIDEO_OF(bytes)                                                                            \
    {                                                                                              \
        .name = "file", .file = made_media(MADE_VIDEO), .file_name = "film.mp4", .padding = bytes  \
    }

/* web on a small volume that holds one photo; its address. */
static void begin(Story *story, char url[MEDIA_URL_SIZE])
{
    if (!mount_disk(story->media_root, SMALL_DISK))
        skip();
    story_web_start(story);
    Upload photo = upload_file(story, made_media(MADE_PHOTO), "photo.png");
    upload_url(story, &photo, "media_url", url);
}

static void expect_served(Story *story, const char *url)
{
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = url});
    expect_answer(story, &answer, 200, NULL, "a photo beside a full disk");
}

static void test_more_than_fits_is_refused_before_it_comes(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    begin(story, url);
    expect_full(story, &(Ask){.path = "/api/uploads", .form = {VIDEO_OF(60 << 20)}},
                "an upload that would not leave MIN_FREE_SPACE");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
    expect_served(story, url);
}

static void test_below_the_free_space_nothing_new_comes(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    begin(story, url);
    fill(story, story->media_root, 8 << 20);
    expect_full(story, &(Ask){.path = "/api/uploads", .form = {VIDEO_OF(100)}},
                "a small upload below MIN_FREE_SPACE");
    _cleanup_answer_ Answer ready = ask(story, &(Ask){.path = "/readyz"});
    assert_int_equal(ready.status, 503);
    expect_served(story, url);
    make_room(story->media_root);
    upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    inspect_expect_tidy(story);
}

static void test_the_disk_fills_while_a_body_arrives(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    begin(story, url);
    static Gate gate = GATE_CLOSED;
    static AskThread under_way;
    ask_start(&under_way, story,
              &(Ask){.path = "/api/uploads",
                     .form = {{.name = "file",
                               .file = made_media(MADE_VIDEO),
                               .file_name = "film.mp4",
                               .padding = 16 << 20,
                               .gate = &gate,
                               .gate_at = 1 << 20}}});
    gate_await(&gate, 1);
    fill(story, story->media_root, 18 << 20);
    gate_open(&gate);
    _cleanup_answer_ Answer answer = ask_finish(&under_way);
    expect_answer(story, &answer, 507, "insufficient_storage", "an upload while the disk fills");
    expect_served(story, url);
    make_room(story->media_root);
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 1);
    upload_file(story, made_media(MADE_PHOTO), "after.png");
}

/* Not even a photo: a probe is told so. */
static void test_ready_is_who_can_take_a_photo(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    begin(story, url);
    fill(story, story->media_root, 17 << 20);
    expect_full(story, &(Ask){.path = "/api/uploads", .form = {VIDEO_OF(7 << 20)}},
                "an upload as large as a photo");
    _cleanup_answer_ Answer full = ask(story, &(Ask){.path = "/readyz"});
    assert_int_equal(full.status, 503);
    make_room(story->media_root);
    _cleanup_answer_ Answer ready = ask(story, &(Ask){.path = "/readyz"});
    assert_int_equal(ready.status, 200);
}

/* A film that plays, with so many bytes behind it that a player passes by. */
static void make_film(Story *story, uint32_t padding, char path[300])
{
    size_t length;
    _cleanup_free_ char *film = story_read_file(made_media(MADE_READY), &length);
    const unsigned char box[] = {(unsigned char)(padding >> 24),
                                 (unsigned char)(padding >> 16),
                                 (unsigned char)(padding >> 8),
                                 (unsigned char)padding,
                                 'f',
                                 'r',
                                 'e',
                                 'e'};
    story_path(story, "film.mp4", path, 300);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    story_expect(story,
                 film && write(fd, film, length) == (ssize_t)length &&
                     write(fd, box, sizeof box) == sizeof box &&
                     ftruncate(fd, (off_t)(length + padding)) == 0,
                 "a film can be made");
}

/* Uploads stop where a result as large as its original still has room, and that makes some. */
static void test_results_empty_a_disk_that_uploads_filled(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE], film[300];
    TransferJob job;
    int status = 201;
    begin(story, url);
    make_film(story, 10 << 20, film);
    Ask upload = {.path = "/api/uploads",
                  .form = {{.name = "file", .file = film, .file_name = "film.mp4"}}};
    for (int i = 0; i < 10 && status == 201; i++) {
        _cleanup_answer_ Answer answer = ask(story, &upload);
        status = answer.status;
    }
    assert_int_equal(status, 507);
    story_expect(story, play_claim(story, 20, &job), "a job");
    Delivery delivery = {.job = &job,
                         .files.of[TRANSFER_VIDEO] = film,
                         .files.of[TRANSFER_POSTER] = made_media(MADE_POSTER)};
    _cleanup_answer_ Answer answer = play_deliver(story, &delivery);
    expect_answer(story, &answer, 200, NULL, "a result on a disk that uploads have filled");
    inspect_expect_tidy(story);
}

static bool web_has_ended(Story *story, void *context)
{
    (void)context;
    return !story_running(story->web);
}

static void test_a_minimum_that_cannot_work_is_refused(void **state)
{
    Story *story = *state;
    story_set(story, "MIN_FREE_SPACE", "15M");
    story_web_launch(story);
    story_until(story, web_has_ended, NULL, "web to refuse its settings");
    story_expect(story, story_log_has(story, "web", "MIN_FREE_SPACE"), "it says which");
    assert_int_equal(story_end(&story->web, SIGTERM, 1000).status, EXIT_FAILURE);
}

/* --- those who announce much and send little --- */

#define DRIPPERS 12

/* The head and the first bytes of a form of so many bytes. */
static int drip_begin(Story *story, uint64_t announced)
{
    static const char part[] = "--b\r\nContent-Disposition: form-data; name=\"file\"; "
                               "filename=\"film.mp4\"\r\n\r\n\0\0\0\x18"
                               "ftypisom\0\0\2\0isomiso2\x7f\xff\xff\xffmdat";
    char head[300];
    int length = snprintf(head, sizeof head,
                          "POST /api/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: "
                          "multipart/form-data; boundary=b\r\nContent-Length: %llu\r\n\r\n",
                          (unsigned long long)announced);
    int fd = ask_connect(story->port);
    story_expect(story,
                 fd >= 0 && send(fd, head, (size_t)length, MSG_NOSIGNAL) == length &&
                     send(fd, part, sizeof part - 1, MSG_NOSIGNAL) == sizeof part - 1,
                 "an upload can be begun");
    return fd;
}

typedef struct Drip {
    int fds[DRIPPERS];
    int cut; /* that web has answered or closed */
    int64_t next_ms;
} Drip;

/* 1.2 KB a second each, while somebody else uploads. True once all are cut. */
static bool drip_all(Story *story, void *context)
{
    static const char bytes[600];
    Drip *drip = context;
    if (clock_monotonic_ms() < drip->next_ms)
        return false;
    drip->next_ms = clock_monotonic_ms() + 500;
    upload_file(story, made_media(MADE_PHOTO), "small.png");
    drip->cut = 0;
    for (size_t i = 0; i < DRIPPERS; i++) {
        char answer[100];
        ssize_t sent = send(drip->fds[i], bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        ssize_t got = recv(drip->fds[i], answer, sizeof answer, MSG_PEEK | MSG_DONTWAIT);
        drip->cut += sent < 0 || got >= 0;
    }
    return drip->cut == DRIPPERS;
}

/* Together they announce all the room there is. Everybody else is served as before, and who would
 * take weeks is cut. */
static void test_announcements_take_no_room_from_others(void **state)
{
    Story *story = *state;
    Drip drip = {0};
    if (!mount_disk(story->media_root, LARGE_DISK))
        skip();
    story_web_start(story);
    uint64_t room = (uint64_t)room_beyond(story->media_root, 16 << 20);
    for (size_t i = 0; i < DRIPPERS; i++)
        drip.fds[i] = drip_begin(story, room / DRIPPERS - 4096);
    story_until(story, drip_all, &drip, "those who drip to be cut");
    for (size_t i = 0; i < DRIPPERS; i++)
        close(drip.fds[i]);
    inspect_expect_tidy(story);
}

static void test_no_byte_is_left(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    begin(story, url);
    fill(story, story->media_root, 0);
    for (int i = 0; i < 3; i++)
        expect_full(story, &(Ask){.path = "/api/uploads", .form = {VIDEO_OF(1 << 20)}},
                    "an upload to a disk without a byte");
    expect_served(story, url);
    make_room(story->media_root);
    upload_file(story, made_media(MADE_VIDEO), "after.mp4");
    inspect_expect_tidy(story);
    assert_int_equal(inspect_file_count(story), 2);
}

static void test_a_delivery_to_a_full_disk_comes_later(void **state)
{
    Story *story = *state;
    char url[MEDIA_URL_SIZE];
    TransferJob job;
    begin(story, url);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    story_expect(story, play_claim(story, 0, &job), "a job");
    fill(story, story->media_root, 4096);
    Delivery delivery = {.job = &job,
                         .files.of[TRANSFER_VIDEO] = made_media(MADE_READY),
                         .files.of[TRANSFER_POSTER] = made_media(MADE_POSTER)};
    _cleanup_answer_ Answer full = play_deliver(story, &delivery);
    expect_answer(story, &full, 507, "insufficient_storage", "a delivery to a full disk");
    make_room(story->media_root);
    _cleanup_answer_ Answer later = play_deliver(story, &delivery);
    expect_answer(story, &later, 200, NULL, "the same delivery when there is room");
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
}

static bool transcoder_says_no_room(Story *story, void *context)
{
    (void)context;
    return story_log_has(story, "transcoder", "MIN_FREE_SPACE");
}

static void test_a_transcoder_without_room_claims_nothing(void **state)
{
    Story *story = *state;
    if (!mount_disk(story->work_dir, SMALL_DISK))
        skip();
    fill(story, story->work_dir, 4 << 20);
    story_web_start(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "film.mp4");
    story_transcoder_start(story);
    story_until(story, transcoder_says_no_room, NULL, "the transcoder to say that it has no room");
    story_expect(story, job_state_is(story, (void *)"queued"), "it claims nothing");
    make_room(story->work_dir);
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
}

static void test_scratch_fills_while_the_original_is_fetched(void **state)
{
    Story *story = *state;
    static const ProxyRule fetching = {
        .match = "/original", .action = PROXY_HOLD_ANSWER, .bytes = 40000, .times = 1};
    if (!mount_disk(story->work_dir, SMALL_DISK))
        skip();
    proxy_rule(proxy_start(story), &fetching);
    story_web_start(story);
    story_transcoder_start(story);
    Upload upload = upload_file(story, made_media(MADE_SLOW_VIDEO), "film.mp4");
    proxy_await_held(story);
    fill(story, story->work_dir, 0);
    proxy_go_on(story->proxy);
    story_until(story, job_state_is, (void *)"queued", "the job to be given back");
    make_room(story->work_dir);
    upload_await(story, &upload, "completed");
    inspect_expect_tidy(story);
}

#define DISK_TEST(function) cmocka_unit_test_setup_teardown(function, story_setup, teardown_mounts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISK_TEST(test_more_than_fits_is_refused_before_it_comes),
        DISK_TEST(test_below_the_free_space_nothing_new_comes),
        DISK_TEST(test_the_disk_fills_while_a_body_arrives),
        DISK_TEST(test_ready_is_who_can_take_a_photo),
        DISK_TEST(test_results_empty_a_disk_that_uploads_filled),
        DISK_TEST(test_a_minimum_that_cannot_work_is_refused),
        DISK_TEST(test_announcements_take_no_room_from_others),
        DISK_TEST(test_no_byte_is_left),
        DISK_TEST(test_a_delivery_to_a_full_disk_comes_later),
        DISK_TEST(test_a_transcoder_without_room_claims_nothing),
        DISK_TEST(test_scratch_fills_while_the_original_is_fetched),
    };
    return STORY_RUN(tests);
}
