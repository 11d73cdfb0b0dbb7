/* A job and a result as they go between the programs: what was read is written and read again
 * without a change. */
#include <math.h>

#include "common/transfer/transfer.h"
#include "tests/fuzz/fuzz.h"

static void read_job(const json_t *value)
{
    TransferJob job, again;
    Error error = {0};
    if (!transfer_job_decode(value, &job, &error)) {
        REQUIRE(error.code == ERROR_INVALID && *error.detail);
        return;
    }
    REQUIRE(id_uuid_valid(job.job_id) && id_uuid_valid(job.media_id));
    REQUIRE(job.original.url[0] == '/' && job.original.size >= 0 && job.lease_seconds > 0);
    _cleanup_json_ json_t *once = transfer_job_encode(&job);
    REQUIRE(once && transfer_job_decode(once, &again, NULL));
    _cleanup_json_ json_t *twice = transfer_job_encode(&again);
    REQUIRE(json_equal(once, twice));
}

static void read_result(const json_t *value)
{
    TransferResult result, again;
    Error error = {0};
    if (!transfer_result_decode(value, &result, &error)) {
        REQUIRE(error.code == ERROR_INVALID && *error.detail);
        return;
    }
    REQUIRE(isfinite(result.duration) && isfinite(result.source_duration));
    REQUIRE(result.files[transfer_main_file(&result)].present);
    _cleanup_json_ json_t *once = transfer_result_encode(&result);
    REQUIRE(once && transfer_result_decode(once, &again, NULL));
    _cleanup_json_ json_t *twice = transfer_result_encode(&again);
    REQUIRE(json_equal(once, twice));
    transfer_result_strip(&again);
    REQUIRE(!transfer_result_strip(&again));
    REQUIRE(again.files[transfer_main_file(&result)].present);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_t *value = json_parse_object((const char *)data, size, NULL);
    if (value) {
        read_job(value);
        read_result(value);
    }
    return 0;
}
