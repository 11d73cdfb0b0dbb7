/*
 * The encoder run as a worker runs it, for tests: a source made by ffmpeg or taken from the corpus,
 * the result in a scratch folder, and what every result must be. Everything here fails the test
 * when something is not as it should be.
 */
#pragma once

#include "tests/unit/encoded.h"
#include "transcoder/encoder/encoder.h"

#define ENCODING_PATH 512

typedef struct Made {
    char video[ENCODING_PATH], poster[ENCODING_PATH];
    TransferResult result;
    Error error;
    int64_t stop_after_ms; /* 0: never */
    int64_t started_ms;
    void (*limit)(EncoderPolicy *); /* changes the standard policy; NULL: as it is */
    int signal;                     /* sent to the child after its start; 0: none */
    int calls, last_percent;
} Made;

/* A limit for Made: as the standard settings have it, what is web-ready is copied. */
void encoding_allow_copying(EncoderPolicy *policy);

/* `made` may say when to stop, the limits, and a signal for the child; the result goes there. */
bool encoding_try(const char *source, int max_short_side, Made *made);

/* The same, and it must succeed. */
Made encoding_make(const char *source);

/* Whether nothing is lost but what the limits ask for, or what no viewer misses. */
bool encoding_is_whole(const TransferResult *result);

/* It must be refused as media, with a sentence that holds the reason. */
void encoding_refused(const char *source, const char *reason);

/* A file made by ffmpeg with these arguments before its name; the path lives until the next call.
 */
const char *encoding_source(const char *name, const char *arguments);

/* What ffprobe tells of the stream must be this. */
void encoding_entry(const char *path, const char *stream, const char *entry, const char *wanted);

/* What every video must be, wherever it came from. */
void encoding_check(const Made *made, int width, int height);

/* The path of a file of the corpus; false where there is none. */
bool encoding_corpus(const char *name, char path[ENCODING_PATH]);

/* main() of such a test: runs the tests beside a zygote whose children encode. */
int encoding_run(const char *name, const struct CMUnitTest *tests, size_t count, int argc,
                 char **argv);
