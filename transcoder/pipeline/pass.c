#include "transcoder/pipeline/pass.h"

#include <errno.h>
#include <time.h>

#include "common/media/media_probe.h"
#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/audio_track.h"
#include "transcoder/pipeline/copy_picture.h"
#include "transcoder/pipeline/copy_sound.h"
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

/* Complaints of the reader in a row before what is left of the file is given up. */
#define READ_FAULTS_MAX 64

/* Packets, about four seconds: sound of which nothing came out until then cannot be decoded. */
#define UNHEARD_MAX 200

static AVStream *stream_of(const Pass *pass, int index)
{
    return index < 0 ? NULL : media_input_format(pass->input)->streams[index];
}

static void apply_knowledge(const PassKnowledge *knowledge, MediaFacts *facts)
{
    for (size_t i = 0; i < facts->stream_count; i++) {
        MediaStream *stream = &facts->streams[i];
        stream->copyable = stream->copyable && !knowledge->uncopyable[i];
        stream->decodable = stream->decodable && !knowledge->undecodable[i];
    }
}

static bool examine(Pass *pass, const PassKnowledge *knowledge, Error *error)
{
    if (!media_input_open(pass->spec.original_fd, &pass->input, error) ||
        !media_probe(pass->input, &pass->facts, error))
        return false;
    apply_knowledge(knowledge, &pass->facts);
    return plan_make(&pass->facts, pass->spec.policy, &pass->plan, error);
}

static bool open_picture(Pass *pass, const AVStream *stream, Error *error)
{
    PassLane *lane = &pass->lanes[MUX_VIDEO];
    CopyPictureSpec copied = {.stream = stream,
                              .facts = &pass->facts.streams[lane->stream],
                              .plan = &pass->plan,
                              .mux = pass->mux,
                              .gallery = &pass->gallery};
    VideoTrackSpec made = {.stream = stream,
                           .facts = &pass->facts,
                           .plan = pass->plan,
                           .mux = pass->mux,
                           .gallery = &pass->gallery};
    return pass->plan.video.copy ? copy_picture_open(&copied, &lane->track, error)
                                 : video_track_open(&made, &lane->track, error);
}

static bool open_sound(Pass *pass, const AVStream *stream, Error *error)
{
    PassLane *lane = &pass->lanes[MUX_AUDIO];
    Listener *listener = pass->plan.video.stream < 0 ? &pass->listener : NULL;
    CopySoundSpec copied = {
        .stream = stream, .policy = &pass->plan.policy, .mux = pass->mux, .listener = listener};
    AudioTrackSpec made = {.stream = stream,
                           .plan = pass->plan.audio,
                           .policy = &pass->plan.policy,
                           .mux = pass->mux,
                           .listener = listener};
    return pass->plan.audio.copy ? copy_sound_open(&copied, &lane->track, error)
                                 : audio_track_open(&made, &lane->track, error);
}

static void open_mux(Pass *pass)
{
    const EncodePlan *plan = &pass->plan;
    bool picture = plan->video.stream >= 0;
    MuxSpec spec = {.fd = picture ? pass->spec.video_fd : pass->spec.audio_fd,
                    .tracks = {[MUX_VIDEO] = picture, [MUX_AUDIO] = plan->audio.stream >= 0},
                    .size_max = plan->policy.max_output};
    mux_open(&spec, &pass->mux);
}

static bool open_tracks(Pass *pass, Error *error)
{
    AVFormatContext *format = media_input_format(pass->input);
    PassLane *lanes = pass->lanes;
    lanes[MUX_VIDEO].stream = pass->plan.video.stream;
    lanes[MUX_AUDIO].stream = pass->plan.audio.stream;
    const AVStream *used[] = {stream_of(pass, lanes[MUX_VIDEO].stream),
                              stream_of(pass, lanes[MUX_AUDIO].stream)};
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (format->streams[i] != used[0] && format->streams[i] != used[1])
            format->streams[i]->discard = AVDISCARD_ALL;
    timeline_init(&pass->timeline, format, used, ARRAY_SIZE(used));
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        if (used[i])
            lanes[i].times = timeline_track(used[i]);
    open_mux(pass);
    return (!used[0] || open_picture(pass, used[0], error)) &&
           (!used[1] || open_sound(pass, used[1], error));
}

TrackState pass_state(const Pass *pass, MuxTrack track)
{
    const Track *found = &pass->lanes[track].track;
    return found->kind ? found->kind->state(found->self) : (TrackState){0};
}

double pass_seconds(const Pass *pass)
{
    double picture = pass_state(pass, MUX_VIDEO).end, sound = pass_state(pass, MUX_AUDIO).end;
    return MAX_OF(picture, sound);
}

static bool is_duration_plausible(const MediaFacts *facts)
{
    return facts->duration > 0 && (double)facts->size * 8 / facts->duration >= PLAUSIBLE_BIT_RATE;
}

/* Seconds done of all where the container's duration can be true, else bytes read of all. */
static double part_done(const Pass *pass)
{
    MuxTrack leading = pass->lanes[MUX_VIDEO].track.kind ? MUX_VIDEO : MUX_AUDIO;
    return is_duration_plausible(&pass->facts)
               ? pass_state(pass, leading).end / pass->facts.duration
               : media_input_position(pass->input);
}

static double computed_seconds(void)
{
    struct timespec used;
    REQUIRE(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static bool go_on(Pass *pass, Error *error)
{
    double seconds = pass_seconds(pass);
    progress_update(pass->spec.progress, part_done(pass), seconds);
    return allowance_cpu(pass->spec.policy, computed_seconds(),
                         pass->spec.progress->before + seconds, error);
}

static bool keep_promises(Pass *pass, Error *error)
{
    const Track *sound = &pass->lanes[MUX_AUDIO].track;
    return !mux_needs_promise(pass->mux) || !sound->kind->promise ||
           sound->kind->promise(sound->self, error);
}

static bool unheard(Error *error)
{
    return error_set(error, ERROR_MEDIA, "The sound could not be decoded.");
}

static bool take_packet(Pass *pass, AVPacket *packet, Error *error)
{
    for (MuxTrack i = 0; i < MUX_TRACKS; i++) {
        PassLane *lane = &pass->lanes[i];
        if (!lane->track.kind || lane->stream != packet->stream_index)
            continue;
        timeline_place(&pass->timeline, &lane->times, packet);
        if (!lane->track.kind->take(lane->track.self, packet, error))
            return false;
    }
    TrackState sound = pass_state(pass, MUX_AUDIO);
    if (sound.frames == 0 && sound.packets >= UNHEARD_MAX)
        return unheard(error);
    return keep_promises(pass, error) && go_on(pass, error);
}

/* To the end of the file, or as far as it goes: a recording cut short is still a recording. */
static bool read_packets(Pass *pass, Error *error)
{
    AVFormatContext *format = media_input_format(pass->input);
    _cleanup_packet_ AVPacket *packet = av_packet_alloc();
    REQUIRE(packet);
    for (int faults = 0; faults < READ_FAULTS_MAX;) {
        int number = av_read_frame(format, packet);
        if (number == AVERROR_EOF)
            return true;
        if (number == AVERROR(EIO))
            break;
        faults = number < 0 ? faults + 1 : 0;
        pass->read_faults += number < 0;
        if (number < 0)
            continue;
        bool taken = take_packet(pass, packet, error);
        av_packet_unref(packet);
        if (!taken)
            return false;
    }
    pass->cut_short = true;
    return true;
}

static bool finish(Pass *pass, Error *error)
{
    TrackState sound = pass_state(pass, MUX_AUDIO);
    bool alone = !pass->lanes[MUX_VIDEO].track.kind;
    if (sound.frames == 0 && (alone || sound.packets > 0))
        return unheard(error);
    for (MuxTrack i = 0; i < MUX_TRACKS; i++) {
        const Track *track = &pass->lanes[i].track;
        if (track->kind && !track->kind->take(track->self, NULL, error))
            return false;
    }
    return mux_finish(pass->mux, error);
}

static bool learn_of_copies(const Pass *pass, PassKnowledge *knowledge)
{
    bool learned = false;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        if (pass_state(pass, i).unfit)
            knowledge->uncopyable[pass->lanes[i].stream] = learned = true;
    return learned;
}

/* Silence is a verdict only when there was enough to hear, or when all was read. */
static bool learn_of_sound(const Pass *pass, PassKnowledge *knowledge)
{
    const PassLane *sound = &pass->lanes[MUX_AUDIO];
    TrackState heard = pass_state(pass, MUX_AUDIO);
    bool ended = media_input_position(pass->input) >= 1 || pass->cut_short;
    if (!sound->track.kind || heard.frames > 0 || (heard.packets < UNHEARD_MAX && !ended))
        return false;
    return knowledge->undecodable[sound->stream] = true;
}

/* Why the pass failed, where another one can do better. */
static void learn(const Pass *pass, PassKnowledge *knowledge)
{
    knowledge->is_new = learn_of_copies(pass, knowledge) || learn_of_sound(pass, knowledge);
}

bool pass_run(const PassSpec *spec, PassKnowledge *knowledge, Pass *out, Error *error)
{
    out->spec = *spec;
    gallery_init(&out->gallery);
    knowledge->is_new = false;
    if (!examine(out, knowledge, error) || !open_tracks(out, error))
        return false;
    bool done =
        read_packets(out, error) && media_input_check(out->input, error) && finish(out, error);
    if (!done)
        learn(out, knowledge);
    return done;
}

static bool has_few_faults(int64_t faults, int64_t packets)
{
    return faults <= FAULTS_FEW || faults * 100 <= packets * FAULTS_PERCENT;
}

static bool is_track_whole(const Pass *pass, MuxTrack track)
{
    TrackState state = pass_state(pass, track);
    bool there = pass->lanes[track].track.kind;
    return !there || (state.frames > 0 && has_few_faults(state.faults, state.packets));
}

/* The sound was given up, and there was no other. */
static bool is_sound_lost(const Pass *pass, const PassKnowledge *knowledge)
{
    bool lost = false;
    for (size_t i = 0; i < MEDIA_STREAMS_MAX; i++)
        lost = lost || knowledge->undecodable[i];
    return lost && !pass->lanes[MUX_AUDIO].track.kind;
}

bool pass_is_whole(const Pass *pass, const PassKnowledge *knowledge)
{
    double told = is_duration_plausible(&pass->facts) ? pass->facts.duration : 0;
    double missing = told - pass_seconds(pass);
    int64_t packets = pass_state(pass, MUX_VIDEO).packets + pass_state(pass, MUX_AUDIO).packets;
    return !pass->cut_short && missing <= MAX_OF(MISSING_SECONDS, told * MISSING_PART) &&
           has_few_faults(pass->read_faults, packets) && is_track_whole(pass, MUX_VIDEO) &&
           is_track_whole(pass, MUX_AUDIO) && !is_sound_lost(pass, knowledge);
}

void pass_release(Pass *pass)
{
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        track_release(&pass->lanes[i].track);
    gallery_release(&pass->gallery);
    listener_release(&pass->listener);
    mux_free(&pass->mux);
    media_input_free(&pass->input);
    *pass = (Pass){0};
}
