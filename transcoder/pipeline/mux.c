#include "transcoder/pipeline/mux.h"

#include <inttypes.h>

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
    double end;       /* seconds */
} MuxedTrack;

typedef struct Waiting {
    AVPacket *packet; /* owned */
    MuxTrack track;
} Waiting;

struct Mux {
    AVFormatContext *format;
    MuxedTrack tracks[MUX_TRACKS];
    bool started;
    int64_t size_max; /* bytes */
    Waiting *waiting; /* owned, in order of arrival */
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
        mux->tracks[i].state = spec->tracks[i] ? TRACK_EXPECTED : TRACK_ABSENT;
    *out = mux;
}

bool mux_is_expecting(const Mux *mux, MuxTrack track)
{
    return mux->tracks[track].state == TRACK_EXPECTED;
}

bool mux_needs_promise(const Mux *mux)
{
    bool much =
        mux->waiting_bytes > MUX_WAITING_MAX / 2 || mux->waiting_count > WAITING_COUNT_MAX / 2;
    return much && mux_is_expecting(mux, MUX_AUDIO) && !mux_is_expecting(mux, MUX_VIDEO);
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

/* Once every track is described or dropped: the head, and what has waited for it. */
static bool mux_start_when_ready(Mux *mux, Error *error)
{
    AVDictionary *options = NULL;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        if (mux_is_expecting(mux, i))
            return true;
    for (MuxTrack i = 0; i < MUX_TRACKS; i++) {
        MuxedTrack *track = &mux->tracks[i];
        if (track->state != TRACK_DESCRIBED)
            continue;
        AVStream *stream = avformat_new_stream(mux->format, NULL);
        REQUIRE(stream && avcodec_parameters_copy(stream->codecpar, track->parameters) >= 0);
        stream->codecpar->codec_tag = 0;
        stream->time_base = track->time_base;
        stream->avg_frame_rate = track->frame_rate;
        stream->sample_aspect_ratio = stream->codecpar->sample_aspect_ratio;
        track->stream = stream;
    }
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

bool mux_write(Mux *mux, MuxTrack track, AVPacket *packet, Error *error)
{
    MuxedTrack *written = &mux->tracks[track];
    double end = (double)(packet->pts + packet->duration) * av_q2d(written->time_base);
    written->end = MAX_OF(written->end, end);
    if (mux->started)
        return mux_write_now(mux, written, packet, error);
    if (mux->waiting_count >= WAITING_COUNT_MAX || mux->waiting_bytes > MUX_WAITING_MAX)
        return error_set(error, ERROR_MEDIA,
                         "The video's first picture comes too late after its sound.");
    if (mux->waiting_count == mux->waiting_room) {
        mux->waiting_room = MAX_OF(mux->waiting_room * 2, 64);
        mux->waiting = realloc(mux->waiting, mux->waiting_room * sizeof *mux->waiting);
        REQUIRE(mux->waiting);
    }
    AVPacket *kept = av_packet_alloc();
    REQUIRE(kept);
    av_packet_move_ref(kept, packet);
    mux->waiting_bytes += (size_t)kept->size;
    mux->waiting[mux->waiting_count++] = (Waiting){kept, track};
    return true;
}

bool mux_finish(Mux *mux, Error *error)
{
    REQUIRE(mux->started);
    int number = av_write_trailer(mux->format);
    if (number >= 0) {
        avio_flush(mux->format->pb);
        number = mux->format->pb->error;
    }
    return number >= 0 || mux_write_failed(mux, number, error);
}

double mux_duration(const Mux *mux)
{
    return MAX_OF(mux->tracks[MUX_VIDEO].end, mux->tracks[MUX_AUDIO].end);
}

void mux_free(Mux **pointer)
{
    Mux *mux = TAKE_PTR(*pointer);
    if (!mux)
        return;
    for (size_t i = 0; i < mux->waiting_count; i++)
        av_packet_free(&mux->waiting[i].packet);
    free(mux->waiting);
    for (MuxTrack i = 0; i < MUX_TRACKS; i++)
        avcodec_parameters_free(&mux->tracks[i].parameters);
    output_detach(mux->format);
    avformat_free_context(mux->format);
    free(mux);
}
