/* Durable files, digests, ids and the messages between the programs. */

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/digest.h"
#include "common/base/file.h"
#include "common/base/id.h"
#include "common/transfer/transfer.h"

typedef struct Folder {
    char path[64];
    int fd;
} Folder;

static int make_folder(void **state)
{
    Folder *folder = NEW(Folder);
    unit_folder(folder->path);
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY);
    *state = folder;
    return 0;
}

static int drop_folder(void **state)
{
    Folder *folder = *state;
    close(folder->fd);
    assert_true(file_remove_tree(AT_FDCWD, folder->path, NULL));
    free(folder);
    return 0;
}

static void a_published_file_has_its_name_and_never_replaces(void **state)
{
    Folder *folder = *state;
    Error error = {0};
    assert_true(file_replace(folder->fd, "staged", "abc", 3, &error));
    assert_true(file_publish(folder->fd, "staged", folder->fd, "a/b/final", &error));
    _cleanup_free_ char *text = file_read_small(folder->fd, "a/b/final", 10, &error);
    assert_string_equal(text, "abc");
    assert_false(file_publish(folder->fd, "staged", folder->fd, "a/b/final", &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_true(file_remove(folder->fd, "staged", &error));
    assert_true(file_remove(folder->fd, "staged", &error));
    assert_null(file_read_small(folder->fd, "a/b/final", 2, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
}

static void nothing_outside_the_folder_can_be_opened(void **state)
{
    static const char *const paths[] = {"../etc", "/etc/passwd", "a/../../etc", "link",
                                        "link/passwd"};
    Folder *folder = *state;
    assert_int_equal(symlinkat("/etc", folder->fd, "link"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        unit_check(file_open_beneath(folder->fd, paths[i], O_RDONLY, 0) < 0, paths[i]);
}

static void a_full_disk_is_told_from_a_broken_one(void **state)
{
    Error error = {0};
    (void)state;
    _cleanup_close_ int full = open("/dev/full", O_WRONLY);
    assert_false(file_write_all(full, "x", 1, 0, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_false(file_write_all(-1, "x", 1, 0, &error));
    assert_int_equal(error.code, ERROR_IO);
}

/* RFC 7693 appendix A for BLAKE2b; FIPS 180-4 for SHA-256; both of "abc". */
static int syncs[2], failures;

static void count_sync(bool folder, int64_t microseconds, const Error *fault)
{
    assert_true(microseconds >= 0 && microseconds < 60000000);
    syncs[folder]++;
    failures += fault != NULL;
}

static void tells_how_long_a_sync_took(void **state)
{
    Folder *folder = *state;
    file_observe_syncs(count_sync);
    assert_true(file_replace(folder->fd, "f", "abc", 3, NULL));
    assert_int_equal(syncs[false], 1);
    assert_int_equal(syncs[true], 1);
    assert_true(file_sync(folder->fd, "The folder", NULL));
    assert_int_equal(failures, 0);
    assert_false(file_sync(-1, "Nothing", NULL));
    assert_int_equal(failures, 1);
    file_observe_syncs(NULL);
    assert_true(file_replace(folder->fd, "f", "def", 3, NULL));
    assert_int_equal(syncs[false], 2);
    assert_int_equal(syncs[true], 2);
}

/* Nothing that can be synced: the answer is EINVAL. */
static void remembers_a_sync_that_failed_until_one_succeeds(void **state)
{
    Folder *folder = *state;
    Error error = {0}, seen = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(file_replace(folder->fd, "f", "abc", 3, NULL));
    assert_true(file_syncs_succeed(&seen));
    assert_false(file_sync(ends[1], "The pipe", &error));
    assert_non_null(strstr(error.file, "pipe:"));
    assert_true(file_sync(folder->fd, "The folder", NULL));
    assert_false(file_syncs_succeed(&seen));
    assert_string_equal(seen.detail, error.detail);
    assert_true(file_replace(folder->fd, "f", "abc", 3, NULL));
    assert_true(file_syncs_succeed(&seen));
    close(ends[0]);
    close(ends[1]);
}

static void digests_are_the_published_ones(void **state)
{
    static const char blake2b[] =
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
    static const char sha256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    Folder *folder = *state;
    Digest digest, parsed;
    char hex[2 * DIGEST_SIZE + 1], text[DIGEST_FIELD_SIZE];
    assert_true(file_replace(folder->fd, "f", "abc", 3, NULL));
    _cleanup_close_ int fd = openat(folder->fd, "f", O_RDONLY);
    assert_true(digest_file(fd, DIGEST_BLAKE2B, &digest, NULL));
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, digest.bytes, DIGEST_SIZE), blake2b);
    assert_true(digest_file(fd, DIGEST_SHA256, &digest, NULL));
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, digest.bytes, DIGEST_SIZE), sha256);
    digest_format(DIGEST_SHA256, &digest, text);
    assert_string_equal(text, "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:");
    assert_true(digest_parse(DIGEST_SHA256, text, &parsed) && digest_equal(&parsed, &digest));
    assert_false(digest_parse(DIGEST_BLAKE2B, text, &parsed));
    for (int byte = 1; byte < 256; byte++) {
        text[20] = (char)byte;
        if (digest_parse(DIGEST_SHA256, text, &parsed))
            assert_true(
                strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", byte));
    }
}

static void ids_are_random_and_well_formed(void **state)
{
    char a[UUID_SIZE], b[UUID_SIZE], token[TOKEN_SIZE], id[REQUEST_ID_SIZE];
    (void)state;
    id_uuid(a);
    id_uuid(b);
    assert_true(id_uuid_valid(a) && id_uuid_valid(b) && !streq(a, b));
    assert_int_equal(a[14], '4');
    assert_false(id_uuid_valid("9f1c0000-0000-4000-8000-00000000000"));
    assert_false(id_uuid_valid("9F1C0000-0000-4000-8000-000000000000"));
    id_token(token);
    assert_int_equal(strlen(token), TOKEN_SIZE - 1);
    id_request(id);
    assert_int_equal(strlen(id), REQUEST_ID_SIZE - 1);
    assert_true(id_secret_equal(token, token));
    assert_false(id_secret_equal(token, "x"));
    assert_false(id_secret_equal("", ""));
}

static void both_programs_read_the_same_job(void **state)
{
    TransferJob job = {.lease_seconds = 60, .attempt = 2, .original = {.size = 7}}, read = {0};
    Error error = {0};
    (void)state;
    id_uuid(job.job_id);
    id_uuid(job.media_id);
    id_token(job.lease_token);
    base_copy(job.original.url, sizeof job.original.url, "/api/x");
    base_copy(job.original.content_type, sizeof job.original.content_type, "video/mp4");
    base_copy(job.original.name, sizeof job.original.name, "caf\xC3\xA9.mp4");
    memset(job.original.digest.bytes, 7, DIGEST_SIZE);
    _cleanup_json_ json_t *value = transfer_job_encode(&job);
    assert_true(transfer_job_decode(value, &read, &error));
    assert_memory_equal(&job, &read, sizeof job);
    json_object_set_new(value, "lease_seconds", json_integer(86401));
    assert_false(transfer_job_decode(value, &read, &error));
    json_object_set_new(value, "lease_seconds", json_integer(86400));
    assert_true(transfer_job_decode(value, &read, &error));
    json_object_set_new(value, "job_id", json_string("../../etc"));
    assert_false(transfer_job_decode(value, &read, &error));
}

static void both_programs_read_the_same_result(void **state)
{
    TransferResult result = {.duration = 1.5,
                             .source_duration = 1.6,
                             .width = 640,
                             .height = 360,
                             .files = {[TRANSFER_VIDEO] = {.present = true, .size = 99},
                                       [TRANSFER_POSTER] = {.present = true}},
                             .has_audio = true,
                             .losses = LOSSES(LOSS_SIZE) | LOSSES(LOSS_DATA),
                             .operation = "encode"};
    TransferResult read;
    Error error = {0};
    (void)state;
    memset(result.files[TRANSFER_VIDEO].digest.bytes, 1, DIGEST_SIZE);
    memset(result.files[TRANSFER_POSTER].digest.bytes, 2, DIGEST_SIZE);
    _cleanup_json_ json_t *value = transfer_result_encode(&result);
    memset(&read, 0, sizeof read);
    assert_true(transfer_result_decode(value, &read, &error));
    assert_true(read.duration == 1.5 && read.files[TRANSFER_POSTER].present && read.has_audio &&
                read.losses == result.losses);
    assert_int_equal(read.width, 640);
    json_array_append_new(json_object_get(value, "losses"), json_string("a later word"));
    assert_true(transfer_result_decode(value, &read, &error));
    assert_true(read.losses == (result.losses | LOSSES(LOSS_PART)));
    json_object_del(value, "losses");
    assert_true(transfer_result_decode(value, &read, &error) && read.losses == LOSSES(LOSS_PART));
    assert_true(
        digest_equal(&read.files[TRANSFER_POSTER].digest, &result.files[TRANSFER_POSTER].digest));
    json_object_set_new(value, "video_digest", json_string("sha-256=:AAAA:"));
    assert_false(transfer_result_decode(value, &read, &error));
    assert_string_equal(error.fields[0].name, "video_digest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_published_file_has_its_name_and_never_replaces,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(nothing_outside_the_folder_can_be_opened, make_folder,
                                        drop_folder),
        cmocka_unit_test(a_full_disk_is_told_from_a_broken_one),
        cmocka_unit_test_setup_teardown(tells_how_long_a_sync_took, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(remembers_a_sync_that_failed_until_one_succeeds,
                                        make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(digests_are_the_published_ones, make_folder, drop_folder),
        cmocka_unit_test(ids_are_random_and_well_formed),
        cmocka_unit_test(both_programs_read_the_same_job),
        cmocka_unit_test(both_programs_read_the_same_result),
    };
    id_init();
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
