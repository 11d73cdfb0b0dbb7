#include "transcoder/scratch/scratch_manifest.h"

#include "common/base/file.h"

#define MANIFEST_NAME   "job.json"
#define MANIFEST_FORMAT 1
#define STATE_CLAIMED   "claimed"
#define STATE_ENCODED   "encoded"

bool scratch_manifest_write(const ScratchJob *folder, Error *error)
{
    _cleanup_json_ json_t *manifest = json_pack(
        "{s:i, s:s, s:o}", "format", MANIFEST_FORMAT, "state",
        folder->encoded ? STATE_ENCODED : STATE_CLAIMED, "job", transfer_job_encode(&folder->job));
    if (folder->encoded)
        json_object_set_new(manifest, "result", transfer_result_encode(&folder->result));
    _cleanup_free_ char *text = json_print(manifest);
    return file_replace(folder->folder_fd, MANIFEST_NAME, text, strlen(text), error);
}

static bool read_state(const json_t *manifest, bool *encoded, Error *error)
{
    int64_t format;
    const char *state;
    if (!json_get_integer(manifest, "format", &format, error) ||
        !json_get_string(manifest, "state", &state, error))
        return false;
    if (format != MANIFEST_FORMAT || (!streq(state, STATE_CLAIMED) && !streq(state, STATE_ENCODED)))
        return error_set(error, ERROR_INVALID, "The manifest was written by another version.");
    *encoded = streq(state, STATE_ENCODED);
    return true;
}

bool scratch_manifest_read(ScratchJob *folder, const char *job_id, Error *error)
{
    TransferJob job;
    TransferResult result = {0};
    bool encoded = false;
    const json_t *part;
    _cleanup_free_ char *text =
        file_read_small(folder->folder_fd, MANIFEST_NAME, TRANSFER_JSON_MAX, error);
    _cleanup_json_ json_t *manifest = text ? json_parse_object(text, strlen(text), error) : NULL;
    if (!manifest || !read_state(manifest, &encoded, error) ||
        !json_get_object(manifest, "job", &part, error) || !transfer_job_decode(part, &job, error))
        return false;
    if (encoded && (!json_get_object(manifest, "result", &part, error) ||
                    !transfer_result_decode(part, &result, error)))
        return false;
    if (!streq(job.job_id, job_id))
        return error_set(error, ERROR_INVALID, "The manifest belongs to another job.");
    folder->job = job;
    folder->encoded = encoded;
    folder->result = result;
    return true;
}
