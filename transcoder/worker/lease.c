#include "transcoder/worker/lease.h"

#include <pthread.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"

#define POSTS_PER_LEASE 3
#define MILLISECONDS    1000

#define LEASE_MAGIC 0x4c454153u /* "LEAS" */

struct Lease {
    unsigned magic;
    /* Set before the thread starts. */
    TransferJob job;
    LeaseTiming timing;
    void (*doubt)(void *context, bool in_doubt);
    void *context;
    pthread_t thread;
    WebClient *client;

    /* The thread's. */
    bool in_doubt;
    bool away; /* web, when it was asked last */

    Flag ended;
    Flag lost;
    Flag returned;

    /* Guarded by the lock; changed is signalled with every change of them and at the end. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *stage;
    int percent;
    bool news;
};

static void lease_free(Lease **lease)
{
    if (!*lease)
        return;
    web_client_free(&(*lease)->client);
    flag_release(&(*lease)->ended);
    flag_release(&(*lease)->lost);
    flag_release(&(*lease)->returned);
    pthread_cond_destroy(&(*lease)->changed);
    pthread_mutex_destroy(&(*lease)->lock);
    (*lease)->magic = 0;
    free(*lease);
    *lease = NULL;
}

/* Waits until a post is due and takes what it is to say; false at the end. `last`: when the last
 * one was. */
static bool lease_wait(Lease *lease, int64_t last, const char **stage, int *percent)
{
    int64_t heartbeat = lease->job.lease_seconds * MILLISECONDS / POSTS_PER_LEASE;
    int64_t news = MIN_OF(lease->timing.gap_ms, heartbeat);
    pthread_mutex_lock(&lease->lock);
    while (!flag_raised(&lease->ended)) {
        int64_t due = last + (lease->away ? lease->timing.away_ms : lease->news ? news : heartbeat);
        if (clock_monotonic_ms() >= due)
            break;
        struct timespec until = {due / MILLISECONDS, due % MILLISECONDS * 1000000};
        pthread_cond_timedwait(&lease->changed, &lease->lock, &until);
    }
    *stage = lease->stage;
    *percent = lease->percent;
    lease->news = false;
    pthread_mutex_unlock(&lease->lock);
    return !flag_raised(&lease->ended);
}

static void lease_note_doubt(Lease *lease, bool in_doubt)
{
    if (lease->in_doubt != in_doubt)
        lease->doubt(lease->context, in_doubt);
    lease->in_doubt = in_doubt;
}

/* While a result is being delivered the lease may end by that very delivery, whose answer says so.
 */
static void *lease_thread(void *context)
{
    Lease *lease = CAST_OBJECT(Lease, context, LEASE_MAGIC);
    LOG_CONTEXT(.job_id = lease->job.job_id);
    int64_t last = clock_monotonic_ms();
    const char *stage;
    int percent;
    while (!flag_raised(&lease->lost) && lease_wait(lease, last, &stage, &percent)) {
        Error fault = {0};
        bool renewed = web_client_progress(lease->client, &lease->job, stage, percent, &fault);
        bool lost = !renewed && (fault.code == ERROR_GONE || fault.code == ERROR_NOT_FOUND);
        last = clock_monotonic_ms();
        if (renewed)
            lease_note_doubt(lease, false);
        if ((renewed || lost) && lease->away) {
            lease->away = false;
            log_info("Web answers again.");
            flag_raise(&lease->returned);
        }
        if (lost) {
            bool delivering = streq(stage, TRANSFER_STAGE_DELIVER);
            log_write(delivering ? LOG_DEBUG : LOG_INFO, "Web has taken the job back: %s",
                      fault.detail);
            flag_raise(&lease->lost);
        } else if (!renewed && fault.code != ERROR_CANCELLED) {
            if (!lease->away)
                log_warning("The lease could not be renewed, going on: %s", fault.detail);
            lease->away = true;
            lease_note_doubt(lease, true);
        }
    }
    return NULL;
}

bool lease_start(const LeaseSpec *spec, Lease **out, Error *error)
{
    _cleanup_(lease_free) Lease *lease = NEW(Lease);
    pthread_condattr_t monotonic;
    lease->magic = LEASE_MAGIC;
    lease->job = *spec->job;
    lease->timing = spec->timing;
    lease->doubt = spec->doubt;
    lease->context = spec->context;
    lease->in_doubt = spec->in_doubt;
    lease->stage = TRANSFER_STAGE_FETCH;
    flag_init(&lease->ended);
    flag_init(&lease->lost);
    flag_init(&lease->returned);
    pthread_mutex_init(&lease->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&lease->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!web_client_new(spec->web_url, spec->token, &lease->client, error))
        return false;
    web_client_abort_on(lease->client, (FlagSet){{&lease->ended}});
    int result = pthread_create(&lease->thread, NULL, lease_thread, lease);
    if (result != 0)
        return error_set_errno(error, result, "The thread that keeps the lease could not start");
    *out = TAKE_PTR(lease);
    return true;
}

void lease_stop(Lease **lease)
{
    if (!*lease)
        return;
    pthread_mutex_lock(&(*lease)->lock);
    flag_raise(&(*lease)->ended);
    pthread_cond_signal(&(*lease)->changed);
    pthread_mutex_unlock(&(*lease)->lock);
    pthread_join((*lease)->thread, NULL);
    lease_free(lease);
}

void lease_report(Lease *lease, const char *stage, int percent)
{
    pthread_mutex_lock(&lease->lock);
    if (lease->stage != stage || lease->percent != percent) {
        lease->stage = stage;
        lease->percent = percent;
        lease->news = true;
        pthread_cond_signal(&lease->changed);
    }
    pthread_mutex_unlock(&lease->lock);
}

Flag *lease_lost(Lease *lease)
{
    return &lease->lost;
}

Flag *lease_web_returned(Lease *lease)
{
    return &lease->returned;
}
