/* GET /metrics: what was counted, and what is asked for now, for Prometheus. */
#include "common/base/log.h"
#include "common/metrics/metrics.h"
#include "web/api/api.h"

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
