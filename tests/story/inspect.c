#include "tests/story/inspect.h"

#include <dirent.h>
#include <fts.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"

#define LIST_MAX   (4 << 20)
#define TIDY_MS    60000
#define BUSY_MS    5000
#define LOOK_EVERY 50

/* --- the database --- */

static sqlite3 *open_database(Story *story)
{
    char name[400];
    sqlite3 *database = NULL;
    snprintf(name, sizeof name, "file:%s/.reelkeep/reelkeep.sqlite3?mode=ro", story->media_root);
    if (sqlite3_open_v2(name, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
        story_fail(story, "the database cannot be read: %s", sqlite3_errmsg(database));
    sqlite3_busy_timeout(database, BUSY_MS);
    return database;
}

/* Every row's columns, separated by spaces, a line each. */
static void query(Story *story, const char *sql, Buffer *out)
{
    sqlite3 *database = open_database(story);
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        for (int i = 0; result == SQLITE_ROW && i < sqlite3_column_count(statement); i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            REQUIRE(
                buffer_append_format(out, "%s%s", i ? " " : "", text ? (const char *)text : ""));
        }
        if (result == SQLITE_ROW)
            REQUIRE(buffer_append_text(out, "\n"));
    }
    if (result != SQLITE_DONE)
        story_fail(story, "%s: %s", sql, sqlite3_errmsg(database));
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

char *inspect_text(Story *story, const char *sql)
{
    _cleanup_buffer_ Buffer rows = BUFFER(LIST_MAX);
    query(story, sql, &rows);
    if (rows.length == 0)
        return NULL;
    rows.data[strcspn(rows.data, "\n")] = '\0';
    return TAKE_PTR(rows.data);
}

int64_t inspect_number(Story *story, const char *sql)
{
    _cleanup_free_ char *text = inspect_text(story, sql);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* --- the files --- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* "path size" of each file outside .reelkeep, a line each. */
static int list_files(Story *story, Buffer *out)
{
    char *roots[] = {story->media_root, NULL};
    int count = 0;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    REQUIRE(walk);
    for (FTSENT *entry; (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_D && streq(entry->fts_name, ".reelkeep"))
            fts_set(walk, entry, FTS_SKIP);
        if (entry->fts_info != FTS_F)
            continue;
        count++;
        REQUIRE(buffer_append_format(out, "%s %lld\n",
                                     entry->fts_path + strlen(story->media_root) + 1,
                                     (long long)entry->fts_statp->st_size));
    }
    fts_close(walk);
    return count;
}

int inspect_file_count(Story *story)
{
    _cleanup_buffer_ Buffer files = BUFFER(LIST_MAX);
    return list_files(story, &files);
}

/* Files in a folder; -1 when there is none. */
static int folder_count(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    if (!folder)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += !streq(entry->d_name, ".") && !streq(entry->d_name, "..");
    closedir(folder);
    return count;
}

bool inspect_scratch_empty(Story *story, void *context)
{
    char *roots[] = {story->work_dir, NULL};
    int count = 0;
    (void)context;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    REQUIRE(walk);
    for (FTSENT *entry; (entry = fts_read(walk));)
        count += entry->fts_info == FTS_F && entry->fts_statp->st_size > 0;
    fts_close(walk);
    return count == 0;
}

/* --- both --- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines in byte order: the file system's walk and the database sort differently. */
static void sort_lines(const Buffer *in, Buffer *out)
{
    _cleanup_free_ char *text = base_strdup(in->length ? in->data : "");
    _cleanup_free_ char **lines = base_calloc(in->length + 1, sizeof *lines);
    size_t count = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            lines[count++] = line;
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        REQUIRE(buffer_append_format(out, "%s\n", lines[i]));
}

static bool untidy(Buffer *report, const char *what, const char *detail)
{
    buffer_clear(report);
    REQUIRE(buffer_append_format(report, "%s: %s", what, detail ? detail : ""));
    return false;
}

static bool look(Story *story, Buffer *report)
{
    char uploads[400];
    _cleanup_buffer_ Buffer files = BUFFER(LIST_MAX), rows = BUFFER(LIST_MAX),
                            sorted_files = BUFFER(LIST_MAX), sorted_rows = BUFFER(LIST_MAX);
    snprintf(uploads, sizeof uploads, "%s/.reelkeep/uploads", story->media_root);
    if (folder_count(uploads) != 0)
        return untidy(report, "unfinished uploads are left", uploads);
    if (inspect_number(story, "SELECT count(*) FROM transit") != 0)
        return untidy(report, "paths wait to be unlinked", NULL);
    list_files(story, &files);
    query(story, "SELECT path, size FROM file", &rows);
    sort_lines(&files, &sorted_files);
    sort_lines(&rows, &sorted_rows);
    if (sorted_files.length == sorted_rows.length &&
        (sorted_files.length == 0 ||
         memcmp(sorted_files.data, sorted_rows.data, sorted_files.length) == 0))
        return true;
    untidy(report, "files and rows differ", "");
    REQUIRE(buffer_append_format(report, "files:\n%srows:\n%s",
                                 sorted_files.length ? sorted_files.data : "",
                                 sorted_rows.length ? sorted_rows.data : ""));
    return false;
}

bool inspect_tidy(Story *story, void *context)
{
    _cleanup_buffer_ Buffer report = BUFFER(LIST_MAX);
    (void)context;
    return look(story, &report);
}

void inspect_expect_tidy(Story *story)
{
    _cleanup_buffer_ Buffer report = BUFFER(LIST_MAX);
    int64_t deadline = clock_monotonic_ms() + TIDY_MS;
    while (!look(story, &report)) {
        if (clock_monotonic_ms() > deadline)
            story_fail(story, "the volume never became tidy: %s", report.data);
        clock_sleep_ms(LOOK_EVERY);
    }
}
