/* Reading a storyboard's WebVTT file, for tests; anything but the form that the transcoder writes
 * fails the test. */
#pragma once

#include "tests/unit/unit.h"

#define CUES_MAX 200

typedef struct Cue {
    double start, stop;      /* seconds */
    int x, y, width, height; /* pixels on the sheet */
} Cue;

typedef struct Cues {
    Cue list[CUES_MAX];
    size_t count;
} Cues;

void cues_read(const char *text, Cues *out);

/* They follow each other without a gap from 0 to `duration` seconds. */
void cues_check(const Cues *cues, double duration, const char *sentence);
