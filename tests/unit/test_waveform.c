/* The waveform: that its peaks are the sound's, whatever comes, and its text. */
#include "tests/unit/job_fixture.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "common/base/json.h"
#include "transcoder/pipeline/waveform.h"

#define BLOCK 4096

static json_t *read_file(int fd)
{
    size_t size = (size_t)fixture_file_size(fd);
    _cleanup_free_ char *text = base_calloc(size + 1, 1);
    Error error = {0};
    assert_int_equal(pread(fd, text, size, 0), size);
    json_t *value = json_parse_object(text, size, &error);
    if (!value)
        fail_msg("%s", error.detail);
    return value;
}

static int64_t number(const json_t *value, const char *field)
{
    int64_t out = -1;
    Error error = {0};
    assert_true(json_get_integer(value, field, &out, &error));
    return out;
}

static int peak(const json_t *value, size_t index)
{
    const json_t *one = json_array_get(json_object_get(value, "data"), index);
    assert_true(json_is_integer(one));
    return (int)json_integer_value(one);
}

/* Writes and reads again; NULL where there is nothing to write. The caller owns it. */
static json_t *finish(Waveform *waveform)
{
    int fd = fixture_file();
    Error error = {0};
    json_t *value = NULL;
    if (waveform_write(waveform, fd, &error)) {
        value = read_file(fd);
        assert_int_equal(number(value, "version"), 2);
        assert_int_equal(number(value, "channels"), 1);
        assert_int_equal(number(value, "bits"), 8);
        assert_int_equal(json_array_size(json_object_get(value, "data")),
                         2 * number(value, "length"));
    } else {
        assert_int_equal(error.code, ERROR_MEDIA);
        assert_int_equal(fixture_file_size(fd), 0);
    }
    close(fd);
    return value;
}

/* Swings between 0 and ±swell, which grows evenly from 0 to 1 over the whole length. */
static void play(Waveform *waveform, int64_t total, int sample_rate)
{
    float block[BLOCK];
    for (int64_t at = 0; at < total;) {
        size_t count = (size_t)MIN_OF((int64_t)BLOCK, total - at);
        for (size_t i = 0; i < count; i++, at++)
            block[i] = (float)at / (float)total * (at % 2 ? -1.0F : 0.5F);
        waveform_take(waveform, &(WaveformSound){block, count, sample_rate});
    }
}

static void any_length_gives_some_hundred_peaks(void **state)
{
    static const struct {
        int64_t samples;
        int sample_rate;
        int64_t length_min, length_max;
        const char *sentence;
    } rows[] = {
        {0, 48000, 0, 0, "no sound"},
        {1, 48000, 1, 1, "one sample"},
        {60, 48000, 1, 1, "one stretch"},
        {61, 48000, 2, 2, "and a bit of the next"},
        {24000, 48000, 400, 400, "half a second"},
        {47940, 48000, 799, 799, "as many as fit"},
        {47999, 48000, 800, 800, "with the last one begun"},
        {48000, 48000, 400, 400, "then two become one"},
        {48001, 48000, 401, 401, "and so on"},
        {8000 * 3, 8000, 400, 800, "a telephone's rate"},
        {44100 * 60, 44100, 400, 800, "a minute"},
        {11025 * 3600, 11025, 400, 800, "an hour"},
        {500, 500, 400, 800, "a rate lower than the number of peaks"},
        {100000, 1, 400, 800, "one sample a second"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Waveform waveform = {0};
        play(&waveform, rows[i].samples, rows[i].sample_rate);
        _cleanup_json_ json_t *value = finish(&waveform);
        unit_check(!value == (rows[i].length_max == 0), rows[i].sentence);
        if (!value)
            continue;
        int64_t length = number(value, "length"), each = number(value, "samples_per_pixel");
        if (length < rows[i].length_min || length > rows[i].length_max)
            fail_msg("%s: %lld peaks", rows[i].sentence, (long long)length);
        unit_check(number(value, "sample_rate") == rows[i].sample_rate, rows[i].sentence);
        unit_check(length == (rows[i].samples + each - 1) / each, "they span the sound");
    }
}

static void peaks_are_where_the_sound_is(void **state)
{
    static const struct {
        int64_t samples;
        int sample_rate;
        const char *sentence;
    } rows[] = {
        {30000, 48000, "less than a second"},
        {48000 * 7, 48000, "halved three times"},
        {8000 * 600, 8000, "ten minutes"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Waveform waveform = {0};
        play(&waveform, rows[i].samples, rows[i].sample_rate);
        _cleanup_json_ json_t *value = finish(&waveform);
        int64_t length = number(value, "length"), each = number(value, "samples_per_pixel");
        for (int64_t n = 0; n < length; n++) {
            double swell =
                (double)MIN_OF((n + 1) * each, rows[i].samples) / (double)rows[i].samples;
            int low = peak(value, 2 * (size_t)n), high = peak(value, 2 * (size_t)n + 1);
            if (fabs(low + swell * 128) > 1.5 || fabs(high - swell * 64) > 1.5)
                fail_msg("%s: peak %lld is %d to %d", rows[i].sentence, (long long)n, low, high);
        }
    }
}

static void a_click_is_never_lost(void **state)
{
    static const int64_t places[] = {0, 59, 60, 12345, 47999, 48000, 100000, 335999};
    static float samples[48000 * 7];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        Waveform waveform = {0};
        samples[places[i]] = -0.5F;
        waveform_take(&waveform, &(WaveformSound){samples, ARRAY_SIZE(samples), 48000});
        samples[places[i]] = 0;
        _cleanup_json_ json_t *value = finish(&waveform);
        int64_t each = number(value, "samples_per_pixel");
        for (int64_t n = 0; n < number(value, "length"); n++)
            unit_check(peak(value, 2 * (size_t)n) == (n == places[i] / each ? -64 : 0),
                       "it is in its peak and in no other");
    }
}

static void no_sample_breaks_it(void **state)
{
    static const struct {
        float samples[3];
        int low, high;
        const char *sentence;
    } rows[] = {
        {{0, 0, 0}, 0, 0, "silence"},
        {{0.5F, 0.25F, 0.25F}, 32, 64, "sound above the line"},
        {{-0.5F, -0.25F, -0.25F}, -64, -32, "and below"},
        {{1, -1, 0}, -128, 127, "full scale"},
        {{3, -3, 0}, -128, 127, "more than full scale"},
        {{3.4e38F, -3.4e38F, 0}, -128, 127, "far more"},
        {{NAN, NAN, NAN}, 0, 0, "no numbers"},
        {{INFINITY, -INFINITY, 0}, 0, 0, "no end"},
        {{NAN, 0.5F, INFINITY}, 0, 64, "a number among them"},
        {{1e-40F, -1e-40F, -0.0F}, 0, 0, "hardly anything"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Waveform waveform = {0};
        waveform_take(&waveform, &(WaveformSound){rows[i].samples, 3, 48000});
        _cleanup_json_ json_t *value = finish(&waveform);
        assert_non_null(value);
        unit_check(peak(value, 0) == rows[i].low && peak(value, 1) == rows[i].high,
                   rows[i].sentence);
    }
}

/* Each row: seconds at each of three rates; quiet, then loud, then quiet. */
static void a_rate_that_changes_keeps_the_time(void **state)
{
    static const struct {
        int rates[3];
        const char *sentence;
    } rows[] = {
        {{48000, 8000, 48000}, "lower in the middle"},
        {{8000, 192000, 8000}, "higher in the middle"},
        {{192000, 100, 44100}, "so low that one sample is many peaks"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Waveform waveform = {0};
        for (int part = 0; part < 3; part++)
            for (int n = 0; n < 10 * rows[i].rates[part]; n++) {
                float value = part == 1 ? 0.5F : 0;
                waveform_take(&waveform, &(WaveformSound){&value, 1, rows[i].rates[part]});
            }
        _cleanup_json_ json_t *value = finish(&waveform);
        size_t length = (size_t)number(value, "length");
        unit_check(number(value, "sample_rate") == rows[i].rates[0], "the first rate counts");
        unit_check(length >= 400 && length <= 800, rows[i].sentence);
        double seconds =
            (double)length * (double)number(value, "samples_per_pixel") / rows[i].rates[0];
        unit_check(fabs(seconds - 30) < 0.1, rows[i].sentence);
        for (size_t n = 0; n < length; n++) {
            double at = (double)n / (double)length * 3;
            if (fabs(at - 1) > 0.02 && fabs(at - 2) > 0.02)
                unit_check(peak(value, 2 * n + 1) == (at > 1 && at < 2 ? 64 : 0), rows[i].sentence);
        }
    }
}

static void impossible_rates_are_left_out(void **state)
{
    static const int rates[] = {0, -1, INT32_MIN, INT32_MAX, WAVEFORM_RATE_MAX + 1};
    float samples[10] = {1};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        Waveform waveform = {0};
        waveform_take(&waveform, &(WaveformSound){samples, ARRAY_SIZE(samples), rates[i]});
        assert_null(finish(&waveform));
        waveform_take(&waveform, &(WaveformSound){samples, ARRAY_SIZE(samples), 8000});
        waveform_take(&waveform, &(WaveformSound){samples, ARRAY_SIZE(samples), rates[i]});
        _cleanup_json_ json_t *value = finish(&waveform);
        assert_int_equal(number(value, "length"), 1);
    }
}

/* The storage takes a hundred bytes and no more. */
static void what_cannot_be_written_leaves_nothing(void **state)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct rlimit before, small;
    Waveform waveform = {0};
    Error error = {0};
    int fd = fixture_file();
    (void)state;
    play(&waveform, 8000, 8000);
    assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){100, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool written = waveform_write(&waveform, fd, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(written);
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_int_equal(fixture_file_size(fd), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_length_gives_some_hundred_peaks),
        cmocka_unit_test(peaks_are_where_the_sound_is),
        cmocka_unit_test(a_click_is_never_lost),
        cmocka_unit_test(no_sample_breaks_it),
        cmocka_unit_test(a_rate_that_changes_keeps_the_time),
        cmocka_unit_test(impossible_rates_are_left_out),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests_name("waveform", tests, NULL, NULL);
}
