#include "transcoder/pipeline/mux.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

#include "common/media/media_compat.h"
#include "common/media/media_error.h"
#include "transcoder/pipeline/output.h"

#define WAITING_COUNT_MAX 65536 /* packets; about 23 minutes of sound */

typedef enum TrackState { TRACK_ABSENT, TRACK_EXPECTED, TRACK_DESCRIBED } TrackState;

typedef struct MuxedTrack {
    TrackState state;
    AVCodecParameters *parameters; /* owned */
    AVRational time_base;          /* of the packets given to us */
    AVRational frame_rate;
    AVStream *stream; /* borrowed from the format, once started */
    char *language;   /* owned; NULL: untold */
    int64_t newest;   /* time of the packet shown last, in `time_base` */
    double end;       /* seconds: where that one ends */
} MuxedTrack;

typedef struct Waiting {
    AVPacket *packet; /* owned */
    MuxTrack track;
} Waiting;

struct Mux {
    AVFormatContext *format;
    MuxedTrack tracks[MUX_TRACKS];
    bool started;
    int64_t size_max;  /* bytes */
    AVPacket *picture; /* owned: the newest one, may be NULL */
    Waiting *waiting;  /* owned, in order of arrival */
    size_t waiting_count, waiting_room, waiting_bytes;
};

/* What the library calls the kind of MP4 whose brand is M4A. */
#define M4A "ipod"

void mux_open(const MuxSpec *spec, Mux **out)
{
    Mux *mux = NEW(Mux);
    const char *container = spec->tracks[MUX_VIDEO] ? "mp4" : M4A;
    REQUIRE(avformat_alloc_output_context2(&mux->format, NULL, container, "") >= 0);
    output_attach(mux->format, spec->fd, spec->size_max);
    mux->size_max = spec->size_max;
    mux->format->flags |= AVFMT_FLAG_BITEXACT; /* no name of the writing library */
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        mux->tracks[i] =
            (MuxedTrack){.state = spec->tracks[i] ? TRACK_EXPECTED : TRACK_ABSENT,
                         .language = spec->languages[i] ? base_strdup(spec->languages[i]) : NULL};
    *out = mux;
}

bool mux_is_expecting(const Mux *mux, MuxTrack track)
{
    return mux->tracks[track].state == TRACK_EXPECTED;
}

bool mux_needs_promise(const Mux *mux, MuxTrack sound)
{
    bool much =
        mux->waiting_bytes > MUX_WAITING_MAX / 2 || mux->waiting_count > WAITING_COUNT_MAX / 2;
    return much && mux_is_expecting(mux, sound) && !mux_is_expecting(mux, MUX_VIDEO);
}

static bool mux_write_failed(const Mux *mux, int number, Error *error)
{
    if (output_is_full(mux->format))
        return error_set(error, ERROR_MEDIA, "The result would be larger than %" PRId64 " KiB.",
                         mux->size_max >> 10);
    return media_error_set(error, number, "The video could not be written");
}

static bool mux_write_now(Mux *mux, MuxedTrack *track, AVPacket *packet, Error *error)
{
    packet->stream_index = track->stream->index;
    av_packet_rescale_ts(packet, track->time_base, track->stream->time_base);
    int number = av_interleaved_write_frame(mux->format, packet);
    return number >= 0 || mux_write_failed(mux, number, error);
}

/* Of the sounds players begin with the one that is called their default; without it, with the
 * first. */
static void mux_add_stream(Mux *mux, MuxTrack which)
{
    MuxedTrack *track = &mux->tracks[which];
    AVStream *stream = avformat_new_stream(mux->format, NULL);
    REQUIRE(stream && avcodec_parameters_copy(stream->codecpar, track->parameters) >= 0);
    stream->codecpar->codec_tag = 0;
    stream->time_base = track->time_base;
    stream->avg_frame_rate = track->frame_rate;
    stream->sample_aspect_ratio = stream->codecpar->sample_aspect_ratio;
    stream->disposition = which < MUX_FURTHER ? AV_DISPOSITION_DEFAULT : 0;
    if (track->language)
        REQUIRE(av_dict_set(&stream->metadata, "language", track->language, 0) >= 0);
    track->stream = stream;
}

/* Once every track is described or dropped: the head, and what has waited for it. */
static bool mux_start_when_ready(Mux *mux, Error *error)
{
    AVDictionary *options = NULL;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        if (mux_is_expecting(mux, i))
            return true;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        if (mux->tracks[i].state == TRACK_DESCRIBED)
            mux_add_stream(mux, i);
    mux->started = true;
    av_dict_set(&options, "movflags", "+faststart", 0);
    int number = avformat_write_header(mux->format, &options);
    av_dict_free(&options);
    bool written = number >= 0 || mux_write_failed(mux, number, error);
    for (size_t i = 0; i < mux->waiting_count; i++) {
        Waiting *waiting = &mux->waiting[i];
        written =
            written && mux_write_now(mux, &mux->tracks[waiting->track], waiting->packet, error);
        av_packet_free(&waiting->packet);
    }
    mux->waiting_count = mux->waiting_bytes = 0;
    return written;
}

bool mux_describe(Mux *mux, MuxTrack track, const AVCodecContext *encoder, Error *error)
{
    MuxedTrack *described = &mux->tracks[track];
    REQUIRE(described->state == TRACK_EXPECTED);
    described->parameters = avcodec_parameters_alloc();
    REQUIRE(described->parameters &&
            avcodec_parameters_from_context(described->parameters, encoder) >= 0);
    described->time_base = encoder->time_base;
    described->frame_rate = encoder->framerate;
    described->state = TRACK_DESCRIBED;
    return mux_start_when_ready(mux, error);
}

bool mux_describe_copy(Mux *mux, MuxTrack track, const AVStream *stream, AVRational time_base,
                       Error *error)
{
    MuxedTrack *described = &mux->tracks[track];
    REQUIRE(described->state == TRACK_EXPECTED);
    described->parameters = avcodec_parameters_alloc();
    REQUIRE(described->parameters &&
            avcodec_parameters_copy(described->parameters, stream->codecpar) >= 0);
    media_compat_drop_side_data(described->parameters);
    described->time_base = time_base;
    described->frame_rate = stream->avg_frame_rate;
    described->state = TRACK_DESCRIBED;
    return mux_start_when_ready(mux, error);
}

bool mux_drop(Mux *mux, MuxTrack track, Error *error)
{
    REQUIRE(mux_is_expecting(mux, track));
    mux->tracks[track].state = TRACK_ABSENT;
    return mux_start_when_ready(mux, error);
}

static AVPacket *mux_keep(AVPacket *packet)
{
    AVPacket *kept = av_packet_alloc();
    REQUIRE(kept);
    av_packet_move_ref(kept, packet);
    return kept;
}

/* To the file, or to those that wait for its head. */
static bool mux_pass_on(Mux *mux, MuxTrack track, AVPacket *packet, Error *error)
{
    if (mux->started)
        return mux_write_now(mux, &mux->tracks[track], packet, error);
    if (mux->waiting_count >= WAITING_COUNT_MAX || mux->waiting_bytes > MUX_WAITING_MAX)
        return error_set(error, ERROR_MEDIA,
                         "The video's first picture comes too late after its sound.");
    if (mux->waiting_count == mux->waiting_room) {
        mux->waiting_room = MAX_OF(mux->waiting_room * 2, 64);
        mux->waiting = realloc(mux->waiting, mux->waiting_room * sizeof *mux->waiting);
        REQUIRE(mux->waiting);
    }
    AVPacket *kept = mux_keep(packet);
    mux->waiting_bytes += (size_t)kept->size;
    mux->waiting[mux->waiting_count++] = (Waiting){kept, track};
    return true;
}

static double mux_seconds(const MuxedTrack *track, int64_t time)
{
    return (double)time * av_q2d(track->time_base);
}

bool mux_write(Mux *mux, MuxTrack track, AVPacket *packet, Error *error)
{
    MuxedTrack *written = &mux->tracks[track];
    if (packet->pts >= written->newest) {
        written->newest = packet->pts;
        written->end = mux_seconds(written, packet->pts + packet->duration);
    }
    if (track != MUX_VIDEO)
        return mux_pass_on(mux, track, packet, error);
    _cleanup_packet_ AVPacket *before = mux->picture;
    mux->picture = mux_keep(packet);
    return !before || mux_pass_on(mux, track, before, error);
}

void mux_hold(Mux *mux, double until)
{
    MuxedTrack *picture = &mux->tracks[MUX_VIDEO];
    picture->end = MAX_OF(picture->end, until);
}

/* The packet decoded last is the one whose length becomes that of the track, whichever is shown
 * last. It is decoded no earlier than needed: lengths are counted from one decoding to the next
 * (ISO/IEC 14496-12 §8.6.1.2), and would else end before the last picture does where pictures are
 * uneven. */
static bool mux_write_last_picture(Mux *mux, Error *error)
{
    const MuxedTrack *track = &mux->tracks[MUX_VIDEO];
    _cleanup_packet_ AVPacket *last = TAKE_PTR(mux->picture);
    if (!last)
        return true;
    int64_t length_max = av_rescale_q(INT_MAX - 1, track->stream->time_base, track->time_base);
    double missing = track->end - mux_seconds(track, last->pts + last->duration);
    if (missing > 0)
        last->duration += llround(missing / av_q2d(track->time_base));
    last->duration = MIN_OF(last->duration, length_max);
    last->dts = MAX_OF(last->dts, last->pts);
    return mux_pass_on(mux, MUX_VIDEO, last, error);
}

bool mux_finish(Mux *mux, Error *error)
{
    REQUIRE(mux->started);
    if (!mux_write_last_picture(mux, error))
        return false;
    int number = av_write_trailer(mux->format);
    if (number >= 0) {
        avio_flush(mux->format->pb);
        number = mux->format->pb->error;
    }
    return number >= 0 || mux_write_failed(mux, number, error);
}

double mux_duration(const Mux *mux)
{
    double end = 0;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        end = MAX_OF(end, mux->tracks[i].end);
    return end;
}

void mux_free(Mux **pointer)
{
    Mux *mux = TAKE_PTR(*pointer);
    if (!mux)
        return;
    av_packet_free(&mux->picture);
    for (size_t i = 0; i < mux->waiting_count; i++)
        av_packet_free(&mux->waiting[i].packet);
    free(mux->waiting);
    for (MuxTrack i = 0; i < MUX_TRACKS; i++) {
        avcodec_parameters_free(&mux->tracks[i].parameters);
        free(mux->tracks[i].language);
    }
    output_detach(mux->format);
    avformat_free_context(mux->format);
    free(mux);
}
