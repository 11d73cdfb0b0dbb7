#include "transcoder/pipeline/pass.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/media/layers.h"
#include "common/media/media_choice.h"
#include "common/media/media_probe.h"
#include "transcoder/pipeline/allowance.h"
#include "transcoder/pipeline/audio_track.h"
#include "transcoder/pipeline/copy_picture.h"
#include "transcoder/pipeline/copy_sound.h"
#include "transcoder/pipeline/video_track.h"

/* Complaints of the reader in a row before what is left of the file is given up. */
#define READ_FAULTS_MAX 64

/* A call's picture grows in a few steps within seconds; what grows on and on is told as a loss. */
#define GROWTHS_MAX 4

#define VIEWS_LOOKED_AT 16 /* pictures */

#define REPORT_MS 2000 /* at most, between two reports while decoding advances */

static bool pass_examine(Pass *pass, const PassKnowledge *knowledge, Error *error)
{
    int fd = pass->spec.original_fd;
    pass->unled = knowledge->unled;
    bool opened = pass->unled ? media_input_open_unled(fd, &pass->input, error)
                              : media_input_open(fd, &pass->input, error);
    if (!opened || !media_probe(pass->input, &pass->facts, error))
        return false;
    for (size_t i = 0; i < pass->facts.stream_count; i++) {
        MediaStream *stream = &pass->facts.streams[i];
        stream->copyable = stream->copyable && !knowledge->uncopyable[i];
        stream->silent = knowledge->undecodable[i];
        stream->growth = knowledge->growth[i];
    }
    return plan_make(&pass->facts, pass->spec.policy, &pass->plan, error);
}

static bool pass_open_picture(Pass *pass, const AVStream *stream, Error *error)
{
    PassLane *lane = &pass->lanes[PASS_PICTURE];
    if (pass->plan.video.copy) {
        CopyPictureSpec copied = {.stream = stream,
                                  .facts = &pass->facts.streams[lane->stream],
                                  .plan = &pass->plan,
                                  .mux = pass->mux,
                                  .gallery = &pass->gallery};
        return copy_picture_open(&copied, &lane->track, error);
    }
    VideoTrackSpec made = {.stream = stream,
                           .facts = &pass->facts,
                           .plan = pass->plan,
                           .may_grow = pass->may_grow,
                           .mux = pass->mux,
                           .gallery = &pass->gallery};
    return video_track_open(&made, &lane->track, error);
}

static bool pass_unheard(Error *error)
{
    return error_set(error, ERROR_MEDIA,
                     "The file is incomplete or damaged: its sound could not be decoded.");
}

static MuxTrack pass_mux_track(PassTrack which)
{
    if (which >= PASS_FURTHER)
        return (MuxTrack)(MUX_FURTHER + (which - PASS_FURTHER));
    return which == PASS_PICTURE ? MUX_VIDEO : MUX_AUDIO;
}

static bool pass_open_sound(Pass *pass, PassTrack which, const AVStream *stream, Error *error)
{
    PassLane *lane = &pass->lanes[which];
    const EncoderPolicy *policy = &pass->plan.policy;
    const PlanAudio *plan =
        which < PASS_FURTHER ? &pass->plan.audio : &pass->plan.further[which - PASS_FURTHER];
    MuxTrack into = pass_mux_track(which);
    Listener *listener = pass->plan.video.stream < 0 ? &pass->listener : NULL;
    if (plan->copy) {
        CopySoundSpec copied = {.stream = stream,
                                .policy = policy,
                                .mux = pass->mux,
                                .into = into,
                                .listener = listener};
        return copy_sound_open(&copied, &lane->track, error);
    }
    AudioTrackSpec made = {.stream = stream,
                           .plan = *plan,
                           .policy = policy,
                           .mux = pass->mux,
                           .into = into,
                           .listener = listener};
    bool opened =
        which == PASS_RIGHT
            ? audio_track_open_right(&made, &pass->lanes[PASS_SOUND].track, &lane->track, error)
            : audio_track_open(&made, &lane->track, error);
    if (opened || error->code != ERROR_MEDIA)
        return opened;
    pass->closed_stream = lane->stream;
    return pass_unheard(error);
}

static bool pass_open_track(Pass *pass, PassTrack which, const AVStream *stream, Error *error)
{
    if (!stream)
        return true;
    return which == PASS_PICTURE ? pass_open_picture(pass, stream, error)
                                 : pass_open_sound(pass, which, stream, error);
}

static int pass_planned_stream(const EncodePlan *plan, PassTrack which)
{
    switch (which) {
    case PASS_PICTURE:
        return plan->video.stream;
    case PASS_SOUND:
        return plan->audio.stream;
    case PASS_RIGHT:
        return plan->audio.right;
    default:
        return plan->further[which - PASS_FURTHER].stream;
    }
}

/* Who can choose between sounds is told their languages; who cannot is told nothing. */
static void pass_open_mux(Pass *pass)
{
    const EncodePlan *plan = &pass->plan;
    bool film = plan->video.stream >= 0, choice = plan->further[0].stream >= 0;
    MuxSpec spec = {.size_max = plan->policy.max_output,
                    .fd = film ? pass->spec.video_fd : pass->spec.audio_fd};
    for (PassTrack i = 0; i < PASS_TRACKS; i++) {
        const PassLane *lane = &pass->lanes[i];
        if (lane->stream < 0 || i == PASS_RIGHT)
            continue;
        const char *language = pass->facts.streams[lane->stream].language;
        spec.tracks[pass_mux_track(i)] = true;
        spec.languages[pass_mux_track(i)] =
            choice && i != PASS_PICTURE && *language ? language : NULL;
    }
    mux_open(&spec, &pass->mux);
}

/* Sound of which nothing was known when the plan was made: empty, or it comes late. */
static bool pass_may_come_late(const MediaStream *stream)
{
    return stream->kind == STREAM_AUDIO && stream->decodable && !stream->silent &&
           !media_is_audible(stream);
}

static bool pass_open_tracks(Pass *pass, Error *error)
{
    AVFormatContext *format = media_input_format(pass->input);
    const AVStream *used[PASS_TRACKS] = {0};
    for (unsigned i = 0; i < format->nb_streams; i++)
        format->streams[i]->discard =
            pass_may_come_late(&pass->facts.streams[i]) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    for (PassTrack i = 0; i < PASS_TRACKS; i++) {
        PassLane *lane = &pass->lanes[i];
        lane->stream = pass_planned_stream(&pass->plan, i);
        if (lane->stream < 0)
            continue;
        used[i] = format->streams[lane->stream];
        format->streams[lane->stream]->discard = AVDISCARD_DEFAULT;
        lane->times = (TimelineTrack){.time_base = used[i]->time_base};
        lane->indexed = avformat_index_get_entries_count(used[i]);
    }
    timeline_init(&pass->timeline, format, used, PASS_TRACKS);
    pass_open_mux(pass);
    for (PassTrack i = 0; i < PASS_TRACKS; i++)
        if (!pass_open_track(pass, i, used[i], error))
            return false;
    return true;
}

TrackState pass_state(const Pass *pass, PassTrack track)
{
    const Track *found = &pass->lanes[track].track;
    return found->kind ? found->kind->state(found->self) : (TrackState){0};
}

double pass_seconds(const Pass *pass)
{
    double end = 0;
    for (PassTrack i = 0; i < PASS_TRACKS; i++)
        end = MAX_OF(end, pass_state(pass, i).end);
    return end;
}

/* Part done: seconds of all where the container's duration can be true, else bytes read of all. */
static void pass_tell_progress(Pass *pass, double seconds)
{
    Progress *progress = pass->spec.progress;
    PassTrack leading = pass->lanes[PASS_PICTURE].track.kind ? PASS_PICTURE : PASS_SOUND;
    double part = pass_is_duration_plausible(&pass->facts)
                      ? pass_state(pass, leading).end / pass->facts.duration
                      : media_input_position(pass->input);
    int percent = (int)(MIN_OF(MAX_OF(part, 0), 0.99) * 100);
    EncoderProgress now = {MAX_OF(percent, progress->told.percent), progress->before + seconds};
    int64_t now_ms = clock_monotonic_ms();
    bool advanced = now.seconds > progress->told.seconds && now_ms - progress->told_ms >= REPORT_MS;
    if (now.percent <= progress->told.percent && !advanced)
        return;
    progress->told = now;
    progress->told_ms = now_ms;
    progress->tell(progress->context, now);
}

/* A second view comes with every picture, so the first ones tell. */
static void pass_look_for_second_view(Pass *pass, const AVPacket *packet)
{
    const PassLane *lane = &pass->lanes[PASS_PICTURE];
    const AVCodecParameters *codec =
        media_input_format(pass->input)->streams[lane->stream]->codecpar;
    bool avc = codec->codec_id == AV_CODEC_ID_H264, hevc = codec->codec_id == AV_CODEC_ID_HEVC;
    if ((!avc && !hevc) || pass_state(pass, PASS_PICTURE).packets >= VIEWS_LOOKED_AT)
        return;
    pass->second_view =
        pass->second_view ||
        layers_has_second_view(avc ? LAYERS_AVC : LAYERS_HEVC, codec->extradata,
                               (size_t)codec->extradata_size, packet->data, (size_t)packet->size);
}

static void pass_look_for_late_sound(Pass *pass, const AVPacket *packet)
{
    if ((size_t)packet->stream_index >= pass->facts.stream_count)
        return;
    MediaStream *stream = &pass->facts.streams[packet->stream_index];
    stream->is_late = stream->is_late || pass_may_come_late(stream);
}

static bool pass_take_packet(Pass *pass, AVPacket *packet, Error *error)
{
    pass_look_for_late_sound(pass, packet);
    for (PassTrack i = 0; i < PASS_TRACKS; i++) {
        PassLane *lane = &pass->lanes[i];
        if (!lane->track.kind || lane->stream != packet->stream_index)
            continue;
        lane->hides = lane->hides || packet->flags & AV_PKT_FLAG_DISCARD;
        timeline_place(&pass->timeline, &lane->times, packet);
        if (i == PASS_PICTURE)
            pass_look_for_second_view(pass, packet);
        if (!lane->track.kind->take(lane->track.self, packet, error))
            return false;
    }
    for (PassTrack i = PASS_SOUND; i < PASS_TRACKS; i++) {
        const Track *sound = &pass->lanes[i].track;
        if (pass_is_unheard(pass, i, false))
            return pass_unheard(error);
        if (sound->kind && sound->kind->promise && i != PASS_RIGHT &&
            mux_needs_promise(pass->mux, pass_mux_track(i)) &&
            !sound->kind->promise(sound->self, error))
            return false;
    }
    struct timespec used;
    double seconds = pass_seconds(pass);
    pass_tell_progress(pass, seconds);
    REQUIRE(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    return allowance_cpu(pass->spec.policy, (double)used.tv_sec + (double)used.tv_nsec / 1e9,
                         pass->spec.progress->before + seconds, error);
}

/* To the end of the file, or as far as it goes: a recording cut short is still a recording. */
static bool pass_read(Pass *pass, Error *error)
{
    AVFormatContext *format = media_input_format(pass->input);
    _cleanup_packet_ AVPacket *packet = av_packet_alloc();
    REQUIRE(packet);
    for (int faults = 0; faults < READ_FAULTS_MAX;) {
        int number = av_read_frame(format, packet);
        if (number == AVERROR_EOF)
            return pass->ended = true;
        if (number == AVERROR(EIO))
            break;
        faults = number < 0 ? faults + 1 : 0;
        pass->read_faults += number < 0;
        if (number < 0)
            continue;
        bool taken = pass_take_packet(pass, packet, error);
        av_packet_unref(packet);
        if (!taken)
            return false;
    }
    pass->cut_short = pass->ended = true;
    return true;
}

/* The last picture stands as long as there is sound, as in every player, and as long as is told. */
static void pass_hold_picture(Pass *pass)
{
    const Track *picture = &pass->lanes[PASS_PICTURE].track;
    double end = pass_told_end(pass);
    for (PassTrack i = PASS_SOUND; i < PASS_TRACKS; i++)
        end = fmax(end, pass_state(pass, i).end);
    picture->kind->hold(picture->self, end);
}

/* The sound first, because the picture waits for its end. */
static bool pass_finish(Pass *pass, Error *error)
{
    const Track *picture = &pass->lanes[PASS_PICTURE].track;
    bool silent = !picture->kind && pass_state(pass, PASS_SOUND).frames == 0 &&
                  pass_state(pass, PASS_RIGHT).frames == 0;
    for (PassTrack i = PASS_SOUND; i < PASS_TRACKS; i++)
        if (silent || pass_is_unheard(pass, i, true))
            return pass_unheard(error);
    for (PassTrack i = PASS_SOUND; i < PASS_TRACKS; i++) {
        const Track *heard = &pass->lanes[i].track;
        if (heard->kind && !heard->kind->take(heard->self, NULL, error))
            return false;
    }
    if (picture->kind)
        pass_hold_picture(pass);
    if (picture->kind && !picture->kind->take(picture->self, NULL, error))
        return false;
    return mux_finish(pass->mux, error);
}

bool pass_run(const PassSpec *spec, PassKnowledge *knowledge, Pass *out, Error *error)
{
    out->spec = *spec;
    out->closed_stream = -1;
    out->may_grow = knowledge->growths < GROWTHS_MAX;
    gallery_init(&out->gallery);
    listener_init(&out->listener);
    knowledge->is_new = false;
    if (!pass_examine(out, knowledge, error))
        return false;
    bool done = pass_open_tracks(out, error) && pass_read(out, error) &&
                media_input_check(out->input, error) && pass_finish(out, error);
    if (done)
        media_probe_late(out->input, &out->facts);
    else
        pass_learn(out, knowledge);
    return done;
}

void pass_release(Pass *pass)
{
    for (PassTrack i = 0; i < PASS_TRACKS; i++)
        track_release(&pass->lanes[i].track);
    gallery_release(&pass->gallery);
    listener_release(&pass->listener);
    mux_free(&pass->mux);
    media_input_free(&pass->input);
    *pass = (Pass){0};
}
