/*
 * What is told to the parent while a file is worked on: a percentage that never goes back, and the
 * seconds decoded, which grow as long as there is life. In the pipeline's thread.
 */
#pragma once

#include "transcoder/encoder/encoder_message.h"

typedef struct Progress {
    /* Called when the percentage grows, and every few seconds as long as decoding advances. */
    void (*tell)(void *context, EncoderProgress progress);
    void *context;
    double before; /* seconds decoded by readings of the file that were given up */
    EncoderProgress told;
    int64_t told_ms;
} Progress;

/* `part`: of the file, 0 to 1; `seconds`: decoded by this reading. */
void progress_update(Progress *progress, double part, double seconds);

/* The file is read again from its beginning, after so many seconds. */
void progress_start_over(Progress *progress, double seconds);
