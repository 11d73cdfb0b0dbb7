#include "transcoder/pipeline/audio_track.h"

#include <libavutil/samplefmt.h>

#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/encode.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/mix.h"

/* Shorter gaps are filled by the resampler; longer ones here, in pieces, so that they cost no
 * memory. */
#define GAP_SECONDS_MIN 1
#define PIECE_SAMPLES   16384

/* More silence than both of these is a broken clock, and would be encoded for days. */
#define FILLED_SECONDS_MAX 3600.0
#define FILLED_FACTOR_MAX  10.0 /* of the sound decoded */

#define AUDIO_TRACK_MAGIC 0x4154524bu /* "ATRK" */

typedef struct AudioTrack {
    unsigned magic;
    AudioTrackSpec spec;
    Decode decode;
    AVCodecContext *encoder; /* owned */
    Filter filter;
    int64_t next;           /* where the decoded sound ends, in samples of the source's rate */
    int rate;               /* of the source as decoded last; 0: nothing yet */
    int64_t sent;           /* samples given to the encoder */
    double decoded, filled; /* seconds of sound, and of silence put in between */
    bool innocent;          /* what failed is the result, or a limit, and not this sound */
    bool lost;
} AudioTrack;

static bool audio_track_write(void *context, AVPacket *packet, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    track->innocent = !mux_write(track->spec.mux, MUX_AUDIO, packet, error);
    return !track->innocent;
}

static bool audio_track_encode_frame(AudioTrack *track, const AVFrame *frame, Error *error)
{
    if (encode_frame(track->encoder, frame, (PacketSink){audio_track_write, track}, error))
        return true;
    return track->innocent || error->code != ERROR_MEDIA
               ? false
               : error_set(error, ERROR_MEDIA, "The sound holds values that cannot be encoded.");
}

static bool audio_track_encode(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    frame->pts = track->sent;
    track->sent += frame->nb_samples;
    return audio_track_encode_frame(track, frame, error);
}

static bool audio_track_empty_filter(AudioTrack *track, Error *error)
{
    if (!track->filter.graph)
        return true;
    if (!filter_frame(&track->filter, NULL, (FrameSink){audio_track_encode, track}, error))
        return false;
    filter_release(&track->filter);
    return true;
}

/* A new filter begins where the sound given to the encoder ends. */
static bool audio_track_open_filter(AudioTrack *track, const AVFrame *frame, Error *error)
{
    char text[MIX_TEXT_MAX + PLAN_FILTERS_MAX];
    int64_t first = av_rescale(track->sent, frame->sample_rate, track->encoder->sample_rate);
    if (!mix_filters(&frame->ch_layout, text, error))
        return false;
    plan_audio_filters(&track->spec.plan, first, text + strlen(text));
    FilterSpec spec = {.like = frame,
                       .time_base = {1, frame->sample_rate},
                       .text = text,
                       .threads = 1,
                       .frame_size = track->encoder->frame_size};
    if (filter_open(&spec, &track->filter, error))
        return true;
    return error_set(error, ERROR_MEDIA, "The sound, of %d channels at %d Hz, cannot be converted.",
                     frame->ch_layout.nb_channels, frame->sample_rate);
}

/* Through the filter to the encoder. */
static bool audio_track_push(AudioTrack *track, AVFrame *frame, Error *error)
{
    if (track->spec.listener)
        listener_take(track->spec.listener, frame);
    if (!filter_fits(&track->filter, frame) &&
        (!audio_track_empty_filter(track, error) || !audio_track_open_filter(track, frame, error)))
        return false;
    return filter_frame(&track->filter, frame, (FrameSink){audio_track_encode, track}, error);
}

static AVFrame *audio_track_silence(const AVFrame *frame, int samples)
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

static bool audio_track_fill_gap(AudioTrack *track, const AVFrame *frame, Error *error)
{
    int64_t gap = frame->pts - track->next;
    if (gap < (int64_t)GAP_SECONDS_MIN * frame->sample_rate)
        return true;
    track->filled += (double)gap / frame->sample_rate;
    if (track->filled > MAX_OF(FILLED_SECONDS_MAX, FILLED_FACTOR_MAX * track->decoded))
        return error_set(error, ERROR_MEDIA,
                         "The video's clock is damaged: its sound has too long gaps.");
    while (gap > 0) {
        int samples = (int)MIN_OF(gap, PIECE_SAMPLES);
        _cleanup_frame_ AVFrame *silence = audio_track_silence(frame, samples);
        silence->pts = track->next;
        if (!audio_track_push(track, silence, error))
            return false;
        track->next += samples;
        gap -= samples;
    }
    return true;
}

static bool audio_track_promise(void *self, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC);
    track->innocent = mux_is_expecting(track->spec.mux, MUX_AUDIO) &&
                      !mux_describe(track->spec.mux, MUX_AUDIO, track->encoder, error);
    return !track->innocent;
}

static bool audio_track_take_frame(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    int rate = frame->sample_rate, channels = frame->ch_layout.nb_channels;
    if (rate <= 0 || channels <= 0)
        return true;
    if (!audio_track_promise(track, error))
        return false;
    mix_name_channels(&frame->ch_layout);
    /* From the stream's time base to samples; unknown times follow what came before. */
    if (track->rate > 0 && track->rate != rate)
        track->next = av_rescale(track->next, rate, track->rate);
    track->rate = rate;
    frame->pts =
        frame->pts == AV_NOPTS_VALUE
            ? track->next
            : av_rescale_q(frame->pts, track->spec.stream->time_base, (AVRational){1, rate});
    track->innocent =
        !allowance_seconds(track->spec.policy, "sound", (double)frame->pts / rate, error);
    if (track->innocent)
        return false;
    track->decoded += (double)frame->nb_samples / rate;
    if (!audio_track_fill_gap(track, frame, error))
        return false;
    track->next = frame->pts + frame->nb_samples;
    return audio_track_push(track, frame, error);
}

static bool audio_track_end(AudioTrack *track, Error *error)
{
    if (!decode_packet(&track->decode, NULL, (FrameSink){audio_track_take_frame, track}, error))
        return false;
    if (!mux_is_expecting(track->spec.mux, MUX_AUDIO))
        return audio_track_empty_filter(track, error) &&
               audio_track_encode_frame(track, NULL, error);
    track->innocent = !mux_drop(track->spec.mux, MUX_AUDIO, error);
    return !track->innocent;
}

static bool audio_track_take(void *self, AVPacket *packet, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC);
    FrameSink sink = {audio_track_take_frame, track};
    bool taken =
        packet ? decode_packet(&track->decode, packet, sink, error) : audio_track_end(track, error);
    track->lost = !taken && error->code == ERROR_MEDIA && !track->innocent;
    return taken;
}

static TrackState audio_track_state(const void *self)
{
    const AudioTrack *track = CAST_OBJECT(const AudioTrack, self, AUDIO_TRACK_MAGIC);
    return (TrackState){.end = track->rate > 0 ? (double)track->next / track->rate : 0,
                        .packets = track->decode.packets,
                        .frames = track->decode.frames,
                        .faults = track->decode.faults,
                        .lost = track->lost};
}

static void audio_track_free(void *self)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC);
    decode_release(&track->decode);
    avcodec_free_context(&track->encoder);
    filter_release(&track->filter);
    track->magic = 0;
    free(track);
}

static const TrackKind kind = {.take = audio_track_take,
                               .promise = audio_track_promise,
                               .state = audio_track_state,
                               .free = audio_track_free};

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
    *track = (AudioTrack){
        .magic = AUDIO_TRACK_MAGIC, .spec = *spec, .decode = decode, .encoder = TAKE_PTR(encoder)};
    *out = (Track){&kind, track};
    return true;
}
