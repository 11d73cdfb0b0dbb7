#include "common/media/layers.h"

#define NAL_CODED_SLICE_EXTENSION 20 /* ITU-T H.264 table 7-1 */

/* Where the configuration record says how long the lengths are, and how long it is at least. */
static const struct {
    size_t at, least;
} records[] = {[LAYERS_AVC] = {4, 7}, [LAYERS_HEVC] = {21, 23}};

/* A unit without its start code or length. */
static bool layers_is_second_view(LayersCodec codec, const uint8_t *unit, size_t size)
{
    if (size < 2)
        return false;
    if (codec == LAYERS_HEVC) /* nuh_layer_id, H.265 §7.3.1.2 */
        return ((unit[0] & 1) << 5 | unit[1] >> 3) > 0;
    /* svc_extension_flag, H.264 §7.3.1: a finer picture, but for the same eye */
    return (unit[0] & 31) == NAL_CODED_SLICE_EXTENSION && !(unit[1] & 0x80);
}

static bool layers_in_lengths(LayersCodec codec, size_t length_size, const uint8_t *at, size_t left)
{
    while (left > length_size) {
        size_t length = 0;
        for (size_t i = 0; i < length_size; i++)
            length = length << 8 | at[i];
        at += length_size;
        left -= length_size;
        if (length > left)
            return false;
        if (layers_is_second_view(codec, at, length))
            return true;
        at += length;
        left -= length;
    }
    return false;
}

static bool layers_in_start_codes(LayersCodec codec, const uint8_t *at, size_t left)
{
    for (; left > 3; at++, left--)
        if (at[0] == 0 && at[1] == 0 && at[2] == 1 &&
            layers_is_second_view(codec, at + 3, left - 3))
            return true;
    return false;
}

bool layers_has_second_view(LayersCodec codec, const uint8_t *record, size_t record_size,
                            const uint8_t *packet, size_t size)
{
    bool lengths = record_size >= records[codec].least && record[0] == 1;
    return lengths ? layers_in_lengths(codec, (record[records[codec].at] & 3) + 1u, packet, size)
                   : layers_in_start_codes(codec, packet, size);
}
