/* The line of a decoder child: what is believed is within its bounds, and is the same when it is
 * written and read again. */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "web/decoder/decoder_message.h"

static bool same(const DecoderMessage *a, const DecoderMessage *b)
{
    const DecoderFacts *x = &a->facts, *y = &b->facts;
    if (a->good != b->good)
        return false;
    if (!a->good)
        return a->error.code == b->error.code && streq(a->error.detail, b->error.detail);
    return x->kind == y->kind && x->width == y->width && x->height == y->height &&
           x->duration == y->duration && x->frame_rate == y->frame_rate &&
           x->has_audio == y->has_audio && streq(x->video_codec, y->video_codec) &&
           streq(x->audio_codec, y->audio_codec);
}

static void write_and_read(const DecoderMessage *message, bool photo)
{
    size_t length;
    DecoderMessage again;
    _cleanup_close_ int fd = fuzz_file("", 0);
    decoder_message_write(fd, message);
    _cleanup_free_ char *line = fuzz_file_bytes(fd, &length);
    REQUIRE(length > 0 && strchr(line, '\n') == line + length - 1);
    REQUIRE(decoder_message_read(line, length - 1, photo, &again) && same(message, &again));
}

static void photo(const char *line, size_t size)
{
    DecoderMessage message;
    const Error *error = &message.error;
    if (!decoder_message_read(line, size, true, &message))
        return;
    REQUIRE(!message.good || message.facts.kind == MEDIA_PHOTO);
    REQUIRE(message.good || error->code == ERROR_IO || streq(error->detail, DECODER_PHOTO_CUT) ||
            streq(error->detail, DECODER_PHOTO_DAMAGED));
    write_and_read(&message, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DecoderMessage message;
    photo((const char *)data, size);
    if (!decoder_message_read((const char *)data, size, false, &message))
        return 0;
    const DecoderFacts *facts = &message.facts;
    if (message.good) {
        REQUIRE(facts->kind == MEDIA_VIDEO || facts->kind == MEDIA_AUDIO);
        REQUIRE(isfinite(facts->duration) && facts->duration >= 0);
        REQUIRE(isfinite(facts->frame_rate) && facts->frame_rate >= 0);
        REQUIRE((facts->kind == MEDIA_VIDEO) == (facts->width > 0));
        REQUIRE((facts->kind == MEDIA_VIDEO) == (facts->height > 0));
    } else {
        REQUIRE(message.error.code == ERROR_MEDIA || message.error.code == ERROR_IO);
        REQUIRE(message.error.field_count == 0 && strlen(message.error.detail) < JOB_ERROR_MAX);
    }
    write_and_read(&message, false);
    return 0;
}
