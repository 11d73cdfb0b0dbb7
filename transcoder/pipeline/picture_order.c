#include "transcoder/pipeline/picture_order.h"

void picture_order_init(PictureOrder *order, const AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    *order = (PictureOrder){0};
    if (codec->video_delay == 0 ||
        (codec->codec_id != AV_CODEC_ID_H264 && codec->codec_id != AV_CODEC_ID_MPEG4))
        return;
    order->parsed = avcodec_alloc_context3(NULL);
    REQUIRE(order->parsed);
    if (avcodec_parameters_to_context(order->parsed, codec) >= 0)
        order->parser = av_parser_init(codec->codec_id);
    if (order->parser)
        order->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

void picture_order_release(PictureOrder *order)
{
    if (order->parser)
        av_parser_close(order->parser);
    order->parser = NULL;
    avcodec_free_context(&order->parsed);
}

static bool picture_order_is_between(PictureOrder *order, const AVPacket *packet)
{
    uint8_t *data;
    int size;
    av_parser_parse2(order->parser, order->parsed, &data, &size, packet->data, packet->size,
                     packet->pts, packet->dts, packet->pos);
    return order->parser->pict_type == AV_PICTURE_TYPE_B;
}

void picture_order_packet(PictureOrder *order, const AVPacket *packet)
{
    if (!order->parser)
        return;
    if (packet->pts == AV_NOPTS_VALUE || (order->begun && packet->pts <= order->newest)) {
        picture_order_release(order); /* the packets know */
        return;
    }
    order->begun = true;
    order->newest = packet->pts;
    order->confused = order->confused || picture_order_is_between(order, packet);
    if (order->count == PICTURE_ORDER_MAX)
        memmove(order->times, order->times + 1, --order->count * sizeof *order->times);
    order->times[order->count++] = packet->pts;
}

int64_t picture_order_time(PictureOrder *order, int64_t time, size_t inside)
{
    if (!order->parser || order->count == 0)
        return time;
    /* Pictures that were lost take their times with them. */
    size_t past = order->count > inside + 1 ? order->count - inside - 1 : 0;
    int64_t first = order->times[past];
    order->count -= past + 1;
    memmove(order->times, order->times + past + 1, order->count * sizeof *order->times);
    return order->confused ? first : time;
}
