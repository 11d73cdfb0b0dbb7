/* A volume of an older schema comes through every step with all that it held. */
#include "tests/unit/unit.h"

#include <fcntl.h>

#include "common/base/file.h"
#include "web/store/sqlite/migrations.h"

typedef struct Old {
    char root[64];
    char path[100];
    StoreConnection *connection;
} Old;

/* Each column of a table that schema 1 had, one text for all rows. */
#define DUMP(columns, table, key)                                                                  \
    "SELECT coalesce (group_concat (line, char (10)), '') FROM (SELECT " columns                   \
    " AS line FROM " table " ORDER BY " key ")"
#define AND " || ',' || "

static const char *const dumps[] = {
    DUMP("quote (collection)" AND "quote (entry)" AND "quote (created_at)", "entry", "entry"),
    DUMP("quote (id)" AND "quote (collection)" AND "quote (entry)" AND "quote (kind)" AND
         "quote (caption)" AND "quote (name)" AND "quote (content_type)" AND "quote (size)" AND
         "quote (width)" AND "quote (height)" AND "quote (duration)" AND "quote (created_at)",
         "media", "id"),
    DUMP("quote (path)" AND "quote (media_id)" AND "quote (role)" AND "quote (content_type)" AND
         "quote (size)" AND "quote (blake2b)" AND "quote (sha256)" AND "quote (created_at)",
         "file", "path"),
    DUMP("quote (id)" AND "quote (media_id)" AND "quote (created_at)", "upload", "id"),
    DUMP("quote (id)" AND "quote (media_id)" AND "quote (state)" AND "quote (attempts)" AND
         "quote (lease_hash)" AND "quote (lease_expires_at)" AND "quote (worker)" AND
         "quote (stage)" AND "quote (percent)" AND "quote (error)" AND "quote (video_digest)" AND
         "quote (queued_at)" AND "quote (created_at)" AND "quote (updated_at)",
         "job", "id"),
    DUMP("quote (id)" AND "quote (job_id)" AND "quote (number)" AND "quote (worker)" AND
         "quote (started_at)" AND "quote (ended_at)" AND "quote (outcome)" AND "quote (detail)",
         "attempt", "id"),
    DUMP("quote (id)" AND "quote (job_id)" AND "quote (received_at)" AND "quote (outcome)" AND
         "quote (detail)",
         "delivery", "id"),
};

/* The table got its name with schema 3. */
static const char paths_before[] = DUMP("quote (path)" AND "quote (ready)", "doomed", "path");
static const char paths_after[] = DUMP("quote (path)" AND "quote (ready)", "transit", "path");

/* Columns that schema 2 had besides. */
static const char *const second_dumps[] = {
    DUMP("quote (id)" AND "quote (thumbhash)" AND "quote (captured_at)" AND "quote (title)",
         "media", "id"),
    DUMP("quote (id)" AND "quote (rank)", "job", "id"),
};

/* One item with a job in each state, results of those that are done, paths on their way in and
 * out, journals. */
static const char contents[] =
    "INSERT INTO entry VALUES ('log_entries', 'e', 1);"
    "INSERT INTO media SELECT value, 'log_entries', 'e', 'video', 'A caption', 'a ''clip''.mov', "
    "'video/quicktime', 7, NULL, NULL, NULL, 100 FROM json_each ('[\"m-queued\", \"m-leased\", "
    "\"m-done\", \"m-failed\", \"m-cancelled\"]');"
    "INSERT INTO media VALUES ('m-photo', 'log_entries', 'e', 'photo', '', 'p.jpg', 'image/jpeg', "
    "9, 4, 3, NULL, 101);"
    "UPDATE media SET width = 640, height = 360, duration = 2.5 WHERE id = 'm-done';"
    "INSERT INTO doomed SELECT 'log_entries/e/' || id, 0 FROM media;"
    "INSERT INTO doomed VALUES ('log_entries/e/v', 0), ('log_entries/e/w', 0);"
    "INSERT INTO file SELECT 'log_entries/e/' || id, id, 'original', content_type, size, "
    "randomblob (32), NULL, 102 FROM media;"
    "INSERT INTO file VALUES ('log_entries/e/v', 'm-done', 'video', 'video/mp4', 5, "
    "randomblob (32), randomblob (32), 103), ('log_entries/e/w', 'm-done', 'poster', 'image/jpeg', "
    "6, randomblob (32), NULL, 103);"
    "INSERT INTO doomed VALUES ('log_entries/e/coming', 0), ('log_entries/e/going', 1);"
    "INSERT INTO upload SELECT 'u-' || id, id, 104 FROM media;"
    "INSERT INTO job SELECT 'j-' || substr (id, 3), id, substr (id, 3), 2, randomblob (32), 105, "
    "'unit', 'encode', 12.5, 'A sentence.', randomblob (32), 106 + rowid, 107, 108 "
    "FROM (SELECT id, row_number () OVER () AS rowid FROM media WHERE kind = 'video');"
    "UPDATE job SET lease_hash = NULL, lease_expires_at = NULL, worker = NULL, stage = NULL, "
    "error = NULL, video_digest = NULL WHERE state = 'queued';"
    "INSERT INTO attempt SELECT NULL, id, 2, 'unit', 109, NULL, NULL, NULL FROM job;"
    "INSERT INTO attempt SELECT NULL, id, 1, 'unit', 108, 109, 'failed', 'Why.' FROM job;"
    "INSERT INTO delivery SELECT NULL, id, 110, 'refused', 'Why.' FROM job;";

/* What came with schema 2: a job that waits to be looked at, all that is made, what a file tells.
 */
static const char second_contents[] =
    "UPDATE job SET rank = rank + 1000;"
    "UPDATE media SET thumbhash = 'aGFzaA==', captured_at = '2024-01-31T12:00:00Z', "
    "title = 'A title' WHERE id = 'm-done';"
    "INSERT INTO doomed VALUES ('log_entries/e/s', 0);"
    "INSERT INTO file VALUES ('log_entries/e/s', 'm-done', 'storyboard', 'image/jpeg', 5, "
    "randomblob (32), NULL, 103);"
    "UPDATE job SET state = 'validating' WHERE state = 'cancelled';";

static void run(Old *old, const char *sql)
{
    if (sqlite3_exec(old->connection->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(old->connection->database));
}

static char *text_of(Old *old, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(old->connection->database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(old->connection->database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *text = base_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static int64_t number_of(Old *old, const char *sql)
{
    int64_t value = -1;
    assert_true(connection_integer(old->connection, sql, &value, NULL));
    return value;
}

static int set_up(void **state)
{
    Old *old = NEW(Old);
    Error error = {0};
    unit_folder(old->root);
    snprintf(old->path, sizeof old->path, "%s/old.sqlite3", old->root);
    old->connection = connection_open(old->path, CONNECTION_WRITER, &error);
    assert_non_null(old->connection);
    assert_true(migrations_apply(old->connection, 1, &error));
    run(old, contents);
    *state = old;
    return 0;
}

static int set_up_second(void **state)
{
    Error error = {0};
    set_up(state);
    Old *old = *state;
    assert_true(migrations_apply(old->connection, 2, &error));
    run(old, second_contents);
    return 0;
}

static int tear_down(void **state)
{
    Old *old = *state;
    connection_close(old->connection);
    bool removed = file_remove_tree(AT_FDCWD, old->root, NULL);
    free(old);
    return removed ? 0 : -1;
}

static void migrate(Old *old)
{
    Error error = {0};
    if (!migrations_apply(old->connection, migrations_latest(), &error))
        fail_msg("%s", error.detail);
}

/* Compares what the statements answer before and after. */
static void migrate_unchanged(Old *old, const char *const *statements, size_t count)
{
    char *before[ARRAY_SIZE(dumps)];
    REQUIRE(count <= ARRAY_SIZE(before));
    for (size_t i = 0; i < count; i++) {
        before[i] = text_of(old, statements[i]);
        unit_check(*before[i], statements[i]);
    }
    _cleanup_free_ char *paths = text_of(old, paths_before);
    migrate(old);
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *after = text_of(old, statements[i]);
        assert_string_equal(after, before[i]);
        free(before[i]);
    }
    _cleanup_free_ char *paths_now = text_of(old, paths_after);
    assert_true(*paths);
    assert_string_equal(paths_now, paths);
    assert_int_equal(number_of(old, "PRAGMA user_version"), migrations_latest());
    assert_int_equal(number_of(old, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number_of(old, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%doomed%' "
                                    "OR name LIKE '%doomed%'"),
                     0);
    assert_int_equal(number_of(old, "SELECT count(*) FROM staging"), 0);
}

static void loses_and_changes_nothing(void **state)
{
    Old *old = *state;
    migrate_unchanged(old, dumps, ARRAY_SIZE(dumps));
    assert_int_equal(number_of(old, "SELECT count(*) FROM job WHERE rank <> queued_at"), 0);
    assert_int_equal(number_of(old, "SELECT count(*) FROM media WHERE coalesce(thumbhash, title, "
                                    "captured_at) IS NOT NULL"),
                     0);
}

static void loses_and_changes_nothing_of_the_second(void **state)
{
    migrate_unchanged(*state, dumps, ARRAY_SIZE(dumps));
}

static void keeps_what_the_second_added(void **state)
{
    migrate_unchanged(*state, second_dumps, ARRAY_SIZE(second_dumps));
}

/* The rules that keep files and rows together are those of the new tables. */
static void keeps_the_rules(void **state)
{
    Old *old = *state;
    sqlite3 *database = old->connection->database;
    migrate(old);
    assert_int_equal(
        sqlite3_exec(database,
                     "INSERT INTO file VALUES ('log_entries/e/x', 'm-done', 'waveform', "
                     "'application/json', 1, randomblob (32), NULL, 1)",
                     NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(database, "UPDATE file SET path = 'x'", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(database, "UPDATE file SET role = 'other'", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    run(old, "INSERT INTO transit VALUES ('log_entries/e/x', 0)");
    run(old, "INSERT INTO file VALUES ('log_entries/e/x', 'm-done', 'waveform', "
             "'application/json', 1, randomblob (32), NULL, 1)");
    assert_int_equal(number_of(old, "SELECT count(*) FROM transit"), 2);
    run(old, "DELETE FROM media WHERE id = 'm-done'");
    assert_int_equal(number_of(old, "SELECT count(*) FROM transit WHERE ready = 1"), 1 + 4);
    assert_int_equal(number_of(old, "SELECT count(*) FROM job"), 4);
    assert_int_equal(number_of(old, "SELECT count(*) FROM attempt"), 8);
    assert_int_equal(number_of(old, "SELECT count(*) FROM delivery"), 4);
}

/* What is kept of a transfer under way is bounded and names one file. */
static void takes_only_good_rows_of_staging(void **state)
{
    static const struct {
        const char *values;
        int result;
    } rows[] = {
        {"('0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11', 0, zeroblob (512), 'tag')", SQLITE_OK},
        {"('0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11', 0, zeroblob (1), 'tag')", SQLITE_CONSTRAINT},
        {"('0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e12', -1, zeroblob (1), 'tag')", SQLITE_CONSTRAINT},
        {"('0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e12', 0, zeroblob (513), 'tag')", SQLITE_CONSTRAINT},
        {"('0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e12', 0, 'text', 'tag')", SQLITE_CONSTRAINT},
        {"('../x', 0, zeroblob (1), 'tag')", SQLITE_CONSTRAINT},
    };
    Old *old = *state;
    migrate(old);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "INSERT INTO staging VALUES %s", rows[i].values);
        int result = sqlite3_exec(old->connection->database, sql, NULL, NULL, NULL);
        unit_check((result & 0xFF) == rows[i].result, rows[i].values);
    }
}

static void leaves_a_damaged_volume_as_it_was(void **state)
{
    Old *old = *state;
    Error error = {0};
    run(old, "PRAGMA foreign_keys = OFF; DELETE FROM media WHERE id = 'm-failed'");
    _cleanup_free_ char *before = text_of(old, "SELECT group_concat (sql) FROM sqlite_schema");
    assert_false(migrations_apply(old->connection, migrations_latest(), &error));
    assert_non_null(strstr(error.detail, "refer to"));
    _cleanup_free_ char *after = text_of(old, "SELECT group_concat (sql) FROM sqlite_schema");
    assert_string_equal(after, before);
    assert_int_equal(number_of(old, "PRAGMA user_version"), 1);
    assert_int_equal(number_of(old, "SELECT count(*) FROM attempt"), 10);
}

#define TEST(function)   cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define SECOND(function) cmocka_unit_test_setup_teardown(function, set_up_second, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loses_and_changes_nothing),       SECOND(loses_and_changes_nothing_of_the_second),
        SECOND(keeps_what_the_second_added),   TEST(keeps_the_rules),
        TEST(takes_only_good_rows_of_staging), TEST(leaves_a_damaged_volume_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
