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

static bool read_number(const char *text, int64_t smallest, int64_t largest, int64_t *out)
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
    if (!read_number(*arguments++, smallest, largest, &policy.field))                              \
        return false;
    ENCODER_POLICY(X)
#undef X
    *out = policy;
    return true;
}

static json_t *files_json(const EncoderOutcome *outcome)
{
    json_t *files = json_array();
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (outcome->files[i])
            json_array_append_new(files, json_string(transfer_file_kinds[i].word));
    return files;
}

static json_t *outcome_json(const EncoderOutcome *outcome)
{
    return json_pack("{s:{s:f, s:f, s:i, s:i, s:b, s:b, s:o, s:s, s:s, s:s, s:o}}", "result",
                     "duration", outcome->duration, "source_duration", outcome->source_duration,
                     "width", outcome->width, "height", outcome->height, "has_audio",
                     outcome->has_audio, "whole", outcome->whole, "files", files_json(outcome),
                     "operation", encoder_operation_word(outcome->operation), "thumbhash",
                     outcome->thumbhash, "captured_at", outcome->captured_at, "title",
                     json_text(outcome->title));
}

static json_t *message_json(const EncoderMessage *message)
{
    switch (message->kind) {
    case ENCODER_MESSAGE_PROGRESS:
        return json_pack("{s:i, s:f}", "progress", message->progress.percent, "seconds",
                         message->progress.seconds);
    case ENCODER_MESSAGE_RESULT:
        return outcome_json(&message->outcome);
    case ENCODER_MESSAGE_ERROR:
        return json_pack("{s:{s:s, s:o}}", "error", "code", error_word(message->error.code),
                         "detail", json_text(message->error.detail));
    }
    UNREACHABLE();
}

void encoder_message_write(int fd, const EncoderMessage *message)
{
    _cleanup_json_ json_t *value = message_json(message);
    json_write_line(fd, value);
}

static bool read_seconds(const json_t *object, const char *field, double *out)
{
    const json_t *value = json_object_get(object, field);
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out) && *out >= 0 && *out <= SECONDS_MAX;
}

static bool read_integer(const json_t *object, const char *field, int maximum, int *out)
{
    const json_t *value = json_object_get(object, field);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > maximum)
        return false;
    *out = (int)number;
    return true;
}

static bool read_files(const json_t *object, EncoderOutcome *out)
{
    const json_t *files = json_object_get(object, "files"), *item;
    size_t index;
    memset(out->files, 0, sizeof out->files);
    json_array_foreach(files, index, item) for (size_t i = 0; i < TRANSFER_FILE_COUNT;
                                                i++) if (json_is_string(item) &&
                                                         streq(json_string_value(item),
                                                               transfer_file_kinds[i].word))
        out->files[i] = true;
    return out->files[TRANSFER_VIDEO] != out->files[TRANSFER_AUDIO];
}

/* Sound alone has no sides. */
static bool read_sides(const json_t *object, EncoderOutcome *out)
{
    int smallest = out->files[TRANSFER_VIDEO] ? 2 : 0;
    int largest = out->files[TRANSFER_VIDEO] ? PLAN_LONG_SIDE_MAX : 0;
    return read_integer(object, "width", largest, &out->width) && out->width >= smallest &&
           read_integer(object, "height", largest, &out->height) && out->height >= smallest;
}

static bool read_text(const json_t *object, const char *field, char *out, size_t size)
{
    Error ignored = {0};
    return json_copy_string(object, field, out, size, &ignored);
}

static bool read_texts(const json_t *object, EncoderOutcome *out)
{
    return read_text(object, "thumbhash", out->thumbhash, sizeof out->thumbhash) &&
           read_text(object, "captured_at", out->captured_at, sizeof out->captured_at) &&
           read_text(object, "title", out->title, sizeof out->title);
}

static bool read_operation(const json_t *object, PlanOperation *out)
{
    const char *word = json_string_value(json_object_get(object, "operation"));
    if (!word)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(operation_words); i++) {
        if (streq(word, operation_words[i])) {
            *out = (PlanOperation)i;
            return true;
        }
    }
    return false;
}

static bool read_outcome(const json_t *object, EncoderMessage *out)
{
    Error ignored = {0};
    EncoderOutcome *outcome = &out->outcome;
    out->kind = ENCODER_MESSAGE_RESULT;
    return read_seconds(object, "duration", &outcome->duration) &&
           read_seconds(object, "source_duration", &outcome->source_duration) &&
           read_files(object, outcome) && read_sides(object, outcome) &&
           json_get_flag(object, "has_audio", &outcome->has_audio, &ignored) &&
           json_get_flag(object, "whole", &outcome->whole, &ignored) &&
           read_texts(object, outcome) && read_operation(object, &outcome->operation);
}

/* A child may blame the media or the storage; whatever else it says counts as the media's fault. */
static ErrorCode read_code(const char *word)
{
    const ErrorCode allowed[] = {ERROR_NO_SPACE, ERROR_IO, ERROR_INTERNAL};
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
        if (streq(word, error_word(allowed[i])))
            return allowed[i];
    return ERROR_MEDIA;
}

static bool read_error(const json_t *object, EncoderMessage *out)
{
    const char *word = json_string_value(json_object_get(object, "code"));
    const char *detail = json_string_value(json_object_get(object, "detail"));
    if (!word || !detail)
        return false;
    out->kind = ENCODER_MESSAGE_ERROR;
    out->error = (Error){.code = read_code(word)};
    base_copy_truncated(out->error.detail, sizeof out->error.detail, detail);
    for (char *c = out->error.detail; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return out->error.detail[0] != '\0';
}

static bool read_progress(const json_t *object, EncoderMessage *out)
{
    out->kind = ENCODER_MESSAGE_PROGRESS;
    return read_integer(object, "progress", 100, &out->progress.percent) &&
           read_seconds(object, "seconds", &out->progress.seconds);
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
    if (result)
        valid = read_outcome(result, &message);
    else if (error)
        valid = read_error(error, &message);
    else
        valid = read_progress(object, &message);
    if (valid)
        *out = message;
    return valid;
}
