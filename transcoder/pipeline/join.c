#include "transcoder/pipeline/join.h"

#include <libavutil/audio_fifo.h>
#include <limits.h>

/* Files put both sides side by side; who is behind by more has a gap. */
#define AHEAD_SECONDS_MAX 30

struct Join {
    JoinSpec spec;
    AVAudioFifo *waiting[JOIN_SIDES]; /* owned */
    bool ended[JOIN_SIDES];
    int owed[JOIN_SIDES]; /* samples that silence stood for, to be left out should they come */
};

void join_open(const JoinSpec *spec, Join **out)
{
    Join *join = NEW(Join);
    join->spec = *spec;
    for (JoinSide i = 0; i < JOIN_SIDES; i++) {
        join->waiting[i] = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, 1, spec->frame_size);
        REQUIRE(join->waiting[i]);
    }
    *out = join;
}

static void join_keep(Join *join, JoinSide side, const AVFrame *frame)
{
    int late = MIN_OF(join->owed[side], frame->nb_samples);
    join->owed[side] -= late;
    void *samples[] = {frame->extended_data[0] + (size_t)late * sizeof(float)};
    REQUIRE(av_audio_fifo_write(join->waiting[side], samples, frame->nb_samples - late) >= 0);
}

/* Samples that can go out now: as many as both sides have, or all that one has for whom the other
 * will not come. */
static int join_ready(const Join *join)
{
    int left = av_audio_fifo_size(join->waiting[JOIN_LEFT]);
    int right = av_audio_fifo_size(join->waiting[JOIN_RIGHT]);
    int most = MAX_OF(left, right), both = MIN_OF(left, right), size = join->spec.frame_size;
    bool missing = join->ended[left < right ? JOIN_LEFT : JOIN_RIGHT];
    if (join->ended[JOIN_LEFT] && join->ended[JOIN_RIGHT])
        return MIN_OF(most, size);
    if (missing || most > AHEAD_SECONDS_MAX * join->spec.sample_rate)
        return most >= size ? size : 0;
    return both >= size ? size : 0;
}

static bool join_send(Join *join, int count, Error *error)
{
    _cleanup_frame_ AVFrame *frame = av_frame_alloc();
    REQUIRE(frame);
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = join->spec.sample_rate;
    frame->nb_samples = count;
    av_channel_layout_default(&frame->ch_layout, JOIN_SIDES);
    REQUIRE(av_frame_get_buffer(frame, 0) >= 0);
    for (JoinSide i = 0; i < JOIN_SIDES; i++) {
        void *samples[] = {frame->extended_data[i]};
        int got = av_audio_fifo_read(join->waiting[i], samples, count);
        REQUIRE(got >= 0);
        memset(frame->extended_data[i] + (size_t)got * sizeof(float), 0,
               (size_t)(count - got) * sizeof(float));
        join->owed[i] = MIN_OF(join->owed[i], INT_MAX - count) + count - got;
    }
    return join->spec.sink.take(join->spec.sink.context, frame, error);
}

bool join_take(Join *join, JoinSide side, const AVFrame *frame, Error *error)
{
    int count;
    if (frame)
        join_keep(join, side, frame);
    else
        join->ended[side] = true;
    while ((count = join_ready(join)) > 0)
        if (!join_send(join, count, error))
            return false;
    bool ended = join->ended[JOIN_LEFT] && join->ended[JOIN_RIGHT];
    return !ended || join->spec.sink.take(join->spec.sink.context, NULL, error);
}

void join_free(Join **pointer)
{
    Join *join = TAKE_PTR(*pointer);
    if (!join)
        return;
    for (JoinSide i = 0; i < JOIN_SIDES; i++)
        av_audio_fifo_free(join->waiting[i]);
    free(join);
}
