#include "transcoder/pipeline/filter.h"

#include <errno.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>

#include "common/media/media_compat.h"
#include "common/media/media_error.h"

static bool filter_add_ends(const FilterSpec *spec, Filter *filter, Error *error)
{
    const AVFrame *like = spec->like;
    bool sound = like->nb_samples > 0;
    const AVFilter *source = avfilter_get_by_name(sound ? "abuffer" : "buffer");
    const AVFilter *sink = avfilter_get_by_name(sound ? "abuffersink" : "buffersink");
    filter->source = avfilter_graph_alloc_filter(filter->graph, source, "in");
    filter->sink = avfilter_graph_alloc_filter(filter->graph, sink, "out");
    AVBufferSrcParameters *parameters = av_buffersrc_parameters_alloc();
    REQUIRE(filter->source && filter->sink && parameters);
    parameters->format = like->format;
    parameters->time_base = spec->time_base;
    parameters->width = like->width;
    parameters->height = like->height;
    parameters->sample_aspect_ratio = like->sample_aspect_ratio;
    parameters->sample_rate = like->sample_rate;
    parameters->ch_layout = like->ch_layout; /* copied by the library */
    media_compat_source_colour(parameters, like);
    int number = av_buffersrc_parameters_set(filter->source, parameters);
    av_free(parameters);
    if (number >= 0)
        number = avfilter_init_str(filter->source, NULL);
    if (number >= 0)
        number = avfilter_init_str(filter->sink, NULL);
    return number >= 0 ||
           media_error_set(error, number, "The decoded picture or sound is of an unknown shape");
}

static bool filter_remember_shape(const AVFrame *like, Filter *filter)
{
    filter->shape = av_frame_alloc();
    REQUIRE(filter->shape);
    AVFrame *shape = filter->shape;
    shape->format = like->format;
    shape->width = like->width;
    shape->height = like->height;
    shape->nb_samples = like->nb_samples;
    shape->sample_rate = like->sample_rate;
    shape->color_range = like->color_range;
    shape->colorspace = like->colorspace;
    return av_channel_layout_copy(&shape->ch_layout, &like->ch_layout) >= 0;
}

bool filter_open(const FilterSpec *spec, Filter *out, Error *error)
{
    _cleanup_filter_ Filter filter = {.graph = avfilter_graph_alloc()};
    REQUIRE(filter.graph && filter_remember_shape(spec->like, &filter));
    filter.graph->nb_threads = spec->threads;
    if (!filter_add_ends(spec, &filter, error))
        return false;
    /* The library names the ends from the chain's point of view: what goes out of our source is its
     * input. */
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    REQUIRE(outputs && inputs);
    *outputs = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = filter.source};
    *inputs = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = filter.sink};
    int number = avfilter_graph_parse_ptr(filter.graph, spec->text, &inputs, &outputs, NULL);
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    if (number >= 0)
        number = avfilter_graph_config(filter.graph, NULL);
    if (number < 0)
        return media_error_set(error, number, "The picture or sound could not be converted");
    if (spec->frame_size > 0)
        av_buffersink_set_frame_size(filter.sink, (unsigned)spec->frame_size);
    *out = filter;
    filter = (Filter){0};
    return true;
}

static AVRational filter_pixel_shape(const AVFrame *frame)
{
    AVRational told = frame->sample_aspect_ratio;
    return told.num > 0 && told.den > 0 ? told : (AVRational){1, 1};
}

bool filter_fits(const Filter *filter, const AVFrame *frame)
{
    const AVFrame *shape = filter->shape;
    if (!filter->graph || shape->format != frame->format)
        return false;
    if (frame->nb_samples > 0)
        return shape->sample_rate == frame->sample_rate &&
               av_channel_layout_compare(&shape->ch_layout, &frame->ch_layout) == 0;
    return shape->width == frame->width && shape->height == frame->height &&
           av_cmp_q(filter_pixel_shape(shape), filter_pixel_shape(frame)) == 0 &&
           shape->colorspace == frame->colorspace && shape->color_range == frame->color_range;
}

AVRational filter_time_base(const Filter *filter)
{
    return av_buffersink_get_time_base(filter->sink);
}

bool filter_frame(Filter *filter, AVFrame *frame, FrameSink sink, Error *error)
{
    _cleanup_frame_ AVFrame *made = av_frame_alloc();
    REQUIRE(made);
    int number = av_buffersrc_add_frame_flags(filter->source, frame, AV_BUFFERSRC_FLAG_PUSH);
    while (number >= 0) {
        number = av_buffersink_get_frame(filter->sink, made);
        if (number < 0)
            break;
        if (!sink.take(sink.context, made, error))
            return false;
        av_frame_unref(made);
    }
    if (number == AVERROR(EAGAIN) || number == AVERROR_EOF)
        return true;
    return media_error_set(error, number, "The picture or sound could not be converted");
}

void filter_release(Filter *filter)
{
    avfilter_graph_free(&filter->graph);
    av_frame_free(&filter->shape);
}
