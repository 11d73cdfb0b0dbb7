#include "transcoder/pipeline/waveform.h"

#include <errno.h>
#include <math.h>

#include "common/base/file.h"
#include "common/base/json.h"

#define FORMAT_VERSION 2
#define FORMAT_BITS    8

static const WaveformPeak nothing = {INFINITY, -INFINITY};

static WaveformPeak waveform_widest(WaveformPeak a, WaveformPeak b)
{
    return (WaveformPeak){MIN_OF(a.low, b.low), MAX_OF(a.high, b.high)};
}

/* One sample of a low rate may fill several stretches of a high one. */
static void waveform_close_stretches(Waveform *waveform)
{
    WaveformPeak *peaks = waveform->peaks;
    while (waveform->filled >= (double)waveform->length) {
        waveform->filled -= (double)waveform->length;
        peaks[waveform->count++] = waveform->open;
        if (waveform->count < WAVEFORM_PEAKS)
            continue;
        for (size_t i = 0; i < WAVEFORM_PEAKS / 2; i++)
            peaks[i] = waveform_widest(peaks[2 * i], peaks[2 * i + 1]);
        waveform->count = WAVEFORM_PEAKS / 2;
        waveform->length *= 2;
    }
    waveform->open = nothing;
}

void waveform_take(Waveform *waveform, const WaveformSound *sound)
{
    if (sound->sample_rate <= 0 || sound->sample_rate > WAVEFORM_RATE_MAX)
        return;
    if (waveform->sample_rate == 0) {
        waveform->sample_rate = sound->sample_rate;
        waveform->length = MAX_OF(sound->sample_rate / WAVEFORM_PEAKS, 1);
        waveform->open = nothing;
    }
    double step = (double)waveform->sample_rate / sound->sample_rate;
    for (size_t i = 0; i < sound->count; i++) {
        float value = isfinite(sound->samples[i]) ? sound->samples[i] : 0;
        waveform->open = waveform_widest(waveform->open, (WaveformPeak){value, value});
        waveform->filled += step;
        if (waveform->filled >= (double)waveform->length)
            waveform_close_stretches(waveform);
    }
}

static json_t *waveform_level(float value)
{
    return json_integer(lrintf(MIN_OF(MAX_OF(value * 128, INT8_MIN), INT8_MAX)));
}

bool waveform_write(Waveform *waveform, int fd, Error *error)
{
    if (waveform->filled > 0 && waveform->open.low <= waveform->open.high)
        waveform->peaks[waveform->count++] = waveform->open;
    waveform->filled = 0;
    if (waveform->count == 0)
        return error_set(error, ERROR_MEDIA, "There was no sound for a waveform.");
    json_t *data = json_array();
    for (size_t i = 0; i < waveform->count; i++) {
        json_array_append_new(data, waveform_level(waveform->peaks[i].low));
        json_array_append_new(data, waveform_level(waveform->peaks[i].high));
    }
    _cleanup_json_ json_t *value = json_pack(
        "{s:i, s:i, s:i, s:I, s:i, s:I, s:o}", "version", FORMAT_VERSION, "channels", 1,
        "sample_rate", waveform->sample_rate, "samples_per_pixel", (json_int_t)waveform->length,
        "bits", FORMAT_BITS, "length", (json_int_t)waveform->count, "data", data);
    REQUIRE(value);
    _cleanup_free_ char *text = json_print(value);
    if (file_write_all(fd, text, strlen(text), 0, error))
        return true;
    if (ftruncate(fd, 0) < 0)
        return error_set_errno(error, errno, "An unfinished waveform could not be removed");
    return false;
}
