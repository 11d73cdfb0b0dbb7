#include "transcoder/pipeline/audio_track.h"

#include <libavutil/samplefmt.h>

#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/encode.h"
#include "transcoder/pipeline/filter.h"

/* Shorter gaps are filled by the resampler; longer ones here, in pieces, so that they cost no
 * memory. */
#define GAP_SECONDS_MIN 1
#define PIECE_SAMPLES   16384

/* More silence than both of these is a broken clock, and would be encoded for days. */
#define FILLED_SECONDS_MAX 3600.0
#define FILLED_FACTOR_MAX  10.0 /* of the sound decoded */

typedef struct AudioTrack {
    AudioTrackSpec spec;
    Decode decode;
    AVCodecContext *encoder; /* owned */
    Filter filter;
    int64_t next;           /* where the decoded sound ends, in samples of the source's rate */
    int rate;               /* of the source as decoded last; 0: nothing yet */
    int64_t sent;           /* samples given to the encoder */
    double decoded, filled; /* seconds of sound, and of silence put in between */
} AudioTrack;

static bool write_packet(void *context, AVPacket *packet, Error *error)
{
    AudioTrack *track = context;
    return mux_write(track->spec.mux, MUX_AUDIO, packet, error);
}

static bool encode_sound(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = context;
    frame->pts = track->sent;
    track->sent += frame->nb_samples;
    return encode_frame(track->encoder, frame, (PacketSink){write_packet, track}, error);
}

static FrameSink encoder_sink(AudioTrack *track)
{
    return (FrameSink){encode_sound, track};
}

static bool empty_filter(AudioTrack *track, Error *error)
{
    if (!track->filter.graph)
        return true;
    if (!filter_frame(&track->filter, NULL, encoder_sink(track), error))
        return false;
    filter_release(&track->filter);
    return true;
}

/* A new filter begins where the sound given to the encoder ends. */
static bool open_filter(AudioTrack *track, const AVFrame *frame, Error *error)
{
    char text[PLAN_FILTERS_MAX];
    if (!empty_filter(track, error))
        return false;
    int64_t first = av_rescale(track->sent, frame->sample_rate, track->encoder->sample_rate);
    plan_audio_filters(&track->spec.plan, first, text);
    FilterSpec spec = {.like = frame,
                       .time_base = {1, frame->sample_rate},
                       .text = text,
                       .threads = 1,
                       .frame_size = track->encoder->frame_size};
    return filter_open(&spec, &track->filter, error);
}

static bool push(AudioTrack *track, AVFrame *frame, Error *error)
{
    if (track->spec.listener)
        listener_take(track->spec.listener, frame);
    return (filter_fits(&track->filter, frame) || open_filter(track, frame, error)) &&
           filter_frame(&track->filter, frame, encoder_sink(track), error);
}

static AVFrame *silence_like(const AVFrame *frame, int samples)
{
    AVFrame *silence = av_frame_alloc();
    REQUIRE(silence);
    silence->format = frame->format;
    silence->sample_rate = frame->sample_rate;
    silence->nb_samples = samples;
    REQUIRE(av_channel_layout_copy(&silence->ch_layout, &frame->ch_layout) >= 0 &&
            av_frame_get_buffer(silence, 0) >= 0);
    av_samples_set_silence(silence->extended_data, 0, samples, silence->ch_layout.nb_channels,
                           silence->format);
    return silence;
}

static bool may_fill(AudioTrack *track, double seconds, Error *error)
{
    track->filled += seconds;
    if (track->filled <= MAX_OF(FILLED_SECONDS_MAX, FILLED_FACTOR_MAX * track->decoded))
        return true;
    return error_set(error, ERROR_MEDIA,
                     "The video's clock is damaged: its sound has too long gaps.");
}

static bool fill_gap(AudioTrack *track, const AVFrame *frame, Error *error)
{
    int64_t gap = frame->pts - track->next;
    if (gap < (int64_t)GAP_SECONDS_MIN * frame->sample_rate)
        return true;
    if (!may_fill(track, (double)gap / frame->sample_rate, error))
        return false;
    while (gap > 0) {
        int samples = (int)MIN_OF(gap, PIECE_SAMPLES);
        _cleanup_frame_ AVFrame *silence = silence_like(frame, samples);
        silence->pts = track->next;
        if (!push(track, silence, error))
            return false;
        track->next += samples;
        gap -= samples;
    }
    return true;
}

/* From the stream's time base to samples; unknown times follow what came before. */
static void settle_time(AudioTrack *track, AVFrame *frame)
{
    AVRational samples = {1, frame->sample_rate};
    if (track->rate > 0 && track->rate != frame->sample_rate)
        track->next = av_rescale(track->next, frame->sample_rate, track->rate);
    track->rate = frame->sample_rate;
    if (frame->pts == AV_NOPTS_VALUE)
        frame->pts = track->next;
    else
        frame->pts = av_rescale_q(frame->pts, track->spec.stream->time_base, samples);
}

/* Some decoders give a number of channels and no order of them. */
static void settle_layout(AVFrame *frame)
{
    int channels = frame->ch_layout.nb_channels;
    if (frame->ch_layout.order != AV_CHANNEL_ORDER_UNSPEC)
        return;
    av_channel_layout_uninit(&frame->ch_layout);
    av_channel_layout_default(&frame->ch_layout, channels);
}

static bool promise(void *self, Error *error)
{
    AudioTrack *track = self;
    return !mux_is_expecting(track->spec.mux, MUX_AUDIO) ||
           mux_describe(track->spec.mux, MUX_AUDIO, track->encoder, error);
}

static bool take_sound(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = context;
    if (frame->sample_rate <= 0 || frame->ch_layout.nb_channels <= 0)
        return true;
    if (!promise(track, error))
        return false;
    settle_layout(frame);
    settle_time(track, frame);
    double start = (double)frame->pts / frame->sample_rate;
    if (!allowance_seconds(track->spec.policy, "sound", start, error))
        return false;
    track->decoded += (double)frame->nb_samples / frame->sample_rate;
    if (!fill_gap(track, frame, error))
        return false;
    track->next = frame->pts + frame->nb_samples;
    return push(track, frame, error);
}

static bool take(void *self, AVPacket *packet, Error *error)
{
    AudioTrack *track = self;
    if (!decode_packet(&track->decode, packet, (FrameSink){take_sound, track}, error))
        return false;
    if (packet)
        return true;
    if (mux_is_expecting(track->spec.mux, MUX_AUDIO))
        return mux_drop(track->spec.mux, MUX_AUDIO, error);
    return empty_filter(track, error) &&
           encode_frame(track->encoder, NULL, (PacketSink){write_packet, track}, error);
}

static TrackState state(const void *self)
{
    const AudioTrack *track = self;
    return (TrackState){.end = track->rate > 0 ? (double)track->next / track->rate : 0,
                        .packets = track->decode.packets,
                        .frames = track->decode.frames,
                        .faults = track->decode.faults};
}

static void free_track(void *self)
{
    AudioTrack *track = self;
    decode_release(&track->decode);
    avcodec_free_context(&track->encoder);
    filter_release(&track->filter);
    free(track);
}

static const TrackKind kind = {
    .take = take, .promise = promise, .state = state, .free = free_track};

bool audio_track_open(const AudioTrackSpec *spec, Track *out, Error *error)
{
    /* Sound decodes fast; one thread keeps its memory small. */
    DecodeSpec decoding = {
        .stream = spec->stream, .threads = 1, .max_pixels = spec->policy->max_pixels};
    _cleanup_codec_ AVCodecContext *encoder = NULL;
    Decode decode;
    if (!encode_open_audio(&spec->plan, &encoder, error) || !decode_open(&decoding, &decode, error))
        return false;
    AudioTrack *track = NEW(AudioTrack);
    *track = (AudioTrack){.spec = *spec, .decode = decode, .encoder = TAKE_PTR(encoder)};
    *out = (Track){&kind, track};
    return true;
}
