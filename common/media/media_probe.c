#include "common/media/media_probe.h"

#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>
#include <libavutil/stereo3d.h>

#include "common/base/clock.h"
#include "common/media/aac.h"
#include "common/media/avc.h"
#include "common/media/media_compat.h"
#include "common/media/media_error.h"

/* Rates outside are clocks of the container, not frames. */
#define FRAME_RATE_MIN 0.05
#define FRAME_RATE_MAX 1000.0

#define BESIDE_SLACK 0.1 /* seconds: rounding of a file's clock and a track's */

/* Of a display matrix (ISO/IEC 14496-12 §6.2.2) only the signs of its rotating part matter. It maps
 * (x, y) to (a x + c y, b x + d y), y downwards. */
static MediaOrientation media_probe_orientation(const AVStream *stream)
{
    const int32_t *matrix =
        media_compat_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof *matrix);
    if (!matrix)
        return MEDIA_UPRIGHT;
    int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    if (llabs(a) + llabs(d) >= llabs(b) + llabs(c)) {
        if (a < 0)
            return d < 0 ? MEDIA_ROTATE_180 : MEDIA_MIRROR;
        return d < 0 ? MEDIA_FLIP : MEDIA_UPRIGHT;
    }
    if (c < 0)
        return b < 0 ? MEDIA_TRANSVERSE : MEDIA_ROTATE_90;
    return b < 0 ? MEDIA_ROTATE_270 : MEDIA_TRANSPOSE;
}

static MediaRatio media_probe_ratio(AVRational value)
{
    if (value.num <= 0 || value.den <= 0)
        return (MediaRatio){0, 1};
    return (MediaRatio){value.num, value.den};
}

/* Palettes could be transparent, as the library says of all of them; those of films are not. */
static bool media_probe_is_transparent(const AVPixFmtDescriptor *pixels)
{
    return pixels && pixels->flags & AV_PIX_FMT_FLAG_ALPHA &&
           !(pixels->flags & AV_PIX_FMT_FLAG_PAL);
}

static void media_probe_pixels(MediaStream *out, enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(format);
    base_copy_truncated(out->pixel_format, sizeof out->pixel_format,
                        pixels ? pixels->name : "unknown");
    out->bit_depth = pixels ? pixels->comp[0].depth : 0;
    out->has_alpha = out->has_alpha || media_probe_is_transparent(pixels);
    out->is_subtle = pixels && pixels->nb_components >= 3 &&
                     (out->bit_depth > 8 || pixels->log2_chroma_w + pixels->log2_chroma_h < 2);
}

/* The old "yuvj" formats say full range by their name. */
static bool media_probe_full_range(enum AVColorRange range, const char *pixel_format)
{
    return range == AVCOL_RANGE_JPEG || strncmp(pixel_format, "yuvj", 4) == 0;
}

/* What a flat, opaque picture lacks. Matroska keeps the transparency of VP8 and VP9 beside the
 * picture, where the decoder does not look. */
static void media_probe_extras(MediaStream *out, const AVStream *stream)
{
    const AVDictionaryEntry *alpha = av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
    const AVStereo3D *eyes = media_compat_side_data(stream, AV_PKT_DATA_STEREO3D, sizeof *eyes);
    out->has_alpha = alpha && streq(alpha->value, "1");
    out->is_stereoscopic = eyes && eyes->type != AV_STEREO3D_2D;
    out->is_spherical = media_compat_side_data(stream, AV_PKT_DATA_SPHERICAL, 1);
    out->is_dolby_vision = media_compat_side_data(stream, AV_PKT_DATA_DOVI_CONF, 1);
}

static void media_probe_video(MediaStream *out, AVFormatContext *format, AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    out->width = codec->width;
    out->height = codec->height;
    out->pixel_aspect = media_probe_ratio(av_guess_sample_aspect_ratio(format, stream, NULL));
    out->orientation = media_probe_orientation(stream);
    media_probe_extras(out, stream);
    media_probe_pixels(out, codec->format);
    out->colour = (MediaColour){codec->color_primaries, codec->color_trc, codec->color_space,
                                media_probe_full_range(codec->color_range, out->pixel_format)};
    out->interlaced = codec->field_order > AV_FIELD_PROGRESSIVE;
    const AVRational rates[] = {stream->avg_frame_rate, stream->r_frame_rate};
    out->frame_rate = (MediaRatio){0, 1};
    for (size_t i = 0; i < ARRAY_SIZE(rates) && out->frame_rate.num == 0; i++) {
        double rate = rates[i].den ? av_q2d(rates[i]) : 0;
        if (rate >= FRAME_RATE_MIN && rate <= FRAME_RATE_MAX)
            out->frame_rate = media_probe_ratio(rates[i]);
    }
    out->is_still =
        stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS |
                               AV_DISPOSITION_STILL_IMAGE);
}

/* Camcorders write date and exposure as pictures of subtitles. */
static MediaStreamKind media_probe_kind(const AVFormatContext *format,
                                        const AVCodecParameters *codec)
{
    bool camera =
        codec->codec_id == AV_CODEC_ID_HDMV_PGS_SUBTITLE && streq(format->iformat->name, "mpegts");
    switch (codec->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
        return STREAM_VIDEO;
    case AVMEDIA_TYPE_AUDIO:
        return STREAM_AUDIO;
    case AVMEDIA_TYPE_SUBTITLE:
        return camera ? STREAM_DATA : STREAM_SUBTITLES;
    case AVMEDIA_TYPE_DATA:
        return STREAM_DATA;
    default:
        return STREAM_OTHER;
    }
}

static double media_probe_seconds(int64_t duration, AVRational base)
{
    return duration == AV_NOPTS_VALUE || duration <= 0 ? 0 : (double)duration * av_q2d(base);
}

/* What the library has no name for is known by its four characters, where they can be read. */
static void media_probe_codec(MediaStream *out, const AVCodecParameters *codec, const char *strange)
{
    char tag[5] = {0};
    bool readable = true;
    for (size_t i = 0; i < 4; i++) {
        tag[i] = (char)(codec->codec_tag >> 8 * i & 0xff);
        readable = readable && (av_isgraph(tag[i]) || tag[i] == ' ');
    }
    const char *name = strange                               ? strange
                       : codec->codec_id != AV_CODEC_ID_NONE ? avcodec_get_name(codec->codec_id)
                       : readable                            ? tag
                                                             : "unknown";
    base_copy_truncated(out->codec, sizeof out->codec, name);
}

static int media_probe_program(AVFormatContext *format, const AVStream *stream)
{
    const AVProgram *program = av_find_program_from_stream(format, NULL, stream->index);
    bool again =
        program && av_find_program_from_stream(format, (AVProgram *)program, stream->index);
    return program && !again ? program->id : 0;
}

static void media_probe_stream(MediaStream *out, AVFormatContext *format, AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    const AVCodec *decoder = avcodec_find_decoder(codec->codec_id);
    const AVDictionaryEntry *language = av_dict_get(stream->metadata, "language", NULL, 0);
    bool h264 = codec->codec_id == AV_CODEC_ID_H264, aac = codec->codec_id == AV_CODEC_ID_AAC;
    *out = (MediaStream){
        .index = stream->index,
        .program = media_probe_program(format, stream),
        .kind = media_probe_kind(format, codec),
        .decodable = decoder && av_match_list(decoder->name, format->codec_whitelist, ',') > 0,
        .is_default = stream->disposition & AV_DISPOSITION_DEFAULT,
        .bit_rate = MAX_OF(codec->bit_rate, 0),
        .duration = media_probe_seconds(stream->duration, stream->time_base),
        .copyable = aac && codec->extradata_size >= 2};
    if (h264)
        out->copyable = avc_length_size(codec->extradata, (size_t)codec->extradata_size) > 0;
    if (h264 && codec->profile >= 0)
        out->profile = codec->profile & 0xff; /* constraint flags stand above the number */
    if (aac && codec->profile >= 0)
        out->profile = codec->profile + 1; /* the library counts object types from 0 */
    if (language && !streq(language->value, "und"))
        base_copy_truncated(out->language, sizeof out->language, language->value);
    size_t told = aac && codec->extradata ? (size_t)codec->extradata_size : 0;
    const char *strange = aac_strange_name(aac_object_type(codec->extradata, told));
    out->decodable = out->decodable && !strange;
    media_probe_codec(out, codec, strange);
    if (out->kind == STREAM_VIDEO)
        media_probe_video(out, format, stream);
    if (out->kind == STREAM_AUDIO) {
        out->channels = codec->ch_layout.nb_channels;
        out->sample_rate = codec->sample_rate;
        out->frame_size = codec->frame_size;
    }
}

/* Chapters, subtitles and places where one was are no part of a film's length, nor is the head's,
 * where it only tells of them. */
static double media_probe_duration(const AVFormatContext *format, const MediaFacts *facts)
{
    double told = media_probe_seconds(format->duration, AV_TIME_BASE_Q), film = 0, beside = 0;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const AVStream *stream = format->streams[i];
        const MediaStream *found = &facts->streams[i];
        bool played =
            found->kind == STREAM_AUDIO || (found->kind == STREAM_VIDEO && !found->is_still);
        double end =
            found->duration + (stream->start_time == AV_NOPTS_VALUE
                                   ? 0
                                   : (double)stream->start_time * av_q2d(stream->time_base));
        if (played && found->duration == 0)
            return told;
        film = played ? MAX_OF(film, end) : film;
        beside = played ? beside : MAX_OF(beside, end);
    }
    return film > 0 && beside > film && beside >= told - BESIDE_SLACK ? film : told;
}

bool media_probe(MediaInput *input, MediaFacts *out, Error *error)
{
    AVFormatContext *format = media_input_format(input);
    int number = avformat_find_stream_info(format, NULL);
    if (number < 0)
        return media_error_set(error, number, "What the file holds could not be found out");
    if (format->nb_streams > MEDIA_STREAMS_MAX)
        return error_set(error, ERROR_MEDIA, "The file holds more than %d tracks.",
                         MEDIA_STREAMS_MAX);
    *out = (MediaFacts){.size = media_input_size(input),
                        .bit_rate = MAX_OF(format->bit_rate, 0),
                        .stream_count = format->nb_streams};
    media_tags_read(format, clock_wall_ms() / 1000, &out->tags);
    base_copy_truncated(out->container, sizeof out->container, format->iformat->name);
    for (size_t i = 0; i < out->stream_count; i++)
        media_probe_stream(&out->streams[i], format, format->streams[i]);
    out->duration = media_probe_duration(format, out);
    return true;
}

void media_probe_late(MediaInput *input, MediaFacts *facts)
{
    AVFormatContext *format = media_input_format(input);
    for (; facts->stream_count < MIN_OF(format->nb_streams, MEDIA_STREAMS_MAX);
         facts->stream_count++) {
        MediaStream *stream = &facts->streams[facts->stream_count];
        media_probe_stream(stream, format, format->streams[facts->stream_count]);
        stream->is_late = true;
    }
}

/* Three bytes each (ANSI/CTA-708 §4.4): valid, kind, two of text. Broadcasts without words send
 * nothing in them. */
static bool media_probe_has_words(const AVFrame *frame)
{
    const AVFrameSideData *words = av_frame_get_side_data(frame, AV_FRAME_DATA_A53_CC);
    for (size_t i = 0; words && i + 3 <= words->size; i += 3)
        if (words->data[i] & 4 && (words->data[i + 1] & 0x7F || words->data[i + 2] & 0x7F))
            return true;
    return false;
}

static void media_probe_beside(MediaStream *stream, const AVFrame *frame)
{
    const AVFrameSideData *data = av_frame_get_side_data(frame, AV_FRAME_DATA_STEREO3D);
    const AVStereo3D *eyes = data ? (const void *)data->data : NULL;
    stream->is_stereoscopic = stream->is_stereoscopic || (eyes && eyes->type != AV_STEREO3D_2D);
    stream->has_words = stream->has_words || media_probe_has_words(frame);
}

void media_probe_frame(MediaStream *stream, const AVFrame *frame)
{
    MediaColour *colour = &stream->colour;
    stream->width = frame->width;
    stream->height = frame->height;
    if (frame->sample_aspect_ratio.num > 0 && stream->pixel_aspect.num == 0)
        stream->pixel_aspect = media_probe_ratio(frame->sample_aspect_ratio);
    media_probe_pixels(stream, frame->format);
    if (frame->color_primaries != AVCOL_PRI_UNSPECIFIED)
        colour->primaries = frame->color_primaries;
    if (frame->color_trc != AVCOL_TRC_UNSPECIFIED)
        colour->transfer = frame->color_trc;
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED)
        colour->matrix = frame->colorspace;
    colour->full_range = media_probe_full_range(frame->color_range, stream->pixel_format);
    stream->interlaced = stream->interlaced || media_compat_interlaced(frame);
    media_probe_beside(stream, frame);
}
