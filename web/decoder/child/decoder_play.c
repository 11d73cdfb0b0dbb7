#include "web/decoder/child/decoder_play.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>

#include "common/media/media_error.h"
#include "common/media/media_limits.h"
#include "common/media/media_types.h"

#define PICTURES_MAX     1500 /* decoded from the last key frame on: a minute */
#define END_SECONDS      1.0  /* of sound decoded at its end, and what may lack there */
#define HEAD_PACKETS_MAX 2000 /* until the first picture and sound must have come */

/* One track and what came of it. */
typedef struct Track {
    AVStream *stream;      /* NULL: there is none */
    AVCodecContext *codec; /* owned */
    double begin, end;     /* seconds: of the first packet, and behind the last one read */
    double last, decoded;  /* seconds: where the last packet and the last frame out of it begin */
    int64_t last_dts;      /* of the packets read, in the stream's time base */
    int64_t packets, frames;
} Track;

typedef struct Player {
    AVFormatContext *format;
    AVPacket *packet;
    AVFrame *frame;
    Track picture, sound;
} Player;

static void player_release(Player *player)
{
    avcodec_free_context(&player->picture.codec);
    avcodec_free_context(&player->sound.codec);
    av_packet_free(&player->packet);
    av_frame_free(&player->frame);
}

static bool player_open_track(AVFormatContext *format, int index, Track *out, Error *error)
{
    *out = (Track){.begin = INFINITY, .end = -INFINITY, .last = -INFINITY, .decoded = -INFINITY};
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
    return number >= 0 || media_error_set(error, number, "The %s cannot be decoded",
                                          media_types_codec(avcodec_get_name(codec->id)));
}

static double player_track_seconds(const Track *track, int64_t time)
{
    return (double)time * av_q2d(track->stream->time_base);
}

/* Damage is skipped as players do; what counts is what comes out. NULL: the end. */
static void player_decode(Player *player, Track *track, const AVPacket *packet)
{
    if (!track->stream)
        return;
    avcodec_send_packet(track->codec, packet);
    while (avcodec_receive_frame(track->codec, player->frame) == 0) {
        int64_t time = player->frame->best_effort_timestamp;
        track->frames++;
        if (time != AV_NOPTS_VALUE)
            track->decoded = fmax(track->decoded, player_track_seconds(track, time));
        av_frame_unref(player->frame);
    }
}

/* Reads one packet and decodes it if it belongs to a track; false at the end. */
static bool player_play_packet(Player *player)
{
    Track *tracks[] = {&player->picture, &player->sound};
    const AVPacket *packet = player->packet;
    if (av_read_frame(player->format, player->packet) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(tracks); i++) {
        Track *track = tracks[i];
        if (!track->stream || track->stream->index != packet->stream_index)
            continue;
        track->packets++;
        track->last_dts = packet->dts;
        /* What an edit list cuts off does not count. */
        if (packet->pts != AV_NOPTS_VALUE && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
            int64_t end = packet->pts + MAX_OF(packet->duration, 0);
            track->begin = fmin(track->begin, player_track_seconds(track, packet->pts));
            track->last = fmax(track->last, player_track_seconds(track, packet->pts));
            track->end = fmax(track->end, player_track_seconds(track, end));
        }
        if (track != &player->picture || track->frames < PICTURES_MAX)
            player_decode(player, track, packet);
        break;
    }
    av_packet_unref(player->packet);
    return true;
}

static bool player_track_has_begun(const Track *track)
{
    return !track->stream || track->frames > 0;
}

/* Until the first picture and the first sound have come out, or too many packets have gone by. */
static bool player_begin(Player *player)
{
    bool begun = player_track_has_begun(&player->picture) && player_track_has_begun(&player->sound);
    for (int i = 0; !begun && i < HEAD_PACKETS_MAX && player_play_packet(player); i++)
        begun = player_track_has_begun(&player->picture) && player_track_has_begun(&player->sound);
    return begun;
}

static bool player_play_head(Player *player, Error *error)
{
    const Track *tracks[] = {&player->picture, &player->sound};
    bool begun = player_begin(player);
    /* One track may begin minutes after the other, whose packets between are not even read. */
    for (size_t i = 0; !begun && i < ARRAY_SIZE(tracks); i++) {
        AVStream *early = tracks[i]->stream;
        if (!early || !player_track_has_begun(tracks[i]))
            continue;
        early->discard = AVDISCARD_ALL;
        begun = player_begin(player);
        early->discard = AVDISCARD_DEFAULT;
    }
    if (begun)
        return true;
    player_decode(player, &player->picture, NULL);
    player_decode(player, &player->sound, NULL);
    if (!player_track_has_begun(&player->picture))
        return error_set(error, ERROR_MEDIA, "Its first picture cannot be decoded.");
    return player_track_has_begun(&player->sound) ||
           error_set(error, ERROR_MEDIA, "The beginning of its sound cannot be decoded.");
}

/* To where the index says that the last key frame is, or sound a little before its end. */
static bool player_seek_end(Player *player, Error *error)
{
    Track *tracks[] = {&player->picture, &player->sound};
    const Track *track = player->picture.stream ? &player->picture : &player->sound;
    AVStream *stream = track->stream;
    int count = avformat_index_get_entries_count(stream);
    const AVIndexEntry *last = avformat_index_get_entry(stream, count - 1);
    if (!last)
        return error_set(error, ERROR_MEDIA, "It has no index to seek by.");
    int64_t back = track == &player->sound ? (int64_t)(END_SECONDS / av_q2d(stream->time_base)) : 0;
    int number =
        av_seek_frame(player->format, stream->index, last->timestamp - back, AVSEEK_FLAG_BACKWARD);
    if (number < 0)
        return media_error_set(error, number, "It cannot be sought through");
    for (size_t i = 0; i < ARRAY_SIZE(tracks); i++) {
        if (!tracks[i]->stream)
            continue;
        avcodec_flush_buffers(tracks[i]->codec);
        tracks[i]->packets = tracks[i]->frames = 0;
        tracks[i]->decoded = -INFINITY;
    }
    return true;
}

/* Sound may end long before the picture does, and the last picture may stand for long: what has
 * come out is compared by where it begins. */
static bool player_track_reached_end(const Track *track)
{
    return !track->stream || track->packets == 0 || track->frames >= PICTURES_MAX ||
           (track->frames > 0 && track->decoded >= track->last - END_SECONDS);
}

static bool player_play_end(Player *player, Error *error)
{
    while (player_play_packet(player))
        ;
    player_decode(player, &player->picture, NULL);
    player_decode(player, &player->sound, NULL);
    if (player->picture.stream && player->picture.packets == 0)
        return error_set(error, ERROR_MEDIA, "There is nothing at its end.");
    if (!player_track_reached_end(&player->picture))
        return error_set(error, ERROR_MEDIA, "Its last pictures cannot be decoded.");
    return player_track_reached_end(&player->sound) ||
           error_set(error, ERROR_MEDIA, "The end of its sound cannot be decoded.");
}

/* What a packet says of its length may be a guess from the frame rate; the index knows how long the
 * last picture stands, where that was read. */
static double player_track_end(const Track *track)
{
    if (!track->stream || track->packets == 0 || track->stream->duration == AV_NOPTS_VALUE)
        return track->end;
    int count = avformat_index_get_entries_count(track->stream);
    const AVIndexEntry *last = avformat_index_get_entry(track->stream, count - 1);
    if (!last || track->last_dts < last->timestamp || !isfinite(track->begin))
        return track->end;
    return fmax(track->end, track->begin + player_track_seconds(track, track->stream->duration));
}

bool decoder_play(MediaInput *input, const DecoderPlay *play, double *duration, Error *error)
{
    _cleanup_(player_release) Player player = {.format = media_input_format(input),
                                               .packet = av_packet_alloc(),
                                               .frame = av_frame_alloc()};
    REQUIRE(player.packet && player.frame);
    if (!player_open_track(player.format, play->picture, &player.picture, error) ||
        !player_open_track(player.format, play->sound, &player.sound, error) ||
        !player_play_head(&player, error) || !player_seek_end(&player, error) ||
        !player_play_end(&player, error))
        return false;
    double begin = fmin(player.picture.begin, player.sound.begin);
    double end = fmax(player_track_end(&player.picture), player_track_end(&player.sound));
    *duration = end > begin ? end - begin : 0;
    return true;
}
