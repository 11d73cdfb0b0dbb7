#include "common/metrics/metrics.h"

#include <stdatomic.h>

typedef enum MetricType { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricType;

static const struct {
    const char *name, *help;
    MetricType type;
    MetricLabel first, second;
    int64_t parts;
    size_t cell;  /* the first one */
    size_t cells; /* of each combination of labels */
} rows[METRIC_COUNT] = {
#define X(metric, name, type, first, second, parts, help)                                          \
    [metric] = {name, help, type, first, second, parts, metric##_FIRST_CELL, type##_CELLS},
    METRICS(X)
#undef X
};

#define X(value, word) word,
static const char *const task_words[] = {METRIC_TASKS(X)};
static const char *const end_words[] = {METRIC_ENDS(X)};
static const char *const sync_words[] = {METRIC_SYNCS(X)};
static const char *const upload_words[] = {METRIC_UPLOAD_ENDS(X)};
static const char *const delivery_words[] = {METRIC_DELIVERY_ENDS(X)};
#undef X
#define X(code) #code,
static const char *const status_words[] = {"other", METRIC_STATUSES(X)};
#undef X
#define X(code) [code] = METRIC_STATUS_##code,
static const unsigned char statuses[600] = {METRIC_STATUSES(X)};
#undef X
static const char *const version_words[] = {REELKEEP_VERSION};
static const char *const no_words[] = {""};

static struct {
    const char *name;
    const char *const *words; /* NULL: none were handed in */
    size_t count, most;
} labels[METRIC_LABEL_COUNT] = {
#define X(label, name, most, words) [label] = {name, words, most, most},
    METRIC_LABELS(X)
#undef X
};

static const int64_t buckets[METRIC_BUCKET_COUNT] = {METRIC_BUCKETS};

void metrics_label_words(MetricLabel label, const char *const *words, size_t count)
{
    REQUIRE(count <= labels[label].most);
    for (size_t i = 0; i < count; i++)
        REQUIRE(words[i]);
    labels[label].words = words;
    labels[label].count = count;
}

/* --- counting --- */

/* A thread gets the next slot when it first counts and keeps it. When they are used up two threads
 * share one, which costs time and no counts; a thread that ended leaves its counts where they are.
 * Pages that nobody counts in take no memory. */
static struct Slot {
    _Alignas(64) atomic_int_least64_t cells[METRIC_CELL_COUNT];
} slots[METRIC_SLOTS];
static atomic_uint slots_given;
static _Thread_local struct Slot *own_slot;

static void metrics_add_cell(size_t cell, int64_t by)
{
    if (!own_slot)
        own_slot = &slots[atomic_fetch_add(&slots_given, 1) % METRIC_SLOTS];
    atomic_fetch_add_explicit(&own_slot->cells[cell], by, memory_order_relaxed);
}

static size_t metrics_cell_of(Metric metric, size_t first, size_t second)
{
    size_t seconds = labels[rows[metric].second].most;
    REQUIRE(first < labels[rows[metric].first].most && second < seconds);
    return rows[metric].cell + (first * seconds + second) * rows[metric].cells;
}

void metrics_add(Metric metric, size_t first, size_t second, int64_t by)
{
    metrics_add_cell(metrics_cell_of(metric, first, second), by);
}

void metrics_observe(Metric metric, size_t first, int64_t microseconds)
{
    size_t cell = metrics_cell_of(metric, first, 0), bucket = 0;
    REQUIRE(rows[metric].type == METRIC_HISTOGRAM);
    while (bucket < METRIC_BUCKET_COUNT && microseconds > buckets[bucket])
        bucket++;
    metrics_add_cell(cell + bucket, 1);
    metrics_add_cell(cell + METRIC_BUCKET_COUNT + 1, microseconds);
}

void metrics_request(size_t route, int status, uint64_t received, uint64_t sent)
{
    bool known = status >= 0 && (size_t)status < ARRAY_SIZE(statuses);
    metrics_add(METRIC_REQUESTS, route, known ? statuses[status] : METRIC_STATUS_OTHER, 1);
    metrics_add(METRIC_REQUEST_BYTES, route, 0, (int64_t)received);
    metrics_add(METRIC_RESPONSE_BYTES, route, 0, (int64_t)sent);
}

void metrics_child_ended(MetricTask task, MetricEnd end)
{
    metrics_add(METRIC_CHILDREN, task, end, 1);
}

/* --- reading --- */

void metrics_read(MetricsReading *out)
{
    size_t used = MIN_OF(atomic_load(&slots_given), (unsigned)METRIC_SLOTS);
    *out = (MetricsReading){0};
    for (size_t slot = 0; slot < used; slot++)
        for (size_t cell = 0; cell < METRIC_CELL_COUNT; cell++)
            out->cells[cell] +=
                atomic_load_explicit(&slots[slot].cells[cell], memory_order_relaxed);
    metrics_set(out, METRIC_BUILD, 0, 1);
}

void metrics_set(MetricsReading *reading, Metric metric, size_t first, int64_t value)
{
    reading->cells[metrics_cell_of(metric, first, 0)] = value;
}

/* --- writing out --- */

/* A line's end and a backslash are escaped everywhere, a quote only in a label's value. */
static bool metrics_write_escaped(Buffer *out, const char *text, bool quoted)
{
    bool good = true;
    for (; *text && good; text++)
        if (*text == '\n')
            good = buffer_append_text(out, "\\n");
        else if (*text == '\\' || (*text == '"' && quoted))
            good = buffer_append_format(out, "\\%c", *text);
        else
            good = buffer_append(out, text, 1);
    return good;
}

/* One line for each value of a metric, its labels in braces. */
typedef struct Series {
    Metric metric;
    size_t first, second;
} Series;

/* What stands before the value; `end` is the upper end of a bucket, NULL where there is none. */
static bool metrics_write_name(Buffer *out, const Series *series, const char *suffix,
                               const char *end)
{
    const MetricLabel which[] = {rows[series->metric].first, rows[series->metric].second};
    const size_t values[] = {series->first, series->second};
    const char *separator = "{";
    bool good = buffer_append_format(out, "%s%s", rows[series->metric].name, suffix);
    for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
        if (which[i] == LABEL_NONE)
            continue;
        good = good && buffer_append_format(out, "%s%s=\"", separator, labels[which[i]].name) &&
               metrics_write_escaped(out, labels[which[i]].words[values[i]], true) &&
               buffer_append_text(out, "\"");
        separator = ",";
    }
    if (end) {
        good = good && buffer_append_format(out, "%sle=\"%s\"", separator, end);
        separator = ",";
    }
    return good && buffer_append_text(out, *separator == ',' ? "} " : " ");
}

static bool metrics_write_value(Buffer *out, int64_t value, int64_t parts)
{
    if (parts == 1)
        return buffer_append_format(out, "%lld\n", (long long)value);
    return buffer_append_format(out, "%.6f\n", (double)value / (double)parts);
}

static bool metrics_write_histogram(Buffer *out, const Series *series, const int64_t *cells)
{
    int64_t parts = rows[series->metric].parts, count = 0;
    for (size_t i = 0; i <= METRIC_BUCKET_COUNT; i++) {
        char end[32] = "+Inf";
        if (i < METRIC_BUCKET_COUNT)
            snprintf(end, sizeof end, "%g", (double)buckets[i] / (double)parts);
        count += cells[i];
        if (!metrics_write_name(out, series, "_bucket", end) || !metrics_write_value(out, count, 1))
            return false;
    }
    return metrics_write_name(out, series, "_sum", NULL) &&
           metrics_write_value(out, cells[METRIC_BUCKET_COUNT + 1], parts) &&
           metrics_write_name(out, series, "_count", NULL) && metrics_write_value(out, count, 1);
}

static bool metrics_write_one(Buffer *out, const Series *series, const int64_t *cells)
{
    if (rows[series->metric].type == METRIC_HISTOGRAM)
        return metrics_write_histogram(out, series, cells);
    if (rows[series->metric].second == LABEL_STATUS && *cells == 0)
        return true;
    return metrics_write_name(out, series, "", NULL) &&
           metrics_write_value(out, *cells, rows[series->metric].parts);
}

static size_t metrics_values_of(MetricLabel label)
{
    return labels[label].words ? labels[label].count : 0;
}

bool metrics_write(const MetricsReading *reading, Buffer *out)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    for (Metric metric = 0; metric < METRIC_COUNT; metric++) {
        const char *name = rows[metric].name;
        if (reading->left_out[metric])
            continue;
        if (!buffer_append_format(out, "# HELP %s ", name) ||
            !metrics_write_escaped(out, rows[metric].help, false) ||
            !buffer_append_format(out, "\n# TYPE %s %s\n", name, types[rows[metric].type]))
            return false;
        for (size_t first = 0; first < metrics_values_of(rows[metric].first); first++)
            for (size_t second = 0; second < metrics_values_of(rows[metric].second); second++) {
                const Series series = {metric, first, second};
                size_t cell = metrics_cell_of(metric, first, second);
                if (!metrics_write_one(out, &series, &reading->cells[cell]))
                    return false;
            }
    }
    return true;
}
