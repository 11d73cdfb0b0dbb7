#include "transcoder/pipeline/copy_sound.h"

#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/decode.h"

#define PACKET_SAMPLES 1024
#define PRIMING_MAX    (4 * PACKET_SAMPLES)
#define LATE_MAX       0.5  /* seconds */
#define DIFFERENCE_MAX 0.03 /* seconds; nobody notices 40 ms (ITU-R BT.1359) */

#define COPY_SOUND_MAGIC 0x43534e44u /* "CSND" */

typedef struct CopySound {
    unsigned magic;
    CopySoundSpec spec;
    Decode decode; /* its codec is NULL where nobody listens */
    int rate;
    int64_t first; /* samples: where the first packet begins; negative by the priming */
    int64_t packets;
    const char *unfit;
} CopySound;

static bool copy_sound_unfit(CopySound *copy, const char *why, Error *error)
{
    copy->unfit = why;
    return error_set(error, ERROR_MEDIA, "The sound cannot be copied: %s.", why);
}

static int64_t copy_sound_next_sample(const CopySound *copy)
{
    return copy->first + copy->packets * PACKET_SAMPLES;
}

static const char *copy_sound_time_fault(const CopySound *copy, int64_t start, int flags)
{
    int64_t late = start - copy_sound_next_sample(copy);
    if (flags & AV_PKT_FLAG_CORRUPT)
        return "a packet is damaged";
    if ((flags & AV_PKT_FLAG_DISCARD) && start + PACKET_SAMPLES > 0)
        return "a part of it is cut away";
    if (copy->packets == 0)
        return start < -PRIMING_MAX || (double)start > LATE_MAX * copy->rate
                   ? "it does not begin with the picture"
                   : NULL;
    return (double)llabs(late) > DIFFERENCE_MAX * copy->rate ? "it has gaps" : NULL;
}

static bool copy_sound_pass_on(void *context, AVFrame *frame, Error *error)
{
    const CopySound *copy = CAST_OBJECT(CopySound, context, COPY_SOUND_MAGIC);
    (void)error;
    listener_take(copy->spec.listener, frame);
    return true;
}

static bool copy_sound_decode(CopySound *copy, const AVPacket *packet, Error *error)
{
    if (!copy->decode.codec)
        return true;
    if (!decode_packet(&copy->decode, packet, (FrameSink){copy_sound_pass_on, copy}, error))
        return false;
    return copy->decode.faults == 0 || copy_sound_unfit(copy, "a packet is damaged", error);
}

static double copy_sound_end(const CopySound *copy)
{
    return copy->packets > 0 ? (double)copy_sound_next_sample(copy) / copy->rate : 0;
}

static bool copy_sound_take(void *self, AVPacket *packet, Error *error)
{
    CopySound *copy = CAST_OBJECT(CopySound, self, COPY_SOUND_MAGIC);
    if (!packet)
        return (copy->packets > 0 || copy_sound_unfit(copy, "there is none", error)) &&
               copy_sound_decode(copy, NULL, error);
    if (packet->pts == AV_NOPTS_VALUE)
        return copy_sound_unfit(copy, "a packet has no time", error);
    if (av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, NULL))
        return copy_sound_unfit(copy, "its configuration changes", error);
    AVRational samples = {1, copy->rate};
    int64_t start = av_rescale_q(packet->pts, copy->spec.stream->time_base, samples);
    const char *fault = copy_sound_time_fault(copy, start, packet->flags);
    if (fault)
        return copy_sound_unfit(copy, fault, error);
    if (copy->packets == 0)
        copy->first = start;
    if (!copy_sound_decode(copy, packet, error))
        return false;
    packet->pts = packet->dts = copy_sound_next_sample(copy);
    packet->duration = PACKET_SAMPLES;
    packet->flags &= ~AV_PKT_FLAG_DISCARD;
    av_packet_free_side_data(packet);
    copy->packets++;
    if (!mux_write(copy->spec.mux, copy->spec.into, packet, error)) {
        copy->unfit = error->code == ERROR_MEDIA ? "it could not be written" : NULL;
        return false;
    }
    return allowance_seconds(copy->spec.policy, "sound", copy_sound_end(copy), error);
}

static TrackState copy_sound_state(const void *self)
{
    const CopySound *copy = CAST_OBJECT(const CopySound, self, COPY_SOUND_MAGIC);
    return (TrackState){.end = copy_sound_end(copy),
                        .packets = copy->packets,
                        .frames = copy->packets,
                        .unfit = copy->unfit};
}

static void copy_sound_free(void *self)
{
    CopySound *copy = CAST_OBJECT(CopySound, self, COPY_SOUND_MAGIC);
    decode_release(&copy->decode);
    copy->magic = 0;
    free(copy);
}

static const TrackKind kind = {
    .take = copy_sound_take, .state = copy_sound_state, .free = copy_sound_free};

bool copy_sound_open(const CopySoundSpec *spec, Track *out, Error *error)
{
    Decode decode = {0};
    DecodeSpec decoding = {
        .stream = spec->stream, .threads = 1, .max_pixels = spec->policy->max_pixels};
    int rate = spec->stream->codecpar->sample_rate;
    if (spec->listener && !decode_open(&decoding, &decode, error))
        return false;
    CopySound *copy = NEW(CopySound);
    *copy = (CopySound){.magic = COPY_SOUND_MAGIC, .spec = *spec, .decode = decode, .rate = rate};
    *out = (Track){&kind, copy};
    return mux_describe_copy(spec->mux, spec->into, spec->stream, (AVRational){1, rate}, error);
}
