/* GET /metrics: what was counted, and what is asked for now, for Prometheus. */
#include "web/api/api_metrics.h"

#include "common/base/log.h"
#include "common/metrics/metrics.h"
#include "web/api/api.h"

static const Route *const *counted_tables; /* set before the server is started */

void api_metrics_start(const Route *const *tables)
{
    static const char *words[METRIC_ROUTES_MAX] = {"none"};
    size_t count = 1;
    for (const Route *const *table = tables; *table; table++)
        for (const Route *route = *table; route->path; route++) {
            REQUIRE(count < METRIC_ROUTES_MAX);
            words[count++] = route->name;
        }
    counted_tables = tables;
    metrics_label_words(LABEL_ROUTE, words, count);
    metrics_label_words(LABEL_STATE, job_state_words, JOB_STATE_COUNT);
    metrics_label_words(LABEL_POOL, work_pool_words + POOL_API, POOL_COUNT - POOL_API);
}

/* Its position among the words; 0 where none was found. */
static size_t api_metrics_position(const Route *wanted)
{
    size_t position = 1;
    for (const Route *const *table = counted_tables; wanted && *table; table++)
        for (const Route *route = *table; route->path; route++, position++)
            if (route == wanted)
                return position;
    return 0;
}

void api_metrics_request_ended(const RequestOutcome *outcome)
{
    int status = outcome->status;
    bool refused = status >= 400 && status < 500;
    metrics_request(api_metrics_position(outcome->route), status, outcome->received, outcome->sent);
    if (outcome->cache != CACHE_UNUSED)
        metrics_add(outcome->cache == CACHE_HIT ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES, 0, 0, 1);
    if (outcome->route && outcome->route->form == &api_upload_form)
        metrics_add(METRIC_UPLOADS,
                    status == 0     ? METRIC_UPLOAD_CUT
                    : status == 201 ? METRIC_UPLOAD_KEPT
                    : refused       ? METRIC_UPLOAD_REFUSED
                                    : METRIC_UPLOAD_FAILED,
                    0, 1);
    /* Whether a delivery is the first of its kind or repeated is counted where that is known. */
    if (outcome->route && outcome->route->form == &api_delivery_form && status != 200)
        metrics_add(METRIC_DELIVERIES,
                    status == 0 ? METRIC_DELIVERY_CUT
                    : refused   ? METRIC_DELIVERY_REFUSED
                                : METRIC_DELIVERY_FAILED,
                    0, 1);
}

/* What cannot be asked for is left out: a database that fails is no reason not to tell the rest. */
static void api_metrics_ask(const App *app, MetricsReading *reading)
{
    int64_t jobs[JOB_STATE_COUNT];
    uint64_t available, promised;
    Error error = {0};
    if (jobs_count(&app->jobs, jobs, &error)) {
        for (size_t state = 0; state < JOB_STATE_COUNT; state++)
            metrics_set(reading, METRIC_JOBS, state, jobs[state]);
    } else {
        log_warning("Jobs cannot be counted: %s", error.detail);
        reading->left_out[METRIC_JOBS] = true;
    }
    if (volume_room(app->volume, &available, &promised, &error)) {
        metrics_set(reading, METRIC_VOLUME_FREE, 0, (int64_t)available);
        metrics_set(reading, METRIC_VOLUME_RESERVED, 0, (int64_t)promised);
    } else {
        log_warning("The room in the volume cannot be told: %s", error.detail);
        reading->left_out[METRIC_VOLUME_FREE] = reading->left_out[METRIC_VOLUME_RESERVED] = true;
    }
    Http *http = atomic_load(&app->http);
    if (http) {
        HttpGauges gauges;
        http_gauges(http, &gauges);
        metrics_set(reading, METRIC_CONNECTIONS, 0, gauges.connections);
        metrics_set(reading, METRIC_CACHE_ENTRIES, 0, (int64_t)gauges.cached_files);
        metrics_set(reading, METRIC_CACHE_BYTES, 0, (int64_t)gauges.cached_bytes);
        for (size_t pool = POOL_API; pool < POOL_COUNT; pool++) {
            metrics_set(reading, METRIC_QUEUE, pool - POOL_API, (int64_t)gauges.waiting[pool]);
            metrics_set(reading, METRIC_WORKERS, pool - POOL_API, (int64_t)gauges.threads[pool]);
        }
    }
    metrics_read_process(reading);
}

static Response *api_metrics_get(Request *request, Error *error)
{
    _cleanup_free_ MetricsReading *reading = NEW(MetricsReading);
    _cleanup_buffer_ Buffer text = BUFFER(METRIC_TEXT_MAX);
    metrics_read(reading);
    api_metrics_ask(app_of(request), reading);
    if (!metrics_write(reading, &text)) {
        error_set(error, ERROR_INTERNAL, "The metrics take more than %d bytes.", METRIC_TEXT_MAX);
        return NULL;
    }
    return response_text(200, "text/plain; version=0.0.4; charset=utf-8", TAKE_PTR(text.data));
}

const Route api_metrics_routes[] = {
    {HTTP_GET, "/metrics", "metrics", ACCESS_TRANSCODER, BODY_NONE, POOL_API,
     .handle = api_metrics_get},
    {0},
};
