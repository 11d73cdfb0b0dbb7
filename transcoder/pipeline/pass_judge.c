#include "transcoder/pipeline/pass.h"

#include "common/media/media_choice.h"

/* A container whose duration means fewer bits a second than this is lying about it. */
#define PLAUSIBLE_BIT_RATE 10000

/* Of a file for each second that its head alone tells of: it lies about more. */
#define STILL_BYTES 100

/* A recording may be this much shorter than its container tells and still be all there. */
#define MISSING_SECONDS 1.0
#define MISSING_PART    0.05

/* A stray fault is normal, where a recording begins between key frames above all; beyond these
 * something is lost. */
#define FAULTS_FEW     2
#define FAULTS_PERCENT 1

/* Packets, about four seconds: sound of which nothing came out until then cannot be decoded. */
#define UNHEARD_MAX 200

bool pass_is_duration_plausible(const MediaFacts *facts)
{
    return facts->duration > 0 && (double)facts->size * 8 / facts->duration >= PLAUSIBLE_BIT_RATE;
}

bool pass_is_unheard(const Pass *pass, PassTrack track, bool ended)
{
    TrackState heard = pass_state(pass, track);
    return heard.frames == 0 && heard.packets >= (ended ? 1 : UNHEARD_MAX);
}

static int pass_index_count(const Pass *pass, const PassLane *lane)
{
    return avformat_index_get_entries_count(media_input_format(pass->input)->streams[lane->stream]);
}

/* An edit list that hides pictures tells where the film ends, and no head does. */
static bool pass_has_all_indexed(const Pass *pass, const PassLane *lane)
{
    return lane->indexed >= media_input_format(pass->input)->streams[lane->stream]->nb_frames;
}

double pass_told_end(const Pass *pass)
{
    const PassLane *lane = &pass->lanes[PASS_PICTURE];
    bool likely = pass->facts.duration * STILL_BYTES <= (double)pass->facts.size;
    double end = pass->facts.duration - (double)pass->timeline.offset / AV_TIME_BASE;
    bool indexed = strncmp(pass->facts.container, "mov,", strlen("mov,")) == 0 &&
                   pass_index_count(pass, lane) == lane->indexed;
    bool all = !pass->cut_short && pass->read_faults == 0 &&
               pass_state(pass, PASS_PICTURE).packets >= lane->indexed;
    return indexed && all && likely && pass_has_all_indexed(pass, lane) &&
                   end <= (double)pass->plan.policy.max_seconds
               ? end
               : 0;
}

/* Something remains to be shown or heard without this stream. */
static bool pass_can_spare(const Pass *pass, int stream)
{
    const MediaFacts *facts = &pass->facts;
    bool others = pass->plan.video.stream >= 0;
    for (size_t i = 0; i < facts->stream_count; i++)
        others = others || (media_is_audible(&facts->streams[i]) && (int)i != stream);
    return others;
}

/* The index tells of bytes beyond the end of the file. */
static bool pass_is_cut_off(const Pass *pass, const PassLane *lane)
{
    AVStream *stream = media_input_format(pass->input)->streams[lane->stream];
    const AVIndexEntry *last = avformat_index_get_entry(stream, lane->indexed - 1);
    return last && last->pos + last->size > media_input_size(pass->input);
}

/* What leads: the picture, or where there is none the sound. Nothing of it was found where AVI's
 * index says that it is, or an edit list hides all; it is there all the same. */
static bool pass_was_led_astray(const Pass *pass)
{
    const PassLane *leading = &pass->lanes[PASS_PICTURE];
    if (!leading->track.kind)
        leading = &pass->lanes[PASS_SOUND];
    if (pass->unled || !pass->ended || !leading->track.kind)
        return false;
    bool led = streq(pass->facts.container, "avi") || leading->hides ||
               !pass_has_all_indexed(pass, leading);
    if (pass_is_cut_off(pass, leading))
        return false;
    return led && leading->track.kind->state(leading->track.self).frames == 0;
}

void pass_learn(const Pass *pass, PassKnowledge *knowledge)
{
    bool ended = media_input_position(pass->input) >= 1 || pass->cut_short;
    if (pass_was_led_astray(pass)) {
        memset(knowledge, 0, sizeof *knowledge);
        knowledge->unled = knowledge->is_new = true;
        return;
    }
    double outgrown = pass_state(pass, PASS_PICTURE).outgrown;
    for (PassTrack i = 0; i < PASS_TRACKS; i++)
        if (pass_state(pass, i).unfit)
            knowledge->uncopyable[pass->lanes[i].stream] = knowledge->is_new = true;
    if (outgrown > 0) {
        double *growth = &knowledge->growth[pass->lanes[PASS_PICTURE].stream];
        *growth = MAX_OF(*growth, 1) * outgrown;
        knowledge->growths++;
        knowledge->is_new = true;
    }
    for (PassTrack i = PASS_SOUND; i < PASS_TRACKS && !knowledge->is_new; i++) {
        const PassLane *lane = &pass->lanes[i];
        TrackState heard = pass_state(pass, i);
        bool enough = heard.packets >= UNHEARD_MAX || (ended && !heard.lost);
        bool silent = lane->track.kind && heard.frames == 0 && enough;
        bool closed = lane->stream >= 0 && lane->stream == pass->closed_stream;
        if (silent || ((heard.lost || closed) && pass_can_spare(pass, lane->stream)))
            knowledge->undecodable[lane->stream] = knowledge->is_new = true;
    }
}

static bool pass_has_few_faults(int64_t faults, int64_t packets)
{
    return faults <= FAULTS_FEW || faults * 100 <= packets * FAULTS_PERCENT;
}

/* Where reading or decoding did not give what the head told of. */
static TransferLosses pass_reading_losses(const Pass *pass)
{
    double told = pass_is_duration_plausible(&pass->facts) ? pass->facts.duration : 0;
    double missing = told - pass_seconds(pass);
    bool damaged = false;
    int64_t packets = 0;
    for (PassTrack i = 0; i < PASS_TRACKS; i++) {
        TrackState state = pass_state(pass, i);
        packets += state.packets;
        damaged =
            damaged || (pass->lanes[i].track.kind &&
                        (state.frames == 0 || !pass_has_few_faults(state.faults, state.packets)));
    }
    damaged = damaged || !pass_has_few_faults(pass->read_faults, packets);
    bool cut =
        pass->cut_short || pass->unled || missing > MAX_OF(MISSING_SECONDS, told * MISSING_PART);
    return (cut ? LOSSES(LOSS_PART) : 0) | (damaged ? LOSSES(LOSS_DAMAGED) : 0);
}

TransferLosses pass_losses(const Pass *pass)
{
    TransferLosses losses =
        pass_reading_losses(pass) | plan_track_losses(&pass->facts, &pass->plan);
    for (PassTrack i = 0; i < PASS_TRACKS; i++)
        losses |= pass_state(pass, i).losses;
    return losses | (pass->second_view ? LOSSES(LOSS_SECOND_EYE) : 0);
}
