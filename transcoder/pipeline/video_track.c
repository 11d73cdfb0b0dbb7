#include "transcoder/pipeline/video_track.h"

#include <math.h>

#include "common/media/media_choice.h"
#include "common/media/media_compat.h"
#include "common/media/media_probe.h"
#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"
#include "transcoder/pipeline/encode.h"
#include "transcoder/pipeline/filter.h"
#include "transcoder/pipeline/pace.h"
#include "transcoder/pipeline/tone_map.h"

/* Frames inside the encoder at once: lookahead, B-frames and threads stay below. */
#define SENT_MAX 512

/* Half a frame at the highest rate: a key frame is due when the next frame would be too late. */
#define KEY_SLACK (0.5 / PLAN_FRAME_RATE)

/* A picture smaller by no more is as large. */
#define SIZE_SLACK 0.03

/* Seconds of larger pictures after which all are made as large. */
#define LASTING_SECONDS 1.0

/* Pictures left out by the limit of the rate that nobody misses: clocks are not exact. What a head
 * tells of the rate proves nothing: of many recordings it is the clock's own. */
#define LEFT_OUT_PERCENT 1

#define VIDEO_TRACK_MAGIC 0x5654524bu /* "VTRK" */

typedef struct VideoTrack {
    unsigned magic;
    VideoTrackSpec spec;
    Decode decode;
    AVCodecContext *encoder; /* owned; NULL until the first picture */
    Filter filter;
    ToneMap *tone_map; /* owned; of the filters in use; NULL: they bring no HDR */
    double told;       /* the pixels' shape as the container has it, by the first picture's */
    double shape;      /* width by height of the first picture, as shown */
    TransferLosses losses;
    double larger;       /* the factor by which those coming now are, or 0 */
    double larger_since; /* seconds */
    double outgrown;     /* the factor of those that lasted, or 0 */
    Pace pace;
    int64_t frames;                /* decoded */
    int64_t lost;                  /* of them, because their time was over */
    int64_t left_out;              /* of them, by the limit of the rate */
    int64_t last_pts, last_length; /* of the newest decoded frame, in the stream's time base */
    double until;                  /* seconds: the last picture is held as long at least */
    double last_key;               /* seconds */
    AVFrame *held;                 /* owned: waits for the next one's time; may be empty */
    int64_t sent[SENT_MAX];        /* times of the newest frames given to the encoder, a ring */
    size_t sent_count;
    int64_t final_length; /* of the last frame, in the encoder's time base */
} VideoTrack;

static double video_track_seconds(int64_t time, AVRational base)
{
    return (double)time * av_q2d(base);
}

static double video_track_pixel_aspect(const AVFrame *frame)
{
    MediaStream shown = {0};
    media_probe_frame(&shown, frame);
    return media_pixel_aspect(&shown);
}

/* Width by height, as shown. */
static double video_track_shape(const VideoTrack *track, const AVFrame *frame)
{
    return frame->width * video_track_pixel_aspect(frame) * track->told / frame->height;
}

/* In pixels that are as wide as they are high. */
static double video_track_shorter_side(const VideoTrack *track, const AVFrame *frame)
{
    return frame->height * fmin(1, video_track_shape(track, frame));
}

/* The plan for what is really there; the choice of streams stands. */
static bool video_track_plan_again(VideoTrack *track, const AVFrame *frame, Error *error)
{
    const EncodePlan *before = &track->spec.plan;
    MediaFacts facts = *track->spec.facts;
    EncodePlan plan;
    MediaStream *taken = &facts.streams[before->video.stream];
    for (size_t i = 0; i < facts.stream_count; i++)
        if (facts.streams[i].kind == STREAM_VIDEO && &facts.streams[i] != taken)
            facts.streams[i].kind = STREAM_OTHER;
    media_probe_frame(taken, frame);
    if (!plan_make(&facts, &before->policy, &plan, error))
        return false;
    track->losses = plan_picture_losses(taken, &plan.video);
    track->spec.plan = plan;
    track->told = media_pixel_aspect(taken) / video_track_pixel_aspect(frame);
    track->shape = video_track_shape(track, frame);
    return true;
}

/* How long a frame is shown that was given to the encoder: until the next one. */
static int64_t video_track_sent_length(const VideoTrack *track, int64_t pts)
{
    size_t oldest = track->sent_count > SENT_MAX ? track->sent_count - SENT_MAX : 0;
    for (size_t i = track->sent_count; i-- > oldest;)
        if (track->sent[i % SENT_MAX] == pts)
            return i + 1 < track->sent_count ? track->sent[(i + 1) % SENT_MAX] - pts
                                             : track->final_length;
    return track->final_length;
}

static bool video_track_write(void *context, AVPacket *packet, Error *error)
{
    const VideoTrack *track = CAST_OBJECT(VideoTrack, context, VIDEO_TRACK_MAGIC);
    packet->duration = video_track_sent_length(track, packet->pts);
    return mux_write(track->spec.mux, MUX_VIDEO, packet, error);
}

/* A frame is held back until it is known when the `next` one comes. The encoder counts frames to a
 * key frame; where the rate varies, only the clock keeps the promise. */
static bool video_track_encode_held(VideoTrack *track, double next, Error *error)
{
    AVFrame *frame = track->held;
    if (!frame->buf[0])
        return true;
    bool due = track->sent_count == 0 || next - track->last_key > PLAN_KEY_SECONDS + KEY_SLACK;
    frame->pict_type = due ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (due)
        track->last_key = video_track_seconds(frame->pts, track->encoder->time_base);
    track->sent[track->sent_count++ % SENT_MAX] = frame->pts;
    bool encoded =
        encode_frame(track->encoder, frame, (PacketSink){video_track_write, track}, error);
    av_frame_unref(frame);
    return encoded;
}

/* Behind the filters: 4:2:0 of the final size, in 8 bits or to be tone-mapped to them. */
static bool video_track_encode(void *context, AVFrame *frame, Error *error)
{
    VideoTrack *track = CAST_OBJECT(VideoTrack, context, VIDEO_TRACK_MAGIC);
    AVCodecContext *encoder = track->encoder;
    if (track->tone_map && !tone_map_frame(track->tone_map, frame, error))
        return false;
    REQUIRE(frame->width == encoder->width && frame->height == encoder->height &&
            frame->format == encoder->pix_fmt);
    frame->pts = av_rescale_q(frame->pts, filter_time_base(&track->filter), encoder->time_base);
    if (track->held->buf[0] && frame->pts <= track->held->pts)
        return true;
    double now = video_track_seconds(frame->pts, encoder->time_base);
    while (frame->nb_side_data > 0)
        av_frame_remove_side_data(frame, frame->side_data[0]->type);
    frame->colorspace = encoder->colorspace;
    frame->color_range = AVCOL_RANGE_MPEG;
    gallery_take(track->spec.gallery, frame, now);
    if (!video_track_encode_held(track, now, error))
        return false;
    REQUIRE(av_frame_ref(track->held, frame) >= 0);
    return true;
}

/* By which factor this picture, shorter side against shorter side, is larger than what is made,
 * where the policy would let it be; else 0. */
static double video_track_excess(const VideoTrack *track, const AVFrame *frame)
{
    const PlanVideo *plan = &track->spec.plan.video;
    int made = MIN_OF(plan->width, plan->height);
    double shown = video_track_shorter_side(track, frame);
    bool may = made + PLAN_SIDE_SLACK <= track->spec.plan.policy.max_short_side &&
               MAX_OF(plan->width, plan->height) + PLAN_SIDE_SLACK <= PLAN_LONG_SIDE_MAX;
    return may && shown > made + PLAN_SIDE_SLACK ? shown / made : 0;
}

/* Larger pictures that have lasted until now are worth beginning anew. */
static bool video_track_grow(VideoTrack *track, double now, Error *error)
{
    if (track->larger == 0 || now - track->larger_since < LASTING_SECONDS || !track->spec.may_grow)
        return true;
    track->outgrown = track->larger;
    return error_set(error, ERROR_MEDIA, "Its pictures become larger.");
}

/* Sees how large this picture is, which begins when those before it end. */
static bool video_track_measure(VideoTrack *track, const AVFrame *frame, Error *error)
{
    double now = video_track_seconds(frame->pts, track->spec.stream->time_base);
    if (!video_track_grow(track, now, error))
        return false;
    double excess = video_track_excess(track, frame);
    if (track->larger == 0)
        track->larger_since = now;
    track->larger = excess == 0 ? 0 : fmax(track->larger, excess);
    return true;
}

/* Whether the frame comes out smaller than the policy would have it, were it alone. */
static bool video_track_fits_smaller(const VideoTrack *track, const AVFrame *frame)
{
    const PlanVideo *plan = &track->spec.plan.video;
    bool turned = media_is_transposed(plan->orientation);
    double width = frame->height * video_track_shape(track, frame), height = frame->height;
    double fitted = fmin((turned ? plan->height : plan->width) / width,
                         (turned ? plan->width : plan->height) / height);
    double wanted = fmin((double)track->spec.plan.policy.max_short_side / fmin(width, height),
                         PLAN_LONG_SIDE_MAX / fmax(width, height));
    return fitted < fmin(wanted, 1) * (1 - SIZE_SLACK);
}

/* What any picture may bring with it, and nothing of it is made. */
static TransferLosses video_track_beside(const AVFrame *frame)
{
    MediaStream seen = {0};
    media_probe_frame(&seen, frame);
    return (seen.has_words ? LOSSES(LOSS_SUBTITLES) : 0) |
           (seen.is_stereoscopic ? LOSSES(LOSS_SECOND_EYE) : 0);
}

/* What was told with the first picture may be untold by a later one: fields that begin, light of
 * another kind. True where the filters must follow. */
static bool video_track_follow(VideoTrack *track, const AVFrame *frame)
{
    PlanVideo *plan = &track->spec.plan.video;
    bool told = frame->color_range != AVCOL_RANGE_UNSPECIFIED;
    MediaColour colour = {frame->color_primaries, frame->color_trc, frame->colorspace,
                          told ? frame->color_range == AVCOL_RANGE_JPEG : plan->source.full_range};
    bool fields = !plan->deinterlace && media_compat_interlaced(frame);
    plan->deinterlace = plan->deinterlace || fields;
    bool light = plan_follow_colour(plan, colour);
    track->losses |= video_track_beside(frame) | (fields ? LOSSES(LOSS_FIELDS) : 0) |
                     (plan->tone_map ? LOSSES(LOSS_HDR) : 0);
    return light || fields;
}

/* The filters that fit this frame, and with the first ones the encoder behind them. Where the
 * stream changes its size or format, what is under way comes out before the new filters take over.
 */
static bool video_track_fit_filter(VideoTrack *track, const AVFrame *frame, Error *error)
{
    const EncodePlan *plan = &track->spec.plan;
    char text[PLAN_FILTERS_MAX];
    FilterSpec spec = {.like = frame,
                       .time_base = track->spec.stream->time_base,
                       .text = text,
                       .threads = (int)plan->policy.threads};
    bool other = video_track_follow(track, frame);
    if (track->encoder && !other && filter_fits(&track->filter, frame))
        return true;
    double wider = video_track_shape(track, frame) / track->shape;
    if (plan_is_barred(wider))
        track->losses |= LOSSES(LOSS_SHAPE);
    if (video_track_fits_smaller(track, frame))
        track->losses |= LOSSES(LOSS_LARGER_PARTS);
    else if (video_track_shorter_side(track, frame) >
             MIN_OF(plan->video.width, plan->video.height) + PLAN_SIDE_SLACK)
        track->losses |= LOSSES(LOSS_SIZE);
    plan_video_filters(&plan->video, wider, text);
    if (track->encoder) {
        if (!filter_frame(&track->filter, NULL, (FrameSink){video_track_encode, track}, error))
            return false;
        filter_release(&track->filter);
    }
    tone_map_free(&track->tone_map);
    if (plan->video.tone_map)
        tone_map_new(&plan->video.source, plan->video.target.matrix, &track->tone_map);
    if (!filter_open(&spec, &track->filter, error))
        return false;
    return track->encoder || (encode_open_video(&track->spec.plan, filter_time_base(&track->filter),
                                                &track->encoder, error) &&
                              mux_describe(track->spec.mux, MUX_VIDEO, track->encoder, error));
}

/* What the stream leaves unsaid is said, so that every frame is converted the same way. */
static void video_track_complete_colour(const VideoTrack *track, AVFrame *frame)
{
    const MediaColour *colour = &track->spec.plan.video.source;
    if (frame->colorspace == AVCOL_SPC_UNSPECIFIED)
        frame->colorspace = colour->matrix;
    if (frame->color_primaries == AVCOL_PRI_UNSPECIFIED)
        frame->color_primaries = colour->primaries;
    if (frame->color_trc == AVCOL_TRC_UNSPECIFIED)
        frame->color_trc = colour->transfer;
    if (frame->color_range == AVCOL_RANGE_UNSPECIFIED)
        frame->color_range = colour->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

/* Times must grow; the first picture is shown from the beginning, however late it comes. What does
 * not come after the newest is not shown: of a few, nobody misses anything. */
static bool video_track_place_in_time(VideoTrack *track, AVFrame *frame)
{
    MediaRatio rate = track->spec.plan.video.frame_rate;
    bool first = track->frames++ == 0;
    if (first)
        frame->pts = 0;
    else if (frame->pts == AV_NOPTS_VALUE)
        frame->pts = track->last_pts + MAX_OF(track->last_length, 1);
    if (!first && frame->pts <= track->last_pts) {
        track->lost++;
        return false;
    }
    track->last_length = media_compat_duration(frame);
    if (track->last_length <= 0)
        track->last_length =
            av_rescale_q(1, (AVRational){rate.den, rate.num}, track->spec.stream->time_base);
    track->last_pts = frame->pts;
    return true;
}

static double video_track_end(const VideoTrack *track)
{
    double end =
        video_track_seconds(track->last_pts + track->last_length, track->spec.stream->time_base);
    return track->frames == 0 ? 0 : MAX_OF(end, track->until);
}

/* Whether the limit of the rate lets the frame pass; it may move it by less than a frame's time. */
static bool video_track_keep_pace(VideoTrack *track, AVFrame *frame)
{
    double tick = av_q2d(track->spec.stream->time_base), shown = (double)frame->pts * tick;
    if (!pace_keeps(&track->pace, &shown)) {
        track->left_out++;
        return false;
    }
    frame->pts = llround(shown / tick);
    return true;
}

static bool video_track_take_frame(void *context, AVFrame *frame, Error *error)
{
    VideoTrack *track = CAST_OBJECT(VideoTrack, context, VIDEO_TRACK_MAGIC);
    if (!track->encoder && !video_track_plan_again(track, frame, error))
        return false;
    if (!video_track_place_in_time(track, frame) || !video_track_keep_pace(track, frame))
        return true;
    if (!allowance_seconds(&track->spec.plan.policy, "video", video_track_end(track), error) ||
        !video_track_measure(track, frame, error))
        return false;
    video_track_complete_colour(track, frame);
    return video_track_fit_filter(track, frame, error) &&
           filter_frame(&track->filter, frame, (FrameSink){video_track_encode, track}, error);
}

static void video_track_hold(void *self, double until)
{
    VideoTrack *track = CAST_OBJECT(VideoTrack, self, VIDEO_TRACK_MAGIC);
    track->until = until;
}

/* Of the last frame, which may have been followed by others that the pace left out. */
static int64_t video_track_final_length(const VideoTrack *track)
{
    double end = video_track_end(track) / av_q2d(track->encoder->time_base);
    return MAX_OF(llround(end) - track->held->pts, 1);
}

static bool video_track_take(void *self, AVPacket *packet, Error *error)
{
    VideoTrack *track = CAST_OBJECT(VideoTrack, self, VIDEO_TRACK_MAGIC);
    if (!decode_packet(&track->decode, packet, (FrameSink){video_track_take_frame, track}, error))
        return false;
    if (packet)
        return true;
    if (!track->encoder)
        return error_set(error, ERROR_MEDIA,
                         "The file is incomplete or damaged: no picture of it could be decoded.");
    if (!video_track_grow(track, video_track_end(track), error) ||
        !filter_frame(&track->filter, NULL, (FrameSink){video_track_encode, track}, error))
        return false;
    track->final_length = video_track_final_length(track);
    return video_track_encode_held(track, video_track_end(track), error) &&
           encode_frame(track->encoder, NULL, (PacketSink){video_track_write, track}, error);
}

static TrackState video_track_state(const void *self)
{
    const VideoTrack *track = CAST_OBJECT(const VideoTrack, self, VIDEO_TRACK_MAGIC);
    bool dense = track->left_out * 100 > track->decode.frames * LEFT_OUT_PERCENT;
    return (TrackState){.end = video_track_end(track),
                        .packets = track->decode.packets,
                        .frames = track->decode.frames,
                        .faults = track->decode.faults + track->lost,
                        .width = track->spec.plan.video.width,
                        .height = track->spec.plan.video.height,
                        .losses = track->losses | (dense ? LOSSES(LOSS_FRAME_RATE) : 0),
                        .outgrown = track->outgrown};
}

static void video_track_free(void *self)
{
    VideoTrack *track = CAST_OBJECT(VideoTrack, self, VIDEO_TRACK_MAGIC);
    decode_release(&track->decode);
    av_frame_free(&track->held);
    avcodec_free_context(&track->encoder);
    filter_release(&track->filter);
    tone_map_free(&track->tone_map);
    track->magic = 0;
    free(track);
}

static const TrackKind kind = {.take = video_track_take,
                               .hold = video_track_hold,
                               .state = video_track_state,
                               .free = video_track_free};

/* Pixels up to which a picture more in memory is no matter. */
#define SPARE_PICTURE_MAX (4096 * 2304)

/* One more than cores: while the pipeline's thread hands a picture on, nobody feeds the decoder,
 * and fewer threads have nothing to do by then. */
static int video_track_decoder_threads(const VideoTrackSpec *spec)
{
    const AVCodecParameters *stored = spec->stream->codecpar;
    int threads = (int)spec->plan.policy.threads;
    bool spare = (int64_t)stored->width * stored->height <= SPARE_PICTURE_MAX;
    return threads > 0 && spare ? threads + 1 : threads;
}

bool video_track_open(const VideoTrackSpec *spec, Track *out, Error *error)
{
    DecodeSpec decoding = {.stream = spec->stream,
                           .threads = video_track_decoder_threads(spec),
                           .max_pixels = spec->plan.policy.max_pixels};
    Decode decode;
    if (!decode_open(&decoding, &decode, error))
        return false;
    VideoTrack *track = NEW(VideoTrack);
    track->magic = VIDEO_TRACK_MAGIC;
    track->held = av_frame_alloc();
    REQUIRE(track->held);
    track->spec = *spec;
    track->decode = decode;
    track->pace = (Pace){.rate = PLAN_FRAME_RATE, .permissions = 1};
    *out = (Track){&kind, track};
    return true;
}
