/*
 * What is known about a media file, in plain words of the standards and without a type of the media
 * library, so that whoever decides from it stays pure and testable. Filled by media_probe.h; a
 * value that owns nothing.
 */
#pragma once

#include "common/base/base.h"
#include "common/media/media_limits.h"
#include "common/media/media_tags.h"

typedef enum MediaStreamKind {
    STREAM_OTHER, /* attachments, and what nothing is known of */
    STREAM_VIDEO,
    STREAM_AUDIO,
    STREAM_SUBTITLES,
    STREAM_DATA, /* what cameras note beside the pictures */
} MediaStreamKind;

/* What must be done to the stored picture to show it upright; the numbers of EXIF 2.32 tag 0x0112.
 */
typedef enum MediaOrientation {
    MEDIA_UPRIGHT = 1,
    MEDIA_MIRROR = 2, /* left and right change places */
    MEDIA_ROTATE_180 = 3,
    MEDIA_FLIP = 4,       /* top and bottom change places */
    MEDIA_TRANSPOSE = 5,  /* rows become columns */
    MEDIA_ROTATE_90 = 6,  /* clockwise */
    MEDIA_TRANSVERSE = 7, /* transposed and turned by 180 degrees */
    MEDIA_ROTATE_270 = 8, /* clockwise */
} MediaOrientation;

/* Code points of ITU-T H.273 that matter here. */
#define MEDIA_COLOUR_UNSPECIFIED 2
#define MEDIA_COLOUR_BT709       1 /* primaries, transfer and matrix */
#define MEDIA_COLOUR_BT470BG     5 /* primaries and matrix: 625 lines */
#define MEDIA_COLOUR_BT601       6 /* primaries, transfer and matrix: 525 lines */
#define MEDIA_PRIMARIES_BT2020   9
#define MEDIA_PRIMARIES_P3       12 /* SMPTE EG 432-1: phones' and screens' */
#define MEDIA_TRANSFER_PQ        16 /* SMPTE ST 2084 */
#define MEDIA_TRANSFER_HLG       18 /* ARIB STD-B67 */
#define MEDIA_MATRIX_BT2020_NCL  9
#define MEDIA_MATRIX_BT2020_CL   10

typedef struct MediaColour {
    int primaries, transfer, matrix; /* H.273 code points */
    bool full_range;
} MediaColour;

typedef struct MediaRatio {
    int num, den; /* 0/1: unknown */
} MediaRatio;

typedef struct MediaStream {
    int index;   /* in the file */
    int program; /* of a broadcast, as its number; 0: of none, or of several */
    MediaStreamKind kind;
    char codec[32]; /* the library's short name, or what people call it; "unknown": has none */
    bool decodable; /* by a decoder that may be used on strangers' bytes */
    bool silent;    /* it was tried, and nothing came out: damaged or incomplete */
    bool is_late;   /* it came when the file was being read, and nothing of it was tried */
    bool is_default;
    char language[8]; /* ISO 639-2/T as the container tells it; "": untold */
    bool is_still;    /* cover art, thumbnail track */
    int64_t bit_rate; /* bits a second; 0: unknown */
    double duration;  /* seconds; 0: unknown. Told by the container: never a promise */
    /* H.264: profile_idc (ITU-T H.264 Annex A); AAC: audio object type (ISO/IEC 14496-3
     * table 1.17); 0: unknown */
    int profile;
    /* Its packets may go into an MP4 as they are: what a decoder must know stands in the head
     * (ISO/IEC 14496-15 §5.3.3, 14496-3 §1.6), and nothing has been found that speaks against it.
     */
    bool copyable;

    /* video */
    int width, height; /* pixels as stored */
    MediaRatio pixel_aspect;
    MediaOrientation orientation;
    char pixel_format[24];
    int bit_depth; /* of one component; 0: unknown */
    MediaColour colour;
    bool interlaced;
    MediaRatio frame_rate; /* average */
    bool has_alpha;
    bool is_subtle; /* more than eight bits, or more colour than 4:2:0 */
    bool is_dolby_vision;
    bool is_stereoscopic; /* pictures for two eyes */
    bool has_words;       /* inside the pictures: closed captions (ANSI/CTA-708) */
    bool is_spherical;    /* all around who looks, or half of that */
    double growth; /* later pictures turned out larger than the first by this factor; 0: none did */

    /* audio */
    int channels;
    int sample_rate;
    int frame_size; /* samples of one packet; 0: it varies, or is unknown */
} MediaStream;

typedef struct MediaFacts {
    char container[48]; /* the library's names for it, separated by commas */
    int64_t size;       /* bytes of the file */
    int64_t bit_rate;   /* bits a second over all; 0: unknown */
    double duration;    /* seconds; 0: unknown. Told by the container: never a promise */
    MediaTags tags;
    size_t stream_count;
    MediaStream streams[MEDIA_STREAMS_MAX];
} MediaFacts;
