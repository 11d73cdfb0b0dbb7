#include "transcoder/encoder/encoder_message.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#define SECONDS_MAX 1e7 /* four months: no upload is longer */

static const char *const operation_words[] = {
    [PLAN_REMUX] = "remux",
    [PLAN_ENCODE] = "encode",
    [PLAN_ENCODE_AUDIO] = "encode audio",
    [PLAN_ENCODE_VIDEO] = "encode video",
};

const char *encoder_operation_word(PlanOperation operation)
{
    REQUIRE((size_t)operation < ARRAY_SIZE(operation_words));
    return operation_words[operation];
}

void encoder_message_arguments(const EncoderPolicy *policy, EncoderArguments out)
{
    size_t count = 0;
    REQUIRE(base_copy(out[count++], ENCODER_ARGUMENT_SIZE, policy->preset));
#define X(field, smallest, largest)                                                                \
    snprintf(out[count++], ENCODER_ARGUMENT_SIZE, "%" PRId64, policy->field);
    ENCODER_POLICY(X)
#undef X
}

static bool encoder_read_number(const char *text, int64_t smallest, int64_t largest, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && end != text && !*end && *out >= smallest && *out <= largest;
}

bool encoder_message_policy(int count, char **arguments, EncoderPolicy *out)
{
    EncoderPolicy policy;
    if (count != ENCODER_ARGUMENTS || !base_copy(policy.preset, sizeof policy.preset, *arguments++))
        return false;
#define X(field, smallest, largest)                                                                \
    if (!encoder_read_number(*arguments++, smallest, largest, &policy.field))                      \
        return false;
    ENCODER_POLICY(X)
#undef X
    *out = policy;
    return true;
}

static json_t *encoder_message_json(const EncoderMessage *message)
{
    const EncoderOutcome *outcome = &message->outcome;
    json_t *files;
    switch (message->kind) {
    case ENCODER_MESSAGE_PROGRESS:
        return json_pack("{s:i, s:f}", "progress", message->progress.percent, "seconds",
                         message->progress.seconds);
    case ENCODER_MESSAGE_RESULT:
        files = json_array();
        for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
            if (outcome->files[i])
                json_array_append_new(files, json_string(transfer_file_kinds[i].word));
        return json_pack("{s:{s:f, s:f, s:i, s:i, s:b, s:o, s:o, s:s, s:s, s:s, s:o}}", "result",
                         "duration", outcome->duration, "source_duration", outcome->source_duration,
                         "width", outcome->width, "height", outcome->height, "has_audio",
                         outcome->has_audio, "losses", transfer_losses_encode(outcome->losses),
                         "files", files, "operation", encoder_operation_word(outcome->operation),
                         "thumbhash", outcome->thumbhash, "captured_at", outcome->captured_at,
                         "title", json_text(outcome->title));
    case ENCODER_MESSAGE_ERROR:
        return json_pack("{s:{s:s, s:o}}", "error", "code", error_word(message->error.code),
                         "detail", json_text(message->error.detail));
    }
    UNREACHABLE();
}

void encoder_message_write(int fd, const EncoderMessage *message)
{
    _cleanup_json_ json_t *value = encoder_message_json(message);
    json_write_line(fd, value);
}

static bool encoder_read_seconds(const json_t *object, const char *field, double *out)
{
    const json_t *value = json_object_get(object, field);
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out) && *out >= 0 && *out <= SECONDS_MAX;
}

static bool encoder_read_integer(const json_t *object, const char *field, int smallest, int largest,
                                 int *out)
{
    const json_t *value = json_object_get(object, field);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < smallest || number > largest)
        return false;
    *out = (int)number;
    return true;
}

static bool encoder_read_losses(const json_t *object, TransferLosses *out)
{
    const json_t *value = json_object_get(object, "losses");
    *out = transfer_losses_decode(value);
    return json_is_array(value);
}

static bool encoder_read_outcome(const json_t *object, EncoderOutcome *out)
{
    const json_t *files = json_object_get(object, "files");
    const char *operation = json_string_value(json_object_get(object, "operation"));
    Error ignored = {0};
    *out = (EncoderOutcome){0};
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *word = json_string_value(json_array_get(files, i));
        for (size_t kind = 0; word && kind < TRANSFER_FILE_COUNT; kind++)
            if (streq(word, transfer_file_kinds[kind].word))
                out->files[kind] = true;
    }
    bool video = out->files[TRANSFER_VIDEO];
    if (video == out->files[TRANSFER_AUDIO])
        return false;
    size_t found = 0;
    while (operation && found < ARRAY_SIZE(operation_words) &&
           !streq(operation, operation_words[found]))
        found++;
    if (!operation || found == ARRAY_SIZE(operation_words))
        return false;
    out->operation = (PlanOperation)found;
    /* Sound alone has no sides. */
    int smallest = video ? 2 : 0, largest = video ? PLAN_LONG_SIDE_MAX : 0;
    return encoder_read_integer(object, "width", smallest, largest, &out->width) &&
           encoder_read_integer(object, "height", smallest, largest, &out->height) &&
           encoder_read_seconds(object, "duration", &out->duration) &&
           encoder_read_seconds(object, "source_duration", &out->source_duration) &&
           json_get_flag(object, "has_audio", &out->has_audio, &ignored) &&
           encoder_read_losses(object, &out->losses) &&
           json_copy_string(object, "thumbhash", out->thumbhash, sizeof out->thumbhash, &ignored) &&
           json_copy_string(object, "captured_at", out->captured_at, sizeof out->captured_at,
                            &ignored) &&
           json_copy_string(object, "title", out->title, sizeof out->title, &ignored);
}

/* A child may blame the media or the storage; whatever else it says counts as the media's fault. */
static bool encoder_read_error(const json_t *object, Error *out)
{
    static const ErrorCode allowed[] = {ERROR_NO_SPACE, ERROR_IO, ERROR_INTERNAL};
    const char *word = json_string_value(json_object_get(object, "code"));
    const char *detail = json_string_value(json_object_get(object, "detail"));
    if (!word || !detail)
        return false;
    *out = (Error){.code = ERROR_MEDIA};
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
        if (streq(word, error_word(allowed[i])))
            out->code = allowed[i];
    base_copy_truncated(out->detail, sizeof out->detail, detail);
    for (char *c = out->detail; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return out->detail[0] != '\0';
}

bool encoder_message_read(const char *line, size_t length, EncoderMessage *out)
{
    EncoderMessage message;
    _cleanup_json_ json_t *object = json_parse_object(line, length, NULL);
    if (!object)
        return false;
    const json_t *result = json_object_get(object, "result");
    const json_t *error = json_object_get(object, "error");
    bool valid;
    if (result) {
        message.kind = ENCODER_MESSAGE_RESULT;
        valid = encoder_read_outcome(result, &message.outcome);
    } else if (error) {
        message.kind = ENCODER_MESSAGE_ERROR;
        valid = encoder_read_error(error, &message.error);
    } else {
        message.kind = ENCODER_MESSAGE_PROGRESS;
        valid = encoder_read_integer(object, "progress", 0, 100, &message.progress.percent) &&
                encoder_read_seconds(object, "seconds", &message.progress.seconds);
    }
    if (valid)
        *out = message;
    return valid;
}
