/*
 * Finds out what a media file holds, reading and decoding no more than media_limits.h allows. One
 * thread at a time. The container may lie; a decoded frame does not: whoever decodes corrects the
 * facts with media_probe_frame.
 */
#pragma once

#include "common/media/media_facts.h"
#include "common/media/media_input.h"

struct AVFrame;

/* Looks into the streams of an input just opened and fills *out. ERROR_MEDIA where nothing can be
 * learned. */
_must_check_ bool media_probe(MediaInput *input, MediaFacts *out, Error *error);

/* Adds the streams that reading found since, which come later than is looked for them. */
void media_probe_late(MediaInput *input, MediaFacts *facts);

/* Corrects a stream's size, pixels, colour and interlacing by its first decoded picture, and adds
 * what any picture says of a second eye and of words. */
void media_probe_frame(MediaStream *stream, const struct AVFrame *frame);
