/*
 * Facts about a file and the operator's policy in, what to do out: copy or encode picture and
 * sound, or refuse. Pure, no input or output, no media library. Any thread.
 *
 * A picture is copied when every browser and phone plays it as it is: H.264 of the Baseline, Main
 * or High profile in 8-bit 4:2:0, progressive, upright, square pixels, even sides, limited range,
 * no HDR, at most PLAN_FRAME_RATE and the policy's size and bit rate. Rare key frames are no
 * obstacle: they make seeking coarse, but encoding anew would cost quality for it. Sound is copied
 * when it is AAC-LC, mono or stereo. The rest shows itself while copying, see
 * pipeline/copy_picture.h and copy_sound.h; what they find makes the stream's facts say that it is
 * not copyable.
 *
 * Of several sounds one is played (common/media/media_choice.h), but two of one channel each that
 * were recorded together, as by a camera's two microphones, become left and right. Beside a picture
 * further ones (a voice beside a game, other languages) come along, for players that offer a
 * choice.
 *
 * The plan is made twice with the same function: from what the container tells, to choose the
 * streams, and again when the first picture is decoded and the facts are certain.
 */
#pragma once

#include "common/base/error.h"
#include "common/media/media_facts.h"
#include "common/transfer/losses.h"

/* The policy's numbers. X(field, smallest, largest) */
#define ENCODER_POLICY(X)                                                                          \
    X(max_short_side, 2, MEDIA_SIDE_MAX) /* pixels; the largest picture is never enlarged */       \
    X(crf, 0, 51)                        /* libx264: smaller is better and larger */               \
    X(threads, 0, 256)                   /* 0: all cores */                                        \
    X(remux_bit_rate, 0, 1000000000)     /* of 1080p, else by area; 0: nothing is copied */        \
    X(max_pixels, 1, MEDIA_PIXELS_MAX)   /* of one stored picture */                               \
    X(max_streams, 1, MEDIA_STREAMS_MAX) /* in one file */                                         \
    X(max_seconds, 1, MEDIA_SECONDS_MAX) /* of decoded picture or sound */                         \
    X(max_output, 1, (int64_t)1 << 40)   /* bytes of the result */                                 \
    X(max_cpu_ratio, 1, 100000)          /* computing seconds per second of media */               \
    X(max_wall_ratio, 1, 100000)         /* seconds per second of media */                         \
    X(stall_seconds, 1, 86400)           /* without any advance: stuck */

typedef struct EncoderPolicy {
#define X(field, smallest, largest) int64_t field;
    ENCODER_POLICY(X)
#undef X
    char preset[16]; /* libx264 */
} EncoderPolicy;

typedef enum PlanOperation {
    PLAN_REMUX,        /* all that is taken is copied */
    PLAN_ENCODE,       /* all is decoded and encoded anew */
    PLAN_ENCODE_AUDIO, /* the picture is copied */
    PLAN_ENCODE_VIDEO, /* sound is copied */
} PlanOperation;

#define PLAN_LONG_SIDE_MAX 4096 /* pixels: the hardware decoders of phones end there */
#define PLAN_SIDE_SLACK    2    /* pixels that are no difference: sides are made even */
#define PLAN_FRAME_RATE    60   /* frames a second at most */
#define PLAN_KEY_SECONDS   2    /* between two key frames at most */

/*
 * The ceiling of the encoder's bit rate: PLAN_MAX_BIT_RATE for 1080p at up to 30 frames a second,
 * half as much again at 60, by area for other sizes but never below PLAN_MIN_BIT_RATE. Ordinary
 * pictures at CRF 23 need a third to two thirds of that and are not touched; noise, confetti and
 * water stay playable over a telephone's connection. The buffer of two seconds leaves room for the
 * large key frames.
 */
#define PLAN_MAX_BIT_RATE   12000000
#define PLAN_MIN_BIT_RATE   1500000
#define PLAN_BUFFER_SECONDS 2

typedef struct PlanVideo {
    int stream;        /* index in the file; -1: no picture */
    bool copy;         /* its packets are taken as they are, and what follows only describes */
    const char *why;   /* not copied, in a few words; NULL: copied */
    int width, height; /* as delivered: upright, square pixels, even */
    MediaOrientation orientation;
    bool deinterlace;
    bool tone_map; /* from PQ or HLG, told by `source`, to bt709: behind the filters */
    MediaColour source, target;
    MediaRatio frame_rate; /* expected on average; the real one may vary */
    int64_t max_bit_rate;  /* bits a second over PLAN_BUFFER_SECONDS */
} PlanVideo;

typedef struct PlanAudio {
    int stream;      /* index in the file; -1: no sound */
    int right;       /* likewise, of the right channel where `stream` is the left; -1: none */
    bool copy;       /* as above */
    const char *why; /* as above */
    int sample_rate;
    int channels; /* 1 or 2 */
    int bit_rate;
} PlanAudio;

#define PLAN_FURTHER_SOUNDS 3

typedef struct EncodePlan {
    PlanOperation operation;
    PlanVideo video;
    PlanAudio audio;
    PlanAudio further[PLAN_FURTHER_SOUNDS]; /* from the first one on; no stream: no more */
    EncoderPolicy policy;
} EncodePlan;

/* Where there is a moving picture, a video; where there is only sound, a recording. ERROR_MEDIA
 * with a sentence for the person who uploaded, where nothing playable can be made. */
_must_check_ bool plan_make(const MediaFacts *facts, const EncoderPolicy *policy, EncodePlan *out,
                            Error *error);

/* What speaks against copying a picture's packets, in a few words that go on after "because"; NULL:
 * nothing. */
const char *plan_picture_obstacle(const MediaStream *stream, const EncoderPolicy *policy);

/* What the plan leaves out of the picture that it takes, and which of the file's tracks. */
TransferLosses plan_picture_losses(const MediaStream *stream, const PlanVideo *plan);
TransferLosses plan_track_losses(const MediaFacts *facts, const EncodePlan *plan);

/* Whether the colours are those of BT.2020: told by either, primaries and matrix belong together.
 */
bool plan_is_wide(MediaColour colour);

/* Goes on with pictures of these colours, where the first ones were of others; what is untold
 * stays. Those delivered keep theirs. True where that changes the filters. */
bool plan_follow_colour(PlanVideo *plan, MediaColour colour);

/* Bits a second up to which a picture of this size is copied. */
double plan_copy_bit_rate(const EncoderPolicy *policy, int width, int height);

/* Frames a second up to which it is: clocks are not exact. */
#define PLAN_COPY_FRAME_RATE (PLAN_FRAME_RATE + 0.5)

/* Filter descriptions in the media library's language. The result always ends in 4:2:0 of the
 * plan's size, in 10 bits where it is to be tone-mapped and else in 8, or in planar floats of the
 * plan's rate and channels, whatever comes in. */
#define PLAN_FILTERS_MAX 1024 /* bytes */

/* `wider`: by what factor the pictures that come are wider, for their height, than those that were
 * planned for: 1 for these. Others are fitted in, with bars. */
bool plan_is_barred(double wider);
void plan_video_filters(const PlanVideo *plan, double wider, char text[PLAN_FILTERS_MAX]);

/* `first`: where the sound is to begin, in samples of the source's rate; what is missing before
 * becomes silence. */
void plan_audio_filters(const PlanAudio *plan, int64_t first, char text[PLAN_FILTERS_MAX]);
