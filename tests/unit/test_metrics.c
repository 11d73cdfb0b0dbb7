/* Counters: exact sums from many threads, and the text that Prometheus reads. */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/metrics/metrics.h"

#define THREADS 8
#define EACH    100000

static const char *const routes[] = {"upload", "a\"b\\c\nd"};
static const char *const states[] = {"queued", "done"};

static char *written(const MetricsReading *reading)
{
    Buffer text = BUFFER(METRIC_TEXT_MAX);
    assert_true(metrics_write(reading, &text));
    return text.data;
}

static MetricsReading *read_all(void)
{
    MetricsReading *reading = NEW(MetricsReading);
    metrics_read(reading);
    return reading;
}

/* --- the text --- */

/* One count, and all the lines that it makes of its metric in an otherwise empty reading. */
static const struct {
    Metric metric;
    size_t first, second;
    int64_t value;
    const char *lines;
    const char *sentence;
} texts[] = {
    {METRIC_BUILD, 0, 0, 1,
     "# HELP reelkeep_build_info The version that runs; always 1.\n"
     "# TYPE reelkeep_build_info gauge\n"
     "reelkeep_build_info{version=\"" REELKEEP_VERSION "\"} 1\n",
     "a gauge with one value of its label"},
    {METRIC_CONNECTIONS, 0, 0, 7,
     "# HELP reelkeep_http_connections Connections that are open.\n"
     "# TYPE reelkeep_http_connections gauge\n"
     "reelkeep_http_connections 7\n",
     "a gauge without labels"},
    {METRIC_REQUESTS, 1, METRIC_STATUS_206, 3,
     "# HELP reelkeep_http_requests_total Requests that are over; one cut off before its answer "
     "has the status other.\n"
     "# TYPE reelkeep_http_requests_total counter\n"
     "reelkeep_http_requests_total{route=\"a\\\"b\\\\c\\nd\",status=\"206\"} 3\n",
     "two labels, one escaped; statuses that never were are left out"},
    {METRIC_REQUEST_BYTES, 0, 0, INT64_MAX,
     "# HELP reelkeep_http_request_body_bytes_total Bytes of bodies that came in.\n"
     "# TYPE reelkeep_http_request_body_bytes_total counter\n"
     "reelkeep_http_request_body_bytes_total{route=\"upload\"} 9223372036854775807\n"
     "reelkeep_http_request_body_bytes_total{route=\"a\\\"b\\\\c\\nd\"} 0\n",
     "a large figure in full, and a route that was not used"},
    {METRIC_JOBS, 1, 0, 2,
     "# HELP reelkeep_jobs Jobs in the database.\n"
     "# TYPE reelkeep_jobs gauge\n"
     "reelkeep_jobs{state=\"queued\"} 0\n"
     "reelkeep_jobs{state=\"done\"} 2\n",
     "words that the program handed in"},
    {METRIC_QUEUE, 0, 0, 2,
     "# HELP reelkeep_queue_length Pieces of work that wait for a thread.\n"
     "# TYPE reelkeep_queue_length gauge\n",
     "a label without words has no lines"},
    {METRIC_PROCESS_CPU, 0, 0, 1234567,
     "# HELP process_cpu_seconds_total Processor time of all threads; children not counted.\n"
     "# TYPE process_cpu_seconds_total counter\n"
     "process_cpu_seconds_total 1.234567\n",
     "microseconds as seconds"},
};

static void writes_the_text_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        MetricsReading *reading = NEW(MetricsReading);
        for (Metric metric = 0; metric < METRIC_COUNT; metric++)
            reading->left_out[metric] = metric != texts[i].metric;
        metrics_add(texts[i].metric, texts[i].first, texts[i].second, texts[i].value);
        MetricsReading *all = read_all();
        memcpy(reading->cells, all->cells, sizeof all->cells);
        metrics_add(texts[i].metric, texts[i].first, texts[i].second, -texts[i].value);
        _cleanup_free_ char *text = written(reading);
        if (!streq(text, texts[i].lines))
            fail_msg("%s: %s", texts[i].sentence, text);
        free(reading);
        free(all);
    }
}

static void writes_histograms(void **state)
{
    static const char lines[] =
        "# HELP reelkeep_fsync_seconds How long the disk took to make something durable.\n"
        "# TYPE reelkeep_fsync_seconds histogram\n"
        "reelkeep_fsync_seconds_bucket{what=\"file\",le=\"0.0001\"} 0\n";
    static const char folder[] =
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.0001\"} 1\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.0005\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.001\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.0025\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.005\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.01\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.025\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.05\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.1\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.25\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"0.5\"} 2\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"1\"} 3\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"2.5\"} 3\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"10\"} 3\n"
        "reelkeep_fsync_seconds_bucket{what=\"folder\",le=\"+Inf\"} 4\n"
        "reelkeep_fsync_seconds_sum{what=\"folder\"} 13.000201\n"
        "reelkeep_fsync_seconds_count{what=\"folder\"} 4\n"
        "reelkeep_fsync_seconds_bucket{what=\"database-commit\",le=\"0.0001\"} 0\n";
    static const int64_t took[] = {100, 101, 1000000, 12000000};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(took); i++)
        metrics_observe(METRIC_SYNC_SECONDS, METRIC_SYNC_FOLDER, took[i]);
    MetricsReading *reading = read_all();
    for (Metric metric = 0; metric < METRIC_COUNT; metric++)
        reading->left_out[metric] = metric != METRIC_SYNC_SECONDS;
    _cleanup_free_ char *text = written(reading);
    assert_memory_equal(text, lines, strlen(lines));
    assert_non_null(strstr(text, folder));
    assert_string_equal(text + strlen(text) - 1, "\n");
    free(reading);
}

static void leaves_out_what_could_not_be_asked_for(void **state)
{
    MetricsReading *reading = read_all();
    (void)state;
    metrics_read_process(reading);
    reading->left_out[METRIC_JOBS] = true;
    _cleanup_free_ char *text = written(reading);
    assert_null(strstr(text, "reelkeep_jobs"));
    assert_non_null(strstr(text, "\nreelkeep_children_total{task=\"verify\",end=\"lost\"} 0\n"));
    free(reading);
}

static void refuses_more_than_fits(void **state)
{
    MetricsReading *reading = read_all();
    _cleanup_free_ char *text = written(reading);
    (void)state;
    for (size_t room = 0; room < strlen(text); room += 7) {
        _cleanup_buffer_ Buffer small = BUFFER(room);
        assert_false(metrics_write(reading, &small));
    }
    free(reading);
}

static void knows_the_process(void **state)
{
    MetricsReading *reading = NEW(MetricsReading);
    char start[64];
    (void)state;
    metrics_read_process(reading);
    int64_t age = clock_wall_ms() - reading->cells[METRIC_PROCESS_START_FIRST_CELL];
    assert_true(age > -2000 && age < 600000);
    assert_true(reading->cells[METRIC_PROCESS_MEMORY_FIRST_CELL] > 500000);
    assert_true(reading->cells[METRIC_PROCESS_CPU_FIRST_CELL] > 0);
    int64_t before = reading->cells[METRIC_PROCESS_FDS_FIRST_CELL];
    _cleanup_close_ int one = dup(0);
    metrics_read_process(reading);
    assert_true(before >= 3 && one >= 0);
    assert_int_equal(reading->cells[METRIC_PROCESS_FDS_FIRST_CELL], before + 1);
    snprintf(start, sizeof start, "\nprocess_start_time_seconds %lld.",
             (long long)(reading->cells[METRIC_PROCESS_START_FIRST_CELL] / 1000));
    _cleanup_free_ char *text = written(reading);
    assert_non_null(strstr(text, start));
    free(reading);
}

/* --- counting --- */

static int64_t requests_of(MetricStatus status)
{
    MetricsReading *reading = read_all();
    int64_t count = reading->cells[METRIC_REQUESTS_FIRST_CELL + METRIC_STATUS_COUNT + status];
    free(reading);
    return count;
}

static void counts_requests_by_status(void **state)
{
    static const struct {
        int status;
        MetricStatus counted;
    } statuses[] = {{200, METRIC_STATUS_200},   {201, METRIC_STATUS_201},
                    {507, METRIC_STATUS_507},   {0, METRIC_STATUS_OTHER},
                    {299, METRIC_STATUS_OTHER}, {600, METRIC_STATUS_OTHER},
                    {-1, METRIC_STATUS_OTHER}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        int64_t before = requests_of(statuses[i].counted);
        metrics_request(1, statuses[i].status, 2, 3);
        assert_int_equal(requests_of(statuses[i].counted), before + 1);
    }
    MetricsReading *reading = read_all();
    assert_int_equal(reading->cells[METRIC_REQUEST_BYTES_FIRST_CELL + 1], 14);
    assert_int_equal(reading->cells[METRIC_RESPONSE_BYTES_FIRST_CELL + 1], 21);
    free(reading);
}

static void *count_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < EACH; i++) {
        metrics_child_ended(METRIC_TASK_PROBE, METRIC_END_DONE);
        metrics_add(METRIC_CACHE_BYTES, 0, 0, i % 2 ? -1 : 1);
    }
    return NULL;
}

/* More threads than there are slots, some at a time: those that ended are still counted. */
static void loses_no_count(void **state)
{
    pthread_t threads[THREADS];
    MetricsReading *reading = read_all();
    int64_t before = reading->cells[METRIC_CHILDREN_FIRST_CELL];
    (void)state;
    for (int round = 0; round < METRIC_SLOTS / THREADS + 2; round++) {
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
        for (size_t i = 0; i < THREADS; i++) {
            metrics_read(reading); /* while they count */
            pthread_join(threads[i], NULL);
        }
        metrics_read(reading);
        assert_int_equal(reading->cells[METRIC_CHILDREN_FIRST_CELL] - before,
                         (int64_t)THREADS * EACH * (round + 1));
        assert_int_equal(reading->cells[METRIC_CACHE_BYTES_FIRST_CELL], 0);
    }
    free(reading);
}

static void *count_once(void *argument)
{
    (void)argument;
    metrics_add(METRIC_CACHE_MISSES, 0, 0, 1);
    return NULL;
}

static void *count_at_once(void *barrier)
{
    metrics_add(METRIC_CACHE_MISSES, 0, 0, 1); /* here it gets its slot */
    pthread_barrier_wait(barrier);
    for (int i = 0; i < 10 * EACH; i++)
        metrics_add(METRIC_CACHE_MISSES, 0, 0, 1);
    return NULL;
}

/* The threads between the two use up the slots, so that these share one. */
static void two_may_share_a_slot(void **state)
{
    pthread_barrier_t barrier;
    pthread_t pair[2], between;
    (void)state;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&pair[0], NULL, count_at_once, &barrier), 0);
    MetricsReading *reading = read_all();
    while (reading->cells[METRIC_CACHE_MISSES_FIRST_CELL] < 1)
        metrics_read(reading);
    for (int i = 1; i < METRIC_SLOTS; i++) {
        assert_int_equal(pthread_create(&between, NULL, count_once, NULL), 0);
        pthread_join(between, NULL);
    }
    assert_int_equal(pthread_create(&pair[1], NULL, count_at_once, &barrier), 0);
    pthread_join(pair[0], NULL);
    pthread_join(pair[1], NULL);
    pthread_barrier_destroy(&barrier);
    metrics_read(reading);
    assert_int_equal(reading->cells[METRIC_CACHE_MISSES_FIRST_CELL], 20 * EACH + METRIC_SLOTS + 1);
    free(reading);
}

static void costs_nearly_nothing(void **state)
{
    int64_t started = clock_monotonic_us();
    (void)state;
    for (int i = 0; i < 10 * EACH; i++)
        metrics_add(METRIC_CACHE_HITS, 0, 0, 1);
    int64_t added = clock_monotonic_us();
    for (int i = 0; i < 10 * EACH; i++)
        metrics_request(1, 200, 10, 20);
    int64_t requested = clock_monotonic_us();
    MetricsReading *reading = read_all();
    int64_t read = clock_monotonic_us();
    print_message("a count takes %.1f ns, a request's three %.1f ns, reading all %lld us\n",
                  (double)(added - started) / (10 * EACH / 1000),
                  (double)(requested - added) / (10 * EACH / 1000), (long long)(read - requested));
    assert_int_equal(reading->cells[METRIC_CACHE_HITS_FIRST_CELL], 10 * EACH);
    free(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_text_format),
        cmocka_unit_test(writes_histograms),
        cmocka_unit_test(leaves_out_what_could_not_be_asked_for),
        cmocka_unit_test(refuses_more_than_fits),
        cmocka_unit_test(knows_the_process),
        cmocka_unit_test(counts_requests_by_status),
        cmocka_unit_test(loses_no_count),
        cmocka_unit_test(two_may_share_a_slot),
        cmocka_unit_test(costs_nearly_nothing),
    };
    metrics_label_words(LABEL_ROUTE, routes, ARRAY_SIZE(routes));
    metrics_label_words(LABEL_STATE, states, ARRAY_SIZE(states));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
