#include "transcoder/encoder_child.h"

#include <signal.h>
#include <sys/resource.h>

#include "transcoder/encoder_message.h"
#include "transcoder/pipeline/pipeline.h"

#define NICENESS 10 /* transfers and other programs go first */

static void ignore_signal(int number)
{
    sigaction(number, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

/* The parent decides when to end; a Ctrl-C on the terminal reaches both. A parent that is gone is
 * met as EPIPE. */
static void settle_process(void)
{
    ignore_signal(SIGINT);
    ignore_signal(SIGTERM);
    ignore_signal(SIGPIPE);
    setpriority(PRIO_PROCESS, 0, NICENESS);
}

static void write_progress(void *context, EncoderProgress progress)
{
    (void)context;
    encoder_message_write(ENCODER_FD_STATUS, &(EncoderMessage){.kind = ENCODER_MESSAGE_PROGRESS,
                                                               .progress = progress});
}

int encoder_child_main(int argc, char **argv)
{
    EncoderMessage last = {.kind = ENCODER_MESSAGE_RESULT};
    Error error = {0};
    PipelineSpec spec = {.original_fd = ENCODER_FD_ORIGINAL,
                         .video_fd = ENCODER_FD_VIDEO,
                         .poster_fd = ENCODER_FD_POSTER,
                         .progress = write_progress};
    settle_process();
    bool done;
    if (argc < 2 || !encoder_message_policy(argc - 2, argv + 2, &spec.policy))
        done = error_set(&error, ERROR_INTERNAL, "The encoder was started wrongly.");
    else
        done = pipeline_run(&spec, &last.outcome, &error);
    if (!done)
        last = (EncoderMessage){.kind = ENCODER_MESSAGE_ERROR, .error = error};
    encoder_message_write(ENCODER_FD_STATUS, &last);
    return done ? 0 : 1;
}
