/* The lines of an encoder child and the arguments it is started with: what is believed is within
 * its bounds, and is the same when it is written and read again. */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "transcoder/encoder/encoder_message.h"

static bool same_outcome(const EncoderOutcome *a, const EncoderOutcome *b)
{
    return a->duration == b->duration && a->source_duration == b->source_duration &&
           a->width == b->width && a->height == b->height && a->has_audio == b->has_audio &&
           a->losses == b->losses && memcmp(a->files, b->files, sizeof a->files) == 0 &&
           a->operation == b->operation && streq(a->thumbhash, b->thumbhash) &&
           streq(a->captured_at, b->captured_at) && streq(a->title, b->title);
}

static bool same(const EncoderMessage *a, const EncoderMessage *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ENCODER_MESSAGE_PROGRESS:
        return a->progress.percent == b->progress.percent &&
               a->progress.seconds == b->progress.seconds;
    case ENCODER_MESSAGE_RESULT:
        return same_outcome(&a->outcome, &b->outcome);
    case ENCODER_MESSAGE_ERROR:
        return a->error.code == b->error.code && streq(a->error.detail, b->error.detail);
    }
    UNREACHABLE();
}

static void check_bounds(const EncoderMessage *message)
{
    const EncoderOutcome *outcome = &message->outcome;
    const EncoderProgress *progress = &message->progress;
    switch (message->kind) {
    case ENCODER_MESSAGE_PROGRESS:
        REQUIRE(progress->percent >= 0 && progress->percent <= 100);
        REQUIRE(isfinite(progress->seconds) && progress->seconds >= 0);
        return;
    case ENCODER_MESSAGE_RESULT:
        REQUIRE(isfinite(outcome->duration) && isfinite(outcome->source_duration));
        REQUIRE(outcome->duration >= 0 && outcome->source_duration >= 0);
        REQUIRE(outcome->files[TRANSFER_VIDEO] != outcome->files[TRANSFER_AUDIO]);
        REQUIRE(outcome->files[TRANSFER_VIDEO] == (outcome->width > 0 && outcome->height > 0));
        return;
    case ENCODER_MESSAGE_ERROR:
        REQUIRE(message->error.code != ERROR_NONE && *message->error.detail);
        REQUIRE(message->error.field_count == 0);
        return;
    }
    UNREACHABLE();
}

static void read_line(const char *line, size_t length)
{
    EncoderMessage message, again;
    size_t written;
    if (!encoder_message_read(line, length, &message))
        return;
    check_bounds(&message);
    _cleanup_close_ int fd = fuzz_file("", 0);
    encoder_message_write(fd, &message);
    _cleanup_free_ char *text = fuzz_file_bytes(fd, &written);
    REQUIRE(written > 0 && strchr(text, '\n') == text + written - 1);
    REQUIRE(encoder_message_read(text, written - 1, &again) && same(&message, &again));
}

static void read_arguments(FuzzInput *input)
{
    char *words[ENCODER_ARGUMENTS + 1];
    int count = 0;
    EncoderPolicy policy, again;
    EncoderArguments written;
    char *written_words[ENCODER_ARGUMENTS];
    while (input->left > 0 && count < ENCODER_ARGUMENTS + 1)
        words[count++] = fuzz_line(input);
    if (encoder_message_policy(count, words, &policy)) {
        REQUIRE(count == ENCODER_ARGUMENTS);
        encoder_message_arguments(&policy, written);
        for (size_t i = 0; i < ENCODER_ARGUMENTS; i++)
            written_words[i] = written[i];
        REQUIRE(encoder_message_policy(ENCODER_ARGUMENTS, written_words, &again));
        REQUIRE(streq(policy.preset, again.preset));
#define X(field, smallest, largest) REQUIRE(policy.field == again.field);
        ENCODER_POLICY(X)
#undef X
    }
    for (int i = 0; i < count; i++)
        free(words[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    read_line(input.at, size);
    read_arguments(&input);
    return 0;
}
