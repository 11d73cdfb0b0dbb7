#include "transcoder/pipeline/pipeline.h"

#include <errno.h>
#include <libavfilter/avfilter.h>

#include "common/media/media_error.h"
#include "transcoder/pipeline/pass.h"

/* A pass that was given up leaves nothing behind. */
static bool pipeline_start_over(const PipelineSpec *spec, Pass *pass, Error *error)
{
    pass_release(pass);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (ftruncate(spec->fds[i], 0) < 0)
            return error_set_errno(error, errno, "The scratch files could not be emptied");
    return true;
}

/* Every pass but the last learns something new about a stream, so there is an end. */
static bool pipeline_make(const PipelineSpec *spec, PassKnowledge *knowledge, Pass *pass,
                          Error *error)
{
    Progress progress = {.tell = spec->progress, .context = spec->context};
    PassSpec passing = {.original_fd = spec->original_fd,
                        .video_fd = spec->fds[TRANSFER_VIDEO],
                        .audio_fd = spec->fds[TRANSFER_AUDIO],
                        .policy = &spec->policy,
                        .progress = &progress};
    while (!pass_run(&passing, knowledge, pass, error)) {
        progress.before += pass_seconds(pass);
        if (!knowledge->is_new || !pipeline_start_over(spec, pass, error))
            return false;
    }
    return true;
}

bool pipeline_run(const PipelineSpec *spec, EncoderOutcome *out, Error *error)
{
    PassKnowledge knowledge = {0};
    _cleanup_(pass_release) Pass pass = {0};
    media_error_init();
    bool done = pipeline_make(spec, &knowledge, &pass, error);
    /* A failing disk also makes a file look damaged. */
    if (pass.input && !media_input_check(pass.input, error))
        return false;
    if (!done)
        return false;
    TrackState picture = pass_state(&pass, PASS_PICTURE);
    bool is_video = pass.plan.video.stream >= 0;
    *out = (EncoderOutcome){
        .duration = mux_duration(pass.mux),
        .source_duration = pass_seconds(&pass),
        .width = picture.width,
        .height = picture.height,
        .has_audio =
            pass_state(&pass, PASS_SOUND).frames > 0 || pass_state(&pass, PASS_RIGHT).frames > 0,
        .files = {[TRANSFER_VIDEO] = is_video, [TRANSFER_AUDIO] = !is_video},
        .losses = pass_losses(&pass),
        .operation = pass.plan.operation,
    };
    base_copy(out->captured_at, sizeof out->captured_at, pass.facts.tags.captured_at);
    base_copy(out->title, sizeof out->title, pass.facts.tags.title);
    if (is_video)
        gallery_write(&pass.gallery, spec->fds, out);
    else
        listener_write(&pass.listener, spec->fds, out);
    return true;
}

void pipeline_print_libraries(FILE *out)
{
    const struct {
        const char *name;
        unsigned version;
    } libraries[] = {
        {"libavformat", avformat_version()},
        {"libavcodec", avcodec_version()},
        {"libavfilter", avfilter_version()},
        {"libavutil", avutil_version()},
    };
    for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
        unsigned version = libraries[i].version;
        fprintf(out, "%s %u.%u.%u\n", libraries[i].name, AV_VERSION_MAJOR(version),
                AV_VERSION_MINOR(version), AV_VERSION_MICRO(version));
    }
    fprintf(out, "FFmpeg %s\n", av_version_info());
}
