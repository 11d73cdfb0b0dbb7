#include "web/decoder/decoder_message.h"

#include <math.h>

#include "common/base/json.h"

#define SIDE_MAX       262144 /* pixels: the largest stored side, its pixels 16 times as wide */
#define SECONDS_MAX    1e7    /* four months: no upload is longer */
#define FRAME_RATE_MAX 1000.0 /* a second */

void decoder_message_write(int fd, const DecoderMessage *message)
{
    const DecoderFacts *facts = &message->facts;
    _cleanup_json_ json_t *value =
        message->good ? json_pack("{s:s, s:i, s:i, s:f, s:f, s:b, s:s, s:s}", "kind",
                                  media_kind_words[facts->kind], "width", facts->width, "height",
                                  facts->height, "duration", facts->duration, "frame_rate",
                                  facts->frame_rate, "has_audio", facts->has_audio, "video_codec",
                                  facts->video_codec, "audio_codec", facts->audio_codec)
                      : json_pack("{s:b, s:o}", "media", message->error.code == ERROR_MEDIA,
                                  "error", json_text(message->error.detail));
    json_write_line(fd, value);
}

static bool decoder_read_number(const json_t *object, const char *field, double largest,
                                double *out)
{
    Error ignored = {0};
    return json_get_number(object, field, out, &ignored) && isfinite(*out) && *out >= 0 &&
           *out <= largest;
}

/* A video has a side, sound has none. */
static bool decoder_read_side(const json_t *object, const char *field, MediaKind kind, int *out)
{
    Error ignored = {0};
    int64_t side, smallest = kind == MEDIA_VIDEO ? 1 : 0;
    if (!json_get_integer(object, field, &side, &ignored) || side < smallest ||
        side > smallest * SIDE_MAX)
        return false;
    *out = (int)side;
    return true;
}

/* The media library's short names are of a few letters, digits and underscores. */
static bool decoder_read_codec(const json_t *object, const char *field, char out[DECODER_CODEC_MAX])
{
    Error ignored = {0};
    return json_copy_string(object, field, out, DECODER_CODEC_MAX, &ignored) &&
           strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(out);
}

static bool decoder_read_facts(const json_t *object, bool photo, DecoderFacts *out)
{
    Error ignored = {0};
    const char *word = json_string_value(json_object_get(object, "kind"));
    *out = (DecoderFacts){.kind = MEDIA_PHOTO};
    if (!word || photo)
        return word && streq(word, media_kind_words[MEDIA_PHOTO]);
    if (streq(word, media_kind_words[MEDIA_VIDEO]))
        out->kind = MEDIA_VIDEO;
    else if (streq(word, media_kind_words[MEDIA_AUDIO]))
        out->kind = MEDIA_AUDIO;
    else
        return false;
    return decoder_read_side(object, "width", out->kind, &out->width) &&
           decoder_read_side(object, "height", out->kind, &out->height) &&
           decoder_read_number(object, "duration", SECONDS_MAX, &out->duration) &&
           decoder_read_number(object, "frame_rate", FRAME_RATE_MAX, &out->frame_rate) &&
           json_get_flag(object, "has_audio", &out->has_audio, &ignored) &&
           decoder_read_codec(object, "video_codec", out->video_codec) &&
           decoder_read_codec(object, "audio_codec", out->audio_codec);
}

/* A child may blame its file, and nothing else in particular; a photo in our own words. */
static bool decoder_read_error(const json_t *object, bool photo, Error *out)
{
    Error ignored = {0};
    bool media;
    *out = (Error){0};
    if (!json_get_flag(object, "media", &media, &ignored) ||
        !json_copy_string(object, "error", out->detail, JOB_ERROR_MAX, &ignored))
        return false;
    out->code = media ? ERROR_MEDIA : ERROR_IO;
    for (char *c = out->detail; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    if (photo && media)
        return streq(out->detail, DECODER_PHOTO_CUT) || streq(out->detail, DECODER_PHOTO_DAMAGED);
    return *out->detail != '\0';
}

bool decoder_message_read(const char *line, size_t length, bool photo, DecoderMessage *out)
{
    _cleanup_json_ json_t *object = json_parse_object(line, length, NULL);
    if (!object)
        return false;
    DecoderMessage message = {.good = !json_object_get(object, "error")};
    bool valid = message.good ? decoder_read_facts(object, photo, &message.facts)
                              : decoder_read_error(object, photo, &message.error);
    if (valid)
        *out = message;
    return valid;
}
