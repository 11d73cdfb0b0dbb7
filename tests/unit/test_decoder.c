/* What web finds out about a file in a sandboxed child. The test program is its own zygote. */
#include "tests/unit/encoded.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/metrics/metrics.h"
#include "common/sandbox/zygote.h"
#include "web/decoder/child/decoder_child.h"
#include "web/decoder/decoder.h"

/* --- a child that goes wrong in the way its file tells --- */

static int fault_crash(void)
{
    abort();
}

static int fault_forbidden(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int fault_killed(void)
{
    return raise(SIGKILL);
}

static int fault_silence(void)
{
    return 0;
}

static int fault_hang(void)
{
    volatile bool forever = true;
    while (forever)
        sleep(1);
    return 0;
}

static int fault_linger(void)
{
    close(DECODER_FD_STATUS);
    return fault_hang();
}

static int fault_flood(void)
{
    char block[1000];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 100; i++)
        if (write(DECODER_FD_STATUS, block, sizeof block) < 0)
            break;
    return 0;
}

#define SAY(text) ((int)(write(DECODER_FD_STATUS, text, strlen(text)) < 0))

static int fault_lie(void)
{
    return SAY("{\"kind\":\"video\",\"width\":-1,\"height\":2,\"duration\":1,\"frame_rate\":1,"
               "\"has_audio\":true,\"video_codec\":\"h264\",\"audio_codec\":\"\"}\n");
}

static int fault_half(void)
{
    return SAY("{\"kind\":\"video\"");
}

#define GOOD                                                                                       \
    "{\"kind\":\"audio\",\"width\":0,\"height\":0,\"duration\":1,\"frame_rate\":0,"                \
    "\"has_audio\":true,\"video_codec\":\"\",\"audio_codec\":\"mp3\"}\n"

static int fault_twice(void)
{
    return SAY(GOOD GOOD);
}

static int fault_more(void)
{
    return SAY(GOOD "{");
}

static int fault_photo(void)
{
    return SAY("{\"kind\":\"photo\",\"width\":1,\"height\":1,\"duration\":0,\"frame_rate\":0,"
               "\"has_audio\":false,\"video_codec\":\"png\",\"audio_codec\":\"\"}\n");
}

static int fault_overtime(void)
{
    return raise(SIGXCPU);
}

static int fault_blame(void)
{
    return SAY("{\"media\":true,\"error\":\"Bad\\nluck.\"}\n");
}

static int fault_disk(void)
{
    return SAY("{\"media\":false,\"error\":\"The disk is gone.\"}\n");
}

#define CRASHED "The file could not be read: the decoder crashed."
#define DAMAGED "The file could not be read: the decoder gave a damaged answer."

static const struct {
    const char *content;
    int (*run)(void);
    ErrorCode code;
    const char *sentence;
    bool sandboxed; /* only where seccomp stands */
} faults[] = {
    {"crash", fault_crash, ERROR_MEDIA, CRASHED, false},
    {"forbidden", fault_forbidden, ERROR_MEDIA, CRASHED, true},
    {"killed", fault_killed, ERROR_UNAVAILABLE,
     "The decoder was ended from outside, perhaps for lack of memory.", false},
    {"silence", fault_silence, ERROR_MEDIA, DAMAGED, false},
    {"linger", fault_linger, ERROR_UNAVAILABLE, "The decoder did not end in time.", false},
    {"flood", fault_flood, ERROR_MEDIA, DAMAGED, false},
    {"lie", fault_lie, ERROR_MEDIA, DAMAGED, false},
    {"half", fault_half, ERROR_MEDIA, DAMAGED, false},
    {"twice", fault_twice, ERROR_MEDIA, DAMAGED, false},
    {"more", fault_more, ERROR_MEDIA, DAMAGED, false},
    {"photo", fault_photo, ERROR_MEDIA, DAMAGED, false},
    {"overtime", fault_overtime, ERROR_MEDIA,
     "The file could not be read: it takes more computing than is allowed.", false},
    {"blame", fault_blame, ERROR_MEDIA, "Bad luck.", false},
    {"disk", fault_disk, ERROR_IO, "The disk is gone.", false},
};

static int run_or_fail(size_t task, int argc, char **argv)
{
    char content[32] = "";
    if (pread(DECODER_FD_FILE, content, sizeof content - 1, 0) < 0)
        return 1;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
        if (streq(content, faults[i].content))
            return faults[i].run();
    return streq(content, "hang") ? fault_hang() : decoder_child_tasks[task].run(argc, argv);
}

static int probe_or_fail(int argc, char **argv)
{
    return run_or_fail(0, argc, argv);
}

static int photo_or_fail(int argc, char **argv)
{
    return run_or_fail(2, argc, argv);
}

static int verify(int argc, char **argv)
{
    char content[32] = "";
    bool hangs =
        pread(DECODER_FD_FILE, content, sizeof content - 1, 0) > 0 && streq(content, "hang");
    return hangs ? fault_hang() : decoder_child_tasks[1].run(argc, argv);
}

static const ZygoteTask tasks_list[] = {
    {DECODER_TASK_PROBE, probe_or_fail},
    {DECODER_TASK_VERIFY, verify},
    {DECODER_TASK_PHOTO, photo_or_fail},
    {0},
};

/* --- media --- */

static char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", encoded_folder(), name);
    return path;
}

static int open_media(const char *name, const char *arguments)
{
    char *path = in_folder(name);
    if (arguments)
        free(encoded_run("ffmpeg -v error -y %s '%s' </dev/null", arguments, path));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static int open_text(const char *text)
{
    int fd = memfd_create("text", MFD_CLOEXEC);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

#define PICTURE(size, seconds) "-f lavfi -i testsrc2=size=" size ":rate=25:duration=" seconds " "
#define SOUND(seconds)         "-f lavfi -i sine=duration=" seconds " "
#define H264                   "-c:v libx264 -preset ultrafast -pix_fmt yuv420p "

static void tells_what_a_file_holds(void **state)
{
    static const struct {
        const char *name, *arguments;
        DecoderFacts facts;
    } rows[] = {
        {"plain.mp4",
         PICTURE("320x240", "2") SOUND("2") H264 "-c:a aac",
         {MEDIA_VIDEO, 320, 240, 2, 25, true, "h264", "aac"}},
        {"wide.mkv",
         PICTURE("360x240", "1") "-vf setsar=4/3 -c:v mpeg4",
         {MEDIA_VIDEO, 480, 240, 1, 25, false, "mpeg4", ""}},
        {"tone.mp3", SOUND("3") "-c:a libmp3lame", {MEDIA_AUDIO, 0, 0, 3, 0, true, "", "mp3"}},
        {"tone.mp4", SOUND("3") "-c:a aac", {MEDIA_AUDIO, 0, 0, 3, 0, true, "", "aac"}},
        {"cover.m4a",
         SOUND("1") PICTURE("64x64", "0.04") "-c:a alac -c:v mjpeg -disposition:v attached_pic",
         {MEDIA_AUDIO, 0, 0, 1, 0, true, "", "alac"}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const DecoderFacts *wanted = &rows[i].facts;
        DecoderFacts facts = {0};
        Error error = {0};
        _cleanup_close_ int fd = open_media(rows[i].name, rows[i].arguments);
        if (!decoder_probe(fd, NULL, &facts, &error))
            fail_msg("%s: %s", rows[i].name, error.detail);
        unit_check(facts.kind == wanted->kind, rows[i].name);
        unit_check(facts.width == wanted->width && facts.height == wanted->height, rows[i].name);
        unit_check(fabs(facts.duration - wanted->duration) < 0.2, rows[i].name);
        unit_check(fabs(facts.frame_rate - wanted->frame_rate) < 0.1, rows[i].name);
        unit_check(facts.has_audio == wanted->has_audio, rows[i].name);
        unit_check(streq(facts.video_codec, wanted->video_codec), rows[i].name);
        unit_check(streq(facts.audio_codec, wanted->audio_codec), rows[i].name);
    }
}

#define HEAD                                                                                       \
    "\0\0\0\x18"                                                                                   \
    "ftypisom\0\0\2\0isomiso2"

static void refuses_what_is_no_media(void **state)
{
    static const char head[] = HEAD "This is only text behind the head of an MP4 file.";
    static const char playlist[] = "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:18080/canary\n";
    Error error = {0};
    DecoderFacts facts;
    (void)state;
    _cleanup_close_ int text = memfd_create("text", MFD_CLOEXEC), list = open_text(playlist);
    assert_int_equal(write(text, head, sizeof head), sizeof head);
    assert_false(decoder_probe(text, NULL, &facts, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
    assert_false(decoder_probe(list, NULL, &facts, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
    _cleanup_close_ int subtitles = open_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n");
    assert_false(decoder_probe(subtitles, NULL, &facts, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
}

static bool stands_seccomp(void)
{
    DecoderFacts facts;
    Error error = {0};
    _cleanup_close_ int fd = open_text("forbidden");
    return !decoder_probe(fd, NULL, &facts, &error) && streq(error.detail, CRASHED);
}

static void tells_the_file_from_the_machine(void **state)
{
    bool sandboxed = stands_seccomp();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        DecoderFacts facts;
        Error error = {0};
        _cleanup_close_ int fd = open_text(faults[i].content);
        if (faults[i].sandboxed && !sandboxed)
            continue;
        unit_check(!decoder_probe(fd, NULL, &facts, &error), faults[i].content);
        assert_string_equal(error.detail, faults[i].sentence);
        unit_check(error.code == faults[i].code, faults[i].content);
    }
}

static void can_be_stopped(void **state)
{
    atomic_bool stop = true;
    DecoderFacts facts;
    Error error = {0};
    (void)state;
    _cleanup_close_ int fd = open_text("hang");
    assert_false(decoder_probe(fd, &stop, &facts, &error));
    assert_int_equal(error.code, ERROR_CANCELLED);
}

/* A good file with some bytes changed: whatever comes of it is a verdict about the file. */
static void comes_to_a_verdict_about_mutants(void **state)
{
    enum { MUTANTS = 150, CHANGES = 40 };
    uint32_t seed = 20240229;
    (void)state;
    _cleanup_close_ int fd = open_media("mutant.mp4", PICTURE("160x120", "1") SOUND("1") H264
                                        "-c:a aac -movflags +faststart");
    off_t size = lseek(fd, 0, SEEK_END);
    for (int i = 0; i < MUTANTS; i++) {
        DecoderFacts facts;
        Error error = {0};
        for (int change = 0; change < CHANGES; change++) {
            seed = seed * 1664525 + 1013904223;
            unsigned char byte = (unsigned char)(seed >> 24);
            off_t at = (off_t)(seed >> 8) % MIN_OF(size, 4000); /* where the boxes are */
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        if (!decoder_probe(fd, NULL, &facts, &error))
            assert_int_equal(error.code, ERROR_MEDIA);
        DecoderExpectation expected = {MEDIA_VIDEO, 160, 120, 1, true};
        if (!decoder_verify(fd, &expected, NULL, &error))
            assert_int_equal(error.code, ERROR_MEDIA);
        if (i % 10 == 9) /* begin again with a good one */
            close(open_media("mutant.mp4", PICTURE("160x120", "1") SOUND("1") H264
                             "-c:a aac -movflags +faststart"));
    }
}

/* --- photos --- */

/* Of some cells, or of a metric with all its labels. */
static int64_t metric(size_t first, size_t last)
{
    static MetricsReading reading;
    int64_t sum = 0;
    metrics_read(&reading);
    for (size_t cell = first; cell <= last; cell++)
        sum += reading.cells[cell];
    return sum;
}
#define METRIC_OF(name) metric(name##_FIRST_CELL, name##_LAST_CELL)
#define PHOTOS_LOOKED_INTO                                                                         \
    metric(METRIC_CHILDREN_FIRST_CELL + METRIC_TASK_PHOTO * METRIC_END_COUNT,                      \
           METRIC_CHILDREN_FIRST_CELL + (METRIC_TASK_PHOTO + 1) * METRIC_END_COUNT - 1)

static void tells_whether_a_photo_is_whole(void **state)
{
    static const char whole[] = "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2L\1\0;";
    static const struct {
        const char *content;
        size_t length;
        ErrorCode code; /* 0: good */
        const char *sentence;
    } rows[] = {
        {whole, sizeof whole - 1, 0, ""},
        {whole, sizeof whole - 2, ERROR_MEDIA, DECODER_PHOTO_CUT},
        {"GIF89a and nothing of the kind", 30, ERROR_MEDIA, DECODER_PHOTO_DAMAGED},
        {"crash", 5, ERROR_MEDIA, CRASHED},
        {"blame", 5, ERROR_MEDIA, DAMAGED}, /* not in our words */
        {"twice", 5, ERROR_MEDIA, DAMAGED}, /* not about a photo */
        {"photo", 5, 0, ""},
        {"disk", 4, ERROR_IO, "The disk is gone."},
        {"killed", 6, ERROR_UNAVAILABLE,
         "The decoder was ended from outside, perhaps for lack of memory."},
    };
    int64_t before = PHOTOS_LOOKED_INTO;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        _cleanup_close_ int fd = memfd_create("photo", MFD_CLOEXEC);
        assert_int_equal(write(fd, rows[i].content, rows[i].length), rows[i].length);
        bool good = decoder_photo(fd, "image/gif", NULL, &error);
        unit_check(good == (rows[i].code == 0), rows[i].content);
        assert_string_equal(error.detail, rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].content);
    }
    assert_int_equal(PHOTOS_LOOKED_INTO, before + (int64_t)ARRAY_SIZE(rows));
}

/* --- results --- */

static void zero_from(int fd, off_t from)
{
    static const char zeros[65536];
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = from; at < size; at += (off_t)sizeof zeros)
        assert_true(pwrite(fd, zeros, MIN_OF(sizeof zeros, (size_t)(size - at)), at) > 0);
}

static void takes_results_that_play(void **state)
{
    static const struct {
        const char *name, *arguments;
        DecoderExpectation expected;
    } rows[] = {
        {"ready.mp4",
         PICTURE("320x240", "6") SOUND("6") H264 "-g 50 -c:a aac -movflags +faststart",
         {MEDIA_VIDEO, 320, 240, 6, true}},
        {"mute.mp4",
         PICTURE("160x120", "1") H264 "-movflags +faststart",
         {MEDIA_VIDEO, 160, 120, 1.5, false}},
        {"short.mp4",
         PICTURE("160x120", "0.04") H264 "-movflags +faststart",
         {MEDIA_VIDEO, 160, 120, 0.04, false}},
        {"early.mp4",
         PICTURE("160x120", "8") SOUND("1") H264 "-g 25 -c:a aac -movflags +faststart",
         {MEDIA_VIDEO, 160, 120, 8, true}},
        {"late.mp4",
         "-f lavfi -i testsrc2=size=64x64:rate=50:duration=50 -itsoffset 45 " SOUND("5") H264
         "-g 100 -c:a aac -movflags +faststart",
         {MEDIA_VIDEO, 64, 64, 50, true}},
        {"picture-late.mp4",
         "-itsoffset 60 " PICTURE("64x64", "1") SOUND("61") H264 "-c:a aac -movflags +faststart",
         {MEDIA_VIDEO, 64, 64, 61, true}},
        {"tone.m4a", SOUND("5") "-c:a aac -movflags +faststart", {MEDIA_AUDIO, 0, 0, 5, true}},
        {"slides.mp4",
         "-f lavfi -i testsrc2=size=64x64:rate=0.5:duration=12 " H264 "-movflags +faststart",
         {MEDIA_VIDEO, 64, 64, 12, false}},
        {"still.mp4",
         "-f lavfi -i testsrc2=size=64x64:rate=1/30:duration=30 " SOUND("30") H264
         "-c:a aac -movflags +faststart",
         {MEDIA_VIDEO, 64, 64, 30, true}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        _cleanup_close_ int fd = open_media(rows[i].name, rows[i].arguments);
        if (!decoder_verify(fd, &rows[i].expected, NULL, &error))
            fail_msg("%s: %s", rows[i].name, error.detail);
    }
}

static void refuses_results_that_are_not_as_told(void **state)
{
    static const struct {
        DecoderExpectation expected;
        const char *sentence;
    } rows[] = {
        {{MEDIA_AUDIO, 0, 0, 6, true}, "It holds a moving picture, not sound alone."},
        {{MEDIA_VIDEO, 322, 240, 6, true}, "Its pictures have 320 by 240 pixels, not 322 by 240."},
        {{MEDIA_VIDEO, 320, 240, 6, false}, "It holds sound that it should not."},
        {{MEDIA_VIDEO, 320, 240, 8, true}, "It plays 6.0 seconds, not the 8.0 that it should."},
    };
    (void)state;
    _cleanup_close_ int fd = open_media("ready.mp4", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        assert_false(decoder_verify(fd, &rows[i].expected, NULL, &error));
        assert_string_equal(error.detail, rows[i].sentence);
        assert_int_equal(error.code, ERROR_MEDIA);
    }
}

/* Two seconds at 25 pictures each, of which the last one stands for 28 more, and what is left where
 * it is lost. */
static void takes_results_whose_last_picture_stands(void **state)
{
    static const struct {
        const char *name, *arguments;
    } rows[] = {
        {"in-order.mp4", PICTURE("64x64", "2") H264},
        {"reordered.mp4", PICTURE("64x64", "2") H264 "-bf 2 -b_strategy 0"},
    };
    static const DecoderExpectation expected = {MEDIA_VIDEO, 64, 64, 30, false};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        close(open_media(rows[i].name, rows[i].arguments));
        _cleanup_free_ char *moving = strdup(in_folder(rows[i].name));
        encoded_stand(moving, in_folder("standing.mp4"), 49, 28);
        _cleanup_close_ int fd = open_media("standing.mp4", NULL);
        if (!decoder_verify(fd, &expected, NULL, &error))
            fail_msg("%s: %s", rows[i].name, error.detail);
        assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) * 9 / 10), 0);
        assert_false(decoder_verify(fd, &expected, NULL, &error));
        assert_int_equal(error.code, ERROR_MEDIA);
    }
}

/* A result whose media are gone at the end or at the beginning, while the index is whole. */
static void refuses_results_that_are_damaged(void **state)
{
    static const DecoderExpectation expected = {MEDIA_VIDEO, 320, 240, 6, true};
    Error error = {0};
    (void)state;
    _cleanup_close_ int tail = open_media("tail.mp4", PICTURE("320x240", "6") SOUND("6") H264
                                          "-g 50 -c:a aac -movflags +faststart");
    zero_from(tail, lseek(tail, 0, SEEK_END) * 3 / 4);
    assert_false(decoder_verify(tail, &expected, NULL, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
    _cleanup_close_ int cut = open_media("cut.mp4", PICTURE("320x240", "6") SOUND("6") H264
                                         "-g 50 -c:a aac -movflags +faststart");
    assert_int_equal(ftruncate(cut, lseek(cut, 0, SEEK_END) * 3 / 4), 0);
    assert_false(decoder_verify(cut, &expected, NULL, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
}

/* --- many at once --- */

#define DELIVERIES 6

static atomic_bool call_off;

static void *verify_for_ever(void *argument)
{
    static const DecoderExpectation expected = {MEDIA_AUDIO, 0, 0, 1, true};
    const int *fd = argument;
    Error error = {0};
    bool played = decoder_verify(*fd, &expected, &call_off, &error);
    return !played && error.code == ERROR_CANCELLED ? NULL : argument;
}

static size_t count_children(void)
{
    char path[64], pid[16];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)zygote_pid(), (int)zygote_pid());
    _cleanup_fclose_ FILE *list = fopen(path, "re");
    assert_non_null(list);
    while (fscanf(list, "%15s", pid) == 1)
        count++;
    return count;
}

static void plays_few_results_at_once(void **state)
{
    pthread_t threads[DELIVERIES];
    size_t most = 0;
    (void)state;
    _cleanup_close_ int fd = open_text("hang");
    for (size_t i = 0; i < DELIVERIES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_for_ever, &fd), 0);
    while (count_children() < DECODER_VERIFY_MAX)
        clock_sleep_ms(1);
    for (int look = 0; look < 30; look++) {
        most = MAX_OF(most, count_children());
        clock_sleep_ms(10);
    }
    atomic_store(&call_off, true);
    for (size_t i = 0; i < DELIVERIES; i++) {
        void *fault;
        pthread_join(threads[i], &fault);
        assert_null(fault);
    }
    assert_int_equal(most, DECODER_VERIFY_MAX);
}

typedef struct Waiter {
    int fd;
    atomic_bool stop;
    pthread_t thread;
    ErrorCode code;
} Waiter;

static void *wait_for_turn(void *argument)
{
    static const DecoderExpectation expected = {MEDIA_AUDIO, 0, 0, 1, true};
    Waiter *waiter = argument;
    Error error = {0};
    assert_false(decoder_verify(waiter->fd, &expected, &waiter->stop, &error));
    waiter->code = error.code;
    return NULL;
}

static void await_waiting(int64_t count)
{
    while (METRIC_OF(METRIC_VERIFY_WAITING) != count)
        clock_sleep_ms(1);
}

/* All play or wait for ever. Each time one is called off it must be one that plays, and the next in
 * order plays instead: only who plays has a child whose end is counted. */
static void takes_results_in_the_order_of_their_coming(void **state)
{
    static Waiter waiters[DECODER_VERIFY_MAX + DECODER_WAITING_MAX];
    size_t count = ARRAY_SIZE(waiters);
    (void)state;
    _cleanup_close_ int fd = open_text("hang");
    for (size_t i = 0; i < count; i++) {
        waiters[i].fd = fd;
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_for_turn, &waiters[i]), 0);
        if (i < DECODER_VERIFY_MAX)
            while (count_children() <= i)
                clock_sleep_ms(1);
        else
            await_waiting((int64_t)(i + 1 - DECODER_VERIFY_MAX));
    }
    Waiter late = {.fd = fd};
    wait_for_turn(&late);
    assert_int_equal(late.code, ERROR_UNAVAILABLE);
    /* One in the middle goes away; nobody is forgotten. */
    Waiter *away = &waiters[count / 2];
    atomic_store(&away->stop, true);
    pthread_join(away->thread, NULL);
    assert_int_equal(METRIC_OF(METRIC_VERIFY_WAITING), DECODER_WAITING_MAX - 1);
    int64_t left = DECODER_WAITING_MAX - 1;
    for (size_t i = 0; i < count; i++) {
        if (&waiters[i] == away)
            continue;
        int64_t ended = METRIC_OF(METRIC_CHILDREN);
        atomic_store(&waiters[i].stop, true);
        pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].code, ERROR_CANCELLED);
        assert_int_equal(METRIC_OF(METRIC_CHILDREN), ended + 1);
        left -= left > 0;
        await_waiting(left);
    }
    assert_int_equal(away->code, ERROR_CANCELLED);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_a_file_holds),
        cmocka_unit_test(refuses_what_is_no_media),
        cmocka_unit_test(tells_the_file_from_the_machine),
        cmocka_unit_test(can_be_stopped),
        cmocka_unit_test(comes_to_a_verdict_about_mutants),
        cmocka_unit_test(tells_whether_a_photo_is_whole),
        cmocka_unit_test(takes_results_that_play),
        cmocka_unit_test(takes_results_whose_last_picture_stands),
        cmocka_unit_test(refuses_results_that_are_not_as_told),
        cmocka_unit_test(refuses_results_that_are_damaged),
        cmocka_unit_test(plays_few_results_at_once),
        cmocka_unit_test(takes_results_in_the_order_of_their_coming),
    };
    if (argc == 2 && streq(argv[1], ZYGOTE_COMMAND))
        return zygote_main(tasks_list);
    log_init("test_decoder", LOG_TEXT, LOG_ERROR);
    id_init();
    if (!zygote_start(NULL))
        return 1;
    int failed = cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
    zygote_stop();
    encoded_cleanup();
    return failed;
}
