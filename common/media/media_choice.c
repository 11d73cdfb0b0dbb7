#include "common/media/media_choice.h"

/* Pixel aspects beyond are damage, not intention. */
#define PIXEL_ASPECT_MAX 16.0

/* Fewer frames are a photo's, whatever its track is called. */
#define FILM_FRAMES_MIN 2.5

double media_ratio_value(MediaRatio ratio)
{
    return ratio.den > 0 ? (double)ratio.num / ratio.den : 0;
}

double media_pixel_aspect(const MediaStream *stream)
{
    double aspect = media_ratio_value(stream->pixel_aspect);
    return aspect > 1 / PIXEL_ASPECT_MAX && aspect < PIXEL_ASPECT_MAX ? aspect : 1;
}

bool media_is_transposed(MediaOrientation orientation)
{
    return orientation >= MEDIA_TRANSPOSE;
}

static bool has_hardly_frames(const MediaStream *stream)
{
    double frames = stream->duration * media_ratio_value(stream->frame_rate);
    return frames > 0 && frames < FILM_FRAMES_MIN;
}

/* A motion photo keeps the photo as a larger track of one frame, which is no film. Else what the
 * file calls its default is meant, and of several the largest. */
static bool is_better_picture(const MediaStream *a, const MediaStream *b)
{
    bool still_a = has_hardly_frames(a), still_b = has_hardly_frames(b);
    if (a->decodable != b->decodable)
        return a->decodable;
    if (still_a != still_b)
        return still_b;
    if (a->is_default != b->is_default)
        return a->is_default;
    return (int64_t)a->width * a->height > (int64_t)b->width * b->height;
}

static bool is_better_sound(const MediaStream *a, const MediaStream *b)
{
    if (a->is_default != b->is_default)
        return a->is_default;
    if (a->channels != b->channels)
        return a->channels > b->channels;
    return a->bit_rate > b->bit_rate;
}

static const MediaStream *choose_picture(const MediaFacts *facts)
{
    const MediaStream *best = NULL;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const MediaStream *stream = &facts->streams[i];
        bool film = stream->kind == STREAM_VIDEO && !stream->is_still;
        if (film && (!best || is_better_picture(stream, best)))
            best = stream;
    }
    return best;
}

static const MediaStream *choose_sound(const MediaFacts *facts)
{
    const MediaStream *best = NULL;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const MediaStream *stream = &facts->streams[i];
        bool usable = stream->kind == STREAM_AUDIO && stream->decodable && stream->channels > 0 &&
                      stream->sample_rate > 0;
        if (usable && (!best || is_better_sound(stream, best)))
            best = stream;
    }
    return best;
}

static bool refuse_empty(const MediaFacts *facts, Error *error)
{
    for (size_t i = 0; i < facts->stream_count; i++)
        if (facts->streams[i].kind == STREAM_AUDIO)
            return error_set(error, ERROR_MEDIA,
                             "The sound is in a format that cannot be decoded here (%s).",
                             facts->streams[i].codec);
    return error_set(error, ERROR_MEDIA, "The file holds neither a moving picture nor sound.");
}

static bool check_picture(const MediaStream *picture, Error *error)
{
    if (!picture->decodable)
        return error_set(error, ERROR_MEDIA,
                         "The video is in a format that cannot be decoded here (%s).",
                         picture->codec);
    return (picture->width >= 1 && picture->height >= 1) ||
           error_set(error, ERROR_MEDIA, "The size of the picture could not be found out.");
}

bool media_choose(const MediaFacts *facts, MediaChoice *out, Error *error)
{
    MediaChoice choice = {choose_picture(facts), choose_sound(facts)};
    if (!choice.picture && !choice.sound)
        return refuse_empty(facts, error);
    if (choice.picture && !check_picture(choice.picture, error))
        return false;
    *out = choice;
    return true;
}
