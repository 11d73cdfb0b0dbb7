#include "common/media/media_compat.h"

#if LIBAVCODEC_VERSION_MAJOR >= 61
const void *media_compat_side_data(const AVStream *stream, enum AVPacketSideDataType type,
                                   size_t size)
{
    const AVCodecParameters *codec = stream->codecpar;
    const AVPacketSideData *data =
        av_packet_side_data_get(codec->coded_side_data, codec->nb_coded_side_data, type);
    return data && data->size >= size ? data->data : NULL;
}

void media_compat_drop_side_data(AVCodecParameters *codec)
{
    av_packet_side_data_free(&codec->coded_side_data, &codec->nb_coded_side_data);
}
#else
const void *media_compat_side_data(const AVStream *stream, enum AVPacketSideDataType type,
                                   size_t size)
{
    size_t found = 0;
    const uint8_t *data = av_stream_get_side_data(stream, type, &found);
    return data && found >= size ? data : NULL;
}

/* It hangs on the stream, which is not copied. */
void media_compat_drop_side_data(AVCodecParameters *codec)
{
    (void)codec;
}
#endif

bool media_compat_interlaced(const AVFrame *frame)
{
#ifdef AV_FRAME_FLAG_INTERLACED
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

int64_t media_compat_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

void media_compat_source_colour(AVBufferSrcParameters *parameters, const AVFrame *frame)
{
#if LIBAVFILTER_VERSION_MAJOR >= 10
    parameters->color_space = frame->colorspace;
    parameters->color_range = frame->color_range;
#else
    (void)parameters;
    (void)frame;
#endif
}

bool media_compat_decodes_usac(void)
{
    return avcodec_version() >= AV_VERSION_INT(61, 19, 100); /* FFmpeg 7.1 */
}
