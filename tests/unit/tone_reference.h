/* What tone mapping is held against: the media library's own filters, which take a picture to
 * linear light, in floats, and back. */
#pragma once

#include "transcoder/pipeline/tone_map.h"

#define TONE_REFERENCE_TEXT(number) #number
#define TONE_REFERENCE_WORD(number) TONE_REFERENCE_TEXT(number)

/* For printf: transfer, primaries and matrix as numbers of H.273, range as tv or pc. */
#define TONE_REFERENCE                                                                             \
    "zscale=tin=%d:pin=%d:min=%d:rin=%s:t=linear:npl=" TONE_REFERENCE_WORD(                        \
        TONE_MAP_WHITE) ":p=bt709,format=gbrpf32le,tonemap=tonemap=hable:desat=0:"                 \
                        "peak=" TONE_REFERENCE_WORD(TONE_MAP_PEAK) ",zscale=t=bt709:p=bt709:"      \
                                                                   "m=bt709:r=tv,format=yuv420p"
