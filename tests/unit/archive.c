#include "tests/unit/archive.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>

#include "common/base/file.h"
#include "web/library/files/transit.h"
#include "web/library/intake/upload.h"

static void ignore_wake(void *key)
{
    (void)key;
}

static bool never_gone(const void *key)
{
    (void)key;
    return false;
}

/* The files of these tests look like media from outside only. */
static bool believe(int fd, const DecoderExpectation *expected, const atomic_bool *stop,
                    Error *error)
{
    (void)fd, (void)expected, (void)stop, (void)error;
    return true;
}

static bool believe_photo(int fd, const char *content_type, const atomic_bool *stop, Error *error)
{
    (void)fd, (void)content_type, (void)stop, (void)error;
    return true;
}

void archive_open(Archive *archive)
{
    static const WaiterHooks hooks = {ignore_wake, never_gone};
    Error error = {0};
    VolumeOptions options = {.root = archive->root};
    archive->volume = volume_open(&options, &error);
    assert_non_null(archive->volume);
    archive->store = store_open(volume_database_path(archive->volume), &error);
    assert_non_null(archive->store);
    archive->waiters = waiters_new(&hooks);
    archive->jobs = (Jobs){archive->store, archive->waiters, .lease_seconds = 60, 3};
    archive->library = (Library){
        .store = archive->store,
        .volume = archive->volume,
        .storage = volume_storage(archive->volume),
        .transit = transit_new(archive->store, volume_storage(archive->volume)),
        .jobs = &archive->jobs,
        .max_size = {MIB, MIB, MIB},
        .verify = believe,
        .photo = believe_photo,
    };
}

void archive_close(Archive *archive)
{
    transit_free(archive->library.transit);
    waiters_free(archive->waiters);
    store_close(archive->store);
    volume_close(archive->volume);
}

void archive_reopen(Archive *archive)
{
    archive_close(archive);
    archive_open(archive);
}

int archive_set_up(void **state)
{
    Archive *archive = NEW(Archive);
    id_init();
    unit_folder(archive->root);
    archive_open(archive);
    *state = archive;
    return 0;
}

int archive_tear_down(void **state)
{
    Archive *archive = *state;
    archive_close(archive);
    bool removed = file_remove_tree(AT_FDCWD, archive->root, NULL);
    free(archive);
    return removed ? 0 : -1;
}

static void put_box(char *at, size_t size, const char *type)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(size >> (24 - 8 * i));
    memcpy(at + 4, type, 4);
}

char *archive_mp4(size_t size, char seed)
{
    char *bytes = base_calloc(size, 1);
    memset(bytes, seed, size);
    put_box(bytes, 24, "ftyp");
    memcpy(bytes + 8, "isom\0\0\2\0isomiso2", 16);
    put_box(bytes + 24, 16, "moov");
    put_box(bytes + 40, size - 40, "mdat");
    return bytes;
}

ArchiveVideo archive_upload_video(Archive *archive, int64_t now)
{
    ArchiveVideo added = {0};
    UploadView view;
    Error error = {0};
    _cleanup_free_ char *bytes = archive_mp4(5000, 'o');
    Upload *upload = upload_begin(&archive->library, 5000, &error);
    assert_non_null(upload);
    assert_true(upload_file_begin(upload, "clip.mov", &error));
    assert_true(upload_append(upload, bytes, 5000, &error));
    assert_true(upload_file_end(upload, &error));
    assert_true(upload_finish(upload, now, added.upload_id, &error));
    upload_free(upload);
    assert_true(upload_view(&archive->library, added.upload_id, &view, &error));
    base_copy(added.media_id, sizeof added.media_id, view.media.id);
    base_copy(added.path, sizeof added.path, view.files.of[FILE_ORIGINAL]);
    return added;
}

void archive_queue(Archive *archive, const MediaFound *found, int64_t now)
{
    JobValidating job;
    bool there = true;
    while (there) {
        assert_true(jobs_validating_next(&archive->jobs, "", &job, &there, NULL));
        assert_true(!there || jobs_validated(&archive->jobs, &job, found, now, NULL));
    }
}

ArchiveVideo archive_add_video(Archive *archive, int64_t now)
{
    ArchiveVideo added = archive_upload_video(archive, now);
    archive_queue(archive, NULL, now);
    return added;
}

TransferJob archive_claim(Archive *archive, int64_t now)
{
    TransferJob job = {0};
    Error error = {0};
    bool claimed = false;
    assert_true(jobs_claim(&archive->jobs, "unit", now, &job, &claimed, &error));
    assert_true(claimed);
    return job;
}

typedef struct Ask {
    const char *job_id;
    JobRow job;
} Ask;

static bool ask(StoreConnection *connection, void *argument, Error *error)
{
    Ask *self = argument;
    return store_job_get(connection, self->job_id, &self->job, error);
}

JobRow archive_job(Archive *archive, const char *job_id)
{
    Ask question = {.job_id = job_id};
    assert_true(store_read(archive->store, ask, &question, NULL));
    return question.job;
}

static size_t count_below(int parent, const char *name)
{
    size_t count = 0;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    DIR *folder = fdopendir(fd);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        count += entry->d_type == DT_DIR ? count_below(fd, entry->d_name) : 1;
    }
    closedir(folder);
    return count;
}

size_t archive_count_files(const Archive *archive)
{
    return count_below(AT_FDCWD, archive->root);
}

size_t archive_count_staged(const Archive *archive)
{
    char path[100];
    snprintf(path, sizeof path, "%s/.reelkeep/uploads", archive->root);
    return count_below(AT_FDCWD, path);
}

void archive_run(const Archive *archive, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(volume_database_path(archive->volume), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

/* The first row of a statement whose one parameter is a text. */
static void query(const Archive *archive, const char *sql, const char *parameter, int64_t *number,
                  ArchiveEnd *end)
{
    sqlite3 *database;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(volume_database_path(archive->volume), &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    *number = sqlite3_column_int64(statement, 0);
    for (int i = 1; end && i < sqlite3_column_count(statement); i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        assert_true(i == 1 ? base_copy(end->outcome, sizeof end->outcome, text ? text : "")
                           : base_copy(end->detail, sizeof end->detail, text ? text : ""));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

int64_t archive_query(const Archive *archive, const char *sql)
{
    int64_t value;
    query(archive, sql, NULL, &value, NULL);
    return value;
}

ArchiveEnd archive_attempt(const Archive *archive, const char *job_id)
{
    ArchiveEnd end;
    query(archive,
          "SELECT number, outcome, detail FROM attempt WHERE job_id = ?1 ORDER BY id DESC LIMIT 1",
          job_id, &end.number, &end);
    return end;
}

ArchiveEnd archive_delivery(const Archive *archive, const char *job_id)
{
    ArchiveEnd end;
    query(archive,
          "SELECT id, outcome, detail FROM delivery WHERE job_id = ?1 ORDER BY id DESC LIMIT 1",
          job_id, &end.number, &end);
    return end;
}
