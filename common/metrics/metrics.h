/*
 * Counting what a program does. Counting never waits, takes no lock and allocates nothing: each
 * thread adds to cells of its own, and who reads sums them. What a thread counted stays when it
 * ends. Any thread, event loops too; a count takes some nanoseconds.
 *
 * A level that goes up and down inside the program (connections, queues) is counted as well: +1
 * here and -1 there, whichever threads do so. What must be asked for (jobs in the database, free
 * space) is set in a reading before that is written out.
 *
 * Labels are positions in closed lists (metrics_table.h); one outside its list stops the program.
 */
#pragma once

#include "common/base/buffer.h"
#include "common/metrics/metrics_table.h"

/* The values of a label that has no words in the table; borrowed as long as anybody may read.
 * Before any thread is started that reads. */
void metrics_label_words(MetricLabel label, const char *const *words, size_t count);

/* Adds to a counter, or to a level (`by` may be negative). 0 where the metric has no such label. */
void metrics_add(Metric metric, size_t first, size_t second, int64_t by);

/* One more observation of a histogram. */
void metrics_observe(Metric metric, size_t first, int64_t microseconds);

/* A request was answered; `route` is its position among the words of LABEL_ROUTE, the sizes are
 * those of bodies, in bytes. */
void metrics_request(size_t route, int status, uint64_t received, uint64_t sent);

/* A child ended, however it did. */
void metrics_child_ended(MetricTask task, MetricEnd end);

/* What was counted until now by all threads, living or not. 20 KiB: not for the stack. */
typedef struct MetricsReading {
    int64_t cells[METRIC_CELL_COUNT];
    bool left_out[METRIC_COUNT]; /* could not be asked for: is not written out */
} MetricsReading;

void metrics_read(MetricsReading *out);

/* The present value of what must be asked for. */
void metrics_set(MetricsReading *reading, Metric metric, size_t first, int64_t value);

/* What the system knows of this process: sets process_…, leaves out what /proc does not tell. */
void metrics_read_process(MetricsReading *reading);

/* Writes all of it in Prometheus' text format, version 0.0.4. A status that was never answered is
 * left out. False when it does not fit. */
_must_check_ bool metrics_write(const MetricsReading *reading, Buffer *out);
