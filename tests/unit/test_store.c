/* The database: one writer whose callers share commits and nothing else, readers, migrations. */
#include "tests/unit/archive.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "web/store/sqlite/connection.h"
#include "web/store/store_file.h"
#include "web/store/store_media.h"
#include "web/store/store_transit.h"

static bool prepare_all(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    (void)error;
    static const char *const texts[] = {
#define X(name, sql) sql,
        STATEMENTS(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(connection->database, texts[i], -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", texts[i], sqlite3_errmsg(connection->database));
        sqlite3_finalize(statement);
    }
    return true;
}

static void prepares_every_statement(void **state)
{
    Archive *archive = *state;
    assert_true(store_read(archive->store, prepare_all, NULL, NULL));
}

static void is_durable_and_of_its_version(void **state)
{
    Archive *archive = *state;
    assert_int_equal(archive_query(archive, "PRAGMA user_version"), 4);
    assert_int_equal(archive_query(archive, "PRAGMA application_id"), 0x5265656c);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM pragma_table_list "
                                            "WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' "
                                            "AND NOT strict"),
                     0);
    archive_reopen(archive);
    assert_int_equal(archive_query(archive, "PRAGMA user_version"), 4);
}

static bool read_synchronous(StoreConnection *connection, void *argument, Error *error)
{
    int64_t *values = argument;
    return connection_integer(connection, "PRAGMA synchronous", &values[0], error) &&
           connection_integer(connection, "PRAGMA foreign_keys", &values[1], error);
}

static void commits_durably(void **state)
{
    Archive *archive = *state;
    int64_t values[2] = {0};
    assert_true(store_write(archive->store, read_synchronous, values, NULL));
    assert_int_equal(values[0], 2); /* FULL */
    assert_int_equal(values[1], 1);
}

static void refuse_to_open(Archive *archive, const char *sql, const char *words)
{
    Error error = {0};
    archive_run(archive, sql);
    assert_null(store_open(volume_database_path(archive->volume), &error));
    assert_int_equal(error.code, ERROR_DATABASE);
    if (!strstr(error.detail, words))
        fail_msg("unclear: %s", error.detail);
}

static void refuses_what_it_does_not_understand(void **state)
{
    Archive *archive = *state;
    refuse_to_open(archive, "PRAGMA user_version = 999", "newer version");
    refuse_to_open(archive, "PRAGMA user_version = 2; PRAGMA application_id = 7",
                   "not made by Reelkeep");
}

/* --- sharing commits --- */

typedef struct Insert {
    Store *store;
    int number;
    bool fails; /* after it has written */
    bool result;
    Error error;
} Insert;

static bool insert_entry(StoreConnection *connection, void *argument, Error *error)
{
    const Insert *insert = argument;
    char path[40];
    snprintf(path, sizeof path, "n/%d/x", insert->number);
    if (!store_transit_reserve(connection, path, error))
        return false;
    return !insert->fails || error_set(error, ERROR_CONFLICT, "Refused on purpose.");
}

static void *insert_one(void *argument)
{
    Insert *insert = argument;
    insert->result = store_write(insert->store, insert_entry, insert, &insert->error);
    return NULL;
}

#define INSERTS 200

static void lets_many_write_at_once(void **state)
{
    Archive *archive = *state;
    static Insert inserts[INSERTS];
    pthread_t threads[INSERTS];
    for (int i = 0; i < INSERTS; i++) {
        inserts[i] = (Insert){.store = archive->store, .number = i, .fails = i % 5 == 0};
        assert_int_equal(pthread_create(&threads[i], NULL, insert_one, &inserts[i]), 0);
    }
    for (int i = 0; i < INSERTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(inserts[i].result, !inserts[i].fails);
        assert_int_equal(inserts[i].error.code, inserts[i].fails ? ERROR_CONFLICT : ERROR_NONE);
    }
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), INSERTS / 5 * 4);
}

/* Holds the writer inside a function until all others have queued behind it. */
typedef struct Gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool entered, open;
} Gate;

static bool wait_at_gate(StoreConnection *connection, void *argument, Error *error)
{
    Gate *gate = argument;
    (void)connection;
    (void)error;
    pthread_mutex_lock(&gate->lock);
    gate->entered = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return true;
}

typedef struct Held {
    Store *store;
    Gate *gate;
} Held;

static void *hold_writer(void *argument)
{
    const Held *held = argument;
    IGNORE_RESULT(store_write(held->store, wait_at_gate, held->gate, NULL));
    return NULL;
}

/* Takes back the whole transaction, as SQLite does by itself when the disk is full. */
static bool lose_transaction(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    assert_true(connection_run(connection, "ROLLBACK", NULL));
    return error_set(error, ERROR_NO_SPACE, "The disk is full.");
}

static atomic_int lost_started;

static void *lose_one(void *argument)
{
    Insert *insert = argument;
    atomic_fetch_add(&lost_started, 1);
    insert->result = store_write(insert->store, insert->fails ? lose_transaction : insert_entry,
                                 insert, &insert->error);
    return NULL;
}

static void enter_gate(pthread_t *holder, Held *held)
{
    assert_int_equal(pthread_create(holder, NULL, hold_writer, held), 0);
    pthread_mutex_lock(&held->gate->lock);
    while (!held->gate->entered)
        pthread_cond_wait(&held->gate->changed, &held->gate->lock);
    pthread_mutex_unlock(&held->gate->lock);
}

static void open_gate(pthread_t holder, Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
    pthread_join(holder, NULL);
}

/* Nobody who shared a commit that did not happen is told that it did. */
static void fails_all_who_shared_a_lost_commit(void **state)
{
    Archive *archive = *state;
    Gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
    Held held = {archive->store, &gate};
    Insert inserts[8];
    pthread_t holder, threads[8];
    atomic_store(&lost_started, 0);
    enter_gate(&holder, &held);
    for (int i = 0; i < 8; i++) {
        inserts[i] = (Insert){.store = archive->store, .number = i, .fails = i == 4};
        assert_int_equal(pthread_create(&threads[i], NULL, lose_one, &inserts[i]), 0);
    }
    while (atomic_load(&lost_started) < 8)
        sched_yield();
    open_gate(holder, &gate);
    int64_t kept = 0;
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        kept += inserts[i].result;
        if (!inserts[i].result)
            assert_int_equal(inserts[i].error.code, ERROR_NO_SPACE);
    }
    assert_false(inserts[4].result);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), kept);
    Insert after = {.store = archive->store, .number = 99};
    assert_true(store_write(archive->store, insert_entry, &after, NULL));
}

/* Ends its own savepoint, so that what it wrote cannot be taken back alone. */
static bool lose_savepoint(StoreConnection *connection, void *argument, Error *error)
{
    return store_transit_reserve(connection, argument, error) &&
           connection_run(connection, "RELEASE write", error) &&
           error_set(error, ERROR_CONFLICT, "Refused on purpose.");
}

static void keeps_nothing_that_cannot_be_taken_back_alone(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    assert_false(store_write(archive->store, lose_savepoint, (void *)"n/1/x", &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
    Insert after = {.store = archive->store, .number = 1};
    assert_true(store_write(archive->store, insert_entry, &after, NULL));
}

/* Says "gone" where somebody was first. */
static bool come_second(StoreConnection *connection, void *argument, Error *error)
{
    return insert_entry(connection, argument, NULL) ||
           error_set(error, ERROR_GONE, "Somebody was first.");
}

typedef struct Shared {
    Insert insert;
    StoreFunction *function;
    void *argument;
} Shared;

static void *share_one(void *argument)
{
    Shared *shared = argument;
    Insert *insert = &shared->insert;
    atomic_fetch_add(&lost_started, 1);
    insert->result = store_write(insert->store, shared->function, shared->argument, &insert->error);
    return NULL;
}

/* A result is dropped for good by who is told "gone". So nobody hears another's refusal, and none
 * of his own that rests on what was taken back with the batch. Which of the three shares a batch
 * with which is up to the scheduler: it is tried until all did, one behind the other. */
static void gives_nobody_a_refusal_that_is_not_his(void **state)
{
    Archive *archive = *state;
    bool all = false;
    for (int round = 0; !all; round++) {
        char path[40];
        Gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
        Held held = {archive->store, &gate};
        Shared shared[3];
        pthread_t holder, threads[ARRAY_SIZE(shared)];
        snprintf(path, sizeof path, "n/%d/y", round);
        for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
            shared[i].insert = (Insert){.store = archive->store, .number = round};
        shared[0].function = insert_entry, shared[0].argument = &shared[0].insert;
        shared[1].function = come_second, shared[1].argument = &shared[1].insert;
        shared[2].function = lose_savepoint, shared[2].argument = path;
        atomic_store(&lost_started, 0);
        enter_gate(&holder, &held);
        for (int i = 0; i < (int)ARRAY_SIZE(shared); i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, share_one, &shared[i]), 0);
            while (atomic_load(&lost_started) <= i)
                sched_yield();
        }
        open_gate(holder, &gate);
        for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
            pthread_join(threads[i], NULL);
        const Insert *first = &shared[0].insert, *second = &shared[1].insert;
        assert_int_equal(shared[2].insert.error.code, ERROR_UNAVAILABLE);
        if (second->error.code == ERROR_GONE)
            assert_true(first->result);
        all = first->error.code == ERROR_UNAVAILABLE && second->error.code == ERROR_UNAVAILABLE;
        archive_run(archive, "DELETE FROM transit");
    }
}

/* --- reading --- */

static bool read_nothing(StoreConnection *connection, void *argument, Error *error)
{
    MediaRow media;
    (void)argument;
    return store_media_get(connection, "0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11", &media, error);
}

static void *read_often(void *argument)
{
    Insert *insert = argument;
    for (int i = 0; i < 50; i++) {
        Error error = {0};
        if (store_read(insert->store, read_nothing, NULL, &error) || error.code != ERROR_NOT_FOUND)
            insert->result = false;
    }
    return NULL;
}

static void lets_more_read_than_there_are_connections(void **state)
{
    Archive *archive = *state;
    Insert readers[STORE_READERS_MAX + 8];
    pthread_t threads[ARRAY_SIZE(readers)];
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        readers[i] = (Insert){.store = archive->store, .result = true};
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, &readers[i]), 0);
    }
    lets_many_write_at_once(state);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        pthread_join(threads[i], NULL);
        assert_true(readers[i].result);
    }
}

static int forbid_commit(void *context, int action, const char *first, const char *second,
                         const char *database, const char *trigger)
{
    (void)context, (void)second, (void)database, (void)trigger;
    return action == SQLITE_TRANSACTION && streq(first, "COMMIT") ? SQLITE_DENY : SQLITE_OK;
}

static bool break_reader(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    (void)error;
    return sqlite3_set_authorizer(connection->database, forbid_commit, NULL) == SQLITE_OK;
}

static void closes_a_reader_that_cannot_end_its_snapshot(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    assert_true(store_read(archive->store, break_reader, NULL, &error));
    assert_false(store_read(archive->store, read_nothing, NULL, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static bool write_on_reader(StoreConnection *connection, void *argument, Error *error)
{
    (void)argument;
    return store_transit_reserve(connection, "a/b/c", error);
}

static void readers_cannot_write(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    assert_false(store_read(archive->store, write_on_reader, NULL, &error));
    assert_int_equal(error.code, ERROR_DATABASE);
}

/* --- what the schema itself forbids --- */

static bool insert_file(StoreConnection *connection, void *argument, Error *error)
{
    return store_file_insert(connection, argument, error);
}

static bool reserve_and_insert(StoreConnection *connection, void *argument, Error *error)
{
    const FileRow *file = argument;
    return store_transit_reserve(connection, file->path, error) &&
           store_file_insert(connection, file, error);
}

static bool delete_media(StoreConnection *connection, void *argument, Error *error)
{
    return store_media_delete(connection, argument, error);
}

static void files_and_paths_in_transit_stay_together(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    ArchiveVideo video = archive_add_video(archive, 1000);
    FileRow file = {.path = "log_entries/1/new", .role = FILE_VIDEO, .content_type = "video/mp4"};
    base_copy(file.media_id, sizeof file.media_id, video.media_id);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
    assert_false(store_write(archive->store, insert_file, &file, &error));
    assert_true(store_write(archive->store, reserve_and_insert, &file, &error));
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit"), 0);
    assert_true(store_write(archive->store, delete_media, video.media_id, &error));
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM transit WHERE ready = 1"), 2);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM file"), 0);
    assert_int_equal(archive_query(archive, "SELECT count(*) FROM job"), 0);
}

static void count_file(void *context, const char *path, int64_t size)
{
    size_t *count = context;
    assert_true(*path && size == 5000);
    (*count)++;
}

static void checks_a_database(void **state)
{
    Archive *archive = *state;
    const char *path = volume_database_path(archive->volume);
    char text[2000] = "";
    size_t files = 0;
    FILE *faults = fmemopen(text, sizeof text, "w");
    archive_add_video(archive, 1000);
    assert_true(store_check(path, count_file, &files, faults));
    assert_int_equal(files, 1);
    archive_run(archive, "PRAGMA user_version = 999");
    assert_false(store_check(path, count_file, &files, faults));
    fclose(faults);
    assert_non_null(strstr(text, "newer version"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(prepares_every_statement),
        TEST(is_durable_and_of_its_version),
        TEST(commits_durably),
        TEST(refuses_what_it_does_not_understand),
        TEST(lets_many_write_at_once),
        TEST(fails_all_who_shared_a_lost_commit),
        TEST(keeps_nothing_that_cannot_be_taken_back_alone),
        TEST(gives_nobody_a_refusal_that_is_not_his),
        TEST(lets_more_read_than_there_are_connections),
        TEST(closes_a_reader_that_cannot_end_its_snapshot),
        TEST(readers_cannot_write),
        TEST(files_and_paths_in_transit_stay_together),
        TEST(checks_a_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
