#include "web/decoder/decoder_message.h"

#include <math.h>

#include "common/base/json.h"

#define SIDE_MAX       262144 /* pixels: the largest stored side, its pixels 16 times as wide */
#define SECONDS_MAX    1e7    /* four months: no upload is longer */
#define FRAME_RATE_MAX 1000.0 /* a second */

static json_t *message_json(const DecoderMessage *message)
{
    const DecoderFacts *facts = &message->facts;
    if (!message->good)
        return json_pack("{s:b, s:o}", "media", message->error.code == ERROR_MEDIA, "error",
                         json_text(message->error.detail));
    return json_pack("{s:s, s:i, s:i, s:f, s:f, s:b, s:s, s:s}", "kind", media_kind_words[facts->kind],
                     "width", facts->width, "height", facts->height, "duration", facts->duration,
                     "frame_rate", facts->frame_rate, "has_audio", facts->has_audio, "video_codec",
                     facts->video_codec, "audio_codec", facts->audio_codec);
}

void decoder_message_write(int fd, const DecoderMessage *message)
{
    _cleanup_json_ json_t *value = message_json(message);
    json_write_line(fd, value);
}

static bool read_number(const json_t *object, const char *field, double largest, double *out)
{
    Error ignored = {0};
    return json_get_number(object, field, out, &ignored) && isfinite(*out) && *out >= 0 &&
           *out <= largest;
}

static bool read_side(const json_t *object, const char *field, MediaKind kind, int *out)
{
    Error ignored = {0};
    int64_t side, largest = kind == MEDIA_VIDEO ? SIDE_MAX : 0;
    if (!json_get_integer(object, field, &side, &ignored) || side < 0 || side > largest)
        return false;
    *out = (int)side;
    return kind == MEDIA_AUDIO || side > 0;
}

/* The media library's short names are of a few letters, digits and underscores. */
static bool read_codec(const json_t *object, const char *field, char out[DECODER_CODEC_MAX])
{
    Error ignored = {0};
    if (!json_copy_string(object, field, out, DECODER_CODEC_MAX, &ignored))
        return false;
    return strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(out);
}

static bool read_kind(const json_t *object, MediaKind *out)
{
    const char *word = json_string_value(json_object_get(object, "kind"));
    for (MediaKind kind = 0; word && kind < MEDIA_KIND_COUNT; kind++)
        if (kind != MEDIA_PHOTO && streq(word, media_kind_words[kind])) {
            *out = kind;
            return true;
        }
    return false;
}

static bool read_facts(const json_t *object, DecoderFacts *out)
{
    Error ignored = {0};
    return read_kind(object, &out->kind) && read_side(object, "width", out->kind, &out->width) &&
           read_side(object, "height", out->kind, &out->height) &&
           read_number(object, "duration", SECONDS_MAX, &out->duration) &&
           read_number(object, "frame_rate", FRAME_RATE_MAX, &out->frame_rate) &&
           json_get_flag(object, "has_audio", &out->has_audio, &ignored) &&
           read_codec(object, "video_codec", out->video_codec) &&
           read_codec(object, "audio_codec", out->audio_codec);
}

/* A child may blame its file, and nothing else in particular. */
static bool read_error(const json_t *object, Error *out)
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
    return *out->detail != '\0';
}

bool decoder_message_read(const char *line, size_t length, DecoderMessage *out)
{
    _cleanup_json_ json_t *object = json_parse_object(line, length, NULL);
    if (!object)
        return false;
    DecoderMessage message = {.good = !json_object_get(object, "error")};
    bool valid =
        message.good ? read_facts(object, &message.facts) : read_error(object, &message.error);
    if (valid)
        *out = message;
    return valid;
}
