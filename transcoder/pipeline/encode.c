#include "transcoder/pipeline/encode.h"

#include <errno.h>
#include <libavutil/opt.h>
#include <limits.h>

#include "common/media/media_error.h"

#define CLOCK_MAX 100000 /* ticks a second; 90000 and 1/600 of phones are kept */
static const AVRational usual_clock = {1, 90000};

bool encode_open_video(const EncodePlan *plan, AVRational time_base, AVCodecContext **out,
                       Error *error)
{
    const PlanVideo *picture = &plan->video;
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec)
        return error_set(error, ERROR_INTERNAL, "The libx264 encoder is not installed.");
    _cleanup_codec_ AVCodecContext *encoder = avcodec_alloc_context3(codec);
    REQUIRE(encoder);
    bool usable = time_base.num > 0 && time_base.den / time_base.num <= CLOCK_MAX;
    encoder->width = picture->width;
    encoder->height = picture->height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->time_base = usable ? time_base : usual_clock;
    encoder->framerate = (AVRational){picture->frame_rate.num, picture->frame_rate.den};
    encoder->gop_size = PLAN_FRAME_RATE * PLAN_KEY_SECONDS; /* at most; the clock keys */
    encoder->color_primaries = picture->target.primaries;
    encoder->color_trc = picture->target.transfer;
    encoder->colorspace = picture->target.matrix;
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->chroma_sample_location = AVCHROMA_LOC_LEFT;
    encoder->rc_max_rate = picture->max_bit_rate;
    encoder->rc_buffer_size = (int)MIN_OF(picture->max_bit_rate * PLAN_BUFFER_SECONDS, INT_MAX);
    /* Each frame thread waits for the rows that its reference still lacks; so many are busy on all
     * cores, and libx264 would choose them itself. */
    encoder->thread_count = (int)plan->policy.threads * 3 / 2;
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int number = av_opt_set(encoder->priv_data, "preset", plan->policy.preset, 0);
    if (number >= 0)
        number = av_opt_set(encoder->priv_data, "profile", "high", 0);
    if (number >= 0)
        number = av_opt_set_double(encoder->priv_data, "crf", plan->policy.crf, 0);
    if (number >= 0)
        number = avcodec_open2(encoder, codec, NULL);
    if (number < 0)
        return media_error_set(error, number, "The video encoder could not be started");
    *out = TAKE_PTR(encoder);
    return true;
}

bool encode_open_audio(const PlanAudio *plan, AVCodecContext **out, Error *error)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("aac");
    if (!codec)
        return error_set(error, ERROR_INTERNAL, "The AAC encoder is not installed.");
    _cleanup_codec_ AVCodecContext *encoder = avcodec_alloc_context3(codec);
    REQUIRE(encoder);
    av_channel_layout_default(&encoder->ch_layout, plan->channels);
    encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    encoder->sample_rate = plan->sample_rate;
    encoder->bit_rate = plan->bit_rate;
    encoder->time_base = (AVRational){1, plan->sample_rate};
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int number = avcodec_open2(encoder, codec, NULL);
    if (number < 0)
        return media_error_set(error, number, "The sound encoder could not be started");
    *out = TAKE_PTR(encoder);
    return true;
}

bool encode_frame(AVCodecContext *encoder, const AVFrame *frame, PacketSink sink, Error *error)
{
    _cleanup_packet_ AVPacket *packet = av_packet_alloc();
    REQUIRE(packet);
    int number = avcodec_send_frame(encoder, frame);
    while (number >= 0) {
        number = avcodec_receive_packet(encoder, packet);
        if (number < 0)
            break;
        if (!sink.take(sink.context, packet, error))
            return false;
        av_packet_unref(packet);
    }
    if (number == AVERROR(EAGAIN) || number == AVERROR_EOF)
        return true;
    return media_error_set(error, number, "The video or sound could not be encoded");
}
