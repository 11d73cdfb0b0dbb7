/*
 * H.264 as it lies in MP4 and Matroska (ISO/IEC 14496-15 §5.3): enough to copy samples safely
 * without decoding them. Pure; any thread. Meets strangers' bytes, so only inside a child.
 */
#pragma once

#include "common/base/base.h"

/* How many bytes tell the length of each NAL unit, by the AVCDecoderConfigurationRecord (§5.3.3.1).
 * 0: this is none, or it holds anything but parameter sets. */
int avc_length_size(const uint8_t *record, size_t size);

typedef struct AvcSample {
    bool has_picture; /* a slice */
    bool is_idr;      /* decoding can begin here, whatever came before (ITU-T H.264 §3.69) */
} AvcSample;

/* Takes everything out of a sample that no player needs: supplemental information, where cameras
 * put their notes, fillers and unknown kinds of units. False, and the sample in no defined state,
 * where its structure is damaged. */
bool avc_strip(uint8_t *sample, size_t *size, int length_size, AvcSample *found);
