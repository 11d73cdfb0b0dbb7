#include "common/media/avc.h"

/* nal_unit_type, ITU-T H.264 table 7-1 */
#define NAL_SLICE     1
#define NAL_IDR       5
#define NAL_SPS       7
#define NAL_PPS       8
#define NAL_DELIMITER 9

#define RECORD_HEAD    5 /* bytes before the first count */
#define RECORD_TAIL    4 /* bytes after the sets, which the High profiles add */
#define RECORD_VERSION 1

static int avc_nal_type(uint8_t first)
{
    return first & 0x1f;
}

/* Passes over a list of parameter sets; false where it is damaged or holds something else. */
static bool avc_pass_sets(const uint8_t *record, size_t size, size_t *at, uint8_t mask, int type)
{
    if (*at >= size)
        return false;
    for (int count = record[(*at)++] & mask; count > 0; count--) {
        if (size - *at < 3)
            return false;
        size_t length = (size_t)record[*at] << 8 | record[*at + 1];
        *at += 2;
        if (length == 0 || length > size - *at || avc_nal_type(record[*at]) != type)
            return false;
        *at += length;
    }
    return true;
}

int avc_length_size(const uint8_t *record, size_t size)
{
    size_t at = RECORD_HEAD;
    if (size <= RECORD_HEAD || record[0] != RECORD_VERSION ||
        !avc_pass_sets(record, size, &at, 0x1f, NAL_SPS) ||
        !avc_pass_sets(record, size, &at, 0xff, NAL_PPS))
        return 0;
    int length_size = (record[4] & 3) + 1;
    return size - at <= RECORD_TAIL && length_size != 3 ? length_size : 0;
}

bool avc_strip(uint8_t *sample, size_t *size, int length_size, AvcSample *found)
{
    size_t kept = 0, head = (size_t)length_size;
    *found = (AvcSample){0};
    for (size_t at = 0; at < *size;) {
        if (*size - at <= head)
            return false;
        size_t length = 0;
        for (size_t i = 0; i < head; i++)
            length = length << 8 | sample[at + i];
        if (length == 0 || length > *size - at - head)
            return false;
        int type = avc_nal_type(sample[at + head]);
        bool picture = type >= NAL_SLICE && type <= NAL_IDR;
        found->has_picture = found->has_picture || picture;
        found->is_idr = found->is_idr || type == NAL_IDR;
        if (picture || type == NAL_SPS || type == NAL_PPS || type == NAL_DELIMITER) {
            memmove(sample + kept, sample + at, head + length);
            kept += head + length;
        }
        at += head + length;
    }
    *size = kept;
    return true;
}
