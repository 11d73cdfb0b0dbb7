/*
 * All metrics of web and the closed lists of their labels. A row here is a metric in /metrics; who
 * counts it says so with its name. Names follow Prometheus' conventions: base units, _total behind
 * what only grows.
 */
#pragma once

#include "common/base/limits.h"

/* What a child was for. X(value, word) */
#define METRIC_TASKS(X)                                                                            \
    X(METRIC_TASK_PROBE, "probe")                                                                  \
    X(METRIC_TASK_VERIFY, "verify")                                                                \
    X(METRIC_TASK_PHOTO, "photo")

/* How a child ended. */
#define METRIC_ENDS(X)                                                                             \
    X(METRIC_END_DONE, "done")           /* with an answer */                                      \
    X(METRIC_END_REFUSED, "refused")     /* the file is at fault */                                \
    X(METRIC_END_KILLED, "killed")       /* by a limit, a crash, or from outside */                \
    X(METRIC_END_FORBIDDEN, "forbidden") /* at a system call it may not make (SIGSYS) */           \
    X(METRIC_END_LOST, "lost")           /* nobody knows */

/* What was made durable. */
#define METRIC_SYNCS(X)                                                                            \
    X(METRIC_SYNC_FILE, "file")                                                                    \
    X(METRIC_SYNC_FOLDER, "folder")                                                                \
    X(METRIC_SYNC_COMMIT, "database-commit")

#define METRIC_UPLOAD_ENDS(X)                                                                      \
    X(METRIC_UPLOAD_KEPT, "kept")                                                                  \
    X(METRIC_UPLOAD_REFUSED, "refused") /* what was sent is at fault */                            \
    X(METRIC_UPLOAD_FAILED, "failed")   /* we are */                                               \
    X(METRIC_UPLOAD_CUT, "cut")         /* the client went away */

#define METRIC_DELIVERY_ENDS(X)                                                                    \
    X(METRIC_DELIVERY_ACCEPTED, "accepted")                                                        \
    X(METRIC_DELIVERY_REPEATED, "repeated")                                                        \
    X(METRIC_DELIVERY_REFUSED, "refused")                                                          \
    X(METRIC_DELIVERY_FAILED, "failed")                                                            \
    X(METRIC_DELIVERY_CUT, "cut")

/* The statuses we answer; any other is counted as "other". X(code) */
#define METRIC_STATUSES(X)                                                                         \
    X(200)                                                                                         \
    X(201)                                                                                         \
    X(204)                                                                                         \
    X(206)                                                                                         \
    X(304)                                                                                         \
    X(400)                                                                                         \
    X(401)                                                                                         \
    X(403)                                                                                         \
    X(404)                                                                                         \
    X(405)                                                                                         \
    X(408)                                                                                         \
    X(409)                                                                                         \
    X(410)                                                                                         \
    X(411)                                                                                         \
    X(412)                                                                                         \
    X(413)                                                                                         \
    X(414)                                                                                         \
    X(415)                                                                                         \
    X(416)                                                                                         \
    X(422)                                                                                         \
    X(429)                                                                                         \
    X(431)                                                                                         \
    X(500)                                                                                         \
    X(503)                                                                                         \
    X(507)

#define X(value, word) value,
typedef enum MetricTask { METRIC_TASKS(X) METRIC_TASK_COUNT } MetricTask;
typedef enum MetricEnd { METRIC_ENDS(X) METRIC_END_COUNT } MetricEnd;
typedef enum MetricSync { METRIC_SYNCS(X) METRIC_SYNC_COUNT } MetricSync;
typedef enum MetricUpload { METRIC_UPLOAD_ENDS(X) METRIC_UPLOAD_COUNT } MetricUpload;
typedef enum MetricDelivery { METRIC_DELIVERY_ENDS(X) METRIC_DELIVERY_COUNT } MetricDelivery;
#undef X
#define X(code) METRIC_STATUS_##code,
typedef enum MetricStatus {
    METRIC_STATUS_OTHER,
    METRIC_STATUSES(X) METRIC_STATUS_COUNT
} MetricStatus;
#undef X

/* The labels: X(label, name, most values, words). Without words: they are handed to
 * metrics_label_words() at start. */
#define METRIC_LABELS(X)                                                                           \
    X(LABEL_NONE, "", 1, no_words)                                                                 \
    X(LABEL_ROUTE, "route", METRIC_ROUTES_MAX, NULL)                                               \
    X(LABEL_STATUS, "status", METRIC_STATUS_COUNT, status_words)                                   \
    X(LABEL_STATE, "state", METRIC_WORDS_MAX, NULL)                                                \
    X(LABEL_POOL, "pool", METRIC_WORDS_MAX, NULL)                                                  \
    X(LABEL_TASK, "task", METRIC_TASK_COUNT, task_words)                                           \
    X(LABEL_END, "end", METRIC_END_COUNT, end_words)                                               \
    X(LABEL_SYNC, "what", METRIC_SYNC_COUNT, sync_words)                                           \
    X(LABEL_UPLOAD, "outcome", METRIC_UPLOAD_COUNT, upload_words)                                  \
    X(LABEL_DELIVERY, "outcome", METRIC_DELIVERY_COUNT, delivery_words)                            \
    X(LABEL_VERSION, "version", 1, version_words)

/*
 * X(metric, name, type, label, second label, parts, help). Values are counted in whole numbers, of
 * which `parts` make one of the unit in the name: 1000000 for seconds counted in microseconds. A
 * histogram has one label at most.
 */
#define METRICS(X)                                                                                 \
    X(METRIC_BUILD, "reelkeep_build_info", METRIC_GAUGE, LABEL_VERSION, LABEL_NONE, 1,             \
      "The version that runs; always 1.")                                                          \
    X(METRIC_REQUESTS, "reelkeep_http_requests_total", METRIC_COUNTER, LABEL_ROUTE, LABEL_STATUS,  \
      1, "Requests that are over; one cut off before its answer has the status other.")            \
    X(METRIC_REQUEST_BYTES, "reelkeep_http_request_body_bytes_total", METRIC_COUNTER, LABEL_ROUTE, \
      LABEL_NONE, 1, "Bytes of bodies that came in.")                                              \
    X(METRIC_RESPONSE_BYTES, "reelkeep_http_response_body_bytes_total", METRIC_COUNTER,            \
      LABEL_ROUTE, LABEL_NONE, 1, "Bytes of bodies that went out.")                                \
    X(METRIC_CONNECTIONS, "reelkeep_http_connections", METRIC_GAUGE, LABEL_NONE, LABEL_NONE, 1,    \
      "Connections that are open.")                                                                \
    X(METRIC_QUEUE, "reelkeep_queue_length", METRIC_GAUGE, LABEL_POOL, LABEL_NONE, 1,              \
      "Pieces of work that wait for a thread.")                                                    \
    X(METRIC_WORKERS, "reelkeep_workers", METRIC_GAUGE, LABEL_POOL, LABEL_NONE, 1,                 \
      "Threads of the pool.")                                                                      \
    X(METRIC_CACHE_HITS, "reelkeep_media_cache_hits_total", METRIC_COUNTER, LABEL_NONE,            \
      LABEL_NONE, 1, "Files that were answered from the cache of mapped files.")                   \
    X(METRIC_CACHE_MISSES, "reelkeep_media_cache_misses_total", METRIC_COUNTER, LABEL_NONE,        \
      LABEL_NONE, 1, "Files that had to be opened.")                                               \
    X(METRIC_CACHE_ENTRIES, "reelkeep_media_cache_entries", METRIC_GAUGE, LABEL_NONE, LABEL_NONE,  \
      1, "Files in the caches of all loops.")                                                      \
    X(METRIC_CACHE_BYTES, "reelkeep_media_cache_bytes", METRIC_GAUGE, LABEL_NONE, LABEL_NONE, 1,   \
      "Bytes that they map.")                                                                      \
    X(METRIC_UPLOADS, "reelkeep_uploads_total", METRIC_COUNTER, LABEL_UPLOAD, LABEL_NONE, 1,       \
      "Uploads from people and programs, by what came of them.")                                   \
    X(METRIC_DELIVERIES, "reelkeep_deliveries_total", METRIC_COUNTER, LABEL_DELIVERY, LABEL_NONE,  \
      1, "Results from transcoders, by what came of them.")                                        \
    X(METRIC_JOBS, "reelkeep_jobs", METRIC_GAUGE, LABEL_STATE, LABEL_NONE, 1,                      \
      "Jobs in the database.")                                                                     \
    X(METRIC_CHILDREN, "reelkeep_children_total", METRIC_COUNTER, LABEL_TASK, LABEL_END, 1,        \
      "Sandboxed children that looked into a file, by how they ended.")                            \
    X(METRIC_VERIFY_WAITING, "reelkeep_results_waiting", METRIC_GAUGE, LABEL_NONE, LABEL_NONE, 1,  \
      "Delivered results that wait for their turn to be played.")                                  \
    X(METRIC_STORE_WRITES, "reelkeep_store_writes_total", METRIC_COUNTER, LABEL_NONE, LABEL_NONE,  \
      1, "Changes made durable in the database.")                                                  \
    X(METRIC_STORE_COMMITS, "reelkeep_store_commits_total", METRIC_COUNTER, LABEL_NONE,            \
      LABEL_NONE, 1, "Commits that they took; changes that wait together share one.")              \
    X(METRIC_SYNC_SECONDS, "reelkeep_fsync_seconds", METRIC_HISTOGRAM, LABEL_SYNC, LABEL_NONE,     \
      1000000, "How long the disk took to make something durable.")                                \
    X(METRIC_SYNC_FAILURES, "reelkeep_fsync_failures_total", METRIC_COUNTER, LABEL_SYNC,           \
      LABEL_NONE, 1, "How often the disk, or the database on it, did not make something durable.") \
    X(METRIC_VOLUME_FREE, "reelkeep_volume_free_bytes", METRIC_GAUGE, LABEL_NONE, LABEL_NONE, 1,   \
      "Bytes that may still be written to the file system of the volume.")                         \
    X(METRIC_VOLUME_RESERVED, "reelkeep_volume_reserved_bytes", METRIC_GAUGE, LABEL_NONE,          \
      LABEL_NONE, 1, "Bytes of them that transfers under way have been promised.")                 \
    X(METRIC_PROCESS_START, "process_start_time_seconds", METRIC_GAUGE, LABEL_NONE, LABEL_NONE,    \
      1000, "When the process was started, since 1970-01-01 UTC.")                                 \
    X(METRIC_PROCESS_CPU, "process_cpu_seconds_total", METRIC_COUNTER, LABEL_NONE, LABEL_NONE,     \
      1000000, "Processor time of all threads; children not counted.")                             \
    X(METRIC_PROCESS_MEMORY, "process_resident_memory_bytes", METRIC_GAUGE, LABEL_NONE,            \
      LABEL_NONE, 1,                                                                               \
      "Memory that the process occupies; mapped files count while they are in use.")               \
    X(METRIC_PROCESS_FDS, "process_open_fds", METRIC_GAUGE, LABEL_NONE, LABEL_NONE, 1,             \
      "File descriptors that are open.")

typedef enum MetricLabel {
#define X(label, ...) label,
    METRIC_LABELS(X)
#undef X
        METRIC_LABEL_COUNT
} MetricLabel;

typedef enum Metric {
#define X(metric, ...) metric,
    METRICS(X)
#undef X
        METRIC_COUNT
} Metric;

/* Upper ends of a histogram's buckets, in microseconds: from a disk that keeps its promise in
 * memory of its own to one that is about to fail. */
#define METRIC_BUCKETS                                                                             \
    100, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,     \
        10000000

/* Where the cells of each metric are: one for each combination of its labels, in a histogram one
 * for each bucket, for what lies beyond, and for the sum. */
enum {
    METRIC_BUCKET_COUNT = sizeof((int[]){METRIC_BUCKETS}) / sizeof(int),
    METRIC_COUNTER_CELLS = 1,
    METRIC_GAUGE_CELLS = 1,
    METRIC_HISTOGRAM_CELLS = METRIC_BUCKET_COUNT + 2,
#define X(label, name, most, words) label##_MOST = (most),
    METRIC_LABELS(X)
#undef X
};
enum {
#define X(metric, name, type, first, second, ...)                                                  \
    metric##_FIRST_CELL,                                                                           \
        metric##_LAST_CELL =                                                                       \
            metric##_FIRST_CELL + first##_MOST * second##_MOST * type##_CELLS - 1,
    METRICS(X)
#undef X
        METRIC_CELL_COUNT
};
