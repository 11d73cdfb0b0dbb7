/* In which order things become durable: whatever a loss of power takes away, no row names a file
 * that is not there, and nothing was promised that is not. */
#include "tests/unit/parcel.h"

#include "common/base/file.h"
#include "common/base/log.h"

/* How the archive stood at each fsync, of a file or a folder: files with their names, file rows,
 * and paths in transit. */
static struct {
    const Archive *archive; /* NULL: nobody looks */
    char text[800];
} seen;

static void look(bool folder, int64_t microseconds, const Error *fault)
{
    size_t used = strlen(seen.text);
    (void)microseconds, (void)fault;
    if (!seen.archive)
        return;
    snprintf(seen.text + used, sizeof seen.text - used, "%s %zu %lld %lld, ",
             folder ? "folder" : "file", archive_count_files(seen.archive),
             (long long)archive_query(seen.archive, "SELECT count(*) FROM file"),
             (long long)archive_query(seen.archive, "SELECT count(*) FROM transit"));
}

static void begin_to_look(const Archive *archive)
{
    seen.archive = archive;
    *seen.text = '\0';
}

static void expect_seen(const char *expected)
{
    seen.archive = NULL;
    assert_string_equal(seen.text, expected);
}

/* The bytes; the path is reserved; the folders above it, each within the one above; the name; and
 * only then the row. */
static void an_upload(void **state)
{
    Archive *archive = *state;
    for (int i = 0; i < 2; i++) {
        begin_to_look(archive);
        archive_upload_video(archive, 1);
        expect_seen(i == 0 ? "file 0 0 0, folder 0 0 1, folder 0 0 1, folder 1 0 1, "
                           : "file 1 1 0, folder 1 1 1, folder 1 1 1, folder 2 1 1, ");
        assert_int_equal(archive_query(archive, "SELECT count(*) FROM file"), i + 1);
    }
}

/* All bytes, all names, all rows. The original is there until the rows are, and longer. */
static void a_delivery(void **state)
{
    Archive *archive = *state;
    Parcel parcel = parcel_pack(archive);
    Error error = {0};
    begin_to_look(archive);
    assert_true(parcel_send(&parcel, &error));
    expect_seen("file 1 1 0, file 1 1 0, folder 1 1 2, folder 1 1 2, folder 2 1 2, folder 2 1 2, "
                "folder 2 1 2, folder 3 1 2, ");
    assert_int_equal(archive_count_files(archive), 3);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM file"), 2);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit WHERE ready = 1"), 1);
    begin_to_look(archive);
    parcel_sweep(&parcel);
    expect_seen("folder 2 2 1, ");
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
    parcel_unpack(&parcel);
}

/* A state is worth keeping once the bytes are durable, and the name, which is so but once. */
static void a_checkpoint(void **state)
{
    Archive *archive = *state;
    Reservation room;
    StagingState half;
    Error error = {0};
    assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = 1000}, &room, &error));
    Staging *staging = staging_new(&room, &error);
    assert_non_null(staging);
    begin_to_look(archive);
    assert_true(staging_append(staging, "bytes", 5, &error));
    assert_true(staging_checkpoint(staging, &half, &error));
    assert_true(staging_append(staging, "more", 4, &error));
    assert_true(staging_checkpoint(staging, &half, &error));
    expect_seen("file 0 0 0, folder 0 0 0, file 0 0 0, ");
    staging_suspend(staging);
    staging = staging_resume(&room, &half, &error);
    assert_non_null(staging);
    begin_to_look(archive);
    assert_true(staging_checkpoint(staging, &half, &error));
    expect_seen("file 0 0 0, ");
    staging_free(staging);
    reservation_release(&room);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(an_upload), TEST(a_delivery), TEST(a_checkpoint)};
    log_init("test_durable", LOG_TEXT, LOG_ERROR);
    file_observe_syncs(look);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
