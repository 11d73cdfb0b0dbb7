#include "transcoder/plan/plan_copy.h"

#define FULL_HD_AREA (1920.0 * 1080.0)

/* profile_idc, ITU-T H.264 §A.2 */
#define H264_BASELINE 66
#define H264_MAIN     77
#define H264_HIGH     100

/* ISO/IEC 14496-3: tables 1.17 and 4.1, and the usual frame's samples */
#define AAC_LC         2
#define AAC_RATE_MIN   7350
#define AAC_RATE_MAX   48000
#define AAC_FRAME_SIZE 1024

double plan_copy_bit_rate(const EncoderPolicy *policy, int width, int height)
{
    return (double)policy->remux_bit_rate * width * height / FULL_HD_AREA;
}

static bool is_usual_h264(const MediaStream *stream)
{
    return streq(stream->codec, "h264") &&
           (stream->profile == H264_BASELINE || stream->profile == H264_MAIN ||
            stream->profile == H264_HIGH);
}

static bool is_rate_fine(const MediaStream *stream)
{
    MediaRatio rate = stream->frame_rate;
    return rate.num > 0 && rate.den > 0 && (double)rate.num / rate.den <= PLAN_COPY_FRAME_RATE;
}

static const char *look_obstacle(const MediaStream *stream)
{
    const MediaColour *colour = &stream->colour;
    if (!streq(stream->pixel_format, "yuv420p") || colour->full_range)
        return "the picture is not 8-bit 4:2:0 in limited range";
    if (colour->transfer == MEDIA_TRANSFER_PQ || colour->transfer == MEDIA_TRANSFER_HLG)
        return "the picture is HDR";
    if (stream->interlaced)
        return "the picture is interlaced";
    if (stream->orientation != MEDIA_UPRIGHT)
        return "the picture is turned or mirrored";
    if (stream->pixel_aspect.num != 0 && stream->pixel_aspect.num != stream->pixel_aspect.den)
        return "the pixels are not square";
    return NULL;
}

static const char *size_obstacle(const MediaStream *stream, const EncoderPolicy *policy)
{
    int width = stream->width, height = stream->height;
    if (width % 2 != 0 || height % 2 != 0)
        return "a side is odd";
    if (MIN_OF(width, height) > policy->max_short_side ||
        MAX_OF(width, height) > PLAN_LONG_SIDE_MAX)
        return "the picture is too large";
    if (!is_rate_fine(stream))
        return "the frame rate is too high or unknown";
    if ((double)stream->bit_rate > plan_copy_bit_rate(policy, width, height))
        return "the bit rate is too high";
    return NULL;
}

const char *plan_picture_obstacle(const MediaStream *stream, const EncoderPolicy *policy)
{
    if (policy->remux_bit_rate == 0)
        return "copying is switched off";
    if (!is_usual_h264(stream))
        return "the picture is not H.264 of a usual profile";
    const char *obstacle = look_obstacle(stream);
    if (!obstacle)
        obstacle = size_obstacle(stream, policy);
    if (!obstacle && !stream->copyable)
        obstacle = "the packets cannot be taken as they are";
    return obstacle;
}

const char *plan_sound_obstacle(const MediaStream *stream, const EncoderPolicy *policy)
{
    if (policy->remux_bit_rate == 0)
        return "copying is switched off";
    if (!streq(stream->codec, "aac") || stream->profile != AAC_LC)
        return "the sound is not AAC-LC";
    if (stream->channels < 1 || stream->channels > 2)
        return "the sound is neither mono nor stereo";
    if (stream->sample_rate < AAC_RATE_MIN || stream->sample_rate > AAC_RATE_MAX)
        return "the sample rate is unusual";
    if (stream->frame_size != AAC_FRAME_SIZE || !stream->copyable)
        return "the packets cannot be taken as they are";
    return NULL;
}
