/* A waveform's JSON: what was written anew is within its bounds, is read again, and comes out the
 * same. */
#include "common/base/json.h"
#include "tests/fuzz/fuzz.h"
#include "web/library/results/waveform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX), out = BUFFER(TRANSFER_TEXT_MAX);
    _cleanup_buffer_ Buffer again = BUFFER(TRANSFER_TEXT_MAX);
    Error error = {0};
    if (!buffer_append(&text, data, size))
        return 0;
    if (!waveform_rewrite(&text, &out, &error)) {
        REQUIRE(error.code == ERROR_INVALID && *error.detail && out.length == 0);
        return 0;
    }
    REQUIRE(waveform_rewrite(&out, &again, NULL));
    REQUIRE(out.length == again.length && memcmp(out.data, again.data, out.length) == 0);
    _cleanup_json_ json_t *kept = json_parse_object(out.data, out.length, NULL);
    REQUIRE(json_object_size(kept) == 7);
    const json_t *peaks = json_object_get(kept, "data");
    REQUIRE(json_array_size(peaks) >= 2 && json_array_size(peaks) <= 2 * WAVEFORM_PAIRS_MAX);
    return 0;
}
