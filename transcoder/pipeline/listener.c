#include "transcoder/pipeline/listener.h"

#include "transcoder/pipeline/mix.h"

#define LISTENER_MAGIC 0x48454152u /* "HEAR" */

/* The average of the channels: what is at full scale in all of them is so in one. */
#define MONO "aresample=rematrix_maxval=1,aformat=sample_fmts=flt:channel_layouts=mono"

static bool listener_draw(void *context, AVFrame *frame, Error *error)
{
    Listener *listener = CAST_OBJECT(Listener, context, LISTENER_MAGIC);
    (void)error;
    waveform_take(&listener->waveform,
                  &(WaveformSound){.samples = (const float *)(const void *)frame->data[0],
                                   .count = (size_t)frame->nb_samples,
                                   .sample_rate = frame->sample_rate});
    return true;
}

void listener_init(Listener *listener)
{
    *listener = (Listener){.magic = LISTENER_MAGIC};
}

static bool listener_open(Listener *listener, const AVFrame *frame)
{
    char text[MIX_TEXT_MAX + sizeof MONO];
    FilterSpec spec = {
        .like = frame, .time_base = {1, frame->sample_rate}, .text = text, .threads = 1};
    filter_release(&listener->mono);
    if (!mix_filters(&frame->ch_layout, text, NULL))
        return false;
    memcpy(text + strlen(text), MONO, sizeof MONO);
    return filter_open(&spec, &listener->mono, NULL);
}

void listener_take(Listener *listener, const AVFrame *frame)
{
    _cleanup_frame_ AVFrame *lent = av_frame_clone(frame);
    REQUIRE(lent);
    if (!filter_fits(&listener->mono, frame) && !listener_open(listener, frame))
        return;
    IGNORE_RESULT(filter_frame(&listener->mono, lent, (FrameSink){listener_draw, listener}, NULL));
}

void listener_write(Listener *listener, const int fds[TRANSFER_FILE_COUNT], EncoderOutcome *outcome)
{
    outcome->files[TRANSFER_WAVEFORM] =
        waveform_write(&listener->waveform, fds[TRANSFER_WAVEFORM], NULL);
}

void listener_release(Listener *listener)
{
    filter_release(&listener->mono);
}
