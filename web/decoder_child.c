#include "web/decoder_child.h"

#include <libavutil/avutil.h>
#include <math.h>

#include "common/media/media_error.h"
#include "common/media/media_probe.h"
#include "web/decoder_message.h"
#include "web/decoder_play.h"

/* A container whose length would leave less than this of each second lies about it. */
#define BYTES_A_SECOND_MIN 100

/* Pixel aspects beyond are damage, not intention. */
#define PIXEL_ASPECT_MAX 16.0

static double ratio_value(MediaRatio ratio)
{
    return ratio.den > 0 ? (double)ratio.num / ratio.den : 0;
}

/* What can be decoded goes first, then what the file calls its default, then the larger picture or
 * more channels. */
static bool is_better(const MediaStream *a, const MediaStream *b)
{
    int64_t size_a = (int64_t)a->width * a->height + a->channels;
    int64_t size_b = (int64_t)b->width * b->height + b->channels;
    if (a->decodable != b->decodable)
        return a->decodable;
    return a->is_default != b->is_default ? a->is_default : size_a > size_b;
}

static const MediaStream *choose(const MediaFacts *media, MediaKind kind)
{
    const MediaStream *best = NULL;
    for (size_t i = 0; i < media->stream_count; i++) {
        const MediaStream *stream = &media->streams[i];
        if (stream->kind == kind && !stream->is_still && (!best || is_better(stream, best)))
            best = stream;
    }
    return best;
}

/* As it is shown: turned upright, its pixels made square by widening or narrowing. */
static void describe_picture(const MediaStream *picture, DecoderFacts *out)
{
    double aspect = ratio_value(picture->pixel_aspect);
    if (aspect <= 1 / PIXEL_ASPECT_MAX || aspect >= PIXEL_ASPECT_MAX)
        aspect = 1;
    int width = MAX_OF((int)lround(picture->width * aspect), 1), height = picture->height;
    bool turned = picture->orientation >= MEDIA_TRANSPOSE;
    out->width = turned ? height : width;
    out->height = turned ? width : height;
    out->frame_rate = ratio_value(picture->frame_rate);
    base_copy_truncated(out->video_codec, sizeof out->video_codec, picture->codec);
}

static bool check_tracks(const MediaStream *picture, const MediaStream *sound, Error *error)
{
    const MediaStream *first = picture ? picture : sound;
    if (!first)
        return error_set(error, ERROR_MEDIA, "The file holds neither moving pictures nor sound.");
    if (!first->decodable)
        return error_set(error, ERROR_MEDIA,
                         "The %s is in a format that cannot be decoded here (%s).",
                         picture ? "video" : "recording", first->codec);
    if (picture && (picture->width < 1 || picture->height < 1))
        return error_set(error, ERROR_MEDIA, "The size of the picture could not be found out.");
    return true;
}

static double told_duration(const MediaFacts *media)
{
    double plausible = (double)media->size / BYTES_A_SECOND_MIN;
    return media->duration <= plausible ? media->duration : 0;
}

static bool describe(const MediaFacts *media, DecoderPlay *play, DecoderFacts *out, Error *error)
{
    const MediaStream *picture = choose(media, MEDIA_VIDEO), *sound = choose(media, MEDIA_AUDIO);
    if (!check_tracks(picture, sound, error))
        return false;
    *out = (DecoderFacts){.kind = picture ? DECODER_VIDEO : DECODER_AUDIO,
                          .duration = told_duration(media),
                          .has_audio = sound && sound->decodable};
    if (picture)
        describe_picture(picture, out);
    if (out->has_audio)
        base_copy_truncated(out->audio_codec, sizeof out->audio_codec, sound->codec);
    play->picture = picture ? picture->index : -1;
    play->sound = out->has_audio ? sound->index : -1;
    return true;
}

/* Opens the file and describes it; `verify` also plays its beginning and its end. */
static bool look(bool verify, DecoderFacts *out, Error *error)
{
    _cleanup_media_input_ MediaInput *input = NULL;
    MediaFacts media;
    DecoderPlay play;
    if (!media_input_open(DECODER_FD_FILE, &input, error))
        return false;
    bool good = media_probe(input, &media, error) && describe(&media, &play, out, error) &&
                (!verify || decoder_play(input, &play, &out->duration, error));
    return media_input_check(input, error) && good;
}

static int answer(bool verify)
{
    DecoderMessage message = {0};
    DecoderFacts facts;
    Error error = {0};
    media_error_init();
    message.good = look(verify, &facts, &error);
    if (message.good)
        message.facts = facts;
    else
        message.error = error;
    decoder_message_write(DECODER_FD_STATUS, &message);
    return 0;
}

static int probe(int argc, char **argv)
{
    (void)argc, (void)argv;
    return answer(false);
}

static int verify(int argc, char **argv)
{
    (void)argc, (void)argv;
    return answer(true);
}

const char *decoder_child_library(void)
{
    return av_version_info();
}

const ZygoteTask decoder_child_tasks[] = {
    {DECODER_TASK_PROBE, probe},
    {DECODER_TASK_VERIFY, verify},
    {0},
};
