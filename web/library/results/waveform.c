#include "web/library/results/waveform.h"

#include "common/base/json.h"

#define SAMPLE_RATE_MAX 768000 /* a second: more than any recorder makes */

static bool waveform_fault(const char *sentence, Error *error)
{
    return error_set(error, ERROR_INVALID, "%s", sentence);
}

static bool waveform_copy_numbers(const json_t *from, json_t *to, Error *error)
{
    static const struct {
        const char *field;
        int64_t minimum, maximum;
    } ranges[] = {
        {"version", 2, 2},
        {"channels", 1, 1},
        {"sample_rate", 1, SAMPLE_RATE_MAX},
        {"samples_per_pixel", 1, INT32_MAX},
        {"bits", 8, 8},
        {"length", 1, WAVEFORM_PAIRS_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        int64_t value;
        if (!json_get_integer(from, ranges[i].field, &value, error))
            return false;
        if (value < ranges[i].minimum || value > ranges[i].maximum)
            return error_set(error, ERROR_INVALID, "The waveform's %s cannot be %lld.",
                             ranges[i].field, (long long)value);
        json_object_set_new(to, ranges[i].field, json_integer(value));
    }
    return true;
}

static bool waveform_is_peak(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= INT8_MIN &&
           json_integer_value(value) <= INT8_MAX;
}

static bool waveform_copy_data(const json_t *from, json_t *to, Error *error)
{
    const json_t *data = json_object_get(from, "data");
    size_t count = json_array_size(data); /* 0 for what is no array */
    if (count != 2 * (size_t)json_integer_value(json_object_get(to, "length")))
        return waveform_fault("The waveform's data are not as many as its length says.", error);
    json_t *copy = json_array();
    json_object_set_new(to, "data", copy);
    for (size_t i = 0; i < count; i += 2) {
        const json_t *low = json_array_get(data, i), *high = json_array_get(data, i + 1);
        if (!waveform_is_peak(low) || !waveform_is_peak(high) ||
            json_integer_value(low) > json_integer_value(high))
            return waveform_fault("The waveform's data must be pairs of -128 to 127.", error);
        json_array_append_new(copy, json_integer(json_integer_value(low)));
        json_array_append_new(copy, json_integer(json_integer_value(high)));
    }
    return true;
}

bool waveform_rewrite(const Buffer *text, Buffer *out, Error *error)
{
    Error found = {0};
    _cleanup_json_ json_t *given = json_parse_object(text->data, text->length, &found);
    _cleanup_json_ json_t *kept = json_object();
    if (!given || !waveform_copy_numbers(given, kept, &found) ||
        !waveform_copy_data(given, kept, &found))
        return waveform_fault(found.detail, error);
    _cleanup_free_ char *printed = json_print(kept);
    REQUIRE(buffer_append_text(out, printed));
    return true;
}
