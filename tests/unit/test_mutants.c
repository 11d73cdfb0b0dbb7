/*
 * Good files with damage: whatever a mutant does to its child, the parent stays well and says what
 * came of it. MUTANTS sets how many (make fuzz), SEED repeats a run.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "common/base/file.h"
#include "common/sandbox/zygote.h"
#include "tests/unit/encoding.h"

#define MUTANTS    100
#define SOURCE_MAX (4 << 20) /* bytes: larger files are cut */
#define HEAD       4096      /* bytes where containers keep what matters, at both ends */
#define SLOW_MS    20000     /* then the mutant is called off, which is a verdict too */

typedef struct Mutant {
    unsigned char *bytes; /* owned */
    size_t size;
    uint64_t random; /* state of splitmix64 */
} Mutant;

static uint64_t draw(Mutant *mutant, uint64_t below)
{
    uint64_t z = (mutant->random += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

/* More often near the ends. */
static size_t draw_place(Mutant *mutant, size_t room)
{
    size_t last = mutant->size - MIN_OF(room, mutant->size);
    size_t head = MIN_OF((size_t)HEAD, last + 1);
    switch (draw(mutant, 3)) {
    case 0:
        return draw(mutant, head);
    case 1:
        return last - draw(mutant, head);
    default:
        return draw(mutant, last + 1);
    }
}

static void flip_bits(Mutant *mutant)
{
    for (uint64_t count = 1 + draw(mutant, 64); count > 0; count--)
        mutant->bytes[draw_place(mutant, 1)] ^= (unsigned char)(1 << draw(mutant, 8));
}

static void write_extreme(Mutant *mutant)
{
    static const uint32_t extremes[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x01000000};
    for (uint64_t count = 1 + draw(mutant, 8); count > 0; count--) {
        uint32_t value = extremes[draw(mutant, ARRAY_SIZE(extremes))];
        memcpy(mutant->bytes + draw_place(mutant, sizeof value), &value, sizeof value);
    }
}

static void cut(Mutant *mutant)
{
    mutant->size = 64 + draw(mutant, mutant->size - 64);
}

static void clear_block(Mutant *mutant)
{
    size_t length = 1 + draw(mutant, MIN_OF(mutant->size / 4, (size_t)65536));
    memset(mutant->bytes + draw_place(mutant, length), 0, length);
}

static void move_block(Mutant *mutant)
{
    size_t length = 1 + draw(mutant, MIN_OF(mutant->size / 4, (size_t)65536));
    size_t from = draw_place(mutant, length), to = draw_place(mutant, length);
    memmove(mutant->bytes + to, mutant->bytes + from, length);
}

static void (*const mutations[])(Mutant *) = {flip_bits, write_extreme, cut, clear_block,
                                              move_block};

/* --- sources --- */

static const char *const corpus[] = {
    "video/fragmented.mp4",
    "video/samsung_sef_slowmotion.mp4",
    "video/vp9_odd_161x121.webm",
    "video/iphone_dolbyvision84_hlg_rot90.MOV",
    "video/divx_mpeg4_mp3.avi",
    "video/iphone_h264_gps_rot90.mov",
    "video/hdr10_av1_portrait.mp4",
    "video/sony_a7iii_avchd_interlaced.mts",
    "video/vp9_6ch_vorbis_60fps.webm",
    "audio/voicemail_nb.amr",
    "audio/vbr_xing.mp3",
    "audio/iphone_voicememo_alac.m4a",
};

/* Containers and codecs that the corpus has not, and what there is without it. */
#define PICTURE "-f lavfi -i testsrc2=s=320x240:d=1 "
#define SOUND   "-f lavfi -i sine=d=2 "
static const char *const made[] = {
    PICTURE SOUND "-c:v libx264 -c:a aac -f mp4",
    PICTURE "-c:v libvpx-vp9 -deadline realtime -f webm",
    PICTURE SOUND "-c:v mpeg4 -c:a mp3 -f avi",
    PICTURE SOUND "-c:v mpeg2video -c:a mp2 -f mpegts",
    SOUND "-c:a flac -f flac",
    PICTURE SOUND "-c:v utvideo -c:a pcm_s16le -f avi",
    PICTURE "-pix_fmt yuv422p10le -c:v cfhd -f mov",
    PICTURE SOUND "-c:v magicyuv -c:a adpcm_ima_wav -f avi",
    PICTURE SOUND "-c:v ffv1 -c:a wavpack -f matroska",
    PICTURE "-c:v mpeg1video -f mpeg1video",
    PICTURE "-c:v libx264 -bf 2 -f h264",
    PICTURE "-c:v libx265 -x265-params log-level=none -f hevc",
    PICTURE SOUND "-c:v flashsv2 -c:a adpcm_swf -ar 44100 -f flv",
    PICTURE SOUND "-c:v zmbv -c:a pcm_mulaw -f avi",
    PICTURE "-c:v jpeg2000 -f mov",
    PICTURE "-vf scale=320:240 -pix_fmt rgba -c:v hap -f mov",
    PICTURE SOUND "-vf scale=720:576 -r 25 -c:v mpeg2video -b:v 8M -ar 48000 -c:a pcm_s16le -f mxf",
    PICTURE SOUND "-vf scale=720:576 -r 25 -pix_fmt yuv420p -ar 48000 -ac 2 -f dv",
    SOUND "-ar 8000 -c:a libgsm_ms -f wav",
    SOUND "-ar 16000 -c:a libspeex -f ogg",
    SOUND "-ar 8000 -c:a g726 -f wav",
    SOUND "-c:a wavpack -f wv",
    SOUND "-c:a ac3 -f ac3",
    SOUND "-c:a dca -strict -2 -ar 48000 -f dts",
    SOUND "-c:a pcm_s24le -f w64",
};

/* Every second one is of the corpus, where that is. */
static void choose_source(size_t number, char path[ENCODING_PATH])
{
    static bool ready[ARRAY_SIZE(made)];
    char name[32];
    if (number % 2 == 0 && encoding_corpus(corpus[number / 2 % ARRAY_SIZE(corpus)], path))
        return;
    size_t which = number / 2 % ARRAY_SIZE(made);
    snprintf(name, sizeof name, "source-%zu", which);
    if (!ready[which])
        snprintf(path, ENCODING_PATH, "%s", encoding_source(name, made[which]));
    ready[which] = true;
    snprintf(path, ENCODING_PATH, "%s/%s", encoded_folder(), name);
}

static void read_source(const char *path, Mutant *mutant)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    mutant->bytes = base_calloc(1, SOURCE_MAX);
    ssize_t got = pread(fd, mutant->bytes, SOURCE_MAX, 0);
    assert_true(got > HEAD / 2);
    mutant->size = (size_t)got;
}

static void write_mutant(const Mutant *mutant, const char *path)
{
    Error error = {0};
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file_write_all(fd, mutant->bytes, mutant->size, 0, &error));
}

/* --- verdicts --- */

typedef struct Verdicts {
    int playable, refused, slow;
} Verdicts;

static void ten_seconds(EncoderPolicy *policy)
{
    policy->max_seconds = 10;
}

static void judge(const char *path, uint64_t seed, Verdicts *verdicts)
{
    Made result = {.stop_after_ms = SLOW_MS, .limit = ten_seconds};
    if (encoding_try(path, 144, &result)) {
        verdicts->playable++;
        const TransferMade *video = &result.result.files[TRANSFER_VIDEO];
        if (video->present && !encoded_starts_fast(result.video))
            fail_msg("seed %" PRIu64 ": the result is no whole file", seed);
        return;
    }
    verdicts->refused += result.error.code == ERROR_MEDIA;
    verdicts->slow += result.error.code == ERROR_CANCELLED;
    if (result.error.code != ERROR_MEDIA && result.error.code != ERROR_CANCELLED)
        fail_msg("seed %" PRIu64 ": %s", seed, result.error.detail);
    if (strstr(result.error.detail, "sandbox"))
        print_message("seed %" PRIu64 ": %s\n", seed, result.error.detail);
}

static void try_mutant(size_t number, uint64_t seed, Verdicts *verdicts)
{
    char path[ENCODING_PATH];
    Mutant mutant = {.random = seed};
    choose_source(number, path);
    read_source(path, &mutant);
    for (uint64_t count = 1 + draw(&mutant, 3); count > 0; count--)
        mutations[draw(&mutant, ARRAY_SIZE(mutations))](&mutant);
    snprintf(path, sizeof path, "%s/mutant", encoded_folder());
    write_mutant(&mutant, path);
    free(mutant.bytes);
    judge(path, seed, verdicts);
}

static uint64_t number_from(const char *name, uint64_t standard)
{
    const char *value = getenv(name);
    return value && *value ? strtoull(value, NULL, 10) : standard;
}

static void no_mutant_harms_the_parent(void **state)
{
    Verdicts verdicts = {0};
    uint64_t seed = number_from("SEED", 1), count = number_from("MUTANTS", MUTANTS);
    pid_t zygote = zygote_pid();
    (void)state;
    for (uint64_t i = 0; i < count; i++)
        try_mutant(i, seed + i, &verdicts);
    print_message("%" PRIu64 " mutants from seed %" PRIu64 ": %d playable, %d refused, %d slow\n",
                  count, seed, verdicts.playable, verdicts.refused, verdicts.slow);
    unit_check(zygote_pid() == zygote && zygote > 0, "the zygote outlived them all");
    unit_check(verdicts.refused > 0, "some of them were damaged enough to be refused");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_mutant_harms_the_parent)};
    return encoding_run("mutants", tests, ARRAY_SIZE(tests), argc, argv);
}
