#include "web/decoder/child/decoder_play.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>

#include "common/media/media_error.h"
#include "common/media/media_limits.h"

#define PICTURES_MAX     1500 /* decoded from the last key frame on: a minute */
#define END_SECONDS      1.0  /* of sound decoded at its end, and what may lack there */
#define HEAD_PACKETS_MAX 2000 /* until the first picture and sound must have come */

/* One track and what came of it. */
typedef struct Track {
    AVStream *stream;      /* NULL: there is none */
    AVCodecContext *codec; /* owned */
    double begin, end;     /* seconds: of the first packet, and behind the last one read */
    double decoded;        /* seconds: of the last frame that came out */
    int64_t packets, frames;
} Track;

typedef struct Player {
    AVFormatContext *format;
    AVPacket *packet;
    AVFrame *frame;
    Track picture, sound;
} Player;

static void release(Player *player)
{
    avcodec_free_context(&player->picture.codec);
    avcodec_free_context(&player->sound.codec);
    av_packet_free(&player->packet);
    av_frame_free(&player->frame);
}

static bool open_track(AVFormatContext *format, int index, Track *out, Error *error)
{
    *out = (Track){.begin = INFINITY, .end = -INFINITY, .decoded = -INFINITY};
    if (index < 0)
        return true;
    AVStream *stream = format->streams[index];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    REQUIRE(codec);
    out->stream = stream;
    out->codec = avcodec_alloc_context3(codec);
    REQUIRE(out->codec);
    int number = avcodec_parameters_to_context(out->codec, stream->codecpar);
    out->codec->pkt_timebase = stream->time_base;
    out->codec->thread_count = 1;
    out->codec->max_pixels = MEDIA_PIXELS_MAX;
    out->codec->max_samples = MEDIA_AUDIO_SAMPLES_MAX;
    if (number >= 0)
        number = avcodec_open2(out->codec, codec, NULL);
    return number >= 0 ||
           media_error_set(error, number, "The %s decoder could not be started", codec->name);
}

static double seconds_of(const Track *track, int64_t time)
{
    return (double)time * av_q2d(track->stream->time_base);
}

/* Damage is skipped as players do; what counts is what comes out. NULL: the end. */
static void decode(Player *player, Track *track, const AVPacket *packet)
{
    avcodec_send_packet(track->codec, packet);
    while (avcodec_receive_frame(track->codec, player->frame) == 0) {
        int64_t time = player->frame->best_effort_timestamp;
        track->frames++;
        if (time != AV_NOPTS_VALUE)
            track->decoded = fmax(track->decoded, seconds_of(track, time));
        av_frame_unref(player->frame);
    }
}

static Track *track_of(Player *player, const AVPacket *packet)
{
    Track *tracks[] = {&player->picture, &player->sound};
    for (size_t i = 0; i < ARRAY_SIZE(tracks); i++)
        if (tracks[i]->stream && tracks[i]->stream->index == packet->stream_index)
            return tracks[i];
    return NULL;
}

/* What an edit list cuts off does not count. */
static void note_time(Track *track, const AVPacket *packet)
{
    if (packet->pts == AV_NOPTS_VALUE || packet->flags & AV_PKT_FLAG_DISCARD)
        return;
    track->begin = fmin(track->begin, seconds_of(track, packet->pts));
    track->end = fmax(track->end, seconds_of(track, packet->pts + MAX_OF(packet->duration, 0)));
}

/* Reads one packet and decodes it if it belongs to a track; false at the end. */
static bool play_packet(Player *player)
{
    if (av_read_frame(player->format, player->packet) < 0)
        return false;
    Track *track = track_of(player, player->packet);
    if (track) {
        track->packets++;
        note_time(track, player->packet);
        if (track != &player->picture || track->frames < PICTURES_MAX)
            decode(player, track, player->packet);
    }
    av_packet_unref(player->packet);
    return true;
}

static bool has_begun(const Track *track)
{
    return !track->stream || track->frames > 0;
}

static void drain(Player *player, Track *track)
{
    if (track->stream)
        decode(player, track, NULL);
}

static bool have_begun(const Player *player)
{
    return has_begun(&player->picture) && has_begun(&player->sound);
}

static void play_packets(Player *player)
{
    bool more = true;
    for (int i = 0; more && i < HEAD_PACKETS_MAX && !have_begun(player); i++)
        more = play_packet(player);
}

/* One track may begin minutes after the other, whose packets between are not even read. */
static void await_late(Player *player, const Track *early)
{
    if (!early->stream || !has_begun(early) || have_begun(player))
        return;
    early->stream->discard = AVDISCARD_ALL;
    play_packets(player);
    early->stream->discard = AVDISCARD_DEFAULT;
}

static bool play_head(Player *player, Error *error)
{
    play_packets(player);
    await_late(player, &player->picture);
    await_late(player, &player->sound);
    if (have_begun(player))
        return true;
    drain(player, &player->picture);
    drain(player, &player->sound);
    if (!has_begun(&player->picture))
        return error_set(error, ERROR_MEDIA, "Its first picture cannot be decoded.");
    return has_begun(&player->sound) ||
           error_set(error, ERROR_MEDIA, "The beginning of its sound cannot be decoded.");
}

/* Where the index says that the last key frame is, or sound a little before its end. */
static bool seek_end(Player *player, Error *error)
{
    const Track *track = player->picture.stream ? &player->picture : &player->sound;
    AVStream *stream = track->stream;
    int count = avformat_index_get_entries_count(stream);
    const AVIndexEntry *last = avformat_index_get_entry(stream, count - 1);
    if (!last)
        return error_set(error, ERROR_MEDIA, "It has no index to seek by.");
    int64_t back = track == &player->sound ? (int64_t)(END_SECONDS / av_q2d(stream->time_base)) : 0;
    int number =
        av_seek_frame(player->format, stream->index, last->timestamp - back, AVSEEK_FLAG_BACKWARD);
    return number >= 0 || media_error_set(error, number, "It cannot be sought through");
}

static void restart(Track *track)
{
    if (!track->stream)
        return;
    avcodec_flush_buffers(track->codec);
    track->packets = track->frames = 0;
    track->decoded = -INFINITY;
}

/* Sound may end long before the picture does. */
static bool reached_end(const Track *track)
{
    return !track->stream || track->packets == 0 || track->frames >= PICTURES_MAX ||
           (track->frames > 0 && track->decoded >= track->end - END_SECONDS);
}

static bool play_end(Player *player, Error *error)
{
    restart(&player->picture);
    restart(&player->sound);
    while (play_packet(player))
        ;
    drain(player, &player->picture);
    drain(player, &player->sound);
    if (player->picture.stream && player->picture.packets == 0)
        return error_set(error, ERROR_MEDIA, "There is nothing at its end.");
    if (!reached_end(&player->picture))
        return error_set(error, ERROR_MEDIA, "Its last pictures cannot be decoded.");
    return reached_end(&player->sound) ||
           error_set(error, ERROR_MEDIA, "The end of its sound cannot be decoded.");
}

bool decoder_play(MediaInput *input, const DecoderPlay *play, double *duration, Error *error)
{
    _cleanup_(release) Player player = {.format = media_input_format(input),
                                        .packet = av_packet_alloc(),
                                        .frame = av_frame_alloc()};
    REQUIRE(player.packet && player.frame);
    if (!open_track(player.format, play->picture, &player.picture, error) ||
        !open_track(player.format, play->sound, &player.sound, error) ||
        !play_head(&player, error) || !seek_end(&player, error) || !play_end(&player, error))
        return false;
    double begin = fmin(player.picture.begin, player.sound.begin);
    double end = fmax(player.picture.end, player.sound.end);
    *duration = end > begin ? end - begin : 0;
    return true;
}
