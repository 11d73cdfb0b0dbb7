/* /livez: the process answers. /readyz: it is fit to serve, or why not. */
#include "common/base/file.h"
#include "common/sandbox/zygote.h"
#include "web/api/api.h"
#include "web/library/intake/upload.h"

#define HEALTH_PHOTO_BYTES (8 * MIB) /* what phones send: the smallest upload that matters */

static Response *health_livez(Request *request, Error *error)
{
    (void)request, (void)error;
    return response_json(200, json_pack("{s:s}", "status", "ok"));
}

/* One check: adds its word and, when it fails, the reason. */
static void health_report(json_t *checks, const char *name, bool good, const Error *fault,
                          bool *ready)
{
    json_object_set_new(checks, name, json_text(good ? "ok" : fault->detail));
    *ready = *ready && good;
}

static Response *health_readyz(Request *request, Error *error)
{
    App *app = app_of(request);
    const Http *http = atomic_load(&app->http);
    json_t *checks = json_object();
    Error fault = {0};
    char sandbox[100];
    int64_t queued = 0;
    bool ready = true;
    health_report(checks, "database",
                  jobs_count_queued(&app->jobs, &queued, &fault) &&
                      store_writes_succeed(app->store, &fault),
                  &fault, &ready);
    health_report(checks, "volume", volume_writable(app->volume, &fault), &fault, &ready);
    health_report(checks, "fsync", file_syncs_succeed(&fault), &fault, &ready);
    uint64_t photo = MIN_OF(HEALTH_PHOTO_BYTES, app->library.max_size[MEDIA_PHOTO]);
    health_report(checks, "space", upload_would_fit(&app->library, photo, &fault), &fault, &ready);
    health_report(checks, "decoder", zygote_ensure(&fault), &fault, &ready);
    bool running = !http || !http_stopping(http);
    if (!running)
        error_set(&fault, ERROR_UNAVAILABLE, "The server is being stopped.");
    health_report(checks, "server", running, &fault, &ready);
    sandbox_describe(app->sandbox->walls, sandbox, sizeof sandbox);
    json_t *value =
        json_pack("{s:s, s:o, s:I, s:s}", "status", ready ? "ok" : "not ready", "checks", checks,
                  "jobs_queued", (json_int_t)queued, "sandbox", sandbox);
    Response *response = response_json(ready ? 200 : 503, value);
    if (!ready) {
        response_header(response, "Retry-After", "5");
        *error = fault; /* for the log */
    }
    return response;
}

const Route api_health_routes[] = {
    {HTTP_GET, "/livez", "health.live", ACCESS_PUBLIC, BODY_NONE, POOL_LOOP,
     .handle = health_livez},
    {HTTP_GET, "/readyz", "health.ready", ACCESS_PUBLIC, BODY_NONE, POOL_API,
     .handle = health_readyz},
    {0},
};
