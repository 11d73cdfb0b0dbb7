#include "transcoder/encoder/child/encoder_child.h"

#include "transcoder/encoder/encoder_message.h"
#include "transcoder/pipeline/pipeline.h"

static void encoder_child_progress(void *context, EncoderProgress progress)
{
    (void)context;
    encoder_message_write(ENCODER_FD_STATUS, &(EncoderMessage){.kind = ENCODER_MESSAGE_PROGRESS,
                                                               .progress = progress});
}

int encoder_child_main(int argc, char **argv)
{
    EncoderMessage last = {.kind = ENCODER_MESSAGE_RESULT};
    Error error = {0};
    PipelineSpec spec = {.original_fd = ENCODER_FD_ORIGINAL, .progress = encoder_child_progress};
    bool done;
    for (int i = 0; i < TRANSFER_FILE_COUNT; i++)
        spec.fds[i] = ENCODER_FD_RESULT + i;
    if (!encoder_message_policy(argc - 1, argv + 1, &spec.policy))
        done = error_set(&error, ERROR_INTERNAL, "The encoder was started wrongly.");
    else
        done = pipeline_run(&spec, &last.outcome, &error);
    if (!done)
        last = (EncoderMessage){.kind = ENCODER_MESSAGE_ERROR, .error = error};
    encoder_message_write(ENCODER_FD_STATUS, &last);
    return done ? 0 : 1;
}
