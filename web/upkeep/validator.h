/*
 * Looks at each upload before a transcoder gets it: probes the original (web/decoder/decoder.h),
 * then queues its job, or fails it at once with a sentence for the person who uploaded. Which jobs
 * wait for that is in the database, so a restart goes on where a killed program was. A probe that
 * fails by a fault of this machine is tried VALIDATOR_TRIES times; then the job is queued
 * unlooked-at, and the transcoder judges.
 *
 * A small pool of threads of its own, so that a file that is hard to read holds up one other at
 * most and no request.
 */
#pragma once

#include "web/decoder/decoder.h"
#include "web/library/library.h"

#define VALIDATOR_THREADS 2
#define VALIDATOR_TRIES   3

typedef struct Validator Validator;

typedef bool ValidatorProbe(int fd, const atomic_bool *stop, DecoderFacts *out, Error *error);

typedef struct ValidatorOptions {
    const Library *library; /* borrowed until the stop */
    ValidatorProbe *probe;  /* decoder_probe */
    int64_t pause_ms;       /* before anything is tried again; VALIDATOR_PAUSE_MS */
} ValidatorOptions;
#define VALIDATOR_PAUSE_MS 1000

Validator *validator_start(const ValidatorOptions *options);

/* Ends what runs, which is taken up again at the next start. NULL is fine. */
void validator_stop(Validator *validator);

/* An upload was committed: the Library's `arrived`, with the Validator as its listener. Any thread.
 */
void validator_wake(void *validator);
