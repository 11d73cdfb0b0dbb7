#include "transcoder/pipeline/listener.h"

/* The average of the channels: what is at full scale in all of them is so in one. */
#define MONO "aresample=rematrix_maxval=1,aformat=sample_fmts=flt:channel_layouts=mono"

static bool take_mono(void *context, AVFrame *frame, Error *error)
{
    Listener *listener = context;
    (void)error;
    waveform_take(&listener->waveform,
                  &(WaveformSound){.samples = (const float *)(const void *)frame->data[0],
                                   .count = (size_t)frame->nb_samples,
                                   .sample_rate = frame->sample_rate});
    return true;
}

static bool open_mono(Listener *listener, const AVFrame *frame)
{
    filter_release(&listener->mono);
    FilterSpec spec = {
        .like = frame, .time_base = {1, frame->sample_rate}, .text = MONO, .threads = 1};
    return filter_open(&spec, &listener->mono, NULL);
}

void listener_take(Listener *listener, const AVFrame *frame)
{
    _cleanup_frame_ AVFrame *lent = av_frame_clone(frame);
    REQUIRE(lent);
    if (filter_fits(&listener->mono, frame) || open_mono(listener, frame))
        filter_frame(&listener->mono, lent, (FrameSink){take_mono, listener}, NULL);
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
