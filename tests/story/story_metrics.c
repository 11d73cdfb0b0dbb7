/*
 * /metrics: for who holds the token, figures that agree with what happened and with the database,
 * in a text that Prometheus' own checker finds nothing wrong with.
 */
#include "tests/story/inspect.h"
#include "tests/story/made_media.h"
#include "tests/story/moves.h"

#define METRICS "/metrics"

/* The text; owned by the caller. */
static char *metrics(Story *story)
{
    Answer answer = ask(story, &(Ask){.path = METRICS, .as_transcoder = true});
    expect_answer(story, &answer, 200, NULL, METRICS);
    char *text = TAKE_PTR(answer.body);
    answer_release(&answer);
    return text;
}

/* Finds a series, written as in the text: name, or name{label="value"}. */
static bool find_value(const char *text, const char *series, double *value)
{
    size_t length = strlen(series);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, length) == 0 && line[length] == ' ') {
            *value = strtod(line + length, NULL);
            return true;
        }
    }
    return false;
}

static double value_of(Story *story, const char *text, const char *series)
{
    double value;
    if (find_value(text, series, &value))
        return value;
    story_fail(story, "%s is not among the metrics:\n%s", series, text);
}

static double value_now(Story *story, const char *series)
{
    _cleanup_free_ char *text = metrics(story);
    return value_of(story, text, series);
}

static void test_only_who_holds_the_token_may_read(void **state)
{
    Story *story = *state;
    story_web_start(story);
    _cleanup_answer_ Answer without = ask(story, &(Ask){.path = METRICS});
    expect_answer(story, &without, 401, "unauthenticated", "without a token");
    _cleanup_answer_ Answer wrong = ask(
        story, &(Ask){.path = METRICS,
                      .headers = {"Authorization: Bearer wrong-and-long-enough-to-be-a-token"}});
    expect_answer(story, &wrong, 403, "forbidden", "with a wrong token");
    _cleanup_answer_ Answer right = ask(story, &(Ask){.path = METRICS, .as_transcoder = true});
    expect_answer(story, &right, 200, NULL, "with the token");
    story_expect(
        story,
        streq(answer_header(&right, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8"),
        "the type of Prometheus' text format, not %s", answer_header(&right, "Content-Type"));
    story_expect(story, streq(answer_header(&right, "Cache-Control"), "no-store"),
                 "figures of this moment");
    story_expect(story, value_of(story, right.body, "process_open_fds") > 3, "open files");
    story_expect(story, value_of(story, right.body, "reelkeep_volume_free_bytes") > 0, "room");
}

/* What an upload or a claim must have moved at least by so much. */
static const struct {
    const char *series;
    double by_upload, by_claim;
} moved[] = {
    {"reelkeep_store_writes_total", 2, 1},
    {"reelkeep_store_commits_total", 2, 1},
    {"reelkeep_fsync_seconds_count{what=\"file\"}", 1, 0},
    {"reelkeep_fsync_seconds_count{what=\"folder\"}", 1, 0},
    {"reelkeep_fsync_seconds_count{what=\"database-commit\"}", 2, 1},
    {"reelkeep_fsync_seconds_bucket{what=\"file\",le=\"+Inf\"}", 1, 0},
    {"reelkeep_uploads_total{outcome=\"kept\"}", 1, 0},
    {"reelkeep_http_requests_total{route=\"uploads.create\",status=\"201\"}", 1, 0},
    {"reelkeep_http_requests_total{route=\"jobs.claim\",status=\"200\"}", 0, 1},
    {"reelkeep_children_total{task=\"probe\",end=\"done\"}", 1, 0},
    {"reelkeep_http_requests_total{route=\"media.file\",status=\"200\"}", 8, 0},
    {"reelkeep_media_cache_misses_total", 1, 0},
    {"reelkeep_media_cache_hits_total", 1, 0},
    {"reelkeep_media_cache_entries", 1, 0},
};

typedef struct Movement {
    const char *before;
    bool claim;
    char *after; /* owned by who asked */
} Movement;

/* An answer may be read before its end has been counted. */
static bool all_have_moved(Story *story, void *context)
{
    Movement *movement = context;
    free(movement->after);
    movement->after = metrics(story);
    for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
        double before = 0, after = 0; /* an answer that was never given is not among them */
        find_value(movement->before, moved[i].series, &before);
        find_value(movement->after, moved[i].series, &after);
        if (after - before < (movement->claim ? moved[i].by_claim : moved[i].by_upload))
            return false;
    }
    return true;
}

static void test_counts_move(void **state)
{
    Story *story = *state;
    TransferJob job;
    char address[MEDIA_URL_SIZE];
    story_web_start(story);
    _cleanup_free_ char *before = metrics(story);
    Upload upload = upload_file(story, made_media(MADE_VIDEO), "original.mp4");
    upload_url(story, &upload, "original_url", address);
    for (int i = 0; i < 8; i++) { /* however connections fall on loops, one is asked twice */
        _cleanup_answer_ Answer file = ask(story, &(Ask){.path = address});
        expect_answer(story, &file, 200, NULL, address);
    }
    Movement uploading = {.before = before};
    story_until(story, all_have_moved, &uploading, "the counts of an upload and a download");
    _cleanup_free_ char *uploaded = uploading.after;
    story_expect(story, play_claim(story, 0, &job), "there should be a job to claim");
    Movement claiming = {.before = uploaded, .claim = true};
    story_until(story, all_have_moved, &claiming, "the counts of a claim");
    _cleanup_free_ char *claimed = claiming.after;
    story_expect(story,
                 value_of(story, claimed, "reelkeep_fsync_seconds_sum{what=\"file\"}") >= 0 &&
                     value_of(story, claimed, "process_cpu_seconds_total") >=
                         value_of(story, before, "process_cpu_seconds_total"),
                 "times do not run backwards");
    story_expect(story, value_of(story, claimed, "reelkeep_workers{pool=\"children\"}") > 0,
                 "threads for children");
}

static void expect_states(Story *story, const char *when)
{
    static const char *const states[] = {"validating", "queued", "leased",
                                         "done",       "failed", "cancelled"};
    _cleanup_free_ char *text = metrics(story);
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        char series[64], sql[96];
        snprintf(series, sizeof series, "reelkeep_jobs{state=\"%s\"}", states[i]);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM job WHERE state = '%s'", states[i]);
        int64_t told = (int64_t)value_of(story, text, series), kept = inspect_number(story, sql);
        story_expect(story, told == kept, "%s, %s is told as %lld and kept as %lld", when,
                     states[i], (long long)told, (long long)kept);
    }
}

static void test_jobs_are_those_of_the_database(void **state)
{
    Story *story = *state;
    TransferJob job;
    story_web_start(story);
    expect_states(story, "at first");
    upload_file(story, made_media(MADE_VIDEO), "one.mp4");
    upload_file(story, made_media(MADE_READY), "two.mp4");
    upload_file(story, made_media(MADE_RECORDING), "three.mp3");
    expect_states(story, "with three uploads");
    story_expect(story, value_now(story, "reelkeep_jobs{state=\"queued\"}") >= 3, "three wait");
    story_expect(story, play_claim(story, 0, &job), "there should be a job to claim");
    expect_states(story, "with one of them claimed");
    _cleanup_answer_ Answer failed = play_fail(story, &job, "It holds no picture.", false);
    expect_answer(story, &failed, 204, NULL, "failing");
    expect_states(story, "with one of them failed");
    story_expect(story, value_now(story, "reelkeep_jobs{state=\"failed\"}") >= 1, "one has failed");
}

/* `promtool check metrics` reads the text from its input and says what is against the conventions;
 * it is part of Debian's package prometheus. */
static void test_promtool_finds_nothing(void **state)
{
    Story *story = *state;
    char path[300], said[300], command[700];
    story_web_start(story);
    upload_file(story, made_media(MADE_VIDEO), "original.mp4");
    _cleanup_free_ char *text = metrics(story);
    story_path(story, "metrics.txt", path, sizeof path);
    story_path(story, "promtool.txt", said, sizeof said);
    FILE *file = fopen(path, "w");
    REQUIRE(file && fputs(text, file) >= 0 && fclose(file) == 0);
    if (story_command((const char *const[]){"promtool", "--version", NULL}, NULL) != 0) {
        print_message("not checked: promtool is not installed\n");
        skip();
    }
    snprintf(command, sizeof command, "promtool check metrics <%s 2>&1", path);
    int status = story_command((const char *const[]){"sh", "-c", command, NULL}, said);
    _cleanup_free_ char *complaints = story_read_file(said, NULL);
    story_expect(story, status == 0 && !*complaints, "promtool ends with %d and says: %s", status,
                 complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(test_only_who_holds_the_token_may_read),
        STORY_TEST(test_counts_move),
        STORY_TEST(test_jobs_are_those_of_the_database),
        STORY_TEST(test_promtool_finds_nothing),
    };
    return STORY_RUN(tests);
}
