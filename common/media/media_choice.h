/*
 * Which of a file's streams are its film and its sound: one rule for web, which tells people what
 * an upload is, and for the transcoder, which makes the result. Pure; any thread.
 */
#pragma once

#include "common/base/error.h"
#include "common/media/media_facts.h"

typedef struct MediaChoice {
    const MediaStream *picture; /* borrowed from the facts; NULL: sound alone */
    const MediaStream *sound;   /* likewise; NULL: silent */
} MediaChoice;

/* ERROR_MEDIA with a sentence for the person who uploaded where nothing can be shown or heard: no
 * stream of use, or a picture that cannot be decoded or has no size. */
_must_check_ bool media_choose(const MediaFacts *facts, MediaChoice *out, Error *error);

/* Sound that can be decoded, and has a form. */
bool media_is_audible(const MediaStream *stream);

/* 0: unknown. */
double media_ratio_value(MediaRatio ratio);

/* Width of a pixel by its height; 1 where it is unknown or absurd. */
double media_pixel_aspect(const MediaStream *stream);

/* Shown upright, the stored picture has its sides exchanged. */
bool media_is_transposed(MediaOrientation orientation);
