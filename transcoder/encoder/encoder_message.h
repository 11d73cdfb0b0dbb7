/*
 * What passes between the program and its encoder child: the arguments it is started with, the
 * numbers of its descriptors, and the lines it writes back, one JSON object each. Both sides use
 * this text; the parent believes nothing that encoder_message_read has not checked. Pure but for
 * encoder_message_write; any thread.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "transcoder/plan/plan.h"

#define ENCODER_CHILD_COMMAND "encoder-child"

enum EncoderFd {
    ENCODER_FD_ORIGINAL = 3, /* read */
    ENCODER_FD_RESULT,       /* read and write: the first of TRANSFER_FILE_COUNT */
    ENCODER_FD_STATUS = ENCODER_FD_RESULT + TRANSFER_FILE_COUNT, /* write: this header's lines */
};

typedef struct EncoderOutcome {
    double duration;        /* seconds of the video or sound made */
    double source_duration; /* seconds found */
    int width, height;      /* 0 for sound alone */
    bool has_audio;
    TransferLosses losses;           /* what the file tells of and is not there */
    bool files[TRANSFER_FILE_COUNT]; /* which were made */
    PlanOperation operation;
    char thumbhash[TRANSFER_THUMBHASH_MAX + 1]; /* as in TransferResult, and the next two */
    char captured_at[TRANSFER_CAPTURED_AT_MAX + 1];
    char title[TRANSFER_TITLE_MAX + 1];
} EncoderOutcome;

typedef struct EncoderProgress {
    int percent;
    double seconds; /* decoded so far */
} EncoderProgress;

typedef enum EncoderMessageKind {
    ENCODER_MESSAGE_PROGRESS,
    ENCODER_MESSAGE_RESULT,
    ENCODER_MESSAGE_ERROR,
} EncoderMessageKind;

typedef struct EncoderMessage {
    EncoderMessageKind kind;
    union {
        EncoderProgress progress;
        EncoderOutcome outcome;
        Error error;
    };
} EncoderMessage;

/* The policy as arguments, one word each. */
#define X(field, smallest, largest) +1
enum { ENCODER_ARGUMENTS = 1 ENCODER_POLICY(X) };
#undef X
#define ENCODER_ARGUMENT_SIZE 24
typedef char EncoderArguments[ENCODER_ARGUMENTS][ENCODER_ARGUMENT_SIZE];
void encoder_message_arguments(const EncoderPolicy *policy, EncoderArguments out);
_must_check_ bool encoder_message_policy(int count, char **arguments, EncoderPolicy *out);

/* Writes one line; a parent that is gone is no concern of the child's. */
void encoder_message_write(int fd, const EncoderMessage *message);

/* Reads one line without its end; false for anything that a sane child would not write. */
_must_check_ bool encoder_message_read(const char *line, size_t length, EncoderMessage *out);

const char *encoder_operation_word(PlanOperation operation);
