#include "web/library/retention.h"

typedef enum Weight {
    WEIGHT_LIGHT, /* meant by the operator's limits, or what no viewer of the result misses */
    WEIGHT_HEAVY, /* somebody may want it one day */
    WEIGHT_DOUBT, /* nobody decided to leave it out */
} Weight;

/* HDR is light because every film of a new phone has it: to keep them all would double the archive
 * for a brilliance that most screens do not show. */
static const Weight weights[TRANSFER_LOSS_COUNT] = {
    [LOSS_PART] = WEIGHT_DOUBT,          [LOSS_DAMAGED] = WEIGHT_DOUBT,
    [LOSS_LARGER_PARTS] = WEIGHT_HEAVY,  [LOSS_SHAPE] = WEIGHT_LIGHT,
    [LOSS_SOUND] = WEIGHT_DOUBT,         [LOSS_SOUND_TRACK] = WEIGHT_HEAVY,
    [LOSS_PICTURE_TRACK] = WEIGHT_HEAVY, [LOSS_SUBTITLES] = WEIGHT_HEAVY,
    [LOSS_CHANNELS] = WEIGHT_HEAVY,      [LOSS_SECOND_EYE] = WEIGHT_HEAVY,
    [LOSS_SPHERE] = WEIGHT_HEAVY,        [LOSS_ALPHA] = WEIGHT_HEAVY,
    [LOSS_HDR] = WEIGHT_LIGHT,           [LOSS_DOLBY_VISION] = WEIGHT_LIGHT,
    [LOSS_COLOURS] = WEIGHT_LIGHT,       [LOSS_SIZE] = WEIGHT_LIGHT,
    [LOSS_FRAME_RATE] = WEIGHT_LIGHT,    [LOSS_FIELDS] = WEIGHT_LIGHT,
    [LOSS_DATA] = WEIGHT_LIGHT,
};

TransferLosses retention_reasons(Retention retention, TransferLosses losses)
{
    Weight least = retention == RETENTION_NONE ? WEIGHT_DOUBT : WEIGHT_HEAVY;
    TransferLosses reasons = 0;
    for (TransferLoss i = 0; i < TRANSFER_LOSS_COUNT; i++)
        if (losses & LOSSES(i) && weights[i] >= least)
            reasons |= LOSSES(i);
    return reasons;
}
