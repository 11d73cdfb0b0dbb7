#include "transcoder/pipeline/audio_track.h"

#include <libavutil/samplefmt.h>
#include <math.h>

#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/encode.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/join.h"
#include "transcoder/pipeline/mix.h"

/* Shorter gaps are filled by the resampler; longer ones here, in pieces, so that they cost no
 * memory. */
#define GAP_SECONDS_MIN 1
#define PIECE_SAMPLES   16384

/* More silence than both of these is a broken clock, and would be encoded for days. */
#define FILLED_SECONDS_MAX 3600.0
#define FILLED_FACTOR_MAX  10.0 /* of the sound decoded */

/* Hertz: what is made at so many lacks nothing that is heard, whatever comes. */
#define RATE_ENOUGH 44100

/* What begins earlier than it could by more than this is cut by the resampler (plan_filters.c). */
#define OVERLAP_SECONDS 0.030

#define AUDIO_TRACK_MAGIC 0x4154524bu /* "ATRK" */

typedef struct AudioTrack {
    unsigned magic;
    AudioTrackSpec spec;
    Decode decode;
    struct AudioTrack *home; /* whose encoder is used: this one itself, or the left of two halves */
    AVCodecContext *encoder; /* owned; NULL for a right half */
    Join *join;              /* owned by the left half; NULL: there are none */
    JoinSide side;
    Filter filter;
    int64_t next;           /* where the decoded sound ends, in samples of the source's rate */
    int rate;               /* of the source as decoded last; 0: nothing yet */
    int64_t sent;           /* samples given to the encoder, or to the join */
    int64_t joined;         /* samples that came from the join */
    double decoded, filled; /* seconds of sound, and of silence put in between */
    double put, cut;        /* seconds: where what was not cut ends, and how much was */
    bool innocent;          /* what failed is the result, or a limit, and not the sound; at home */
    bool lost;
    TransferLosses losses; /* what came later was more than what is made */
} AudioTrack;

static bool audio_track_write(void *context, AVPacket *packet, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    track->innocent = !mux_write(track->spec.mux, track->spec.into, packet, error);
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

static bool audio_track_promise(void *self, Error *error)
{
    AudioTrack *home = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC)->home;
    home->innocent = mux_is_expecting(home->spec.mux, home->spec.into) &&
                     !mux_describe(home->spec.mux, home->spec.into, home->encoder, error);
    return !home->innocent;
}

/* Players find nothing in less than a packet of sound, and would refuse the film for it. */
static bool audio_track_fill_packet(AudioTrack *home, Error *error)
{
    const AVCodecContext *encoder = home->encoder;
    int64_t given = home->join ? home->joined : home->sent;
    if (given <= 0 || given >= encoder->frame_size)
        return true;
    _cleanup_frame_ AVFrame *silence = av_frame_alloc();
    REQUIRE(silence);
    silence->format = encoder->sample_fmt;
    silence->sample_rate = encoder->sample_rate;
    silence->nb_samples = encoder->frame_size;
    silence->pts = given;
    REQUIRE(av_channel_layout_copy(&silence->ch_layout, &encoder->ch_layout) >= 0 &&
            av_frame_get_buffer(silence, 0) >= 0);
    av_samples_set_silence(silence->extended_data, 0, silence->nb_samples,
                           silence->ch_layout.nb_channels, encoder->sample_fmt);
    return audio_track_encode_frame(home, silence, error);
}

static bool audio_track_end(AudioTrack *home, Error *error)
{
    if (!mux_is_expecting(home->spec.mux, home->spec.into))
        return audio_track_fill_packet(home, error) && audio_track_encode_frame(home, NULL, error);
    home->innocent = !mux_drop(home->spec.mux, home->spec.into, error);
    return !home->innocent;
}

/* Both halves together, or their end. */
static bool audio_track_take_joined(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *home = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    if (!frame)
        return audio_track_end(home, error);
    frame->pts = home->joined;
    home->joined += frame->nb_samples;
    if (home->spec.listener)
        listener_take(home->spec.listener, frame);
    return audio_track_encode_frame(home, frame, error);
}

static bool audio_track_encode(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    frame->pts = track->sent;
    track->sent += frame->nb_samples;
    return track->join ? join_take(track->join, track->side, frame, error)
                       : audio_track_encode_frame(track, frame, error);
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
    int64_t first = av_rescale(track->sent, frame->sample_rate, track->spec.plan.sample_rate);
    if (!mix_filters(&frame->ch_layout, text, error))
        return false;
    plan_audio_filters(&track->spec.plan, first, text + strlen(text));
    FilterSpec spec = {.like = frame,
                       .time_base = {1, frame->sample_rate},
                       .text = text,
                       .threads = 1,
                       .frame_size = track->home->encoder->frame_size};
    if (filter_open(&spec, &track->filter, error))
        return true;
    return error_set(error, ERROR_MEDIA, "The sound, of %d channels at %d Hz, cannot be converted.",
                     frame->ch_layout.nb_channels, frame->sample_rate);
}

/* Through the filter to the encoder, or to the other half. */
static bool audio_track_push(AudioTrack *track, AVFrame *frame, Error *error)
{
    if (track->spec.listener && !track->join)
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

/* The result is made for the sound that comes first. */
static void audio_track_compare(AudioTrack *track, int rate, int channels)
{
    const PlanAudio *plan = &track->spec.plan;
    if (channels > plan->channels)
        track->losses |= LOSSES(LOSS_CHANNELS);
    if (rate > plan->sample_rate && plan->sample_rate < RATE_ENOUGH)
        track->losses |= LOSSES(LOSS_DAMAGED);
}

/* Two sounds at one time are a loss: the resampler lets only the first one be heard. */
static void audio_track_count_overlap(AudioTrack *track, double begin, double length)
{
    double late = track->put - begin;
    if (late > OVERLAP_SECONDS)
        track->cut += MIN_OF(late, length);
    track->put =
        fabs(late) > OVERLAP_SECONDS ? MAX_OF(track->put, begin + length) : track->put + length;
}

static bool audio_track_take_frame(void *context, AVFrame *frame, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, context, AUDIO_TRACK_MAGIC);
    int rate = frame->sample_rate, channels = frame->ch_layout.nb_channels;
    if (rate <= 0 || channels <= 0)
        return true;
    if (!audio_track_promise(track, error))
        return false;
    audio_track_compare(track, rate, channels);
    mix_name_channels(&frame->ch_layout);
    /* From the stream's time base to samples; unknown times follow what came before. */
    if (track->rate > 0 && track->rate != rate)
        track->next = av_rescale(track->next, rate, track->rate);
    track->rate = rate;
    frame->pts =
        frame->pts == AV_NOPTS_VALUE
            ? track->next
            : av_rescale_q(frame->pts, track->spec.stream->time_base, (AVRational){1, rate});
    double begin = (double)frame->pts / rate;
    track->home->innocent = !allowance_seconds(track->spec.policy, "sound", begin, error);
    if (track->home->innocent)
        return false;
    double length = (double)frame->nb_samples / rate;
    audio_track_count_overlap(track, begin, length);
    track->decoded += length;
    if (!audio_track_fill_gap(track, frame, error))
        return false;
    track->next = frame->pts + frame->nb_samples;
    return audio_track_push(track, frame, error);
}

static bool audio_track_finish(AudioTrack *track, Error *error)
{
    FrameSink sink = {audio_track_take_frame, track};
    return decode_packet(&track->decode, NULL, sink, error) &&
           audio_track_empty_filter(track, error) &&
           (track->join ? join_take(track->join, track->side, NULL, error)
                        : audio_track_end(track, error));
}

static bool audio_track_take(void *self, AVPacket *packet, Error *error)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC);
    FrameSink sink = {audio_track_take_frame, track};
    bool taken = packet ? decode_packet(&track->decode, packet, sink, error)
                        : audio_track_finish(track, error);
    track->lost = !taken && error->code == ERROR_MEDIA && !track->home->innocent;
    return taken;
}

static TrackState audio_track_state(const void *self)
{
    const AudioTrack *track = CAST_OBJECT(const AudioTrack, self, AUDIO_TRACK_MAGIC);
    double part = track->decoded > 0 ? track->cut / track->decoded : 0;
    return (TrackState){.end = track->rate > 0 ? (double)track->next / track->rate : 0,
                        .packets = track->decode.packets,
                        .frames = track->decode.frames,
                        .faults =
                            track->decode.faults + llround(part * (double)track->decode.frames),
                        .losses = track->losses,
                        .lost = track->lost};
}

static void audio_track_free(void *self)
{
    AudioTrack *track = CAST_OBJECT(AudioTrack, self, AUDIO_TRACK_MAGIC);
    decode_release(&track->decode);
    avcodec_free_context(&track->encoder);
    filter_release(&track->filter);
    if (track->home == track)
        join_free(&track->join);
    track->magic = 0;
    free(track);
}

static const TrackKind kind = {.take = audio_track_take,
                               .promise = audio_track_promise,
                               .state = audio_track_state,
                               .free = audio_track_free};

/* Sound decodes fast; one thread keeps its memory small. */
static bool audio_track_new(const AudioTrackSpec *spec, AudioTrack **out, Error *error)
{
    Decode decode;
    DecodeSpec decoding = {
        .stream = spec->stream, .threads = 1, .max_pixels = spec->policy->max_pixels};
    if (!decode_open(&decoding, &decode, error))
        return false;
    AudioTrack *track = NEW(AudioTrack);
    *track = (AudioTrack){.magic = AUDIO_TRACK_MAGIC, .spec = *spec, .decode = decode};
    track->home = track;
    *out = track;
    return true;
}

bool audio_track_open(const AudioTrackSpec *spec, Track *out, Error *error)
{
    _cleanup_codec_ AVCodecContext *encoder = NULL;
    AudioTrack *track;
    if (!encode_open_audio(&spec->plan, &encoder, error) || !audio_track_new(spec, &track, error))
        return false;
    track->encoder = TAKE_PTR(encoder);
    *out = (Track){&kind, track};
    return true;
}

bool audio_track_open_right(const AudioTrackSpec *spec, const Track *left, Track *out, Error *error)
{
    AudioTrack *home = CAST_OBJECT(AudioTrack, left->self, AUDIO_TRACK_MAGIC), *track;
    JoinSpec joining = {.sample_rate = spec->plan.sample_rate,
                        .frame_size = home->encoder->frame_size,
                        .sink = {audio_track_take_joined, home}};
    if (!audio_track_new(spec, &track, error))
        return false;
    join_open(&joining, &home->join);
    track->home = home;
    track->join = home->join;
    track->side = JOIN_RIGHT;
    home->spec.plan.channels = track->spec.plan.channels = 1; /* of each half */
    *out = (Track){&kind, track};
    return true;
}
