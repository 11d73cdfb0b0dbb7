/*
 * One clock for all tracks of a file: its zero is the start of the track that begins first, and
 * jumps that cannot be meant (a camera's clock set anew, joined recordings) are taken out for all
 * tracks together, so that picture and sound stay together. Small gaps are real and stay.
 */
#pragma once

#include <libavformat/avformat.h>

#include "common/base/base.h"

typedef struct Timeline {
    int64_t offset;  /* microseconds taken off every time, since the newest jump */
    bool clockless;  /* the container tells no times: what comes follows what came before */
    bool anchored;   /* it is known where the file's clock begins */
    int64_t gap_max; /* microseconds that may pass between two packets of a track */
    int64_t end;     /* microseconds: where the packets placed so far end */
    int64_t told;    /* microseconds that the file lasts, as its container tells; 0: unknown */
} Timeline;

/* Begins with the stream's time base and nothing else. */
typedef struct TimelineTrack {
    AVRational time_base;
    int64_t offset; /* microseconds taken off its times; before a jump not yet the file's */
    int64_t next;   /* microseconds: where the next packet should be */
    bool begun;     /* a packet has come */
} TimelineTrack;

/* `tracks` are the streams that will be used; NULL ones are skipped. */
void timeline_init(Timeline *timeline, const AVFormatContext *format, const AVStream *const *tracks,
                   size_t count);

/* Moves a packet's times to our clock, still in the stream's time base. Absurd ones become
 * AV_NOPTS_VALUE, absurd lengths are shortened; a picture that stands for long is believed as far
 * as the container tells of time. */
void timeline_place(Timeline *timeline, TimelineTrack *track, AVPacket *packet);
