/* A transfer that goes on where a killed process was, and what the next start makes of the rest. */
#include "tests/unit/archive.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/base/log.h"
#include "web/store/store_staging.h"
#include "web/upkeep/housekeeper.h"

#define PATH  "log_entries/1/0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11-a.jpg"
#define WHOLE 5000000 /* bytes */
#define FIRST 3000001 /* bytes that were durable; no multiple of a block */

static const char *whole(void)
{
    static char bytes[WHOLE];
    for (size_t i = 0; i < WHOLE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

static Digest digest_of(DigestKind kind, const char *bytes, size_t length)
{
    DigestState state;
    Digest digest;
    digest_init(&state, kind);
    digest_update(&state, bytes, length);
    digest_final(&state, &digest);
    return digest;
}

static bool write_row(StoreConnection *connection, void *argument, Error *error)
{
    return store_staging_put(connection, argument, error);
}

/* A file of which FIRST bytes are durable, with its row, and the next 1000 may be. */
static StagingState leave_half(Archive *archive)
{
    Reservation room;
    StagingState state, early;
    Error error = {0};
    assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = WHOLE}, &room, &error));
    Staging *staging = staging_new(&room, &error);
    assert_non_null(staging);
    assert_true(staging_append(staging, whole(), 1000, &error));
    assert_true(staging_checkpoint(staging, &early, &error));
    assert_true(store_write(archive->store, write_row, &early, &error));
    assert_true(staging_append(staging, whole() + 1000, FIRST - 1000, &error));
    assert_true(staging_checkpoint(staging, &state, &error));
    assert_true(store_write(archive->store, write_row, &state, &error));
    assert_string_equal(state.name, early.name);
    assert_int_equal(state.durable, FIRST);
    assert_true(staging_append(staging, whole() + FIRST, 1000, &error));
    staging_suspend(staging);
    reservation_release(&room);
    return state;
}

typedef struct Row {
    const char *name;
    StagingState state;
} Row;

static bool read_row(StoreConnection *connection, void *argument, Error *error)
{
    Row *row = argument;
    return store_staging_get(connection, row->name, &row->state, error);
}

static char *path_of(const Archive *archive, const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/.reelkeep/uploads/%s", archive->root, name);
    return path;
}

static int64_t size_of(const Archive *archive, const char *name)
{
    struct stat status;
    return stat(path_of(archive, name), &status) == 0 ? status.st_size : -1;
}

static void put_file(const Archive *archive, const char *name)
{
    int fd = open(path_of(archive, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

/* Ends the file, whose first `length` bytes these are. */
static void expect_digests(Staging *staging, size_t length)
{
    Digest blake2b, sha256, wanted = digest_of(DIGEST_BLAKE2B, whole(), length);
    Error error = {0};
    assert_true(staging_finish(staging, &blake2b, &sha256, &error));
    assert_true(digest_equal(&blake2b, &wanted));
    wanted = digest_of(DIGEST_SHA256, whole(), length);
    assert_true(digest_equal(&sha256, &wanted));
}

/* Goes on from the state to the end, and looks at what was published. */
static void expect_the_whole(Archive *archive, const StagingState *state)
{
    Reservation room;
    Digest wanted = digest_of(DIGEST_BLAKE2B, whole(), WHOLE), found;
    Error error = {0};
    assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = WHOLE - state->durable}, &room,
                               &error));
    Staging *staging = staging_resume(&room, state, &error);
    if (!staging)
        fail_msg("%s", error.detail);
    assert_int_equal(staging_size(staging), FIRST);
    assert_int_equal(size_of(archive, state->name), FIRST);
    assert_int_equal(room.left, WHOLE - FIRST);
    assert_true(staging_append(staging, whole() + FIRST, WHOLE - FIRST, &error));
    assert_int_equal(room.left, 0);
    expect_digests(staging, WHOLE);
    assert_true(storage_publish(&archive->library.storage, staging, PATH, &error));
    staging_free(staging);
    reservation_release(&room);
    assert_int_equal(archive_count_staged(archive), 0);
    _cleanup_stored_file_ StoredFile *file = storage_open(&archive->library.storage, PATH, &error);
    assert_true(stored_file_digest(file, DIGEST_BLAKE2B, &found, &error));
    assert_true(digest_equal(&found, &wanted));
}

/* --- going on --- */

static void goes_on_in_the_same_process(void **state)
{
    StagingState half = leave_half(*state);
    expect_the_whole(*state, &half);
}

/* The child says its file's name once the row is durable, and is killed while it writes on. */
static void goes_on_after_a_kill(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    int ends[2];
    char name[UUID_SIZE] = "";
    archive_close(archive);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        archive_open(archive);
        StagingState half = leave_half(archive);
        REQUIRE(write(ends[1], half.name, UUID_SIZE) == UUID_SIZE);
        for (int fd = open(path_of(archive, half.name), O_WRONLY | O_APPEND);;)
            REQUIRE(write(fd, "torn", 4) == 4);
    }
    assert_true(child > 0);
    close(ends[1]);
    assert_int_equal(read(ends[0], name, UUID_SIZE), UUID_SIZE);
    while (size_of(archive, name) < FIRST + 2000)
        usleep(1000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    archive_open(archive);
    assert_true(housekeeper_recover(&archive->library, 1, &error));
    Row row = {.name = name};
    assert_true(store_read(archive->store, read_row, &row, &error));
    assert_int_equal(row.state.durable, FIRST);
    assert_true(size_of(archive, name) >= FIRST + 2000);
    expect_the_whole(archive, &row.state);
}

/* The bytes that were hashed are not read again: spoilt behind our back, they make no difference.
 */
static void goes_on_from_the_digest_so_far(void **state)
{
    Archive *archive = *state;
    Reservation room = {0};
    Error error = {0};
    StagingState half = leave_half(archive);
    _cleanup_close_ int fd = open(path_of(archive, half.name), O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = 0}, &room, &error));
    Staging *staging = staging_resume(&room, &half, &error);
    expect_digests(staging, FIRST);
    staging_free(staging);
    reservation_release(&room);
}

/* What another version hashed is of no use. */
static void hashes_anew_what_is_a_foreign_state(void **state)
{
    static const struct {
        const char *tag; /* NULL: ours */
        size_t length;   /* 0: ours */
        const char *sentence;
    } rows[] = {
        {"blake2b, sha256 libsodium 0.0.0, 488 bytes, little endian", 0, "another version's"},
        {"", 0, "nobody's"},
        {NULL, 40, "one that is too short"},
    };
    Archive *archive = *state;
    Error error = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        StagingState half = leave_half(archive);
        memset(half.digests.bytes, 'x', half.digests.length);
        if (rows[i].tag)
            base_copy(half.digests.tag, sizeof half.digests.tag, rows[i].tag);
        if (rows[i].length)
            half.digests.length = rows[i].length;
        expect_the_whole(archive, &half);
        assert_true(storage_remove(&archive->library.storage, PATH, &error));
    }
}

static void says_what_cannot_be_gone_on_with(void **state)
{
    Archive *archive = *state;
    Reservation room = {0};
    Error error = {0};
    StagingState half = leave_half(archive);
    assert_true(
        volume_reserve(archive->volume, &(RoomSpec){.bytes = WHOLE - FIRST}, &room, &error));
    assert_int_equal(truncate(path_of(archive, half.name), FIRST - 1), 0);
    assert_null(staging_resume(&room, &half, &error));
    assert_int_equal(error.code, ERROR_IO);
    assert_non_null(strstr(error.detail, "3000000 of 3000001 bytes"));
    assert_int_equal(size_of(archive, half.name), FIRST - 1);
    assert_int_equal(unlink(path_of(archive, half.name)), 0);
    assert_null(staging_resume(&room, &half, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(symlink("/etc/passwd", path_of(archive, half.name)), 0);
    assert_null(staging_resume(&room, &half, &error));
    assert_int_equal(room.left, WHOLE - FIRST);
    reservation_release(&room);
}

/* Killed between the file's name and its rows: the name goes first, then one can go on. */
static void never_cuts_what_was_published(void **state)
{
    Archive *archive = *state;
    Reservation room = {0};
    Error error = {0};
    StagingState half = leave_half(archive);
    assert_true(
        volume_reserve(archive->volume, &(RoomSpec){.bytes = WHOLE - FIRST}, &room, &error));
    Staging *staging = staging_resume(&room, &half, &error);
    assert_true(staging_append(staging, whole() + FIRST, WHOLE - FIRST, &error));
    expect_digests(staging, WHOLE);
    assert_true(storage_publish(&archive->library.storage, staging, PATH, &error));
    staging_suspend(staging);
    assert_null(staging_resume(&room, &half, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    assert_int_equal(size_of(archive, half.name), WHOLE);
    reservation_release(&room);
    assert_true(storage_remove(&archive->library.storage, PATH, &error));
    expect_the_whole(archive, &half);
}

/* --- the next start --- */

static void keeps_only_what_has_a_row(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    StagingState half = leave_half(archive);
    put_file(archive, "0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11");
    put_file(archive, "left-behind");
    assert_int_equal(mkdir(path_of(archive, "folder"), 0700), 0);
    put_file(archive, "folder/file");
    archive_reopen(archive);
    assert_int_equal(archive_count_staged(archive), 4);
    assert_true(housekeeper_recover(&archive->library, 1, &error));
    assert_int_equal(archive_count_staged(archive), 1);
    assert_int_equal(access(path_of(archive, "folder"), F_OK), -1);
    assert_int_equal(size_of(archive, half.name), FIRST + 1000);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM staging"), 1);
    expect_the_whole(archive, &half);
}

static void forgets_rows_without_a_file(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    StagingState halves[3];
    for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
        halves[i] = leave_half(archive);
    assert_int_equal(unlink(path_of(archive, halves[0].name)), 0);
    assert_int_equal(unlink(path_of(archive, halves[1].name)), 0);
    archive_reopen(archive);
    assert_true(housekeeper_recover(&archive->library, 1, &error));
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM staging"), 1);
    assert_int_equal(archive_count_staged(archive), 1);
    Row row = {.name = halves[2].name};
    assert_true(store_read(archive->store, read_row, &row, &error));
    assert_memory_equal(row.state.digests.bytes, halves[2].digests.bytes, halves[2].digests.length);
    expect_the_whole(archive, &row.state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(goes_on_in_the_same_process),      TEST(goes_on_after_a_kill),
        TEST(goes_on_from_the_digest_so_far),   TEST(hashes_anew_what_is_a_foreign_state),
        TEST(says_what_cannot_be_gone_on_with), TEST(never_cuts_what_was_published),
        TEST(keeps_only_what_has_a_row),        TEST(forgets_rows_without_a_file),
    };
    log_init("test_staging", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
