#include "transcoder/pipeline/waveform.h"

#include <errno.h>
#include <math.h>

#include "common/base/file.h"
#include "common/base/json.h"

#define FORMAT_VERSION 2
#define FORMAT_BITS    8

static const WaveformPeak nothing = {INFINITY, -INFINITY};

static WaveformPeak widest(WaveformPeak a, WaveformPeak b)
{
    return (WaveformPeak){MIN_OF(a.low, b.low), MAX_OF(a.high, b.high)};
}

static void halve(Waveform *waveform)
{
    for (size_t i = 0; i < WAVEFORM_PEAKS / 2; i++)
        waveform->peaks[i] = widest(waveform->peaks[2 * i], waveform->peaks[2 * i + 1]);
    waveform->count = WAVEFORM_PEAKS / 2;
    waveform->length *= 2;
}

/* One sample of a low rate may fill several stretches of a high one. */
static void close_stretches(Waveform *waveform)
{
    while (waveform->filled >= (double)waveform->length) {
        waveform->filled -= (double)waveform->length;
        waveform->peaks[waveform->count++] = waveform->open;
        if (waveform->count == WAVEFORM_PEAKS)
            halve(waveform);
    }
    waveform->open = nothing;
}

static void begin(Waveform *waveform, int sample_rate)
{
    waveform->sample_rate = sample_rate;
    waveform->length = MAX_OF(sample_rate / WAVEFORM_PEAKS, 1);
    waveform->open = nothing;
}

void waveform_take(Waveform *waveform, const WaveformSound *sound)
{
    if (sound->sample_rate <= 0 || sound->sample_rate > WAVEFORM_RATE_MAX)
        return;
    if (waveform->sample_rate == 0)
        begin(waveform, sound->sample_rate);
    double step = (double)waveform->sample_rate / sound->sample_rate;
    for (size_t i = 0; i < sound->count; i++) {
        float value = isfinite(sound->samples[i]) ? sound->samples[i] : 0;
        waveform->open = widest(waveform->open, (WaveformPeak){value, value});
        waveform->filled += step;
        if (waveform->filled >= (double)waveform->length)
            close_stretches(waveform);
    }
}

static json_t *level(float value)
{
    return json_integer(lrintf(MIN_OF(MAX_OF(value * 128, INT8_MIN), INT8_MAX)));
}

static json_t *data_of(const Waveform *waveform)
{
    json_t *data = json_array();
    for (size_t i = 0; i < waveform->count; i++) {
        json_array_append_new(data, level(waveform->peaks[i].low));
        json_array_append_new(data, level(waveform->peaks[i].high));
    }
    return data;
}

static json_t *document(const Waveform *waveform)
{
    json_t *value = json_pack(
        "{s:i, s:i, s:i, s:I, s:i, s:I, s:o}", "version", FORMAT_VERSION, "channels", 1,
        "sample_rate", waveform->sample_rate, "samples_per_pixel", (json_int_t)waveform->length,
        "bits", FORMAT_BITS, "length", (json_int_t)waveform->count, "data", data_of(waveform));
    REQUIRE(value);
    return value;
}

bool waveform_write(Waveform *waveform, int fd, Error *error)
{
    if (waveform->filled > 0 && waveform->open.low <= waveform->open.high)
        waveform->peaks[waveform->count++] = waveform->open;
    waveform->filled = 0;
    if (waveform->count == 0)
        return error_set(error, ERROR_MEDIA, "There was no sound for a waveform.");
    _cleanup_json_ json_t *value = document(waveform);
    _cleanup_free_ char *text = json_print(value);
    if (file_write_all(fd, text, strlen(text), 0, error))
        return true;
    if (ftruncate(fd, 0) < 0)
        return error_set_errno(error, errno, "An unfinished waveform could not be removed");
    return false;
}
