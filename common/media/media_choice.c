#include "common/media/media_choice.h"

#include "common/media/media_types.h"

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

static bool media_has_hardly_frames(const MediaStream *stream)
{
    double frames = stream->duration * media_ratio_value(stream->frame_rate);
    return frames > 0 && frames < FILM_FRAMES_MIN;
}

/* A motion photo keeps the photo as a larger track of one frame, which is no film. Else what the
 * file calls its default is meant, and of several the largest. */
static bool media_is_better_picture(const MediaStream *a, const MediaStream *b)
{
    bool still_a = media_has_hardly_frames(a), still_b = media_has_hardly_frames(b);
    if (a->decodable != b->decodable)
        return a->decodable;
    if (still_a != still_b)
        return still_b;
    if (a->is_default != b->is_default)
        return a->is_default;
    return (int64_t)a->width * a->height > (int64_t)b->width * b->height;
}

/* What is broadcast beside the picture, in a programme of its own, is not its sound. */
static bool media_is_better_sound(const MediaStream *a, const MediaStream *b, int program)
{
    if ((a->program == program) != (b->program == program))
        return a->program == program;
    if (a->is_default != b->is_default)
        return a->is_default;
    if (a->channels != b->channels)
        return a->channels > b->channels;
    return a->bit_rate > b->bit_rate;
}

bool media_is_audible(const MediaStream *stream)
{
    return stream->kind == STREAM_AUDIO && stream->decodable && !stream->silent &&
           stream->channels > 0 && stream->sample_rate > 0;
}

bool media_choose(const MediaFacts *facts, MediaChoice *out, Error *error)
{
    const MediaStream *picture = NULL, *sound = NULL, *strange_sound = NULL;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const MediaStream *stream = &facts->streams[i];
        bool film = stream->kind == STREAM_VIDEO && !stream->is_still;
        if (film && (!picture || media_is_better_picture(stream, picture)))
            picture = stream;
        if (stream->kind == STREAM_AUDIO && !strange_sound)
            strange_sound = stream;
    }
    int program = picture ? picture->program : 0;
    for (size_t i = 0; i < facts->stream_count; i++) {
        const MediaStream *stream = &facts->streams[i];
        if (media_is_audible(stream) && (!sound || media_is_better_sound(stream, sound, program)))
            sound = stream;
    }
    if (!picture && !sound && strange_sound)
        return error_set(error, ERROR_MEDIA,
                         strange_sound->decodable
                             ? "The file is incomplete or damaged: there is no sound in it that "
                               "could be decoded (%s)."
                             : "The sound is in a format that cannot be decoded here (%s).",
                         media_types_codec(strange_sound->codec));
    if (!picture && !sound)
        return error_set(error, ERROR_MEDIA, "The file holds neither a moving picture nor sound.");
    if (picture && !picture->decodable)
        return error_set(error, ERROR_MEDIA,
                         "The video is in a format that cannot be decoded here (%s).",
                         media_types_codec(picture->codec));
    if (picture && (picture->width < 1 || picture->height < 1))
        return error_set(error, ERROR_MEDIA,
                         "The file is incomplete or damaged: the size of its picture (%s) is not "
                         "told.",
                         media_types_codec(picture->codec));
    *out = (MediaChoice){picture, sound};
    return true;
}
