#include "common/transfer.h"

#define LEASE_SECONDS_MAX 86400

static json_t *digest_json(const Digest *digest)
{
    char text[DIGEST_FIELD_SIZE];
    digest_format(DIGEST_BLAKE2B, digest, text);
    return json_string(text);
}

static bool get_digest(const json_t *object, const char *field, Digest *out, Error *error)
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
                     (json_int_t)job->original.size, "digest", digest_json(&job->original.digest),
                     "content_type", job->original.content_type, "name",
                     json_text(job->original.name), "output", "container", "mp4", "poster", "jpeg");
}

static bool decode_original(const json_t *value, TransferJob *job, Error *error)
{
    return json_copy_string(value, "url", job->original.url, sizeof job->original.url, error) &&
           json_get_integer(value, "size", &job->original.size, error) &&
           get_digest(value, "digest", &job->original.digest, error) &&
           json_copy_string(value, "content_type", job->original.content_type,
                            sizeof job->original.content_type, error) &&
           json_copy_string(value, "name", job->original.name, sizeof job->original.name, error);
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
        !decode_original(original, &read, error))
        return false;
    if (!id_uuid_valid(read.job_id) || !id_uuid_valid(read.media_id))
        return error_set(error, ERROR_INVALID, "The ids of the job must be UUIDs.");
    if (read.lease_seconds < 1 || read.lease_seconds > LEASE_SECONDS_MAX ||
        read.original.size < 0 || read.original.url[0] != '/')
        return error_set(error, ERROR_INVALID, "The job's figures make no sense.");
    *job = read;
    return true;
}

json_t *transfer_result_encode(const TransferResult *result)
{
    json_t *value = json_pack("{s:f, s:f, s:I, s:I, s:o, s:I, s:b, s:b, s:s}", "duration",
                              result->duration, "source_duration", result->source_duration, "width",
                              (json_int_t)result->width, "height", (json_int_t)result->height,
                              "video_digest", digest_json(&result->video_digest), "video_size",
                              (json_int_t)result->video_size, "has_audio", result->has_audio,
                              "whole", result->whole, "operation", result->operation);
    if (result->has_poster)
        json_object_set_new(value, "poster_digest", digest_json(&result->poster_digest));
    return value;
}

bool transfer_result_decode(const json_t *value, TransferResult *result, Error *error)
{
    TransferResult read = {.has_poster = json_object_get(value, "poster_digest") != NULL,
                           .has_audio = json_is_true(json_object_get(value, "has_audio")),
                           .whole = json_is_true(json_object_get(value, "whole"))};
    if (!json_get_number(value, "duration", &read.duration, error) ||
        !json_get_number(value, "source_duration", &read.source_duration, error) ||
        !json_get_integer(value, "width", &read.width, error) ||
        !json_get_integer(value, "height", &read.height, error) ||
        !get_digest(value, "video_digest", &read.video_digest, error) ||
        !json_get_integer(value, "video_size", &read.video_size, error) ||
        !json_copy_string(value, "operation", read.operation, sizeof read.operation, error))
        return false;
    if (read.has_poster && !get_digest(value, "poster_digest", &read.poster_digest, error))
        return false;
    *result = read;
    return true;
}
