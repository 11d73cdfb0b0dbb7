/*
 * Hears the decoded sound of a file without a picture, whether it is encoded or copied, and draws
 * its waveform. Nothing that fails here fails the recording. In the pipeline's thread.
 */
#pragma once

#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/waveform.h"

typedef struct Listener {
    unsigned magic;
    Waveform waveform;
    Filter mono; /* from the sound's form to what the waveform takes */
} Listener;

void listener_init(Listener *listener);

/* Sound as decoded, in the order of time, gaps filled. The frame keeps its content. */
void listener_take(Listener *listener, const AVFrame *frame);

/* Writes to the waveform's file and tells the outcome what came of it. */
void listener_write(Listener *listener, const int fds[TRANSFER_FILE_COUNT],
                    EncoderOutcome *outcome);

void listener_release(Listener *listener);
