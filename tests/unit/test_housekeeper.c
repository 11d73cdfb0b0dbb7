/* Files without a row go, files with one stay, whenever the program dies. */
#include "tests/unit/archive.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "web/library/files/library_files.h"
#include "web/library/files/transit.h"
#include "web/library/intake/upload.h"
#include "web/store/store_file.h"
#include "web/upkeep/housekeeper.h"

#define START 1000000
#define PATH  "log_entries/1/0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11-a.jpg"

static void put_file(const Archive *archive, const char *path)
{
    char full[400];
    Error error = {0};
    int root = open(archive->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(file_make_folders(root, path, &error));
    close(root);
    snprintf(full, sizeof full, "%s/%s", archive->root, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
}

static void count_removal(void *context, const char *path)
{
    size_t *count = context;
    assert_true(name_path_valid(path));
    (*count)++;
}

static size_t round_of(Archive *archive, int64_t now)
{
    size_t removed = 0;
    int64_t next;
    HousekeeperOptions options = {&archive->library, count_removal, &removed};
    housekeeper_round(&options, now, NULL, &next);
    return removed;
}

static TransitPaths reserve(Archive *archive)
{
    TransitPaths paths = {.path = {PATH}};
    Error error = {0};
    assert_true(transit_reserve(archive->library.transit, &paths, &error));
    put_file(archive, PATH);
    return paths;
}

static void leaves_what_is_on_its_way_in(void **state)
{
    Archive *archive = *state;
    reserve(archive);
    assert_int_equal(round_of(archive, START), 0);
    assert_int_equal(archive_count_files(archive), 1);
}

static void removes_what_failed(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = reserve(archive);
    transit_abandon(archive->library.transit, &paths);
    assert_int_equal(round_of(archive, START), 1);
    assert_int_equal(archive_count_files(archive), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
    assert_int_equal(round_of(archive, START), 0);
}

/* What the database does not take is not forgotten. */
static void removes_what_failed_once_that_can_be_told(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = reserve(archive);
    archive_run(archive, "CREATE TRIGGER deaf BEFORE UPDATE ON transit BEGIN "
                         "SELECT RAISE (ABORT, 'not now'); END");
    transit_abandon(archive->library.transit, &paths);
    for (int i = 0; i < 2; i++)
        assert_int_equal(round_of(archive, START), 0);
    assert_int_equal(archive_count_files(archive), 1);
    archive_run(archive, "DROP TRIGGER deaf");
    assert_int_equal(round_of(archive, START), 1);
    assert_int_equal(archive_count_files(archive), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

/* Rounds come every second; the log is for people. */
static void tells_of_a_fault_that_lasts_but_once(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = reserve(archive);
    size_t told = 0;
    archive_run(archive, "CREATE TRIGGER deaf BEFORE UPDATE ON transit BEGIN "
                         "SELECT RAISE (ABORT, 'not for long'); END");
    transit_abandon(archive->library.transit, &paths);
    fflush(stdout);
    _cleanup_close_ int kept = dup(1), log = memfd_create("log", MFD_CLOEXEC);
    assert_int_equal(dup2(log, 1), 1);
    for (int i = 0; i < 3; i++)
        round_of(archive, START);
    fflush(stdout);
    assert_int_equal(dup2(kept, 1), 1);
    char text[4000] = "";
    assert_true(pread(log, text, sizeof text - 1, 0) > 0);
    for (const char *at = text; (at = strstr(at, "not for long")); at++)
        told++;
    assert_int_equal(told, 1);
}

/* Killed between the file's name and its row. */
static void removes_what_a_killed_process_left(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    ArchiveVideo video = archive_add_video(archive, START);
    reserve(archive);
    archive_reopen(archive);
    assert_true(housekeeper_recover(&archive->library, START, &error));
    assert_int_equal(round_of(archive, START), 1);
    assert_int_equal(archive_count_files(archive), 1);
    FileRow file;
    _cleanup_stored_file_ StoredFile *opened = NULL;
    assert_true(library_open_file(&archive->library, video.path, &file, &opened, &error));
}

/* Killed before the file got its name. */
static void forgets_reservations_that_led_to_nothing(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = {.path = {PATH}};
    Error error = {0};
    assert_true(transit_reserve(archive->library.transit, &paths, &error));
    archive_reopen(archive);
    assert_true(housekeeper_recover(&archive->library, START, &error));
    round_of(archive, START);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

/* After an older database was restored, newer files are strangers, and stay. */
static void never_removes_a_file_it_was_not_told_to(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    put_file(archive, PATH);
    archive_reopen(archive);
    assert_true(housekeeper_recover(&archive->library, START, &error));
    assert_int_equal(round_of(archive, START), 0);
    assert_int_equal(archive_count_files(archive), 1);
}

static bool delete_original(StoreConnection *connection, void *argument, Error *error)
{
    return store_file_delete(connection, argument, FILE_ORIGINAL, error);
}

static void removes_files_whose_row_went(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    ArchiveVideo video = archive_add_video(archive, START);
    assert_true(store_write(archive->store, delete_original, video.media_id, &error));
    assert_int_equal(archive_count_files(archive), 1);
    assert_int_equal(round_of(archive, START), 1);
    assert_int_equal(archive_count_files(archive), 0);
}

/* In as many slices of time as a slow disk takes. */
static void sweep_all(Archive *archive, const TransitSweep *sweep)
{
    Error error = {0};
    bool more = true;
    while (more)
        assert_true(transit_sweep(archive->library.transit, sweep, &more, &error));
}

/* A folder in the file's place cannot be unlinked: the others go all the same, and it is tried
 * again once a minute. */
static void is_not_held_up_by_one_that_resists(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = {.path = {"log_entries/1/a", "log_entries/1/b"}};
    char folder[400];
    Error error = {0};
    size_t tried = 0;
    TransitSweep sweep = {.removing = count_removal, .context = &tried, .now = START};
    assert_true(transit_reserve(archive->library.transit, &paths, &error));
    put_file(archive, paths.path[1]);
    snprintf(folder, sizeof folder, "%s/%s", archive->root, paths.path[0]);
    assert_int_equal(mkdir(folder, 0755), 0);
    transit_abandon(archive->library.transit, &paths);
    sweep_all(archive, &sweep);
    assert_int_equal(tried, 2);
    assert_int_equal(archive_count_files(archive), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 1);
    assert_int_equal(rmdir(folder), 0);
    sweep.now += TRANSIT_RETRY_MS - 1;
    sweep_all(archive, &sweep);
    assert_int_equal(tried, 2);
    sweep.now++;
    sweep_all(archive, &sweep);
    assert_int_equal(tried, 3);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

/* The process is told to stop after the first of many files. */
typedef struct Interruption {
    atomic_bool stop;
    size_t removed;
} Interruption;

static void interrupt(void *context, const char *path)
{
    Interruption *self = context;
    (void)path;
    self->removed++;
    atomic_store(&self->stop, true);
}

static void stops_between_two_files(void **state)
{
    Archive *archive = *state;
    TransitPaths paths = {.path = {"log_entries/1/a", "log_entries/1/b"}};
    Interruption interruption = {0};
    bool more;
    TransitSweep sweep = {interrupt, &interruption, START, &interruption.stop};
    Error error = {0};
    assert_true(transit_reserve(archive->library.transit, &paths, &error));
    transit_abandon(archive->library.transit, &paths);
    assert_true(transit_sweep(archive->library.transit, &sweep, &more, &error));
    assert_int_equal(interruption.removed, 1);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 1);
}

/* A lease runs out when the first of very many files goes. */
#define MANY 500
typedef struct Backlog {
    const Archive *archive;
    size_t removed;
    int64_t queued_at_half; /* jobs, when half of the files were gone */
    atomic_bool over;
} Backlog;

static void end_lease_at_first(void *context, const char *path)
{
    Backlog *self = context;
    (void)path;
    if (self->removed++ == 0)
        archive_run(self->archive, "UPDATE job SET lease_expires_at = 1");
    if (self->removed == MANY / 2)
        self->queued_at_half =
            archive_query(self->archive, "SELECT count(*) FROM job WHERE state = 'queued'");
    if (self->removed == MANY)
        atomic_store(&self->over, true);
}

static void ends_leases_while_many_files_go(void **state)
{
    Archive *archive = *state;
    Backlog backlog = {.archive = archive};
    HousekeeperOptions options = {&archive->library, end_lease_at_first, &backlog};
    archive_add_video(archive, clock_wall_ms());
    archive_claim(archive, clock_wall_ms());
    archive_run(archive,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) "
                "INSERT INTO transit (path, ready) SELECT 'log_entries/1/' || i, 1 FROM n");
    Housekeeper *housekeeper = housekeeper_start(&options);
    while (!atomic_load(&backlog.over))
        sched_yield();
    housekeeper_stop(housekeeper);
    assert_int_equal(backlog.queued_at_half, 1);
    assert_int_equal(backlog.removed, MANY);
}

/* Each file once, and it is told whether there are more. */
static void sweeps_in_slices(void **state)
{
    Archive *archive = *state;
    size_t removed = 0;
    int64_t next = START, rounds = 0;
    HousekeeperOptions options = {&archive->library, count_removal, &removed};
    archive_run(archive,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) "
                "INSERT INTO transit (path, ready) SELECT 'log_entries/1/' || i, 1 FROM n");
    for (; next == START; rounds++) {
        size_t before = removed;
        housekeeper_round(&options, START, NULL, &next);
        assert_true(removed - before <= TRANSIT_SLICE_FILES);
    }
    assert_true(next == INT64_MAX);
    assert_true(rounds > MANY / TRANSIT_SLICE_FILES);
    assert_int_equal(removed, MANY);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

static void expect_same_view(const UploadView *told, const UploadView *stored)
{
    assert_string_equal(told->media.id, stored->media.id);
    assert_string_equal(told->media.collection, stored->media.collection);
    assert_string_equal(told->media.entry, stored->media.entry);
    assert_string_equal(told->media.caption, stored->media.caption);
    assert_string_equal(told->media.name, stored->media.name);
    assert_string_equal(told->media.content_type, stored->media.content_type);
    assert_int_equal(told->media.kind, stored->media.kind);
    assert_int_equal(told->media.size, stored->media.size);
    assert_int_equal(told->media.created_at, stored->media.created_at);
    assert_int_equal(told->has_job, stored->has_job);
    assert_int_equal(told->job_state, stored->job_state);
    for (size_t i = 0; i < FILE_ROLE_COUNT; i++)
        assert_string_equal(told->files.of[i], stored->files.of[i]);
}

static void count_arrival(void *listener)
{
    size_t *count = listener;
    (*count)++;
}

/* The answer to an upload needs no second look at the database; who looks at it is told, but for a
 * photo. */
static void tells_what_it_committed(void **state)
{
    static const char photo[] = "\xFF\xD8\xFF\xE0\0\x10JFIF and more";
    Archive *archive = *state;
    _cleanup_free_ char *video = archive_mp4(5000, 'o');
    const struct {
        const char *name, *bytes;
        size_t size;
    } rows[] = {{"clip.mov", video, 5000}, {"photo.jpg", photo, sizeof photo}};
    size_t arrived = 0;
    archive->library.arrived = count_arrival;
    archive->library.listener = &arrived;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        UploadView stored;
        char id[UUID_SIZE];
        Upload *upload = upload_begin(&archive->library, 5000, &error);
        assert_true(upload_set(upload, UPLOAD_CAPTION, "A caption", &error));
        assert_true(upload_file_begin(upload, rows[i].name, &error));
        assert_true(upload_append(upload, rows[i].bytes, rows[i].size, &error));
        assert_true(upload_file_end(upload, &error));
        assert_true(upload_finish(upload, START, id, &error));
        UploadView told = upload_committed(upload);
        upload_free(upload);
        assert_true(upload_view(&archive->library, id, &stored, &error));
        expect_same_view(&told, &stored);
        assert_int_equal(arrived, 1);
    }
}

static void keeps_nothing_of_an_upload_that_fails(void **state)
{
    Archive *archive = *state;
    static const struct {
        const char *bytes;
        size_t size;
        ErrorCode code;
        const char *sentence;
    } rows[] = {
        {"", 0, ERROR_INVALID, "an empty file"},
        {"text renamed .mp4", 17, ERROR_MEDIA_TYPE, "text"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        Upload *upload = upload_begin(&archive->library, 100, &error);
        assert_true(upload_file_begin(upload, "x.mp4", &error));
        assert_true(upload_append(upload, rows[i].bytes, rows[i].size, &error));
        unit_check(!upload_file_end(upload, &error), rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        upload_free(upload);
    }
    assert_int_equal(archive_count_files(archive), 0);
    assert_int_equal(archive_count_staged(archive), 0);
}

/* A cover picture of 300 kB stands before the sound: what is there is known at the end. */
static void finds_sound_behind_a_long_tag(void **state)
{
    enum { TAG = 300 * 1024, SIZE = TAG + 2000 };
    Archive *archive = *state;
    _cleanup_free_ char *bytes = base_calloc(1, SIZE);
    Error error = {0};
    UploadView stored;
    char id[UUID_SIZE];
    memcpy(bytes, "ID3\4\0\0\0\x12\x5F\x76", 10); /* syncsafe: TAG - 10 */
    memcpy(bytes + TAG, "fLaC\0\0\0\x22", 8);
    Upload *upload = upload_begin(&archive->library, SIZE, &error);
    assert_true(upload_file_begin(upload, "song.mp3", &error));
    for (size_t offset = 0; offset < SIZE; offset += SIZE / 4)
        assert_true(upload_append(upload, bytes + offset, MIN_OF(SIZE / 4, SIZE - offset), &error));
    assert_true(upload_file_end(upload, &error));
    assert_true(upload_finish(upload, START, id, &error));
    upload_free(upload);
    assert_true(upload_view(&archive->library, id, &stored, &error));
    assert_string_equal(stored.media.content_type, "audio/flac");
}

/* Nobody has to send gigabytes to be told. */
static void refuses_as_soon_as_it_is_known(void **state)
{
    Archive *archive = *state;
    _cleanup_free_ char *bytes = base_calloc(1, 64 * 1024);
    Error error = {0};
    memcpy(bytes, "PK\3\4", 4);
    Upload *upload = upload_begin(&archive->library, MIB, &error);
    assert_true(upload_file_begin(upload, "film.mp4", &error));
    assert_true(upload_append(upload, bytes, 64 * 1024 - 1, &error));
    assert_false(upload_append(upload, "", 1, &error));
    assert_int_equal(error.code, ERROR_MEDIA_TYPE);
    assert_non_null(strstr(error.detail, "a ZIP archive"));
    upload_free(upload);
}

static ErrorCode photo_code;

/* Sees all that was sent, in a file that cannot be written to. */
static bool fault_photo(int fd, const char *content_type, const atomic_bool *stop, Error *error)
{
    char bytes[5000];
    (void)stop;
    assert_string_equal(content_type, "image/jpeg");
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), 15);
    assert_memory_equal(bytes, "\xFF\xD8\xFF and rubbish", 15);
    assert_int_equal(write(fd, "x", 1), -1);
    return error_set(error, photo_code, "Bad luck.");
}

/* What has a job is looked into by the validators, a photo by nobody else. It is not refused where
 * the machine is at fault. */
static void keeps_photos_but_for_those_that_are_at_fault(void **state)
{
    static const ErrorCode codes[] = {ERROR_MEDIA, ERROR_UNAVAILABLE, ERROR_IO, ERROR_CANCELLED,
                                      ERROR_INTERNAL};
    Archive *archive = *state;
    char id[UUID_SIZE];
    archive->library.photo = fault_photo;
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        Error error = {0};
        photo_code = codes[i];
        Upload *upload = upload_begin(&archive->library, 5000, &error);
        assert_true(upload_file_begin(upload, "x.jpg", &error));
        assert_true(upload_append(upload, "\xFF\xD8\xFF and rubbish", 15, &error));
        assert_true(upload_file_end(upload, &error));
        assert_int_equal(upload_finish(upload, START, id, &error), codes[i] != ERROR_MEDIA);
        assert_int_equal(error.code, codes[i] == ERROR_MEDIA ? ERROR_MEDIA : 0);
        upload_free(upload);
        assert_int_equal(archive_query(archive, "SELECT count(*) FROM media"), i);
        assert_int_equal(archive_count_files(archive), i);
        assert_int_equal(archive_count_staged(archive), 0);
    }
}

/* The file has its name already when the rows turn out not to be possible. */
static void keeps_nothing_whose_rows_fail(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    char id[UUID_SIZE];
    _cleanup_free_ char *bytes = archive_mp4(5000, 'x');
    archive_run(archive, "CREATE TRIGGER full BEFORE INSERT ON upload BEGIN "
                         "SELECT RAISE (ABORT, 'not now'); END");
    Upload *upload = upload_begin(&archive->library, 5000, &error);
    assert_true(upload_file_begin(upload, "x.mp4", &error));
    assert_true(upload_append(upload, bytes, 5000, &error));
    assert_true(upload_file_end(upload, &error));
    assert_false(upload_finish(upload, START, id, &error));
    assert_int_equal(error.code, ERROR_DATABASE);
    upload_free(upload);
    assert_int_equal(archive_count_staged(archive), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM media"), 0);
    assert_int_equal(round_of(archive, START), 1);
    assert_int_equal(archive_count_files(archive), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
}

static void refuses_what_is_too_large_as_soon_as_it_is(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    _cleanup_free_ char *bytes = archive_mp4(2 * MIB, 'x');
    Upload *upload = upload_begin(&archive->library, 100, &error);
    assert_true(upload_file_begin(upload, "x.mp4", &error));
    assert_true(upload_append(upload, bytes, MIB, &error));
    assert_false(upload_append(upload, bytes + MIB, 1, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    upload_free(upload);
    upload = upload_begin(&archive->library, 100 * MIB, &error);
    assert_true(upload_file_begin(upload, "x.mp4", &error));
    assert_false(upload_append(upload, bytes, 5000, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    upload_free(upload);
    assert_int_equal(archive_count_staged(archive), 0);
}

static void takes_one_file_and_good_fields_only(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    char id[UUID_SIZE], longest[CAPTION_MAX + 2];
    Upload *upload = upload_begin(&archive->library, 100, &error);
    memset(longest, 'x', sizeof longest);
    longest[CAPTION_MAX + 1] = '\0';
    assert_false(upload_finish(upload, START, id, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_false(upload_set(upload, UPLOAD_COLLECTION, "../x", &error));
    assert_false(upload_set(upload, UPLOAD_ENTRY, ".hidden", &error));
    assert_false(upload_set(upload, UPLOAD_CAPTION, longest, &error));
    assert_false(upload_set(upload, UPLOAD_CAPTION, "\xFF", &error));
    assert_true(upload_set(upload, UPLOAD_ENTRY, "", &error));
    assert_true(upload_file_begin(upload, "a.mp4", &error));
    error = (Error){0};
    assert_false(upload_file_begin(upload, "b.mp4", &error));
    assert_string_equal(error.fields[0].name, "file");
    upload_free(upload);
}

/* Both digests are there before anybody asks; one that an older version left out stays so. */
static void hashes_no_original_later(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    FileRow row;
    Digest wanted;
    ArchiveVideo video = archive_add_video(archive, START);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM file WHERE sha256 NOTNULL"), 1);
    _cleanup_stored_file_ StoredFile *file = NULL, *old = NULL;
    assert_true(library_open_original(&archive->library, video.media_id, &row, &file, &error));
    assert_true(stored_file_digest(file, DIGEST_SHA256, &wanted, &error));
    assert_true(row.has_sha256 && digest_equal(&row.sha256, &wanted));
    archive_run(archive, "UPDATE file SET sha256 = NULL");
    assert_true(library_open_original(&archive->library, video.media_id, &row, &old, &error));
    assert_false(row.has_sha256);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM file WHERE sha256 NOTNULL"), 0);
}

/* A file that is cut, has grown or is gone is nobody's to have: whoever asks is told. */
static void gives_out_no_file_that_is_damaged(void **state)
{
    static const struct {
        off_t size; /* -1: is removed */
        const char *words;
    } rows[] = {{4999, "damaged"}, {5001, "damaged"}, {-1, "missing"}};
    Archive *archive = *state;
    char path[1000];
    ArchiveVideo video = archive_add_video(archive, START);
    snprintf(path, sizeof path, "%s/%s", archive->root, video.path);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error errors[2] = {0};
        FileRow row;
        StoredFile *file = NULL;
        assert_int_equal(rows[i].size < 0 ? unlink(path) : truncate(path, rows[i].size), 0);
        assert_false(library_open_file(&archive->library, video.path, &row, &file, &errors[0]));
        assert_false(
            library_open_original(&archive->library, video.media_id, &row, &file, &errors[1]));
        for (size_t j = 0; j < ARRAY_SIZE(errors); j++) {
            assert_int_equal(errors[j].code, ERROR_IO);
            assert_non_null(strstr(errors[j].detail, rows[i].words));
        }
        assert_null(file);
    }
}

static void works_by_itself_and_stops_at_once(void **state)
{
    Archive *archive = *state;
    size_t removed = 0;
    Error error = {0};
    ArchiveVideo video = archive_add_video(archive, START);
    HousekeeperOptions options = {&archive->library, count_removal, &removed};
    assert_true(store_write(archive->store, delete_original, video.media_id, &error));
    Housekeeper *housekeeper = housekeeper_start(&options);
    while (archive_query(archive, "SELECT count(*) FROM transit") > 0)
        sched_yield();
    int64_t before = clock_monotonic_ms();
    housekeeper_stop(housekeeper);
    assert_true(clock_monotonic_ms() - before < 500);
    assert_int_equal(removed, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leaves_what_is_on_its_way_in),
        TEST(removes_what_failed),
        TEST(removes_what_failed_once_that_can_be_told),
        TEST(tells_of_a_fault_that_lasts_but_once),
        TEST(removes_what_a_killed_process_left),
        TEST(forgets_reservations_that_led_to_nothing),
        TEST(never_removes_a_file_it_was_not_told_to),
        TEST(removes_files_whose_row_went),
        TEST(is_not_held_up_by_one_that_resists),
        TEST(stops_between_two_files),
        TEST(ends_leases_while_many_files_go),
        TEST(sweeps_in_slices),
        TEST(tells_what_it_committed),
        TEST(keeps_nothing_of_an_upload_that_fails),
        TEST(finds_sound_behind_a_long_tag),
        TEST(refuses_as_soon_as_it_is_known),
        TEST(keeps_photos_but_for_those_that_are_at_fault),
        TEST(keeps_nothing_whose_rows_fail),
        TEST(refuses_what_is_too_large_as_soon_as_it_is),
        TEST(takes_one_file_and_good_fields_only),
        TEST(hashes_no_original_later),
        TEST(gives_out_no_file_that_is_damaged),
        TEST(works_by_itself_and_stops_at_once),
    };
    log_init("test_housekeeper", LOG_TEXT, LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
