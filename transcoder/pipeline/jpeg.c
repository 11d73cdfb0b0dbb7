#include "transcoder/pipeline/jpeg.h"

#include <errno.h>

#include "common/base/file.h"
#include "common/media/media_error.h"
#include "transcoder/pipeline/encode.h"

#define JPEG_MAGIC 0x4a504547u /* "JPEG" */

typedef struct Jpeg {
    unsigned magic;
    int fd; /* borrowed */
    bool written;
} Jpeg;

static bool jpeg_write_packet(void *context, AVPacket *packet, Error *error)
{
    Jpeg *jpeg = CAST_OBJECT(Jpeg, context, JPEG_MAGIC);
    jpeg->written = true;
    return file_write_all(jpeg->fd, packet->data, (size_t)packet->size, 0, error);
}

static bool jpeg_open_encoder(const AVFrame *frame, AVCodecContext **out, Error *error)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    if (!codec)
        return error_set(error, ERROR_INTERNAL, "The JPEG encoder is not installed.");
    _cleanup_codec_ AVCodecContext *encoder = avcodec_alloc_context3(codec);
    REQUIRE(encoder);
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = frame->format;
    encoder->color_range = AVCOL_RANGE_JPEG;
    encoder->time_base = (AVRational){1, 1};
    encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT; /* no comment inside */
    encoder->global_quality = frame->quality;
    encoder->thread_count = 1;
    int number = avcodec_open2(encoder, codec, NULL);
    if (number < 0)
        return media_error_set(error, number, "The JPEG encoder could not be started");
    *out = TAKE_PTR(encoder);
    return true;
}

bool jpeg_write(const AVFrame *frame, int quantiser, int fd, Error *error)
{
    _cleanup_codec_ AVCodecContext *encoder = NULL;
    _cleanup_frame_ AVFrame *given = av_frame_clone(frame);
    Jpeg jpeg = {.magic = JPEG_MAGIC, .fd = fd};
    PacketSink sink = {jpeg_write_packet, &jpeg};
    REQUIRE(given);
    given->pts = 0;
    given->pict_type = AV_PICTURE_TYPE_NONE;
    given->quality = quantiser * FF_QP2LAMBDA;
    if (jpeg_open_encoder(given, &encoder, error) && encode_frame(encoder, given, sink, error) &&
        encode_frame(encoder, NULL, sink, error) &&
        (jpeg.written || error_set(error, ERROR_MEDIA, "The picture came out empty.")))
        return true;
    if (ftruncate(fd, 0) < 0)
        return error_set_errno(error, errno, "An unfinished picture could not be removed");
    return false;
}
