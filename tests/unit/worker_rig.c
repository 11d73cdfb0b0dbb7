#include "tests/unit/worker_rig.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "tests/unit/unit.h"

static atomic_int encodes;

int rig_encodes(void)
{
    return atomic_load(&encodes);
}

int rig_set_up(void **state)
{
    Rig *rig = NEW(Rig);
    Error error = {0};
    unit_folder(rig->path);
    rig->job = fixture_job();
    rig->claim = fixture_claim(&rig->job);
    rig->options = (JobOptions){
        .token = FIXTURE_TOKEN,
        .name = "test",
        .jobs = 1,
        .timing =
            {.transfer = {.first_ms = 1, .maximum_ms = 4, .outlast_ms = 20000, .tries_min = 3},
             .report = {.first_ms = 1, .maximum_ms = 4, .outlast_ms = 20, .tries_min = 3},
             .lease = {.gap_ms = 2, .away_ms = 2},
             .space_ms = 1,
             .claim_wait_seconds = 25},
    };
    atomic_store(&encodes, 0);
    *state = rig;
    return scratch_open(rig->path, &rig->scratch, &error) ? 0 : -1;
}

void rig_halt(Rig *rig)
{
    workers_free(&rig->workers);
    if (rig->server) {
        assert_int_equal(scripted_server_unscripted(rig->server), 0);
        scripted_server_stop(&rig->server);
    }
}

int rig_tear_down(void **state)
{
    Rig *rig = *state;
    rig_halt(rig);
    scratch_close(&rig->scratch);
    fixture_folder_remove(rig->path);
    free(rig->claim);
    free(rig);
    return 0;
}

bool rig_encode_well(const EncoderJob *job, TransferResult *result, Error *error)
{
    _cleanup_free_ char *read_back = base_calloc(1, FIXTURE_SIZE);
    atomic_fetch_add(&encodes, 1);
    if (pread(job->original_fd, read_back, FIXTURE_SIZE, 0) != (ssize_t)FIXTURE_SIZE ||
        memcmp(read_back, fixture_content(), FIXTURE_SIZE) != 0)
        return error_set(error, ERROR_MEDIA, "The original is not what was sent.");
    if (!job->progress(job->context, 50))
        return error_set(error, ERROR_CANCELLED, "Called off.");
    if (!file_write_all(job->fds[TRANSFER_VIDEO], RIG_VIDEO, strlen(RIG_VIDEO), 0, error) ||
        !file_write_all(job->fds[TRANSFER_POSTER], "poster", 6, 0, error))
        return false;
    *result = fixture_result(RIG_VIDEO);
    return true;
}

/* Works until it is told to stop. */
bool rig_encode_for_ever(const EncoderJob *job, TransferResult *result, Error *error)
{
    int percent = 0;
    (void)result;
    while (job->progress(job->context, percent++ % 100))
        sched_yield();
    return error_set(error, ERROR_CANCELLED, "The encode was called off.");
}

void rig_start(Rig *rig, const ScriptedAnswer *answers, RigEncode encode)
{
    Error error = {0};
    rig->server = scripted_server_start(answers);
    rig->options.web_url = scripted_server_url(rig->server);
    rig->options.scratch = rig->scratch;
    rig->options.encode = encode;
    if (!workers_start(&rig->options, &rig->workers, &error))
        fail_msg("%s", error.detail);
}

size_t rig_folders(const Rig *rig)
{
    DIR *listing = opendir(rig->path);
    const struct dirent *entry;
    size_t count = 0;
    assert_non_null(listing);
    while ((entry = readdir(listing)))
        count += id_uuid_valid(entry->d_name);
    closedir(listing);
    return count;
}

void rig_await_end(const Rig *rig)
{
    struct pollfd waiting = {.fd = workers_ended(rig->workers)->fd, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 20000), 1);
}

void rig_await_done(Rig *rig, const char *route, size_t count)
{
    int64_t end = clock_monotonic_ms() + 20000;
    scripted_server_await(rig->server, route, count);
    while (rig_folders(rig) > 0) {
        if (clock_monotonic_ms() > end)
            fail_msg("a job stays in the scratch folder");
        clock_sleep_ms(1);
    }
    workers_stop(rig->workers);
    rig_await_end(rig);
}

/* A folder as a transcoder leaves it that was killed: claimed, or with its result. */
void rig_leave_behind(const Rig *rig, const TransferJob *job, bool encoded)
{
    Error error = {0};
    ScratchJob folder = SCRATCH_JOB_NONE;
    TransferResult result = fixture_result(RIG_VIDEO);
    assert_true(scratch_create(rig->scratch, job, &folder, &error));
    if (encoded) {
        assert_true(
            file_write_all(folder.fds[TRANSFER_VIDEO], RIG_VIDEO, strlen(RIG_VIDEO), 0, &error));
        assert_true(file_write_all(folder.fds[TRANSFER_POSTER], "poster", 6, 0, &error));
        assert_true(scratch_save_result(&folder, &result, &error));
    }
    scratch_leave(rig->scratch, &folder);
}

static bool mount_small_disk(const char *path)
{
    return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("reelkeep-test", path, "tmpfs", 0, "size=2m") == 0;
}

static void reopen(Rig *rig)
{
    Error error = {0};
    if (!scratch_open(rig->path, &rig->scratch, &error))
        fail_msg("%s", error.detail);
}

bool rig_small_disk(Rig *rig)
{
    scratch_close(&rig->scratch);
    bool mounted = mount_small_disk(rig->path);
    reopen(rig);
    return mounted;
}

void rig_large_disk(Rig *rig)
{
    scratch_close(&rig->scratch);
    assert_int_equal(umount(rig->path), 0);
    reopen(rig);
}
