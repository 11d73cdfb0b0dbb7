#include "transcoder/plan/plan.h"

#include <math.h>

#include "common/media/media_choice.h"
#include "transcoder/plan/plan_copy.h"

#define BIT_RATE_MONO         96000
#define BIT_RATE_STEREO       160000
#define BITS_PER_SAMPLE_LIMIT 3 /* per channel: low sample rates need no more */

/* ISO/IEC 14496-3 table 1.18, descending. */
static const int aac_rates[] = {48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};

static bool check_streams(const MediaFacts *facts, const EncoderPolicy *policy, Error *error)
{
    return facts->stream_count <= (size_t)policy->max_streams ||
           error_set(error, ERROR_MEDIA, "The file holds %zu tracks; up to %d are allowed.",
                     facts->stream_count, (int)policy->max_streams);
}

static bool check_size(const MediaStream *stream, const EncoderPolicy *policy, Error *error)
{
    if (stream->width > MEDIA_SIDE_MAX || stream->height > MEDIA_SIDE_MAX ||
        (int64_t)stream->width * stream->height > policy->max_pixels)
        return error_set(error, ERROR_MEDIA, "The picture is too large: %d by %d pixels.",
                         stream->width, stream->height);
    return true;
}

/* Down, so that nothing is enlarged, but never to nothing. */
static int even_side(double side)
{
    return MAX_OF(((int)floor(side + 1e-6)) & ~1, 2);
}

static void fit_picture(const MediaStream *stream, int max_short_side, PlanVideo *out)
{
    double width = stream->width * media_pixel_aspect(stream), height = stream->height;
    double factor = fmin(1, max_short_side / fmin(width, height));
    factor = fmin(factor, PLAN_LONG_SIDE_MAX / fmax(width, height));
    bool turned = media_is_transposed(stream->orientation);
    out->width = even_side((turned ? height : width) * factor);
    out->height = even_side((turned ? width : height) * factor);
}

/* Players take an untold matrix for bt709 from this height on, else for bt601. */
#define HD_HEIGHT_MIN 720

MediaColour plan_complete_colour(MediaColour colour, int height)
{
    bool hdr = colour.transfer == MEDIA_TRANSFER_PQ || colour.transfer == MEDIA_TRANSFER_HLG;
    int usual = height >= HD_HEIGHT_MIN ? MEDIA_COLOUR_BT709 : MEDIA_COLOUR_BT601;
    if (colour.matrix == MEDIA_COLOUR_UNSPECIFIED)
        colour.matrix = hdr ? MEDIA_MATRIX_BT2020_NCL : usual;
    bool told = colour.matrix == MEDIA_COLOUR_BT470BG || colour.matrix == MEDIA_COLOUR_BT601;
    if (told)
        usual = MEDIA_COLOUR_BT601;
    else if (colour.matrix == MEDIA_COLOUR_BT709)
        usual = MEDIA_COLOUR_BT709;
    if (colour.primaries == MEDIA_COLOUR_UNSPECIFIED || colour.primaries == 0)
        colour.primaries = hdr ? MEDIA_PRIMARIES_BT2020 : usual;
    if (colour.transfer == MEDIA_COLOUR_UNSPECIFIED || colour.transfer == 0)
        colour.transfer = usual;
    return colour;
}

/* A matrix that every browser knows; primaries and transfer of the source stay, as told. */
static MediaColour target_colour(MediaColour source)
{
    MediaColour target = source;
    target.full_range = false;
    if (source.matrix != MEDIA_COLOUR_BT470BG && source.matrix != MEDIA_COLOUR_BT601)
        target.matrix = MEDIA_COLOUR_BT709;
    return target;
}

static void plan_colour(const MediaStream *stream, PlanVideo *out)
{
    int shown_lines = MIN_OF(stream->width, stream->height);
    out->source = plan_complete_colour(stream->colour, shown_lines);
    out->tone_map =
        out->source.transfer == MEDIA_TRANSFER_PQ || out->source.transfer == MEDIA_TRANSFER_HLG;
    out->target = out->tone_map ? (MediaColour){MEDIA_COLOUR_BT709, MEDIA_COLOUR_BT709,
                                                MEDIA_COLOUR_BT709, false}
                                : target_colour(out->source);
}

static void plan_rate(const MediaStream *stream, PlanVideo *out)
{
    double rate = media_ratio_value(stream->frame_rate);
    out->frame_rate = stream->frame_rate;
    if (rate <= 0)
        out->frame_rate = (MediaRatio){30, 1};
    else if (rate > PLAN_FRAME_RATE)
        out->frame_rate = (MediaRatio){PLAN_FRAME_RATE, 1};
    else if (rate < 1)
        out->frame_rate = (MediaRatio){1, 1};
}

static void plan_bit_rate(PlanVideo *out)
{
    double area = (double)out->width * out->height / (1920.0 * 1080.0);
    double motion = 1 + fmax(media_ratio_value(out->frame_rate) - 30, 0) / 60;
    out->max_bit_rate = (int64_t)fmax(PLAN_MAX_BIT_RATE * area * motion, PLAN_MIN_BIT_RATE);
}

/* Where the container does not tell a stream's bit rate, the whole file's stands for it. */
static PlanVideo plan_picture(const MediaFacts *facts, const MediaStream *stream,
                              const EncoderPolicy *policy)
{
    MediaStream told = *stream;
    PlanVideo plan = {.stream = stream->index,
                      .orientation = stream->orientation,
                      .deinterlace = stream->interlaced};
    if (told.bit_rate == 0)
        told.bit_rate = facts->bit_rate;
    plan.why = plan_picture_obstacle(&told, policy);
    plan.copy = !plan.why;
    fit_picture(stream, (int)policy->max_short_side, &plan);
    plan_colour(stream, &plan);
    plan_rate(stream, &plan);
    plan_bit_rate(&plan);
    return plan;
}

static PlanAudio plan_sound(const MediaStream *stream, const EncoderPolicy *policy)
{
    int rate = aac_rates[0], channels = MIN_OF(stream->channels, 2);
    for (size_t i = 1; i < ARRAY_SIZE(aac_rates) && aac_rates[i] >= stream->sample_rate; i++)
        rate = aac_rates[i];
    int wanted = channels == 1 ? BIT_RATE_MONO : BIT_RATE_STEREO;
    PlanAudio plan = {.stream = stream->index,
                      .why = plan_sound_obstacle(stream, policy),
                      .sample_rate = rate,
                      .channels = channels,
                      .bit_rate = MIN_OF(wanted, rate * channels * BITS_PER_SAMPLE_LIMIT)};
    plan.copy = !plan.why;
    return plan;
}

static PlanOperation operation_of(const PlanVideo *video, const PlanAudio *audio)
{
    bool picture_made = video->stream >= 0 && !video->copy;
    bool sound_made = audio->stream >= 0 && !audio->copy;
    bool anything_copied = video->copy || audio->copy;
    if (!anything_copied)
        return PLAN_ENCODE;
    if (picture_made)
        return PLAN_ENCODE_VIDEO;
    return sound_made ? PLAN_ENCODE_AUDIO : PLAN_REMUX;
}

bool plan_make(const MediaFacts *facts, const EncoderPolicy *policy, EncodePlan *out, Error *error)
{
    MediaChoice choice;
    if (!check_streams(facts, policy, error) || !media_choose(facts, &choice, error))
        return false;
    if (choice.picture && !check_size(choice.picture, policy, error))
        return false;
    EncodePlan plan = {.video = {.stream = -1}, .audio = {.stream = -1}, .policy = *policy};
    if (choice.picture)
        plan.video = plan_picture(facts, choice.picture, policy);
    if (choice.sound)
        plan.audio = plan_sound(choice.sound, policy);
    plan.operation = operation_of(&plan.video, &plan.audio);
    *out = plan;
    return true;
}
