/*
 * The whole way of one file in the encoder child: usually one pass over the original (pass.h), and
 * another one where that showed that packets cannot be copied or a sound not be made. One call
 * per process; the calling thread does the work, with the codecs' own threads beside it. This
 * folder is the only one of the transcoder that sees the media library.
 */
#pragma once

#include "transcoder/encoder/encoder_message.h"

typedef struct PipelineSpec {
    int original_fd; /* borrowed, as is what follows; see encoder_message.h */
    int fds[TRANSFER_FILE_COUNT];
    EncoderPolicy policy;
    /* Called when the percentage grows, and every few seconds as long as decoding advances. */
    void (*progress)(void *context, EncoderProgress progress);
    void *context;
} PipelineSpec;

/* ERROR_MEDIA with a sentence for the person who uploaded; ERROR_NO_SPACE and ERROR_IO where the
 * storage is at fault. */
_must_check_ bool pipeline_run(const PipelineSpec *spec, EncoderOutcome *out, Error *error);

/* Which of FFmpeg's libraries are linked, a line each, for --version. */
void pipeline_print_libraries(FILE *out);
