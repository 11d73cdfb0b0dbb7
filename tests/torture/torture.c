/*
 * Both programs for a while under what a bad day brings, with uploads coming in all the time:
 * SIGKILLs, a disk that somebody else fills and empties, a disk whose fsyncs fail. Afterwards all
 * that was acknowledged is there, byte by byte, a film goes its way as ever, every job is done, and
 * nothing is left over.
 *
 * Each part takes REELKEEP_TORTURE_SECONDS (2) and the time to look at the end;
 * REELKEEP_TORTURE_SEED repeats the choices of a run, but not what the machine makes of them. What
 * was counted is printed.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "common/base/clock.h"
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define SENDERS      2
#define KEPT_MAX     20000  /* uploads of one sender */
#define FILMS_MAX    2      /* of one sender: each has to be encoded in the end */
#define FILM_EVERY   15     /* uploads */
#define TAIL_MAX     4000   /* bytes that make a photo differ from the others … */
#define LONG_TAIL    300000 /* … and of some, so that they come in several blocks */
#define LONG_EVERY   20
#define DISK_OPTIONS "size=96m"

static int64_t part_ms = 2000;
static uint64_t seed;

/* Below `limit`; the next of a xorshift generator. */
static int64_t chance(uint64_t *numbers, int64_t limit)
{
    *numbers ^= *numbers << 13;
    *numbers ^= *numbers >> 7;
    *numbers ^= *numbers << 17;
    return (int64_t)(*numbers % (uint64_t)limit);
}

/* --- who sends --- */

typedef struct Kept {
    char id[UUID_SIZE];
    unsigned number;
    bool film;
} Kept;

typedef struct Sender {
    pthread_t thread;
    Story *story;
    unsigned first; /* number of its first upload; the others follow in steps of SENDERS */
    Kept *kept;
    size_t kept_count, films;
    unsigned refused, unanswered, odd; /* 500 and above; no answer; whatever else */
} Sender;

static Sender senders[SENDERS];
static atomic_bool stopping;

/* A photo that no other number has, owned by the caller. */
static char *photo_of(unsigned number, size_t *length)
{
    size_t tail = number % LONG_EVERY == 0 ? LONG_TAIL : number * 7919u % TAIL_MAX;
    size_t used;
    _cleanup_free_ char *picture = story_read_file(made_media(MADE_PHOTO), &used);
    _cleanup_free_ char *photo = base_calloc(1, used + tail + sizeof number);
    memcpy(photo, picture, used);
    memcpy(photo + used, &number, sizeof number);
    for (size_t i = 0; i < tail; i++)
        photo[used + sizeof number + i] = (char)(number * 31 + i * 7);
    *length = used + tail + sizeof number;
    return TAKE_PTR(photo);
}

static void sender_note(Sender *sender, Answer *answer, unsigned number, bool film)
{
    if (answer->status == 0)
        sender->unanswered++;
    else if (answer->status >= 500)
        sender->refused++;
    else if (answer->status != 201)
        sender->odd++;
    if (answer->status != 201)
        return;
    Kept *kept = &sender->kept[sender->kept_count++];
    *kept = (Kept){.number = number, .film = film};
    json_t *told = json_loads(answer->body, 0, NULL);
    base_copy_truncated(kept->id, sizeof kept->id, json_string_value(json_object_get(told, "id")));
    json_decref(told);
    sender->films += film;
}

static void *sender_work(void *context)
{
    Sender *sender = context;
    for (unsigned number = sender->first; !stopping && sender->kept_count < KEPT_MAX;
         number += SENDERS) {
        bool film = sender->films < FILMS_MAX && number / SENDERS % FILM_EVERY == 1;
        size_t length;
        _cleanup_free_ char *photo = film ? NULL : photo_of(number, &length);
        Field file = film ? (Field){.name = "file", .file = made_media(MADE_VIDEO)}
                          : (Field){.name = "file", .bytes = photo, .length = length};
        file.file_name = film ? "film.mp4" : "photo.png";
        _cleanup_answer_ Answer answer =
            ask(sender->story, &(Ask){.path = "/api/uploads", .form = {file}, .may_fail = true});
        sender_note(sender, &answer, number, film);
        clock_sleep_ms(answer.status == 201 ? 5 : 10);
    }
    return NULL;
}

static void senders_start(Story *story)
{
    made_media(MADE_VIDEO);
    made_media(MADE_PHOTO);
    stopping = false;
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (Sender){.story = story, .first = i};
        senders[i].kept = base_calloc(KEPT_MAX, sizeof *senders[i].kept);
        REQUIRE(pthread_create(&senders[i].thread, NULL, sender_work, &senders[i]) == 0);
    }
}

static void senders_stop(void)
{
    stopping = true;
    for (size_t i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
}

/* --- what must be true afterwards --- */

static void expect_kept(Story *story, const Kept *kept)
{
    char url[MEDIA_URL_SIZE];
    Upload upload;
    memcpy(upload.id, kept->id, UUID_SIZE);
    if (kept->film) {
        upload_await(story, &upload, "completed");
        return;
    }
    size_t length;
    _cleanup_free_ char *photo = photo_of(kept->number, &length);
    upload_url(story, &upload, "media_url", url);
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = url});
    story_expect(story,
                 answer.status == 200 && answer.length == length &&
                     memcmp(answer.body, photo, length) == 0,
                 "photo %u was acknowledged, and is not there as it was sent: %d, %zu bytes",
                 kept->number, answer.status, answer.length);
}

static bool all_jobs_done(Story *story, void *context)
{
    (void)context;
    return inspect_number(story, "SELECT count(*) FROM job WHERE state <> 'done'") == 0;
}

static void expect_nothing_lost(Story *story, const char *part, const char *happened)
{
    size_t kept = 0, films = 0;
    unsigned refused = 0, unanswered = 0, odd = 0;
    story_kill(&story->transcoder); /* whatever it waits for, a fresh one does not */
    story_transcoder_start(story);
    for (size_t i = 0; i < SENDERS; i++) {
        for (size_t j = 0; j < senders[i].kept_count; j++)
            expect_kept(story, &senders[i].kept[j]);
        kept += senders[i].kept_count;
        films += senders[i].films;
        refused += senders[i].refused;
        unanswered += senders[i].unanswered;
        odd += senders[i].odd;
        free(senders[i].kept);
    }
    Upload after = upload_file(story, made_media(MADE_VIDEO), "after.mp4");
    upload_await(story, &after, "completed");
    story_until(story, all_jobs_done, NULL, "every job to be done");
    inspect_expect_tidy(story);
    story_until(story, inspect_scratch_empty, NULL, "the transcoder to empty its scratch folder");
    int64_t held = inspect_number(story, "SELECT count(*) FROM media") - 1;
    printf("%s: %s; acknowledged %zu (%zu films), refused %u, without an answer %u; lost 0, in the "
           "volume %lld (seed %llu)\n",
           part, happened, kept, films, refused, unanswered, (long long)held,
           (unsigned long long)seed);
    fflush(stdout);
    story_expect(story, kept > 0, "nothing was acknowledged, so nothing is shown");
    story_expect(story, odd == 0, "%u answers were neither 201 nor 500 and above", odd);
    story_expect(story, held >= (int64_t)kept && held <= (int64_t)(kept + refused + unanswered),
                 "the volume holds less or more than was sent");
}

/* --- the parts --- */

static void test_killed_again_and_again(void **state)
{
    Story *story = *state;
    uint64_t numbers = seed;
    char happened[80];
    unsigned webs = 0, transcoders = 0;
    story_set(story, "JOB_LEASE_SECONDS", "2");
    story_set(story, "JOB_MAX_ATTEMPTS", "100");
    story_set(story, "UPLOADS_PER_MINUTE", "0");
    story_web_start(story);
    story_transcoder_start(story);
    senders_start(story);
    int64_t end = clock_monotonic_ms() + part_ms;
    while (clock_monotonic_ms() < end) {
        clock_sleep_ms(20 + chance(&numbers, 300));
        if (chance(&numbers, 3) == 0) {
            story_kill(&story->transcoder);
            story_transcoder_start(story);
            transcoders++;
            continue;
        }
        story_kill(&story->web);
        webs++;
        if (chance(&numbers, 3) == 0)
            story_web_launch(story); /* and perhaps killed while it starts */
        else
            story_web_start(story);
    }
    senders_stop();
    story_kill(&story->web);
    story_web_start(story);
    snprintf(happened, sizeof happened, "%u SIGKILLs of web, %u of the transcoder", webs + 1,
             transcoders);
    expect_nothing_lost(story, "SIGKILL", happened);
}

/* Takes all room but so many bytes; a program at work there may be quicker, so it is tried anew. */
static bool take_blocks(const char *folder, int fd, uint64_t leave)
{
    for (int tries = 0; tries < 100; tries++) {
        struct statvfs status;
        REQUIRE(statvfs(folder, &status) == 0);
        uint64_t available = status.f_bavail * status.f_frsize;
        if (available <= leave || posix_fallocate(fd, 0, (off_t)(available - leave)) == 0)
            return true;
    }
    return false;
}

static void test_a_disk_that_somebody_else_fills(void **state)
{
    Story *story = *state;
    uint64_t numbers = seed;
    char path[400], happened[80];
    unsigned taken = 0;
    if (mount("none", story->media_root, "tmpfs", 0, DISK_OPTIONS) != 0) {
        printf("ENOSPC: not tried, this machine mounts no file system for tests\n");
        skip();
    }
    story_set(story, "MIN_FREE_SPACE", "20M");
    story_set(story, "UPLOADS_PER_MINUTE", "0"); /* it refuses faster than a minute holds */
    story_web_start(story);
    senders_start(story);
    snprintf(path, sizeof path, "%s/.filler", story->media_root);
    int64_t end = clock_monotonic_ms() + part_ms;
    while (clock_monotonic_ms() < end) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        REQUIRE(fd >= 0);
        clock_sleep_ms(chance(&numbers, 60));
        taken += take_blocks(story->media_root, fd, (uint64_t)chance(&numbers, 3) * 100 * KIB);
        clock_sleep_ms(chance(&numbers, 60));
        REQUIRE(unlink(path) == 0);
    }
    senders_stop();
    story_expect(story, story_running(story->web), "web did not outlive a full disk");
    snprintf(happened, sizeof happened, "filled %u times to its last blocks", taken);
    expect_nothing_lost(story, "ENOSPC", happened);
    story_expect(story, taken > 0, "the disk was never full");
}

static void test_a_disk_whose_syncs_fail(void **state)
{
    Story *story = *state;
    char preload[PATH_MAX], mark[300];
    story_build_path("tests/torture/faulty_syncs.so", preload, sizeof preload);
    story_path(story, "failing", mark, sizeof mark);
    story_set(story, "LD_PRELOAD", "%s", preload);
    story_set(story, "FAULTY_SYNCS", "%s", mark);
    story_set(story, "UPLOADS_PER_MINUTE", "0");
    story_web_start(story);
    _cleanup_close_ int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    senders_start(story);
    clock_sleep_ms(part_ms);
    senders_stop();
    REQUIRE(unlink(mark) == 0);
    unsigned refused = 0;
    for (size_t i = 0; i < SENDERS; i++)
        refused += senders[i].refused;
    story_expect(story, refused > 0, "no sync failed: the preload was not there");
    story_kill(&story->web);
    story_set(story, "LD_PRELOAD", "%s", "");
    story_web_start(story);
    expect_nothing_lost(story, "EIO", "a fifth of all fsyncs failed");
}

static int teardown_mount(void **state)
{
    Story *story = *state;
    StoryEnd transcoder = story_end(&story->transcoder, SIGTERM, 20000);
    StoryEnd web = story_end(&story->web, SIGTERM, 20000);
    umount2(story->media_root, MNT_DETACH);
    int result = story_teardown(state);
    return transcoder.status || web.status ? -1 : result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_killed_again_and_again),
        cmocka_unit_test_setup_teardown(test_a_disk_that_somebody_else_fills, story_setup,
                                        teardown_mount),
        STORY_TEST(test_a_disk_whose_syncs_fail),
    };
    const char *seconds = getenv("REELKEEP_TORTURE_SECONDS");
    const char *chosen = getenv("REELKEEP_TORTURE_SEED");
    if (seconds)
        part_ms = 1000 * (int64_t)strtoul(seconds, NULL, 10);
    seed = chosen ? strtoull(chosen, NULL, 10) : (uint64_t)clock_wall_ms();
    seed += seed == 0; /* the generator stays at 0 */
    return STORY_RUN(tests);
}
