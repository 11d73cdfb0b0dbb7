/* A result's metadata with the files it tells of: what is accepted can be shown as it is, and the
 * same with a file missing, longer or untold is not accepted. */
#include <math.h>

#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "web/library/results/delivery_check.h"

#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

static void receive_as_told(const TransferResult *result, ReceivedFile files[TRANSFER_FILE_COUNT])
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const TransferMade *told = &result->files[i];
        if (told->present)
            files[i] = (ReceivedFile){.present = true,
                                      .size = told->size > 0 ? (uint64_t)told->size : 1,
                                      .digest = told->digest,
                                      .type = media_type_find(transfer_file_kinds[i].content_type)};
    }
}

static void check_accepted(const TransferResult *result)
{
    bool video = transfer_main_file(result) == TRANSFER_VIDEO;
    size_t captured = strlen(result->captured_at);
    REQUIRE(isfinite(result->duration) && result->duration > 0 && result->source_duration > 0);
    REQUIRE(video == (result->width > 0) && video == (result->height > 0));
    REQUIRE(strspn(result->thumbhash, BASE64) == strlen(result->thumbhash));
    REQUIRE(strspn(result->captured_at, "0123456789-T:Z") == captured);
    REQUIRE(captured == 0 || captured == strlen("2026-01-31T12:00:00Z"));
    REQUIRE(utf8_valid(result->title, strlen(result->title)));
    REQUIRE(!strpbrk(result->title, "\r\n\t\x1B\x7F"));
}

static void check_refused(const TransferResult *result,
                          const ReceivedFile files[TRANSFER_FILE_COUNT], size_t which)
{
    ReceivedFile changed[TRANSFER_FILE_COUNT];
    Error error = {0};
    memcpy(changed, files, sizeof changed);
    changed[which].present = !changed[which].present;
    REQUIRE(!delivery_check(result, changed, &error) && error.code == ERROR_INVALID);
    REQUIRE(error.field_count > 0 && error.field_count <= ERROR_FIELDS_MAX);
    if (!files[which].present)
        return;
    changed[which] = files[which];
    changed[which].digest.bytes[0] ^= 1;
    REQUIRE(!delivery_check(result, changed, &error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TransferResult result;
    Error error = {0};
    ReceivedFile files[TRANSFER_FILE_COUNT] = {{0}};
    _cleanup_json_ json_t *value = json_parse_object((const char *)data, size, NULL);
    if (!value || !transfer_result_decode(value, &result, &error))
        return 0;
    receive_as_told(&result, files);
    if (!delivery_check(&result, files, &error)) {
        REQUIRE(error.code == ERROR_INVALID || error.code == ERROR_MEDIA);
        REQUIRE(error.field_count > 0 && *error.detail);
        return 0;
    }
    check_accepted(&result);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        check_refused(&result, files, i);
    return 0;
}
