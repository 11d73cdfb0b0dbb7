/* What every kind of storage promises: the same cases for the folder on the disk and for one made
 * for this test. */
#include "tests/unit/memory_storage.h"
#include "tests/unit/parcel.h"

#include <errno.h>
#include <sys/mman.h>

#include "web/library/files/library_files.h"
#include "web/library/files/transit.h"

#define PATH "log_entries/1/0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11-a.jpg"

typedef struct Rig {
    Archive *archive;      /* where files are staged */
    MemoryStorage *memory; /* NULL: the archive's own storage is under test */
    Storage storage;
} Rig;

/* Stages a file with this text and publishes it. */
static bool put(Rig *rig, const char *path, const char *text, Error *error)
{
    Reservation room;
    Digest digest;
    assert_true(
        volume_reserve(rig->archive->volume, &(RoomSpec){.bytes = strlen(text)}, &room, error));
    Staging *staging = staging_new(&room, error);
    assert_non_null(staging);
    assert_true(staging_append(staging, text, strlen(text), error));
    assert_true(staging_finish(staging, &digest, NULL, error));
    bool published = storage_publish(&rig->storage, staging, path, error);
    assert_int_equal(archive_count_staged(rig->archive), 1);
    staging_free(staging);
    reservation_release(&room);
    assert_int_equal(archive_count_staged(rig->archive), 0);
    return published;
}

static void expect_text(const StoredFile *file, const char *text)
{
    char bytes[100] = "";
    size_t got = 0;
    Error error = {0};
    assert_int_equal(stored_file_size(file), strlen(text));
    assert_true(stored_file_read(file, 0, bytes, sizeof bytes - 1, &got, &error));
    assert_int_equal(got, strlen(text));
    assert_string_equal(bytes, text);
}

/* --- the cases --- */

static void publishes_whole_files(Rig *rig)
{
    Error error = {0};
    Digest wanted, found;
    DigestState state;
    assert_true(put(rig, PATH, "the bytes", &error));
    _cleanup_stored_file_ StoredFile *file = storage_open(&rig->storage, PATH, &error);
    assert_non_null(file);
    expect_text(file, "the bytes");
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, "the bytes", 9);
    digest_final(&state, &wanted);
    assert_true(stored_file_digest(file, DIGEST_BLAKE2B, &found, &error));
    assert_true(digest_equal(&found, &wanted));
}

static void keeps_empty_files(Rig *rig)
{
    Error error = {0};
    void *mapping = rig;
    assert_true(put(rig, PATH, "", &error));
    _cleanup_stored_file_ StoredFile *file = storage_open(&rig->storage, PATH, &error);
    assert_non_null(file);
    expect_text(file, "");
    assert_true(stored_file_map(file, &mapping, &error));
    assert_null(mapping);
}

static void never_replaces_a_file(Rig *rig)
{
    Error error = {0};
    assert_true(put(rig, PATH, "first", &error));
    assert_false(put(rig, PATH, "the second", &error));
    assert_int_not_equal(error.code, ERROR_NONE);
    _cleanup_stored_file_ StoredFile *file = storage_open(&rig->storage, PATH, &error);
    assert_non_null(file);
    expect_text(file, "first");
}

static void says_what_is_missing(Rig *rig)
{
    static const char *const paths[] = {
        PATH,
        "log_entries/1/none",
        "log_entries/none/none",
        "",
        "log_entries",
        "log_entries/1",
        "log_entries/1/",
        "log_entries/1/../1/a",
        "log_entries/1/2/a",
        "/etc/passwd",
        ".reelkeep/uploads/x",
        "log_entries/1/.hidden",
        "log_entries/1/a\nb",
    };
    Error fine = {0};
    assert_true(put(rig, "log_entries/1/2", "one that is there", &fine));
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        Error error = {0};
        StorageStat stat;
        unit_check(!storage_open(&rig->storage, paths[i], &error), paths[i]);
        unit_check(error.code == ERROR_NOT_FOUND, paths[i]);
        error = (Error){0};
        unit_check(!storage_stat(&rig->storage, paths[i], &stat, &error), paths[i]);
        unit_check(error.code == ERROR_NOT_FOUND, paths[i]);
    }
}

static void tells_the_facts_without_opening(Rig *rig)
{
    Error error = {0};
    StorageStat stat;
    assert_true(put(rig, PATH, "the bytes", &error));
    assert_true(storage_stat(&rig->storage, PATH, &stat, &error));
    _cleanup_stored_file_ StoredFile *file = storage_open(&rig->storage, PATH, &error);
    assert_int_equal(stat.size, 9);
    assert_int_equal(stat.modified_ms, stored_file_modified_ms(file));
    assert_true(stat.modified_ms > 0);
}

static void removes_again_and_again(Rig *rig)
{
    Error error = {0};
    assert_true(storage_remove(&rig->storage, PATH, &error));
    assert_true(put(rig, PATH, "the bytes", &error));
    assert_true(storage_remove(&rig->storage, PATH, &error));
    assert_true(storage_remove(&rig->storage, PATH, &error));
    assert_null(storage_open(&rig->storage, PATH, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_true(put(rig, PATH, "the bytes", &error));
}

/* Who sends a file does not ask whether it is being removed. */
static void reads_on_what_is_removed(Rig *rig)
{
    Error error = {0};
    assert_true(put(rig, PATH, "the bytes", &error));
    _cleanup_stored_file_ StoredFile *file = storage_open(&rig->storage, PATH, &error);
    assert_true(storage_remove(&rig->storage, PATH, &error));
    expect_text(file, "the bytes");
}

static void lends_what_can_only_be_read(Rig *rig)
{
    Error error = {0};
    char bytes[10] = "";
    void *mapping = NULL;
    assert_true(put(rig, PATH, "the bytes", &error));
    StoredFile *file = storage_open(&rig->storage, PATH, &error);
    int fd = stored_file_lend_fd(file, &error);
    assert_int_equal(pread(fd, bytes, 9, 0), 9);
    assert_string_equal(bytes, "the bytes");
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(errno, EBADF);
    assert_true(stored_file_map(file, &mapping, &error));
    stored_file_close(file);
    assert_memory_equal(mapping, "the bytes", 9);
    munmap(mapping, 9);
}

typedef struct Seen {
    char text[400];
    size_t left; /* visits until it has had enough */
} Seen;

static bool see(void *context, const char *path, const StorageStat *stat)
{
    Seen *seen = context;
    size_t used = strlen(seen->text);
    assert_int_equal(stat->size, strlen(path));
    assert_true(stat->modified_ms > 0);
    snprintf(seen->text + used, sizeof seen->text - used, "%s ", path);
    return --seen->left > 0;
}

static void lists_in_the_order_of_paths(Rig *rig)
{
    static const char *const paths[] = {"b/1/x",  "a/2/x",   "a/1/y",   "a/1/x", "a-b/1/x",
                                        "a_/1/x", "a/1.5/x", "a/1-2/x", "a/10/x"};
    static const struct {
        const char *prefix;
        size_t visits;
        const char *expected;
    } rows[] = {
        {"", 99, "a-b/1/x a/1-2/x a/1.5/x a/1/x a/1/y a/10/x a/2/x a_/1/x b/1/x "},
        {"a", 99, "a-b/1/x a/1-2/x a/1.5/x a/1/x a/1/y a/10/x a/2/x a_/1/x "},
        {"a/", 99, "a/1-2/x a/1.5/x a/1/x a/1/y a/10/x a/2/x "},
        {"a/1", 99, "a/1-2/x a/1.5/x a/1/x a/1/y a/10/x "},
        {"a/1/", 99, "a/1/x a/1/y "},
        {"a/1/y", 99, "a/1/y "},
        {"a/1/yz", 99, ""},
        {"a/1/x/", 99, ""},
        {"c", 99, ""},
        {".reelkeep", 99, ""},
        {"..", 99, ""},
        {"", 1, "a-b/1/x "},
        {"a/", 4, "a/1-2/x a/1.5/x a/1/x a/1/y "},
    };
    Error error = {0};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        assert_true(put(rig, paths[i], paths[i], &error));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Seen seen = {.left = rows[i].visits};
        assert_true(storage_list(&rig->storage, rows[i].prefix, see, &seen, &error));
        if (!streq(seen.text, rows[i].expected))
            fail_msg("prefix \"%s\", %zu visits: %s", rows[i].prefix, rows[i].visits, seen.text);
    }
}

/* A volume has none, because web serves it; what others give is a whole address. */
static void gives_an_address_or_none(Rig *rig)
{
    Error error = {0};
    _cleanup_free_ char *url = NULL;
    assert_true(put(rig, PATH, "the bytes", &error));
    assert_true(storage_url(&rig->storage, PATH, 600, &url, &error));
    assert_true(rig->memory ? url && strstr(url, "://") && strstr(url, "600") : !url);
    assert_false(storage_url(&rig->storage, "log_entries/../x", 600, &url, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static bool count(void *context, const char *path, const StorageStat *stat)
{
    size_t *files = context;
    (void)path, (void)stat;
    (*files)++;
    return true;
}

static void expect_files(Rig *rig, size_t expected)
{
    size_t files = 0;
    Error error = {0};
    assert_true(storage_list(&rig->storage, "", count, &files, &error));
    assert_int_equal(files, expected);
    assert_int_equal(archive_count_files(rig->archive), rig->memory ? 0 : expected);
}

/* From the upload to the end of the original, nobody goes around the storage. */
static void carries_a_library(Rig *rig)
{
    Library *library = &rig->archive->library;
    Error error = {0};
    FileRow row;
    Digest found;
    library->storage = rig->storage;
    transit_free(library->transit);
    library->transit = transit_new(library->store, rig->storage);
    Parcel parcel = parcel_pack(rig->archive);
    expect_files(rig, 1);
    _cleanup_stored_file_ StoredFile *original = NULL, *video = NULL;
    assert_true(library_open_original(library, parcel.original.media_id, &row, &original, &error));
    assert_true(stored_file_digest(original, DIGEST_SHA256, &found, &error));
    assert_true(digest_equal(&found, &row.sha256));
    assert_true(parcel_send(&parcel, &error));
    expect_files(rig, 3);
    parcel_sweep(&parcel);
    expect_files(rig, 2);
    assert_true(library_open_file(library, parcel.out.files.of[FILE_VIDEO], &row, &video, &error));
    assert_true(stored_file_digest(video, DIGEST_BLAKE2B, &found, &error));
    assert_true(digest_equal(&found, &row.blake2b));
    parcel_unpack(&parcel);
}

typedef void Case(Rig *rig);

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }
static const struct {
    const char *name;
    Case *run;
} cases[] = {
    CASE(publishes_whole_files),
    CASE(keeps_empty_files),
    CASE(never_replaces_a_file),
    CASE(says_what_is_missing),
    CASE(tells_the_facts_without_opening),
    CASE(removes_again_and_again),
    CASE(reads_on_what_is_removed),
    CASE(lends_what_can_only_be_read),
    CASE(lists_in_the_order_of_paths),
    CASE(gives_an_address_or_none),
    CASE(carries_a_library),
};

/* --- each case with each kind --- */

typedef struct Trial {
    Case *run;
    bool in_memory;
} Trial;

static void try(void **state)
{
    const Trial *trial = *state;
    Rig rig = {0};
    void *archive;
    archive_set_up(&archive);
    rig.archive = archive;
    rig.storage = rig.archive->library.storage;
    if (trial->in_memory) {
        rig.memory = memory_storage_new();
        rig.storage = memory_storage(rig.memory);
    }
    trial->run(&rig);
    if (rig.memory)
        memory_storage_free(rig.memory);
    archive_tear_down(&archive);
}

int main(void)
{
    static Trial trials[2 * ARRAY_SIZE(cases)];
    static char names[ARRAY_SIZE(trials)][80];
    struct CMUnitTest tests[ARRAY_SIZE(trials)] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
        trials[i] = (Trial){cases[i / 2].run, i % 2 == 1};
        snprintf(names[i], sizeof names[i], "%s: %s", trials[i].in_memory ? "memory" : "volume",
                 cases[i / 2].name);
        tests[i] = (struct CMUnitTest){names[i], try, NULL, NULL, &trials[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
