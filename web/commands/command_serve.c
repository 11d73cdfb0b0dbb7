/* serve: opens the volume, answers requests until SIGTERM or SIGINT, leaves everything durable. */
#include "web/commands/command.h"

#include <signal.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/metrics/metrics.h"
#include "web/api/api.h"
#include "web/api/api_metrics.h"
#include "web/library/files/transit.h"
#include "web/library/intake/upload.h"
#include "web/upkeep/housekeeper.h"
#include "web/upkeep/validator.h"

static const Route *const tables[] = {
    api_upload_routes,
    api_transcoding_routes,
    api_media_routes,
    api_health_routes,
    api_metrics_routes,
    api_ui_routes,
    NULL,
};

static void app_wake_request(void *key)
{
    http_unpark(key);
}

static bool app_request_is_gone(const void *key)
{
    return request_peer_gone(key);
}

static void app_file_leaves(void *context, const char *path)
{
    App *app = CAST_OBJECT(App, context, APP_MAGIC);
    http_forget_file(atomic_load(&app->http), path);
}

static void app_file_synced(bool folder, int64_t microseconds, const Error *fault)
{
    MetricSync what = folder ? METRIC_SYNC_FOLDER : METRIC_SYNC_FILE;
    if (fault)
        metrics_add(METRIC_SYNC_FAILURES, what, 0, 1);
    else
        metrics_observe(METRIC_SYNC_SECONDS, what, microseconds);
}

/* The signals are taken by one sigwaitinfo(), so no other thread may receive them. */
static sigset_t app_block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    REQUIRE(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    return signals;
}

static void app_wait_for_signal(const sigset_t *signals)
{
    siginfo_t info;
    while (sigwaitinfo(signals, &info) < 0)
        ;
    log_info("Stopping: %s received.", info.si_signo == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void app_close(App *app)
{
    waiters_free(app->waiters);
    transit_free(app->library.transit);
    store_close(app->store);
    volume_close(app->volume);
    rate_free(app->access.uploads);
    rate_free(app->access.guesses);
    allowance_free(app->access.under_way);
}

/* How often one address may upload, how much at once, and be wrong about the token. */
static AccessRules app_access(const Settings *settings)
{
    static const RateSpec guesses = {RATE_GUESSES, RATE_GUESS_MS, RATE_GUESS_MS_MAX};
    unsigned per_minute = (unsigned)settings->uploads_per_minute.number;
    RateSpec uploads = {.burst = RATE_UPLOAD_MINUTES * per_minute,
                        .interval_ms = per_minute ? 60000 / per_minute : 0};
    unsigned at_once = (unsigned)settings->uploads_at_once.number;
    AllowanceSpec under_way = {.transfers = at_once, .bytes = ACCESS_ANNOUNCED_MAX};
    return (AccessRules){.magic = ACCESS_RULES_MAGIC,
                         .token = settings->token.text,
                         .token_previous = settings->token_previous.text,
                         .public_url = settings->public_url.text,
                         .uploads = per_minute ? rate_new(&uploads) : NULL,
                         .guesses = rate_new(&guesses),
                         .under_way = at_once ? allowance_new(&under_way) : NULL};
}

/* The setting's choices are the policies, in their order. */
_Static_assert(RETENTION_AUTO == (int)SETTING_KEEP_AUTO && RETENTION_ALL == (int)SETTING_KEEP_YES &&
                   RETENTION_NONE == (int)SETTING_KEEP_NO,
               "KEEP_ORIGINAL_VIDEOS");

/* Opens what is on disk and wires the parts together. */
static bool app_open(App *app, const Settings *settings, const SandboxReport *sandbox, Error *error)
{
    static const WaiterHooks hooks = {.wake = app_wake_request, .gone = app_request_is_gone};
    VolumeOptions volume = {.root = settings->media_root.text,
                            .min_free_space = (uint64_t)settings->min_free_space.number};
    *app = (App){.magic = APP_MAGIC,
                 .settings = settings,
                 .sandbox = sandbox,
                 .access = app_access(settings)};
    file_observe_syncs(app_file_synced);
    api_metrics_start(tables);
    app->volume = volume_open(&volume, error);
    if (!app->volume || !volume_check_options(app->volume, error))
        return false;
    app->store = store_open(volume_database_path(app->volume), error);
    if (!app->store)
        return false;
    app->waiters = waiters_new(&hooks);
    app->jobs = (Jobs){.store = app->store,
                       .waiters = app->waiters,
                       .lease_seconds = settings->job_lease_seconds.number,
                       .max_attempts = settings->job_max_attempts.number};
    app->library = (Library){
        .store = app->store,
        .volume = app->volume,
        .storage = volume_storage(app->volume),
        .transit = transit_new(app->store, volume_storage(app->volume)),
        .jobs = &app->jobs,
        .max_size = {[MEDIA_PHOTO] = (uint64_t)settings->max_photo_size.number,
                     [MEDIA_VIDEO] = (uint64_t)settings->max_video_size.number,
                     [MEDIA_AUDIO] = (uint64_t)settings->max_audio_size.number},
        .keep_original_videos = (Retention)settings->keep_original_videos.number,
        .verify = decoder_verify,
        .photo = decoder_photo,
        .stop = &app->time_up,
    };
    return housekeeper_recover(&app->library, clock_wall_ms(), error);
}

static Http *app_start_http(App *app, Error *error)
{
    const Settings *settings = app->settings;
    HttpOptions options = {
        .host = settings->host.text,
        .port = (int)settings->port.number,
        .tables = tables,
        .guard = {access_authorize, access_may_read, &app->access},
        .shutdown_seconds = (int)settings->shutdown_seconds.number,
        .time_up = &app->time_up,
        .ended = api_metrics_request_ended,
        .app = app,
    };
    REQUIRE(network_parse_list(settings->trusted_proxies.text, &options.trusted_proxies));
    Http *http = http_start(&options, error);
    atomic_store(&app->http, http);
    return http;
}

static void app_serve_until_signal(App *app, Http *http, const sigset_t *signals)
{
    HousekeeperOptions options = {
        .library = &app->library, .removing = app_file_leaves, .context = app};
    Housekeeper *housekeeper = housekeeper_start(&options);
    log_info("Version %s serves the volume %s at port %d of %s (SQLite %s).", REELKEEP_VERSION,
             volume_root(app->volume), http_port(http), app->settings->host.text,
             store_library_version());
    app_wait_for_signal(signals);
    waiters_stop(app->waiters);
    housekeeper_stop(housekeeper);
    http_stop(http);
}

static bool app_run(App *app, const sigset_t *signals, Error *error)
{
    ValidatorOptions options = {&app->library, decoder_probe, VALIDATOR_PAUSE_MS};
    Validator *validator = validator_start(&options);
    app->library.arrived = validator_wake;
    app->library.listener = validator;
    Http *http = app_start_http(app, error);
    if (http)
        app_serve_until_signal(app, http, signals);
    validator_stop(validator);
    return http != NULL;
}

static int command_serve_run(const Settings *settings, const SandboxReport *sandbox)
{
    static App app;
    Error error = {0};
    sigset_t signals = app_block_signals();
    log_start();
    bool good = app_open(&app, settings, sandbox, &error) && app_run(&app, &signals, &error);
    if (!good)
        log_error("%s", error.detail);
    app_close(&app);
    if (good)
        log_info("Stopped.");
    log_stop();
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const ProgramCommand command_serve = {"serve", "answer requests until SIGTERM (the default)",
                                      command_serve_run};
