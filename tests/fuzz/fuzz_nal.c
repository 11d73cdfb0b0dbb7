/* Coded pictures: a stripped sample is no longer than it was, whole, and stays as it is when it is
 * stripped again; looking for a second view touches nothing beyond the bytes. The first line is the
 * kind, the second how many bytes of the rest are the decoder's configuration. */
#include "common/media/aac.h"
#include "common/media/avc.h"
#include "common/media/layers.h"
#include "tests/fuzz/fuzz.h"

/* In memory of its own, so that a step beyond either end is seen. */
static uint8_t *copy_of(const char *bytes, size_t size)
{
    uint8_t *copy = base_calloc(1, MAX_OF(size, 1));
    memcpy(copy, bytes, size);
    return copy;
}

static void check_strip(const char *bytes, size_t size, int length_size)
{
    _cleanup_free_ uint8_t *sample = copy_of(bytes, size);
    size_t stripped = size;
    AvcSample found = {0}, again = {0};
    if (!avc_strip(sample, &stripped, length_size, &found))
        return;
    REQUIRE(stripped <= size && (!found.is_idr || found.has_picture));
    _cleanup_free_ uint8_t *twice = copy_of((const char *)sample, stripped);
    size_t same = stripped;
    REQUIRE(avc_strip(twice, &same, length_size, &again) && same == stripped);
    REQUIRE(memcmp(twice, sample, same) == 0 && again.is_idr == found.is_idr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *kind = fuzz_line(&input);
    uint64_t told = fuzz_number(&input);
    size_t record_size = (size_t)MIN_OF(told, input.left), left = input.left - record_size;
    _cleanup_free_ uint8_t *record = copy_of(input.at, record_size);
    _cleanup_free_ uint8_t *packet = copy_of(input.at + record_size, left);
    int length_size = avc_length_size(record, record_size),
        type = aac_object_type(record, record_size);
    REQUIRE(length_size >= 0 && length_size <= 4 && type >= 0);
    const char *name = aac_strange_name(type);
    REQUIRE(!name || *name);
    LayersCodec codec = streq(kind, "hevc") ? LAYERS_HEVC : LAYERS_AVC;
    bool found = layers_has_second_view(codec, record, record_size, packet, left);
    REQUIRE(!found || left > 2);
    if (length_size > 0)
        check_strip(input.at + record_size, left, length_size);
    return 0;
}
