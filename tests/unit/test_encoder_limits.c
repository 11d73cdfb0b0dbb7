#include "tests/unit/encoding.h"

static void few_pixels(EncoderPolicy *policy)
{
    policy->max_pixels = 319 * 240;
}

static void few_streams(EncoderPolicy *policy)
{
    policy->max_streams = 1;
}

static void few_seconds(EncoderPolicy *policy)
{
    policy->max_seconds = 2;
}

static void copied_seconds(EncoderPolicy *policy)
{
    policy->max_seconds = 2;
    policy->remux_bit_rate = 100000000;
}

static void little_output(EncoderPolicy *policy)
{
    policy->max_output = 65536;
}

static void little_copied(EncoderPolicy *policy)
{
    policy->max_output = 65536;
    policy->remux_bit_rate = 1000000000;
}

#define PICTURE "-f lavfi -i testsrc2=s=320x240:d=4 "
#define TONE    "-f lavfi -i sine=d=4 "
#define NOISE                                                                                      \
    "-f lavfi -i nullsrc=s=320x240:d=4,noise=alls=100:allf=t -pix_fmt yuv420p -c:v libx264 "       \
    "-preset ultrafast "

static void each_limit_ends_in_a_sentence(void **state)
{
    static const struct {
        const char *name, *arguments;
        void (*limit)(EncoderPolicy *);
        const char *reason;
    } rows[] = {
        {"large.mkv", PICTURE "-c:v mpeg4", few_pixels, "The picture is too large: 320 by 240"},
        {"tracks.mkv", PICTURE TONE "-c:v mpeg4", few_streams, "The file holds 2 tracks; up to 1"},
        {"long.mkv", PICTURE "-c:v mpeg4", few_seconds, "The video lasts longer than 2 seconds."},
        {"long.mp4", PICTURE "-c:v libx264 -pix_fmt yuv420p", copied_seconds,
         "The video lasts longer than 2 seconds."},
        {"long.wav", TONE, few_seconds, "The sound lasts longer than 2 seconds."},
        {"long.m4a", TONE "-c:a aac", copied_seconds, "The sound lasts longer than 2 seconds."},
        {"fat.mkv", NOISE, little_output, "The result would be larger than 64 KiB."},
        {"fat.mp4", NOISE, little_copied, "The result would be larger than 64 KiB."},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {.limit = rows[i].limit};
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        unit_check(!encoding_try(source, 1080, &made), rows[i].reason);
        assert_int_equal(made.error.code, ERROR_MEDIA);
        if (!strstr(made.error.detail, rows[i].reason))
            fail_msg("%s: %s", rows[i].name, made.error.detail);
    }
}

/* A clip that tells of days, of one second. */
static void a_lying_duration_limits_nothing(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("video/fragmented.mp4", path))
        skip();
    Made made = {.limit = few_seconds};
    unit_check(encoding_try(path, 1080, &made), made.error.detail);
    unit_check(made.result.duration < 2, "what is decoded counts");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_ends_in_a_sentence),
        cmocka_unit_test(a_lying_duration_limits_nothing),
    };
    return encoding_run("encoder limits", tests, ARRAY_SIZE(tests), argc, argv);
}
