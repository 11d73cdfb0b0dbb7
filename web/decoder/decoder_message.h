/*
 * What passes between web and its decoder child: the tasks it may be given, the numbers of its
 * descriptors, and the one line of JSON it answers. Both sides use this text; the parent believes
 * nothing that decoder_message_read has not checked. Pure but for decoder_message_write; any
 * thread.
 */
#pragma once

#include "common/base/error.h"
#include "web/records/media.h"

#define DECODER_TASK_PROBE  "decoder-probe"
#define DECODER_TASK_VERIFY "decoder-verify"
#define DECODER_TASK_PHOTO  "decoder-photo" /* with the content type */

enum DecoderFd {
    DECODER_FD_FILE = 3, /* read */
    DECODER_FD_STATUS,   /* write: the answer */
};

#define DECODER_CODEC_MAX 32

/* All that may be said against a photo. */
#define DECODER_PHOTO_CUT                                                                          \
    "This photo is cut off: its end is missing. Send it again, from where it is whole."
#define DECODER_PHOTO_DAMAGED                                                                      \
    "This photo is damaged and cannot be shown. Send another copy of it, if there is one."

typedef struct DecoderFacts {
    MediaKind kind;    /* a video or sound; of a photo nothing else is told */
    int width, height; /* pixels as shown: upright and square; 0 for sound alone */
    double duration;   /* seconds; 0: unknown. The container's word when probed, measured from the
                          packets when verified */
    double frame_rate; /* a second, on average; 0: unknown */
    bool has_audio;
    char video_codec[DECODER_CODEC_MAX]; /* for the log; "" for none */
    char audio_codec[DECODER_CODEC_MAX];
} DecoderFacts;

typedef struct DecoderMessage {
    bool good;
    union {
        DecoderFacts facts; /* good */
        Error error;        /* ERROR_MEDIA, or ERROR_IO for anything that is not the file's fault */
    };
} DecoderMessage;

/* Writes the line; a parent that is gone is no concern of the child's. */
void decoder_message_write(int fd, const DecoderMessage *message);

/* Reads the line without its end, which answers for a photo or for anything else; false for what a
 * sane child would not write. */
_must_check_ bool decoder_message_read(const char *line, size_t length, bool photo,
                                       DecoderMessage *out);
