#include "transcoder/pipeline/pipeline.h"

#include <errno.h>

#include "common/clock.h"
#include "common/media/media_error.h"
#include "common/media/media_input.h"
#include "common/media/media_probe.h"
#include "transcoder/pipeline/audio_track.h"
#include "transcoder/pipeline/timeline.h"
#include "transcoder/pipeline/video_track.h"

/* A container whose duration means fewer bits a second than this is lying about it. */
#define PLAUSIBLE_BIT_RATE 10000

/* A recording may be this much shorter than its container tells and still be all there. */
#define MISSING_SECONDS 1.0
#define MISSING_PART    0.05

/* A stray fault is normal, where a recording begins between key frames above all; beyond these
 * something is lost. */
#define FAULTS_FEW     2
#define FAULTS_PERCENT 1

#define REPORT_MS 2000 /* at most, between two reports while decoding advances */

/* Complaints of the reader in a row before what is left of the file is given up. */
#define READ_FAULTS_MAX 64

typedef struct Pipeline {
    const PipelineSpec *spec;
    MediaInput *input; /* owned, as is what follows */
    MediaFacts facts;
    EncodePlan plan;
    Mux *mux;
    VideoTrack *video;
    AudioTrack *audio; /* NULL: no sound */
    Gallery gallery;
    Timeline timeline;
    TimelineTrack video_times, audio_times;
    EncoderProgress reported;
    int64_t reported_ms;
    int64_t read_faults;
    bool cut_short; /* reading ended before the file's end */
} Pipeline;

static void pipeline_release(Pipeline *pipeline)
{
    gallery_release(&pipeline->gallery);
    video_track_free(&pipeline->video);
    audio_track_free(&pipeline->audio);
    mux_free(&pipeline->mux);
    media_input_free(&pipeline->input);
}

static AVStream *stream_of(const Pipeline *pipeline, int index)
{
    return index < 0 ? NULL : media_input_format(pipeline->input)->streams[index];
}

static bool examine(Pipeline *pipeline, Error *error)
{
    return media_input_open(pipeline->spec->original_fd, &pipeline->input, error) &&
           media_probe(pipeline->input, &pipeline->facts, error) &&
           plan_make(&pipeline->facts, &pipeline->spec->policy, &pipeline->plan, error);
}

static bool open_video(Pipeline *pipeline, const AVStream *stream, Error *error)
{
    VideoTrackSpec spec = {.stream = stream,
                           .facts = &pipeline->facts,
                           .plan = pipeline->plan,
                           .mux = pipeline->mux,
                           .gallery = &pipeline->gallery};
    pipeline->video_times = timeline_track(stream);
    return video_track_open(&spec, &pipeline->video, error);
}

static bool open_audio(Pipeline *pipeline, const AVStream *stream, Error *error)
{
    AudioTrackSpec spec = {.stream = stream, .plan = pipeline->plan.audio, .mux = pipeline->mux};
    if (!stream)
        return true;
    pipeline->audio_times = timeline_track(stream);
    return audio_track_open(&spec, &pipeline->audio, error);
}

static bool open_tracks(Pipeline *pipeline, Error *error)
{
    AVFormatContext *format = media_input_format(pipeline->input);
    const AVStream *used[] = {stream_of(pipeline, pipeline->plan.video.stream),
                              stream_of(pipeline, pipeline->plan.audio.stream)};
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i] != used[0] && format->streams[i] != used[1])
            format->streams[i]->discard = AVDISCARD_ALL;
    timeline_init(&pipeline->timeline, format, used, ARRAY_SIZE(used));
    mux_open(pipeline->spec->fds[TRANSFER_VIDEO], used[1] != NULL, &pipeline->mux);
    return open_video(pipeline, used[0], error) && open_audio(pipeline, used[1], error);
}

static bool is_duration_plausible(const MediaFacts *facts)
{
    return facts->duration > 0 && (double)facts->size * 8 / facts->duration >= PLAUSIBLE_BIT_RATE;
}

static double decoded_seconds(const Pipeline *pipeline)
{
    double sound = pipeline->audio ? audio_track_end(pipeline->audio) : 0;
    return MAX_OF(video_track_end(pipeline->video), sound);
}

/* Seconds done of all where the container's duration can be true, else bytes read of all. */
static int percent_done(const Pipeline *pipeline)
{
    const MediaFacts *facts = &pipeline->facts;
    double done = is_duration_plausible(facts) ? video_track_end(pipeline->video) / facts->duration
                                               : media_input_position(pipeline->input);
    return (int)(MIN_OF(MAX_OF(done, 0), 0.99) * 100);
}

static void report(Pipeline *pipeline)
{
    EncoderProgress *reported = &pipeline->reported;
    EncoderProgress now = {MAX_OF(percent_done(pipeline), reported->percent),
                           decoded_seconds(pipeline)};
    int64_t now_ms = clock_monotonic_ms();
    bool advanced = now.seconds > reported->seconds && now_ms - pipeline->reported_ms >= REPORT_MS;
    if (now.percent <= reported->percent && !advanced)
        return;
    *reported = now;
    pipeline->reported_ms = now_ms;
    pipeline->spec->progress(pipeline->spec->context, now);
}

static bool take_packet(Pipeline *pipeline, AVPacket *packet, Error *error)
{
    const EncodePlan *plan = &pipeline->plan;
    if (packet->stream_index == plan->video.stream) {
        timeline_place(&pipeline->timeline, &pipeline->video_times, packet);
        if (!video_track_take(pipeline->video, packet, error))
            return false;
    } else if (packet->stream_index == plan->audio.stream) {
        timeline_place(&pipeline->timeline, &pipeline->audio_times, packet);
        if (!audio_track_take(pipeline->audio, packet, error))
            return false;
    }
    report(pipeline);
    if (mux_needs_promise(pipeline->mux))
        return audio_track_promise(pipeline->audio, error);
    return true;
}

/* To the end of the file, or as far as it goes: a recording cut short is still a recording. */
static bool read_packets(Pipeline *pipeline, Error *error)
{
    AVFormatContext *format = media_input_format(pipeline->input);
    _cleanup_packet_ AVPacket *packet = av_packet_alloc();
    REQUIRE(packet);
    for (int faults = 0; faults < READ_FAULTS_MAX;) {
        int number = av_read_frame(format, packet);
        if (number == AVERROR_EOF)
            return true;
        if (number == AVERROR(EIO))
            break;
        faults = number < 0 ? faults + 1 : 0;
        pipeline->read_faults += number < 0;
        if (number < 0)
            continue;
        bool taken = take_packet(pipeline, packet, error);
        av_packet_unref(packet);
        if (!taken)
            return false;
    }
    pipeline->cut_short = true;
    return true;
}

static bool finish(Pipeline *pipeline, Error *error)
{
    return video_track_take(pipeline->video, NULL, error) &&
           (!pipeline->audio || audio_track_take(pipeline->audio, NULL, error)) &&
           mux_finish(pipeline->mux, error);
}

static bool has_few_faults(int64_t faults, int64_t packets)
{
    return faults <= FAULTS_FEW || faults * 100 <= packets * FAULTS_PERCENT;
}

static bool is_sound_whole(const Pipeline *pipeline)
{
    if (!pipeline->audio)
        return true;
    const Decode *sound = audio_track_decode(pipeline->audio);
    return sound->frames > 0 && has_few_faults(sound->faults, sound->packets);
}

/* Nothing that the file tells of is missing in what was decoded. */
static bool is_whole(const Pipeline *pipeline)
{
    const Decode *picture = video_track_decode(pipeline->video);
    double told = is_duration_plausible(&pipeline->facts) ? pipeline->facts.duration : 0;
    double missing = told - decoded_seconds(pipeline);
    return !pipeline->cut_short && missing <= MAX_OF(MISSING_SECONDS, told * MISSING_PART) &&
           has_few_faults(picture->faults + pipeline->read_faults, picture->packets) &&
           is_sound_whole(pipeline);
}

static EncoderOutcome outcome_of(Pipeline *pipeline)
{
    const PlanVideo *video = video_track_plan(pipeline->video);
    double sound = pipeline->audio ? audio_track_end(pipeline->audio) : 0;
    EncoderOutcome outcome = {
        .duration = mux_duration(pipeline->mux),
        .source_duration = decoded_seconds(pipeline),
        .width = video->width,
        .height = video->height,
        .has_audio = sound > 0,
        .files = {[TRANSFER_VIDEO] = true},
        .whole = is_whole(pipeline),
        .operation = pipeline->plan.operation,
    };
    gallery_write(&pipeline->gallery, pipeline->spec->fds, &outcome);
    return outcome;
}

static bool run(Pipeline *pipeline, Error *error)
{
    return examine(pipeline, error) && open_tracks(pipeline, error) &&
           read_packets(pipeline, error) && media_input_check(pipeline->input, error) &&
           finish(pipeline, error);
}

bool pipeline_run(const PipelineSpec *spec, EncoderOutcome *out, Error *error)
{
    _cleanup_(pipeline_release) Pipeline pipeline = {.spec = spec};
    media_error_init();
    gallery_init(&pipeline.gallery);
    bool done = run(&pipeline, error);
    /* A failing disk also makes a file look damaged. */
    if (pipeline.input && !media_input_check(pipeline.input, error))
        return false;
    if (!done)
        return false;
    *out = outcome_of(&pipeline);
    return true;
}
