/* The scratch folder: what survives, what is refused, what is cleaned. */
#include <dirent.h>
#include <fcntl.h>

#include "common/base/file.h"
#include "tests/unit/job_fixture.h"
#include "tests/unit/unit.h"
#include "transcoder/scratch/scratch.h"

typedef struct Fixture {
    char path[64];
    Scratch *scratch;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = NEW(Fixture);
    Error error = {0};
    unit_folder(fixture->path);
    *state = fixture;
    return scratch_open(fixture->path, &fixture->scratch, &error) ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    scratch_close(&fixture->scratch);
    fixture_folder_remove(fixture->path);
    free(fixture);
    return 0;
}

/* Entries of the root that are jobs. */
static int job_count(const Fixture *fixture)
{
    DIR *listing = opendir(fixture->path);
    const struct dirent *entry;
    int count = 0;
    assert_non_null(listing);
    while ((entry = readdir(listing)))
        count += id_uuid_valid(entry->d_name);
    closedir(listing);
    return count;
}

static ScratchJob create(const Fixture *fixture, const TransferJob *job)
{
    Error error = {0};
    ScratchJob folder = SCRATCH_JOB_NONE;
    if (!scratch_create(fixture->scratch, job, &folder, &error))
        fail_msg("%s", error.detail);
    return folder;
}

/* As the encoder leaves it. */
static void encode(ScratchJob *folder, const char *video)
{
    Error error = {0};
    TransferResult result = fixture_result(video);
    assert_true(file_write_all(folder->fds[TRANSFER_VIDEO], video, strlen(video), 0, &error));
    assert_true(file_write_all(folder->fds[TRANSFER_POSTER], "poster", 6, 0, &error));
    assert_true(scratch_save_result(folder, &result, &error));
}

static void write_file(const Fixture *fixture, const char *job_id, const char *name,
                       const char *text)
{
    char path[200];
    Error error = {0};
    snprintf(path, sizeof path, "%s/%s", fixture->path, job_id);
    _cleanup_close_ int folder = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(folder >= 0 && file_replace(folder, name, text, strlen(text), &error));
}

static mode_t mode_of(const Fixture *fixture, const char *job_id, const char *name)
{
    char path[200];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s/%s", fixture->path, job_id, name);
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void test_create_and_remove(void **state)
{
    const Fixture *fixture = *state;
    TransferJob job = fixture_job();
    Error error = {0};
    ScratchJob folder = create(fixture, &job);
    assert_int_equal(mode_of(fixture, job.job_id, "."), 0700);
    assert_int_equal(mode_of(fixture, job.job_id, "job.json"), 0600);
    assert_int_equal(mode_of(fixture, job.job_id, "original"), 0600);
    assert_int_equal(folder.reserved, 3 * FIXTURE_SIZE);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
    assert_int_equal(job_count(fixture), 0);
    assert_string_equal(folder.job.job_id, job.job_id);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
}

static void test_result_survives(void **state)
{
    Fixture *fixture = *state;
    TransferJob job = fixture_job();
    Error error = {0};
    ScratchJob folder = create(fixture, &job), found = SCRATCH_JOB_NONE;
    encode(&folder, "a video");
    assert_int_equal(folder.original_fd, -1);
    assert_false(scratch_adopt(fixture->scratch, &found));
    scratch_leave(fixture->scratch, &folder);
    scratch_close(&fixture->scratch);
    assert_true(scratch_open(fixture->path, &fixture->scratch, &error));
    assert_true(scratch_adopt(fixture->scratch, &found));
    assert_true(found.encoded);
    assert_memory_equal(&found.job, &job, sizeof job);
    assert_int_equal(found.result.files[TRANSFER_VIDEO].size, 7);
    assert_true(found.fds[TRANSFER_VIDEO] >= 0 && found.fds[TRANSFER_POSTER] >= 0);
    assert_true(scratch_remove(fixture->scratch, &found, &error));
    assert_int_equal(job_count(fixture), 0);
}

/* What a crash leaves at each point, and what is made of it. */
/* The same job claimed anew: its kept result is taken over, unless it was made from other bytes. */
static void test_result_is_taken_over(void **state)
{
    const Fixture *fixture = *state;
    Error error = {0};
    TransferJob job = fixture_job();
    ScratchJob folder = create(fixture, &job);
    encode(&folder, "a video");
    scratch_leave(fixture->scratch, &folder);
    id_token(job.lease_token);
    folder = create(fixture, &job);
    assert_true(folder.encoded);
    assert_string_equal(folder.job.lease_token, job.lease_token);
    scratch_leave(fixture->scratch, &folder);
    assert_true(scratch_adopt(fixture->scratch, &folder));
    assert_string_equal(folder.job.lease_token, job.lease_token);
    scratch_leave(fixture->scratch, &folder);
    job.original.digest.bytes[0] ^= 1;
    folder = create(fixture, &job);
    assert_false(folder.encoded);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
}

static void test_left_behind_in_turn(void **state)
{
    const Fixture *fixture = *state;
    char first[UUID_SIZE];
    for (int i = 0; i < 2; i++) {
        TransferJob job = fixture_job();
        ScratchJob folder = create(fixture, &job);
        encode(&folder, "a video");
        scratch_leave(fixture->scratch, &folder);
    }
    for (int i = 0; i < 4; i++) {
        ScratchJob folder = SCRATCH_JOB_NONE;
        assert_true(scratch_adopt(fixture->scratch, &folder));
        if (i == 0)
            base_copy(first, sizeof first, folder.job.job_id);
        assert_true(streq(first, folder.job.job_id) == (i % 2 == 0));
        scratch_leave(fixture->scratch, &folder);
    }
}

static void test_left_behind(void **state)
{
    static const struct {
        const char *name, *text; /* a file replaced after the encode; NULL: no encode */
        bool adopted, encoded;
        const char *sentence;
    } rows[] = {
        {NULL, NULL, true, false, "a job claimed and no more was interrupted"},
        {"other", "", true, true, "a complete result is delivered"},
        {"video.mp4", "", true, false, "an empty video is no result"},
        {"video.mp4", "longer than it was", true, false, "nor is one of another size"},
        {"poster.jpg", "", true, false, "nor one whose poster is empty"},
        {"job.json", "", false, false, "an empty manifest is removed"},
        {"job.json", "{\"format\":1,\"sta", false, false, "half a manifest is removed"},
        {"job.json", "{\"format\":2,\"state\":\"encoded\"}", false, false,
         "one of another version is removed"},
        {"job.json", "{\"format\":1,\"state\":\"encoded\",\"job\":{}}", false, false,
         "one without its job is removed"},
    };
    const Fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        TransferJob job = fixture_job();
        Error error = {0};
        ScratchJob folder = create(fixture, &job), found = SCRATCH_JOB_NONE;
        if (rows[i].name)
            encode(&folder, "a video");
        scratch_leave(fixture->scratch, &folder);
        if (rows[i].name)
            write_file(fixture, job.job_id, rows[i].name, rows[i].text);
        bool adopted = scratch_adopt(fixture->scratch, &found);
        unit_check(adopted == rows[i].adopted && found.encoded == rows[i].encoded,
                   rows[i].sentence);
        assert_true(scratch_remove(fixture->scratch, &found, &error));
        if (job_count(fixture) != 0)
            fail_msg("%s: something is left", rows[i].sentence);
    }
}

/* A manifest must not lead into another job's folder. */
static void test_manifest_of_another_job(void **state)
{
    const Fixture *fixture = *state;
    char path[200];
    TransferJob job = fixture_job(), other = fixture_job();
    Error error = {0};
    ScratchJob folder = create(fixture, &job), found = SCRATCH_JOB_NONE;
    snprintf(path, sizeof path, "%s/%s", fixture->path, other.job_id);
    assert_int_equal(mkdir(path, 0700), 0);
    _cleanup_free_ char *manifest =
        file_read_small(folder.folder_fd, "job.json", TRANSFER_JSON_MAX, &error);
    assert_non_null(manifest);
    write_file(fixture, other.job_id, "job.json", manifest);
    assert_false(scratch_adopt(fixture->scratch, &found));
    assert_int_equal(job_count(fixture), 1);
    scratch_leave(fixture->scratch, &folder);
}

static void test_job_in_hand_twice(void **state)
{
    const Fixture *fixture = *state;
    TransferJob job = fixture_job();
    Error error = {0};
    ScratchJob folder = create(fixture, &job), again = SCRATCH_JOB_NONE;
    assert_false(scratch_create(fixture->scratch, &job, &again, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_true(scratch_remove(fixture->scratch, &again, &error));
    assert_int_equal(job_count(fixture), 1);
    scratch_leave(fixture->scratch, &folder);
    again = create(fixture, &job);
    scratch_leave(fixture->scratch, &again);
}

static void test_two_transcoders(void **state)
{
    const Fixture *fixture = *state;
    Scratch *second = NULL;
    uint64_t space;
    Error error = {0};
    assert_false(scratch_open(fixture->path, &second, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_null(second);
    assert_true(scratch_check(fixture->path, &space, &error));
}

static void test_quota(void **state)
{
    const Fixture *fixture = *state;
    TransferJob job = fixture_job(), huge = fixture_job();
    Error error = {0};
    uint64_t before, during;
    ScratchJob refused = SCRATCH_JOB_NONE;
    huge.original.size = INT64_MAX;
    assert_false(scratch_create(fixture->scratch, &huge, &refused, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_int_equal(job_count(fixture), 0);
    job.original.size = 64 << 20;
    assert_true(scratch_free_space(fixture->scratch, &before, &error));
    ScratchJob folder = create(fixture, &job);
    assert_true(scratch_free_space(fixture->scratch, &during, &error));
    assert_true(during + 3 * 64 * MIB <= before + 64 * MIB);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
}

static void test_interruptions_are_counted(void **state)
{
    const Fixture *fixture = *state;
    TransferJob job = fixture_job();
    assert_int_equal(scratch_count_interruption(fixture->scratch, job.job_id), 1);
    assert_int_equal(scratch_count_interruption(fixture->scratch, job.job_id), 2);
    scratch_forget_interruptions(fixture->scratch, job.job_id);
    assert_int_equal(scratch_count_interruption(fixture->scratch, job.job_id), 1);
}

static void test_folder_vanishes(void **state)
{
    const Fixture *fixture = *state;
    TransferJob job = fixture_job(), next = fixture_job();
    Error error = {0};
    TransferResult result = fixture_result("a video");
    ScratchJob folder = create(fixture, &job);
    fixture_folder_remove(fixture->path);
    assert_false(scratch_save_result(&folder, &result, &error));
    assert_false(folder.encoded);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
    folder = create(fixture, &next);
    assert_int_equal(job_count(fixture), 1);
    assert_true(scratch_remove(fixture->scratch, &folder, &error));
}

/* What is not ours stays: an operator may have put it there. */
static void test_strangers_stay(void **state)
{
    const Fixture *fixture = *state;
    char path[200];
    ScratchJob found = SCRATCH_JOB_NONE;
    snprintf(path, sizeof path, "%s/lost+found", fixture->path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(scratch_adopt(fixture->scratch, &found));
    assert_int_equal(access(path, F_OK), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_and_remove),
        TEST(test_result_survives),
        TEST(test_result_is_taken_over),
        TEST(test_left_behind_in_turn),
        TEST(test_left_behind),
        TEST(test_interruptions_are_counted),
        TEST(test_manifest_of_another_job),
        TEST(test_job_in_hand_twice),
        TEST(test_two_transcoders),
        TEST(test_quota),
        TEST(test_folder_vanishes),
        TEST(test_strangers_stay),
    };
    id_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
