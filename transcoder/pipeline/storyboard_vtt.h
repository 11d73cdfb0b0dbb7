/*
 * The storyboard's text: WebVTT (https://www.w3.org/TR/webvtt1/) whose cues name a part of the
 * sheet in pixels (Media Fragments URI 1.0 §4.2.2). Pure; any thread.
 */
#pragma once

#include "common/base/buffer.h"

typedef struct StoryboardCues {
    const double *starts; /* seconds, growing */
    size_t count;
    double end; /* seconds */
    int columns;
    int width, height; /* of a tile, pixels */
} StoryboardCues;

/* Appends the file. The first cue begins at 0, each lasts until the next one, the last until the
 * end; false where the buffer is full. */
bool storyboard_vtt_format(const StoryboardCues *cues, Buffer *out);
