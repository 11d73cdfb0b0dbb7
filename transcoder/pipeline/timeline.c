#include "transcoder/pipeline/timeline.h"

#define SECOND ((int64_t)1000000)

#define TIME_MAX (SECOND * 3600 * 24 * 366 * 30) /* beyond 30 years it is damage */
#define LEAD_MAX                                                                                   \
    (SECOND * 60) /* a track that starts earlier than the picture by more is broken                \
                   */
/* Times of decoding never go back, but by what the library guessed too much inside a packet of a
 * transport stream; those of showing do, and there sloppy muxers stay far below. */
#define BACKWARD_MAX       (SECOND * 3 / 4)
#define BACKWARD_MAX_SHOWN (SECOND * 10)
#define APART_MAX          SECOND          /* of the ends of tracks that end together */
#define GAP_MAX            (SECOND * 3600) /* a paused recording, in a container that has one clock */
#define GAP_MAX_JUMPY      (SECOND * 10)   /* where the format allows its clock to jump */
#define LENGTH_MAX         (SECOND * 10) /* of one packet, beyond what the container tells of time */

static const AVRational microseconds = {1, 1000000};

static int64_t timeline_microseconds(int64_t time, AVRational base)
{
    if (time == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    int64_t scaled = av_rescale_q(time, base, microseconds);
    return scaled > TIME_MAX || scaled < -TIME_MAX ? AV_NOPTS_VALUE : scaled;
}

/* Bare packets of sound: their times are the library's guess, by the rate of the first of them. */
static bool timeline_is_clockless(const AVFormatContext *format)
{
    return streq(format->iformat->name, "aac") || streq(format->iformat->name, "mp3");
}

void timeline_init(Timeline *timeline, const AVFormatContext *format, const AVStream *const *tracks,
                   size_t count)
{
    int64_t zero = AV_NOPTS_VALUE;
    for (size_t i = 0; i < count; i++) {
        if (!tracks[i])
            continue;
        int64_t start = timeline_microseconds(tracks[i]->start_time, tracks[i]->time_base);
        bool earlier = start != AV_NOPTS_VALUE && start < zero && zero - start <= LEAD_MAX;
        if (zero == AV_NOPTS_VALUE || earlier)
            zero = start;
    }
    bool jumpy = format->iformat->flags & AVFMT_TS_DISCONT;
    *timeline = (Timeline){.offset = zero == AV_NOPTS_VALUE ? 0 : zero,
                           .clockless = timeline_is_clockless(format),
                           .anchored = zero != AV_NOPTS_VALUE,
                           .gap_max = jumpy ? GAP_MAX_JUMPY : GAP_MAX,
                           .told = MIN_OF(MAX_OF(format->duration, 0), TIME_MAX)};
}

static int64_t timeline_shift(const TimelineTrack *track, int64_t time)
{
    if (timeline_microseconds(time, track->time_base) == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    return time - av_rescale_q(track->offset, microseconds, track->time_base);
}

/* A track's first packet may come far from the others' without a clock having jumped. */
static bool timeline_is_jump(const Timeline *timeline, const TimelineTrack *track,
                             int64_t backward_max, int64_t jump)
{
    if (!track->begun)
        return !timeline->anchored || jump > GAP_MAX || jump < -LEAD_MAX;
    return jump > timeline->gap_max || jump < -backward_max;
}

/* The offset of a packet that is to be decoded at this microsecond. Tracks come to the seam of two
 * recordings one after the other: each stays with the clock before it as long as that fits, and
 * the first one beyond sets the next clock for all, where what came before has ended. */
static void timeline_follow(Timeline *timeline, TimelineTrack *track, int64_t backward_max,
                            int64_t now)
{
    int64_t expected = track->next;
    if (!track->begun)
        track->offset = timeline->offset;
    if (timeline_is_jump(timeline, track, backward_max, now - track->offset - expected)) {
        if (timeline_is_jump(timeline, track, backward_max, now - timeline->offset - expected)) {
            bool together = timeline->end - expected <= APART_MAX;
            timeline->offset = now - (together ? MAX_OF(timeline->end, expected) : expected);
        }
        track->offset = timeline->offset;
    }
    timeline->anchored = track->begun = true;
}

/* Of a packet that begins at this microsecond, in the stream's time base. */
static int64_t timeline_length_max(const Timeline *timeline, const TimelineTrack *track,
                                   int64_t begin)
{
    int64_t left = MIN_OF(timeline->told - begin, timeline->gap_max);
    return av_rescale_q(MAX_OF(left, LENGTH_MAX), microseconds, track->time_base);
}

void timeline_place(Timeline *timeline, TimelineTrack *track, AVPacket *packet)
{
    if (timeline->clockless)
        packet->pts = packet->dts = AV_NOPTS_VALUE;
    bool decoded = packet->dts != AV_NOPTS_VALUE;
    int64_t time = decoded ? packet->dts : packet->pts;
    int64_t now = timeline_microseconds(time, track->time_base), begin = track->next;
    if (now != AV_NOPTS_VALUE) {
        timeline_follow(timeline, track, decoded ? BACKWARD_MAX : BACKWARD_MAX_SHOWN, now);
        begin = now - track->offset;
    }
    int64_t length_max = timeline_length_max(timeline, track, begin);
    packet->duration = MIN_OF(MAX_OF(packet->duration, 0), length_max);
    if (now != AV_NOPTS_VALUE) {
        int64_t length = timeline_microseconds(packet->duration, track->time_base);
        track->next = begin + MIN_OF(length, LENGTH_MAX);
        timeline->end = MAX_OF(timeline->end, track->next);
    }
    packet->pts = timeline_shift(track, packet->pts);
    packet->dts = timeline_shift(track, packet->dts);
}
