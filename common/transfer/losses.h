/*
 * What of an original is not in what was made of it: the transcoder says it, web judges by it
 * whether the original may go (web/library/retention.h), the page tells it. Pure; any
 * thread.
 */
#pragma once

#include "common/base/json.h"

/* X(ID, word in messages, in the database and in answers) */
#define TRANSFER_LOSSES(X)                                                                         \
    X(LOSS_PART, "part")                   /* seconds of it, or the file ends before its end */    \
    X(LOSS_DAMAGED, "damaged")             /* pictures or sound that could not be decoded */       \
    X(LOSS_LARGER_PARTS, "larger_parts")   /* pictures that could have been larger in the limit */ \
    X(LOSS_SHAPE, "shape")                 /* some had another shape: they stand between bars */   \
    X(LOSS_SOUND, "sound")                 /* all sound: it could not be made into anything */     \
    X(LOSS_SOUND_TRACK, "sound_track")     /* a sound beyond those that come along */              \
    X(LOSS_PICTURE_TRACK, "picture_track") /* another picture beside the one taken */              \
    X(LOSS_SUBTITLES, "subtitles")                                                                 \
    X(LOSS_CHANNELS, "channels")         /* more than two, mixed */                                \
    X(LOSS_SECOND_EYE, "second_eye")     /* of pictures for two eyes */                            \
    X(LOSS_SPHERE, "sphere")             /* that the picture goes all around who looks */          \
    X(LOSS_ALPHA, "alpha")               /* transparency */                                        \
    X(LOSS_HDR, "hdr")                   /* more light than bt709 can show, mapped */              \
    X(LOSS_DOLBY_VISION, "dolby_vision") /* what else that needs: metadata, another layer */       \
    X(LOSS_COLOURS, "colours")           /* finer ones: more bits, less subsampling, BT.2020 */    \
    X(LOSS_SIZE, "size")                 /* made smaller, to the limit */                          \
    X(LOSS_FRAME_RATE, "frame_rate")     /* pictures beyond the limit of the rate */               \
    X(LOSS_FIELDS, "fields")             /* interlaced: every second moment */                     \
    X(LOSS_DATA, "data")                 /* what cameras note beside the pictures: place, motion */

typedef enum TransferLoss {
#define X(id, word) id,
    TRANSFER_LOSSES(X)
#undef X
        TRANSFER_LOSS_COUNT
} TransferLoss;

/* A set: bit 1 << loss. */
typedef uint32_t TransferLosses;
#define LOSSES(loss) ((TransferLosses)1 << (loss))

#define TRANSFER_LOSSES_TEXT_MAX 255 /* bytes: all words, with commas between */

extern const char *const transfer_loss_words[TRANSFER_LOSS_COUNT];

/* An array of words. */
json_t *transfer_losses_encode(TransferLosses losses);

/* Of such an array. A word that is not known here is doubt, and counts as a part that is missing,
 * as does a value that is missing (NULL) or of another type. */
TransferLosses transfer_losses_decode(const json_t *value);

/* As it stands in the database: the words with commas between; "" for none. */
void transfer_losses_format(TransferLosses losses, char out[TRANSFER_LOSSES_TEXT_MAX + 1]);
TransferLosses transfer_losses_parse(const char *text);
