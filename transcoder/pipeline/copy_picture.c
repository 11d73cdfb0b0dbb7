#include "transcoder/pipeline/copy_picture.h"

#include "common/media/avc.h"
#include "common/media/media_probe.h"
#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"

#define LOOK_EVERY      1.0  /* seconds between two key frames looked at */
#define LATE_MAX        0.25 /* seconds that the picture may begin after the sound, unnoticed */
#define JUDGE_AFTER     10   /* seconds: from here on the bit rate is judged on the way */
#define JUDGE_TOLERANCE 1.5  /* before the end, a busy beginning is no verdict */

#define COPY_PICTURE_MAGIC 0x43504943u /* "CPIC" */

typedef struct CopyPicture {
    unsigned magic;
    CopyPictureSpec spec;
    Decode decode; /* of key frames only */
    PictureOrder order;
    int length_size;
    int64_t first_pts, last_dts; /* in the stream's time base, as what follows */
    int64_t end;
    double held; /* seconds: until then the last picture stands at least */
    int64_t packets, bytes;
    double look_due; /* seconds */
    TransferLosses losses;
    const char *unfit;
} CopyPicture;

static double copy_picture_seconds(const CopyPicture *copy, int64_t time)
{
    return (double)time * av_q2d(copy->spec.stream->time_base);
}

static bool copy_picture_unfit(CopyPicture *copy, const char *why, Error *error)
{
    copy->unfit = why;
    return error_set(error, ERROR_MEDIA, "The video cannot be copied: %s.", why);
}

static const char *copy_picture_time_fault(const CopyPicture *copy, const AVPacket *packet)
{
    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE)
        return "a picture has no time";
    if (packet->flags & (AV_PKT_FLAG_DISCARD | AV_PKT_FLAG_CORRUPT))
        return "a picture is damaged or cut away";
    if (packet->pts < packet->dts)
        return "a picture is shown before it is decoded";
    if (copy->packets == 0)
        return !(packet->flags & AV_PKT_FLAG_KEY) ||
                       copy_picture_seconds(copy, packet->pts) > LATE_MAX
                   ? "it does not begin with a key frame at the start"
                   : NULL;
    if (packet->dts <= copy->last_dts)
        return "its times do not grow";
    if (copy->order.confused)
        return "its times are not those at which it is shown";
    return packet->pts < copy->first_pts ? "a picture comes before the first key frame" : NULL;
}

static const char *copy_picture_strip_packet(const CopyPicture *copy, AVPacket *packet)
{
    AvcSample found;
    size_t size = (size_t)packet->size;
    if (av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, NULL))
        return "its configuration changes";
    REQUIRE(av_packet_make_writable(packet) >= 0);
    if (!avc_strip(packet->data, &size, copy->length_size, &found) || !found.has_picture)
        return "a packet is damaged";
    if ((packet->flags & AV_PKT_FLAG_KEY) && !found.is_idr)
        return "a key frame is no IDR picture";
    av_shrink_packet(packet, (int)size);
    av_packet_free_side_data(packet);
    return NULL;
}

static const char *copy_picture_rates_fault(const CopyPicture *copy, double tolerance)
{
    const PlanVideo *video = &copy->spec.plan->video;
    double length = copy_picture_seconds(copy, copy->end - copy->first_pts);
    double bit_rate = plan_copy_bit_rate(&copy->spec.plan->policy, video->width, video->height);
    if ((double)copy->bytes * 8 > bit_rate * tolerance * length)
        return "its bit rate is too high";
    return (double)copy->packets > PLAN_COPY_FRAME_RATE * tolerance * length + 1
               ? "its frame rate is too high"
               : NULL;
}

static bool copy_picture_look(void *context, AVFrame *frame, Error *error)
{
    CopyPicture *copy = CAST_OBJECT(CopyPicture, context, COPY_PICTURE_MAGIC);
    const EncodePlan *plan = copy->spec.plan;
    MediaStream seen = *copy->spec.facts;
    media_probe_frame(&seen, frame);
    seen.bit_rate = 0; /* counted at the end */
    const char *obstacle = plan_picture_obstacle(&seen, &plan->policy);
    if (!obstacle && (seen.width != plan->video.width || seen.height != plan->video.height))
        obstacle = "its size changes";
    if (obstacle)
        return copy_picture_unfit(copy, obstacle, error);
    copy->losses |= plan_picture_losses(&seen, &plan->video);
    if (frame->pts == AV_NOPTS_VALUE)
        return true;
    frame->colorspace = plan->video.source.matrix;
    frame->color_range = AVCOL_RANGE_MPEG;
    gallery_take(copy->spec.gallery, frame, copy_picture_seconds(copy, frame->pts));
    return true;
}

/* Decodes a key frame, or the end (NULL). */
static bool copy_picture_decode_key(CopyPicture *copy, const AVPacket *packet, Error *error)
{
    FrameSink sink = {copy_picture_look, copy};
    return decode_packet(&copy->decode, packet, sink, error) &&
           (copy->decode.faults == 0 || copy_picture_unfit(copy, "a key frame is damaged", error));
}

/* One key frame a second, with all that the copy will lack. */
static bool copy_picture_look_at(CopyPicture *copy, const AVPacket *packet, Error *error)
{
    double shown = copy_picture_seconds(copy, packet->pts);
    if (!(packet->flags & AV_PKT_FLAG_KEY) || shown < copy->look_due)
        return true;
    copy->look_due = shown + LOOK_EVERY;
    return copy_picture_decode_key(copy, packet, error);
}

static bool copy_picture_finish(CopyPicture *copy, Error *error)
{
    if (copy->packets == 0)
        return copy_picture_unfit(copy, "there are no pictures", error);
    const char *fault = copy_picture_rates_fault(copy, 1);
    if (fault)
        return copy_picture_unfit(copy, fault, error);
    return copy_picture_decode_key(copy, NULL, error) &&
           (copy->decode.frames > 0 ||
            copy_picture_unfit(copy, "no key frame can be decoded", error));
}

static bool copy_picture_take(void *self, AVPacket *packet, Error *error)
{
    CopyPicture *copy = CAST_OBJECT(CopyPicture, self, COPY_PICTURE_MAGIC);
    if (!packet)
        return copy_picture_finish(copy, error);
    picture_order_packet(&copy->order, packet);
    const char *fault = copy_picture_time_fault(copy, packet);
    if (fault)
        return copy_picture_unfit(copy, fault, error);
    if (!copy_picture_look_at(copy, packet, error))
        return false;
    if ((fault = copy_picture_strip_packet(copy, packet)))
        return copy_picture_unfit(copy, fault, error);
    if (copy->packets++ == 0)
        copy->first_pts = packet->pts;
    copy->last_dts = packet->dts;
    copy->end = MAX_OF(copy->end, packet->pts + packet->duration);
    copy->bytes += packet->size;
    double end = copy_picture_seconds(copy, copy->end);
    if (end > JUDGE_AFTER && (fault = copy_picture_rates_fault(copy, JUDGE_TOLERANCE)))
        return copy_picture_unfit(copy, fault, error);
    if (!mux_write(copy->spec.mux, MUX_VIDEO, packet, error)) {
        copy->unfit = error->code == ERROR_MEDIA ? "it could not be written" : NULL;
        return false;
    }
    return allowance_seconds(&copy->spec.plan->policy, "video", end, error);
}

static void copy_picture_hold(void *self, double until)
{
    CopyPicture *copy = CAST_OBJECT(CopyPicture, self, COPY_PICTURE_MAGIC);
    copy->held = until;
    mux_hold(copy->spec.mux, until);
}

static TrackState copy_picture_state(const void *self)
{
    const CopyPicture *copy = CAST_OBJECT(const CopyPicture, self, COPY_PICTURE_MAGIC);
    double end = copy_picture_seconds(copy, copy->end);
    return (TrackState){.end = MAX_OF(end, copy->held),
                        .packets = copy->packets,
                        .frames = copy->packets,
                        .width = copy->spec.plan->video.width,
                        .height = copy->spec.plan->video.height,
                        .losses = copy->losses,
                        .unfit = copy->unfit};
}

static void copy_picture_free(void *self)
{
    CopyPicture *copy = CAST_OBJECT(CopyPicture, self, COPY_PICTURE_MAGIC);
    decode_release(&copy->decode);
    picture_order_release(&copy->order);
    copy->magic = 0;
    free(copy);
}

static const TrackKind kind = {.take = copy_picture_take,
                               .hold = copy_picture_hold,
                               .state = copy_picture_state,
                               .free = copy_picture_free};

bool copy_picture_open(const CopyPictureSpec *spec, Track *out, Error *error)
{
    const AVCodecParameters *codec = spec->stream->codecpar;
    DecodeSpec decoding = {.stream = spec->stream,
                           .threads = 1,
                           .max_pixels = spec->plan->policy.max_pixels,
                           .key_frames_only = true};
    Decode decode;
    if (!decode_open(&decoding, &decode, error))
        return false;
    CopyPicture *copy = NEW(CopyPicture);
    *copy = (CopyPicture){.magic = COPY_PICTURE_MAGIC,
                          .spec = *spec,
                          .decode = decode,
                          .length_size =
                              avc_length_size(codec->extradata, (size_t)codec->extradata_size)};
    picture_order_init(&copy->order, spec->stream);
    *out = (Track){&kind, copy};
    return mux_describe_copy(spec->mux, MUX_VIDEO, spec->stream, spec->stream->time_base, error);
}
