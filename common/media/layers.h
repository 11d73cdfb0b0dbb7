/*
 * Whether coded pictures come with a second view, for the other eye, inside the same packets: MVC
 * (ITU-T H.264 Annex H) and MV-HEVC (ITU-T H.265 Annex G), which decoders of the first view pass
 * over in silence. Pure; any thread. Meets strangers' bytes, so only inside a child.
 */
#pragma once

#include "common/base/base.h"

typedef enum LayersCodec { LAYERS_AVC, LAYERS_HEVC } LayersCodec;

/* `record`: the decoder's configuration as the container has it (ISO/IEC 14496-15 §5.3.3.1 or
 * §8.3.3.1), which says how units are kept apart: by lengths, else by start codes (H.264 Annex
 * B). */
bool layers_has_second_view(LayersCodec codec, const uint8_t *record, size_t record_size,
                            const uint8_t *packet, size_t size);
