#include "tests/unit/cues.h"

#include <math.h>

static double time_of(const char **at)
{
    int hours, minutes, seconds, thousandths, length;
    assert_int_equal(
        sscanf(*at, "%2d:%2d:%2d.%3d%n", &hours, &minutes, &seconds, &thousandths, &length), 4);
    *at += length;
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000.0;
}

static void expect(const char **at, const char *text)
{
    if (strncmp(*at, text, strlen(text)) != 0)
        fail_msg("there is no \"%s\" in front of \"%.40s\"", text, *at);
    *at += strlen(text);
}

void cues_read(const char *text, Cues *out)
{
    const char *at = text;
    out->count = 0;
    expect(&at, "WEBVTT\n");
    while (*at) {
        int length;
        assert_true(out->count < CUES_MAX);
        Cue *cue = &out->list[out->count++];
        expect(&at, "\n");
        cue->start = time_of(&at);
        expect(&at, " --> ");
        cue->stop = time_of(&at);
        expect(&at, "\nstoryboard.jpg#xywh=");
        assert_int_equal(
            sscanf(at, "%d,%d,%d,%d%n", &cue->x, &cue->y, &cue->width, &cue->height, &length), 4);
        at += length;
        expect(&at, "\n");
    }
}

void cues_check(const Cues *cues, double duration, const char *sentence)
{
    double end = 0;
    for (size_t i = 0; i < cues->count; i++) {
        unit_check(cues->list[i].start == end, sentence);
        unit_check(cues->list[i].stop > end, sentence);
        end = cues->list[i].stop;
    }
    unit_check(fabs(end - duration) < 0.001, sentence);
}
