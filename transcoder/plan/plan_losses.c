#include <math.h>

#include "common/media/media_choice.h"
#include "transcoder/plan/plan.h"

static bool plan_is_smaller(const MediaStream *stream, const PlanVideo *plan)
{
    double width = stream->width * media_pixel_aspect(stream), height = stream->height;
    double shorter = fmin(width, height) * fmax(stream->growth, 1);
    return shorter > MIN_OF(plan->width, plan->height) + PLAN_SIDE_SLACK;
}

TransferLosses plan_picture_losses(const MediaStream *stream, const PlanVideo *plan)
{
    bool subtle = stream->is_subtle || plan_is_wide(stream->colour);
    const struct {
        bool lost;
        TransferLoss loss;
    } found[] = {
        {stream->is_stereoscopic, LOSS_SECOND_EYE},
        {stream->has_words, LOSS_SUBTITLES},
        {stream->is_spherical, LOSS_SPHERE},
        {stream->is_dolby_vision, LOSS_DOLBY_VISION},
        {!plan->copy && stream->has_alpha, LOSS_ALPHA},
        {!plan->copy && plan->tone_map, LOSS_HDR},
        {!plan->copy && subtle && !plan->tone_map, LOSS_COLOURS},
        {!plan->copy && plan_is_smaller(stream, plan), LOSS_SIZE},
        {!plan->copy && plan->deinterlace, LOSS_FIELDS},
    };
    TransferLosses losses = 0;
    for (size_t i = 0; i < ARRAY_SIZE(found); i++)
        if (found[i].lost)
            losses |= LOSSES(found[i].loss);
    return losses;
}

static TransferLosses plan_mix_losses(const MediaStream *stream, const PlanAudio *plan)
{
    return plan->right < 0 && stream->channels > plan->channels ? LOSSES(LOSS_CHANNELS) : 0;
}

/* A kind that nobody here can decode is no loss beside sound that can be: a phone's spatial sound
 * comes with plain stereo. What is damaged, or comes so late that it was never tried, is one. */
static TransferLosses plan_sound_losses(const MediaStream *stream, const EncodePlan *plan)
{
    const PlanAudio *played = &plan->audio;
    bool strange = !stream->decodable && !stream->is_late;
    if (stream->index == played->stream)
        return plan_mix_losses(stream, played);
    for (size_t i = 0; i < PLAN_FURTHER_SOUNDS; i++)
        if (stream->index == plan->further[i].stream)
            return plan_mix_losses(stream, &plan->further[i]);
    if (stream->index == played->right || (strange && played->stream >= 0))
        return 0;
    return LOSSES(played->stream >= 0 ? LOSS_SOUND_TRACK : LOSS_SOUND);
}

TransferLosses plan_track_losses(const MediaFacts *facts, const EncodePlan *plan)
{
    TransferLosses losses = 0;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const MediaStream *stream = &facts->streams[i];
        bool film = stream->kind == STREAM_VIDEO && !stream->is_still;
        if (film && stream->index != plan->video.stream)
            losses |= LOSSES(LOSS_PICTURE_TRACK);
        if (stream->kind == STREAM_AUDIO)
            losses |= plan_sound_losses(stream, plan);
        if (stream->kind == STREAM_SUBTITLES)
            losses |= LOSSES(LOSS_SUBTITLES);
        if (stream->kind == STREAM_DATA)
            losses |= LOSSES(LOSS_DATA);
    }
    return losses;
}
