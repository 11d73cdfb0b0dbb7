#include "transcoder/pipeline/pipeline.h"

#include <errno.h>

#include "common/media/media_error.h"
#include "transcoder/pipeline/pass.h"

typedef struct Pipeline {
    const PipelineSpec *spec;
    Progress progress;
    PassKnowledge knowledge;
    Pass pass; /* owned */
} Pipeline;

static void pipeline_release(Pipeline *pipeline)
{
    pass_release(&pipeline->pass);
}

static bool start_over(Pipeline *pipeline, Error *error)
{
    progress_start_over(&pipeline->progress, pass_seconds(&pipeline->pass));
    pass_release(&pipeline->pass);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (ftruncate(pipeline->spec->fds[i], 0) < 0)
            return error_set_errno(error, errno, "The scratch files could not be emptied");
    return true;
}

/* Every pass but the last learns something new about a stream, so there is an end. */
static bool run(Pipeline *pipeline, Error *error)
{
    const PipelineSpec *spec = pipeline->spec;
    PassSpec pass = {.original_fd = spec->original_fd,
                     .video_fd = spec->fds[TRANSFER_VIDEO],
                     .audio_fd = spec->fds[TRANSFER_AUDIO],
                     .policy = &spec->policy,
                     .progress = &pipeline->progress};
    while (!pass_run(&pass, &pipeline->knowledge, &pipeline->pass, error))
        if (!pipeline->knowledge.is_new || !start_over(pipeline, error))
            return false;
    return true;
}

static void make_outcome(Pipeline *pipeline, EncoderOutcome *out)
{
    Pass *pass = &pipeline->pass;
    TrackState picture = pass_state(pass, MUX_VIDEO);
    bool is_video = pass->plan.video.stream >= 0;
    *out = (EncoderOutcome){
        .duration = mux_duration(pass->mux),
        .source_duration = pass_seconds(pass),
        .width = picture.width,
        .height = picture.height,
        .has_audio = pass_state(pass, MUX_AUDIO).frames > 0,
        .files = {[TRANSFER_VIDEO] = is_video, [TRANSFER_AUDIO] = !is_video},
        .whole = pass_is_whole(pass, &pipeline->knowledge),
        .operation = pass->plan.operation,
    };
    base_copy(out->captured_at, sizeof out->captured_at, pass->facts.tags.captured_at);
    base_copy(out->title, sizeof out->title, pass->facts.tags.title);
    if (is_video)
        gallery_write(&pass->gallery, pipeline->spec->fds, out);
    else
        listener_write(&pass->listener, pipeline->spec->fds, out);
}

bool pipeline_run(const PipelineSpec *spec, EncoderOutcome *out, Error *error)
{
    _cleanup_(pipeline_release) Pipeline pipeline = {
        .spec = spec, .progress = {.tell = spec->progress, .context = spec->context}};
    media_error_init();
    bool done = run(&pipeline, error);
    /* A failing disk also makes a file look damaged. */
    if (pipeline.pass.input && !media_input_check(pipeline.pass.input, error))
        return false;
    if (done)
        make_outcome(&pipeline, out);
    return done;
}
