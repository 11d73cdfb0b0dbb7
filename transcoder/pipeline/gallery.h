/*
 * The pictures beside a video, made from those that pass anyway: poster, ThumbHash of the poster,
 * and storyboard. None of them is worth failing a video for. In the pipeline's thread.
 */
#pragma once

#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/poster.h"
#include "transcoder/pipeline/storyboard.h"

typedef struct Gallery {
    Poster poster;
    Storyboard storyboard;
} Gallery;

void gallery_init(Gallery *gallery);

/* Looks at an 8-bit 4:2:0 picture as players will show it, at `seconds` of the result. */
void gallery_take(Gallery *gallery, const AVFrame *frame, double seconds);

/* Writes to the files of the poster and the storyboard; the outcome, whose duration is known, is
 * told what came of it. What fails is left out, its file empty. */
void gallery_write(Gallery *gallery, const int fds[TRANSFER_FILE_COUNT], EncoderOutcome *outcome);

void gallery_release(Gallery *gallery);
