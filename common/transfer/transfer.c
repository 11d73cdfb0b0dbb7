#include "common/transfer/transfer.h"

#define LEASE_SECONDS_MAX 86400

#define TRANSFER_WORD_MAX 32 /* bytes of a field of the metadata */

static json_t *transfer_digest_json(const Digest *digest)
{
    char text[DIGEST_FIELD_SIZE];
    digest_format(DIGEST_BLAKE2B, digest, text);
    return json_string(text);
}

static bool transfer_get_digest(const json_t *object, const char *field, Digest *out, Error *error)
{
    const char *text;
    if (!json_get_string(object, field, &text, error))
        return false;
    if (!digest_parse(DIGEST_BLAKE2B, text, out))
        return error_add_field(error, ERROR_INVALID, field,
                               "The field %s must be a BLAKE2b-256 digest.", field);
    return true;
}

json_t *transfer_job_encode(const TransferJob *job)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:{s:s, s:I, s:o, s:s, s:o}, s:{s:s, s:s}}",
                     "job_id", job->job_id, "lease_token", job->lease_token, "lease_seconds",
                     (json_int_t)job->lease_seconds, TRANSFER_FIELD_MEDIA, job->media_id, "attempt",
                     (json_int_t)job->attempt, "original", "url", job->original.url, "size",
                     (json_int_t)job->original.size, "digest",
                     transfer_digest_json(&job->original.digest), "content_type",
                     job->original.content_type, "name", json_text(job->original.name), "output",
                     "container", "mp4", "poster", "jpeg");
}

bool transfer_job_decode(const json_t *value, TransferJob *job, Error *error)
{
    TransferJob read = {0};
    const json_t *original;
    if (!json_copy_string(value, "job_id", read.job_id, sizeof read.job_id, error) ||
        !json_copy_string(value, "lease_token", read.lease_token, sizeof read.lease_token, error) ||
        !json_get_integer(value, "lease_seconds", &read.lease_seconds, error) ||
        !json_copy_string(value, TRANSFER_FIELD_MEDIA, read.media_id, sizeof read.media_id,
                          error) ||
        !json_get_integer(value, "attempt", &read.attempt, error) ||
        !json_get_object(value, "original", &original, error) ||
        !json_copy_string(original, "url", read.original.url, sizeof read.original.url, error) ||
        !json_get_integer(original, "size", &read.original.size, error) ||
        !transfer_get_digest(original, "digest", &read.original.digest, error) ||
        !json_copy_string(original, "content_type", read.original.content_type,
                          sizeof read.original.content_type, error) ||
        !json_copy_string(original, "name", read.original.name, sizeof read.original.name, error))
        return false;
    if (!id_uuid_valid(read.job_id) || !id_uuid_valid(read.media_id))
        return error_set(error, ERROR_INVALID, "The ids of the job must be UUIDs.");
    if (read.lease_seconds < 1 || read.lease_seconds > LEASE_SECONDS_MAX ||
        read.original.size < 0 || read.original.url[0] != '/')
        return error_set(error, ERROR_INVALID, "The job's figures make no sense.");
    *job = read;
    return true;
}

const TransferFileKind transfer_file_kinds[TRANSFER_FILE_COUNT] = {
#define X(id, field, word, family, type, name, size_max)                                           \
    [id] = {field, word, family, type, name, size_max},
    TRANSFER_FILES(X)
#undef X
};

TransferFile transfer_main_file(const TransferResult *result)
{
    return result->files[TRANSFER_AUDIO].present ? TRANSFER_AUDIO : TRANSFER_VIDEO;
}

bool transfer_result_strip(TransferResult *result)
{
    bool adorned = *result->thumbhash || *result->captured_at || *result->title;
    for (TransferFile i = TRANSFER_POSTER; i < TRANSFER_FILE_COUNT; i++) {
        adorned = adorned || result->files[i].present;
        result->files[i] = (TransferMade){0};
    }
    *result->thumbhash = *result->captured_at = *result->title = '\0';
    return adorned;
}

/* "video_digest", "video_size", … */
static const char *transfer_made_field(TransferFile which, const char *what,
                                       char text[TRANSFER_WORD_MAX])
{
    snprintf(text, TRANSFER_WORD_MAX, "%s_%s", transfer_file_kinds[which].word, what);
    return text;
}

json_t *transfer_result_encode(const TransferResult *result)
{
    const struct {
        const char *field, *text;
    } texts[] = {{"thumbhash", result->thumbhash},
                 {"captured_at", result->captured_at},
                 {"title", result->title}};
    char field[TRANSFER_WORD_MAX];
    json_t *value =
        json_pack("{s:f, s:f, s:I, s:I, s:b, s:o, s:s}", "duration", result->duration,
                  "source_duration", result->source_duration, "width", (json_int_t)result->width,
                  "height", (json_int_t)result->height, "has_audio", result->has_audio, "losses",
                  transfer_losses_encode(result->losses), "operation", result->operation);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const TransferMade *made = &result->files[i];
        if (!made->present)
            continue;
        json_object_set_new(value, transfer_made_field(i, "digest", field),
                            transfer_digest_json(&made->digest));
        json_object_set_new(value, transfer_made_field(i, "size", field), json_integer(made->size));
    }
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (*texts[i].text)
            json_object_set_new(value, texts[i].field, json_text(texts[i].text));
    return value;
}

static bool transfer_decode_file(const json_t *value, TransferFile which, TransferMade *out,
                                 Error *error)
{
    char field[TRANSFER_WORD_MAX];
    out->present = json_object_get(value, transfer_made_field(which, "digest", field));
    if (!out->present)
        return true;
    if (!transfer_get_digest(value, field, &out->digest, error))
        return false;
    transfer_made_field(which, "size", field);
    bool told = which <= TRANSFER_AUDIO || json_object_get(value, field);
    return !told || json_get_integer(value, field, &out->size, error);
}

bool transfer_result_decode(const json_t *value, TransferResult *result, Error *error)
{
    TransferResult read = {.has_audio = json_is_true(json_object_get(value, "has_audio")),
                           .losses = transfer_losses_decode(json_object_get(value, "losses"))};
    const struct {
        const char *field;
        char *out;
        size_t size;
    } texts[] = {{"thumbhash", read.thumbhash, sizeof read.thumbhash},
                 {"captured_at", read.captured_at, sizeof read.captured_at},
                 {"title", read.title, sizeof read.title}};
    if (!json_get_number(value, "duration", &read.duration, error) ||
        !json_get_number(value, "source_duration", &read.source_duration, error) ||
        !json_get_integer(value, "width", &read.width, error) ||
        !json_get_integer(value, "height", &read.height, error))
        return false;
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (!transfer_decode_file(value, i, &read.files[i], error))
            return false;
    if (read.files[TRANSFER_VIDEO].present == read.files[TRANSFER_AUDIO].present)
        return error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_METADATA,
                               "The metadata must have either video_digest or audio_digest.");
    if (!json_copy_string(value, "operation", read.operation, sizeof read.operation, error))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (json_object_get(value, texts[i].field) &&
            !json_copy_string(value, texts[i].field, texts[i].out, texts[i].size, error))
            return false;
    *result = read;
    return true;
}
