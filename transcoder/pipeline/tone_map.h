/*
 * HDR brought to what ordinary screens show: from PQ or HLG (ITU-R BT.2100) to BT.709, picture by
 * picture, in one step from 10-bit to 8-bit 4:2:0. Light is scaled by Hable's curve of the
 * brightest of red, green and blue, so that hues stay; what lies outside the colours of BT.709
 * stays outside by as much, and is for the player to cut off. The media library's filters can say
 * the same (zscale to linear light, tonemap, zscale back) and are what the test holds this against,
 * but they take three times as long.
 *
 * The colour of a block of two by two pixels is one, and only two of its four lumas are mapped: the
 * darkest and the brightest. Those between follow the curve of greys.
 *
 * In the pipeline's thread. A map changes nothing in itself.
 */
#pragma once

#include "common/media/media_facts.h"
#include "transcoder/pipeline/flow.h"

typedef struct ToneMap ToneMap;

/* Nits of the white that BT.709 shows, ITU-R BT.2408 §2.1: the reference white of both kinds of
 * HDR. */
#define TONE_MAP_WHITE 203

/* The brightest light kept, as a multiple of that white: fixed, because what files tell of theirs
 * is often absurd. */
#define TONE_MAP_PEAK 10

/* For pictures of these colours, complete; the range is always the limited one. `matrix` is that of
 * the pictures made: BT.709's, or BT.601's where a film has begun with it (H.273 code points). A
 * source's matrix that is not a plain sum of red, green and blue is taken for that of BT.2020, to
 * which plan_video_filters brings it; unknown primaries are taken for those of BT.2020. */
void tone_map_new(const MediaColour *source, int matrix, ToneMap **out);

/* Puts an 8-bit picture of BT.709, limited range, of that matrix in the place of a 10-bit one with
 * even sides. */
_must_check_ bool tone_map_frame(const ToneMap *map, AVFrame *frame, Error *error);

void tone_map_free(ToneMap **map);
