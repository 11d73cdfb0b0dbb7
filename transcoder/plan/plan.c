#include "transcoder/plan/plan.h"

#include <math.h>

#include "common/media/media_choice.h"

#define BIT_RATE_MONO         96000
#define BIT_RATE_STEREO       160000
#define BITS_PER_SAMPLE_LIMIT 3 /* per channel: low sample rates need no more */

/* Seconds that two microphones of one recording may differ. */
#define PAIR_APART_SECONDS_MAX 1.0

#define FULL_HD_AREA (1920.0 * 1080.0)

/* Pixels whose sides differ by no more are copied as they are: nobody sees that, and encoders write
 * such shapes where they rounded a size. */
#define SQUARE_ENOUGH 0.01

/* profile_idc, ITU-T H.264 §A.2 */
#define H264_BASELINE 66
#define H264_MAIN     77
#define H264_HIGH     100

/* ISO/IEC 14496-3: tables 1.17 and 4.1, and the usual frame's samples */
#define AAC_LC         2
#define AAC_RATE_MIN   7350
#define AAC_RATE_MAX   48000
#define AAC_FRAME_SIZE 1024

/* ISO/IEC 14496-3 table 1.18, descending. */
static const int aac_rates[] = {48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};

double plan_copy_bit_rate(const EncoderPolicy *policy, int width, int height)
{
    return (double)policy->remux_bit_rate * width * height / FULL_HD_AREA;
}

bool plan_is_wide(MediaColour colour)
{
    return colour.primaries == MEDIA_PRIMARIES_BT2020 || colour.matrix == MEDIA_MATRIX_BT2020_NCL ||
           colour.matrix == MEDIA_MATRIX_BT2020_CL;
}

static bool plan_is_hdr(MediaColour colour)
{
    return colour.transfer == MEDIA_TRANSFER_PQ || colour.transfer == MEDIA_TRANSFER_HLG;
}

const char *plan_picture_obstacle(const MediaStream *stream, const EncoderPolicy *policy)
{
    const MediaColour *colour = &stream->colour;
    int width = stream->width, height = stream->height;
    MediaRatio rate = stream->frame_rate;
    if (policy->remux_bit_rate == 0)
        return "copying is switched off";
    if (!streq(stream->codec, "h264") ||
        (stream->profile != H264_BASELINE && stream->profile != H264_MAIN &&
         stream->profile != H264_HIGH))
        return "the picture is not H.264 of a usual profile";
    if (!streq(stream->pixel_format, "yuv420p") || colour->full_range)
        return "the picture is not 8-bit 4:2:0 in limited range";
    if (plan_is_hdr(*colour))
        return "the picture is HDR";
    if (stream->interlaced)
        return "the picture is interlaced";
    if (stream->orientation != MEDIA_UPRIGHT)
        return "the picture is turned or mirrored";
    if (plan_is_wide(*colour))
        return "the colours are those of BT.2020";
    if (fabs(media_pixel_aspect(stream) - 1) > SQUARE_ENOUGH)
        return "the pixels are not square";
    if (width % 2 != 0 || height % 2 != 0)
        return "a side is odd";
    if (MIN_OF(width, height) > policy->max_short_side ||
        MAX_OF(width, height) > PLAN_LONG_SIDE_MAX)
        return "the picture is too large";
    if (rate.num <= 0 || rate.den <= 0 || (double)rate.num / rate.den > PLAN_COPY_FRAME_RATE)
        return "the frame rate is too high or unknown";
    if ((double)stream->bit_rate > plan_copy_bit_rate(policy, width, height))
        return "the bit rate is too high";
    return stream->copyable ? NULL : "the packets cannot be taken as they are";
}

/* NULL, or why the packets of the sound cannot be copied. */
static const char *plan_sound_obstacle(const MediaStream *stream, const EncoderPolicy *policy)
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

/* Down, so that nothing is enlarged, but never to nothing. */
static int plan_even_side(double side)
{
    return MAX_OF(((int)floor(side + 1e-6)) & ~1, 2);
}

/* Players take an untold matrix for bt709 from this height on, else for bt601. */
#define HD_HEIGHT_MIN 720

/* Fills what a source leaves unsaid with what belongs to the rest of it, and if all is unsaid with
 * what players assume for its size. */
static MediaColour plan_complete_colour(MediaColour colour, int height)
{
    bool wide = plan_is_wide(colour) || plan_is_hdr(colour);
    int usual = height >= HD_HEIGHT_MIN ? MEDIA_COLOUR_BT709 : MEDIA_COLOUR_BT601;
    if (colour.matrix == MEDIA_COLOUR_UNSPECIFIED)
        colour.matrix = wide ? MEDIA_MATRIX_BT2020_NCL : usual;
    bool told = colour.matrix == MEDIA_COLOUR_BT470BG || colour.matrix == MEDIA_COLOUR_BT601;
    if (told)
        usual = MEDIA_COLOUR_BT601;
    else if (colour.matrix == MEDIA_COLOUR_BT709 || wide)
        usual = MEDIA_COLOUR_BT709;
    if (colour.primaries == MEDIA_COLOUR_UNSPECIFIED || colour.primaries == 0)
        colour.primaries = wide ? MEDIA_PRIMARIES_BT2020 : usual;
    if (colour.transfer == MEDIA_COLOUR_UNSPECIFIED || colour.transfer == 0)
        colour.transfer = usual;
    return colour;
}

bool plan_follow_colour(PlanVideo *plan, MediaColour colour)
{
    const MediaColour before = plan->source;
    if (colour.primaries == MEDIA_COLOUR_UNSPECIFIED || colour.primaries == 0)
        colour.primaries = before.primaries;
    if (colour.transfer == MEDIA_COLOUR_UNSPECIFIED || colour.transfer == 0)
        colour.transfer = before.transfer;
    if (colour.matrix == MEDIA_COLOUR_UNSPECIFIED)
        colour.matrix = before.matrix;
    plan->source = colour;
    plan->tone_map = plan_is_hdr(colour);
    return colour.primaries != before.primaries || colour.transfer != before.transfer ||
           colour.matrix != before.matrix || colour.full_range != before.full_range;
}

/* As many as players can use; where the rate is unknown, the usual one. */
static MediaRatio plan_frame_rate(MediaRatio told)
{
    double rate = media_ratio_value(told);
    if (rate <= 0)
        return (MediaRatio){30, 1};
    if (rate > PLAN_FRAME_RATE)
        return (MediaRatio){PLAN_FRAME_RATE, 1};
    return rate < 1 ? (MediaRatio){1, 1} : told;
}

static PlanVideo plan_picture(const MediaFacts *facts, const MediaStream *stream,
                              const EncoderPolicy *policy)
{
    MediaStream told = *stream;
    PlanVideo plan = {.stream = stream->index,
                      .orientation = stream->orientation,
                      .deinterlace = stream->interlaced};
    /* Where the container does not tell a stream's bit rate, the whole file's stands for it. */
    if (told.bit_rate == 0)
        told.bit_rate = facts->bit_rate;
    plan.why = plan_picture_obstacle(&told, policy);
    plan.copy = !plan.why;

    double width = stream->width * media_pixel_aspect(stream), height = stream->height;
    double largest = fmax(1, stream->growth);
    double factor = fmin(largest, (double)policy->max_short_side / fmin(width, height));
    factor = fmin(factor, PLAN_LONG_SIDE_MAX / fmax(width, height));
    bool turned = media_is_transposed(stream->orientation);
    plan.width = plan_even_side((turned ? height : width) * factor);
    plan.height = plan_even_side((turned ? width : height) * factor);

    /* A matrix that every browser knows; primaries and transfer of the source stay, as told, but
     * for the wide ones of BT.2020. */
    plan.source = plan_complete_colour(stream->colour, MIN_OF(stream->width, stream->height));
    plan.tone_map = plan_is_hdr(plan.source);
    plan.target = plan.source;
    plan.target.full_range = false;
    if (plan.source.matrix != MEDIA_COLOUR_BT470BG && plan.source.matrix != MEDIA_COLOUR_BT601)
        plan.target.matrix = MEDIA_COLOUR_BT709;
    if (plan.tone_map || plan_is_wide(plan.source))
        plan.target =
            (MediaColour){MEDIA_COLOUR_BT709, MEDIA_COLOUR_BT709, MEDIA_COLOUR_BT709, false};

    plan.frame_rate = plan_frame_rate(stream->frame_rate);
    double area = (double)plan.width * plan.height / FULL_HD_AREA;
    double motion = 1 + fmax(media_ratio_value(plan.frame_rate) - 30, 0) / 60;
    plan.max_bit_rate = (int64_t)fmax(PLAN_MAX_BIT_RATE * area * motion, PLAN_MIN_BIT_RATE);
    return plan;
}

/* Both are to be played at once, and nothing tells them apart: no choice between two, but one. */
static bool plan_belong_together(const MediaStream *a, const MediaStream *b)
{
    double apart = fabs(a->duration - b->duration);
    bool lengths_told = a->duration > 0 && b->duration > 0;
    return a->channels == 1 && b->channels == 1 && streq(a->codec, b->codec) &&
           a->sample_rate == b->sample_rate && a->is_default == b->is_default &&
           streq(a->language, b->language) && a->program == b->program &&
           (!lengths_told || apart <= PAIR_APART_SECONDS_MAX);
}

/* Puts the halves of one recording in the order of the file. */
static void plan_pair(const MediaFacts *facts, PlanAudio *plan)
{
    const MediaStream *sounds[2] = {0};
    size_t count = 0;
    for (size_t i = 0; i < facts->stream_count; i++)
        if (media_is_audible(&facts->streams[i]) && count++ < ARRAY_SIZE(sounds))
            sounds[count - 1] = &facts->streams[i];
    if (count != 2 || !plan_belong_together(sounds[0], sounds[1]))
        return;
    plan->stream = sounds[0]->index;
    plan->right = sounds[1]->index;
    plan->why = "the sound is in two tracks";
    plan->copy = false;
    plan->channels = 2;
    plan->bit_rate = MIN_OF(BIT_RATE_STEREO, plan->sample_rate * 2 * BITS_PER_SAMPLE_LIMIT);
}

static PlanAudio plan_sound(const MediaStream *stream, const EncoderPolicy *policy)
{
    int rate = aac_rates[0], channels = MIN_OF(stream->channels, 2);
    for (size_t i = 1; i < ARRAY_SIZE(aac_rates) && aac_rates[i] >= stream->sample_rate; i++)
        rate = aac_rates[i];
    int wanted = channels == 1 ? BIT_RATE_MONO : BIT_RATE_STEREO;
    PlanAudio plan = {.stream = stream->index,
                      .right = -1,
                      .why = plan_sound_obstacle(stream, policy),
                      .sample_rate = rate,
                      .channels = channels,
                      .bit_rate = MIN_OF(wanted, rate * channels * BITS_PER_SAMPLE_LIMIT)};
    plan.copy = !plan.why;
    return plan;
}

/* The sounds that belong to the picture and are not the one that is played. */
static void plan_further_sounds(const MediaFacts *facts, EncodePlan *plan)
{
    int program = facts->streams[plan->video.stream].program;
    size_t count = 0;
    for (size_t i = 0; i < facts->stream_count && count < PLAN_FURTHER_SOUNDS; i++) {
        const MediaStream *stream = &facts->streams[i];
        bool taken = stream->index == plan->audio.stream || stream->index == plan->audio.right;
        if (media_is_audible(stream) && !taken && stream->program == program)
            plan->further[count++] = plan_sound(stream, &plan->policy);
    }
}

static PlanOperation plan_operation(const EncodePlan *plan)
{
    const PlanVideo *video = &plan->video;
    const PlanAudio *audio = &plan->audio;
    bool picture_made = video->stream >= 0 && !video->copy;
    bool sound_made = audio->stream >= 0 && !audio->copy;
    bool anything_copied = video->copy || audio->copy;
    for (size_t i = 0; i < PLAN_FURTHER_SOUNDS; i++) {
        bool copied = plan->further[i].copy;
        sound_made = sound_made || (plan->further[i].stream >= 0 && !copied);
        anything_copied = anything_copied || copied;
    }
    if (!anything_copied)
        return PLAN_ENCODE;
    if (picture_made)
        return PLAN_ENCODE_VIDEO;
    return sound_made ? PLAN_ENCODE_AUDIO : PLAN_REMUX;
}

bool plan_make(const MediaFacts *facts, const EncoderPolicy *policy, EncodePlan *out, Error *error)
{
    MediaChoice choice;
    if (facts->stream_count > (size_t)policy->max_streams)
        return error_set(error, ERROR_MEDIA, "The file holds %zu tracks; up to %d are allowed.",
                         facts->stream_count, (int)policy->max_streams);
    if (!media_choose(facts, &choice, error))
        return false;
    const MediaStream *picture = choice.picture;
    if (picture && (picture->width > MEDIA_SIDE_MAX || picture->height > MEDIA_SIDE_MAX ||
                    (int64_t)picture->width * picture->height > policy->max_pixels))
        return error_set(error, ERROR_MEDIA, "The picture is too large: %d by %d pixels.",
                         picture->width, picture->height);
    EncodePlan plan = {
        .video = {.stream = -1}, .audio = {.stream = -1, .right = -1}, .policy = *policy};
    if (picture)
        plan.video = plan_picture(facts, picture, policy);
    for (size_t i = 0; i < PLAN_FURTHER_SOUNDS; i++)
        plan.further[i] = plan.audio;
    if (choice.sound) {
        plan.audio = plan_sound(choice.sound, policy);
        plan_pair(facts, &plan.audio);
    }
    if (picture && choice.sound)
        plan_further_sounds(facts, &plan);
    plan.operation = plan_operation(&plan);
    *out = plan;
    return true;
}
