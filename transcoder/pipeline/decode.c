#include "transcoder/pipeline/decode.h"

#include <errno.h>

#include "common/media/media_error.h"
#include "common/media/media_limits.h"
#include "common/media/media_types.h"

/* Complaints of a decoder that is being emptied; one per frame in flight is normal after damage. */
#define FAULTS_AT_END_MAX 256

bool decode_open(const DecodeSpec *spec, Decode *out, Error *error)
{
    const AVStream *stream = spec->stream;
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    REQUIRE(codec);
    _cleanup_codec_ AVCodecContext *decoder = avcodec_alloc_context3(codec);
    REQUIRE(decoder);
    int number = avcodec_parameters_to_context(decoder, stream->codecpar);
    decoder->pkt_timebase = stream->time_base;
    decoder->thread_count = spec->threads;
    decoder->max_pixels = spec->max_pixels;
    decoder->skip_frame = spec->key_frames_only ? AVDISCARD_NONKEY : AVDISCARD_DEFAULT;
    decoder->flags |= AV_CODEC_FLAG_UNALIGNED; /* else some of the border stays in the picture */
    decoder->max_samples = MEDIA_AUDIO_SAMPLES_MAX;
    if (number >= 0)
        number = avcodec_open2(decoder, codec, NULL);
    if (number < 0)
        return media_error_set(error, number, "The %s cannot be decoded",
                               media_types_codec(avcodec_get_name(codec->id)));
    *out = (Decode){.codec = TAKE_PTR(decoder)};
    if (!spec->key_frames_only)
        picture_order_init(&out->order, stream);
    return true;
}

void decode_release(Decode *decode)
{
    avcodec_free_context(&decode->codec);
    picture_order_release(&decode->order);
}

static bool decode_out_of_memory(Error *error)
{
    return error_set(error, ERROR_MEDIA, "Decoding the file needs more memory than there is.");
}

/* Pictures that wait for those shown before them, and those that threads are at work on. */
static size_t decode_inside(const Decode *decode)
{
    return (size_t)MAX_OF(decode->codec->has_b_frames, 0) +
           (size_t)MAX_OF(decode->codec->thread_count, 1);
}

bool decode_packet(Decode *decode, const AVPacket *packet, FrameSink sink, Error *error)
{
    _cleanup_frame_ AVFrame *frame = av_frame_alloc();
    REQUIRE(frame);
    if (packet)
        picture_order_packet(&decode->order, packet);
    int number = avcodec_send_packet(decode->codec, packet);
    int64_t faults_before_end = decode->faults;
    decode->packets += packet != NULL;
    decode->faults += packet && number < 0;
    if (number == AVERROR(ENOMEM))
        return decode_out_of_memory(error);
    for (;;) {
        number = avcodec_receive_frame(decode->codec, frame);
        if (number == AVERROR(EAGAIN) || number == AVERROR_EOF)
            return true;
        if (number == AVERROR(ENOMEM))
            return decode_out_of_memory(error);
        if (number < 0) {
            decode->faults++;
            if (packet || decode->faults - faults_before_end > FAULTS_AT_END_MAX)
                return true;
            continue;
        }
        decode->frames++;
        /* Also what the decoder could make good only by guessing. */
        decode->faults += frame->decode_error_flags || frame->flags & AV_FRAME_FLAG_CORRUPT;
        frame->pts =
            picture_order_time(&decode->order, frame->best_effort_timestamp, decode_inside(decode));
        if (!sink.take(sink.context, frame, error))
            return false;
        av_frame_unref(frame);
    }
}
