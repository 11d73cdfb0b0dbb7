#include "transcoder/worker/lease.h"

#include <pthread.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"

#define POSTS_PER_LEASE 3
#define MILLISECONDS    1000

struct Lease {
    /* Set before the thread starts. */
    TransferJob job;
    LeaseTiming timing;
    void (*doubt)(void *context, bool in_doubt);
    void *context;
    bool in_doubt; /* the thread's */
    pthread_t thread;
    WebClient *client; /* the thread's */

    Flag ended;
    Flag lost;
    Flag returned;
    atomic_bool away;

    /* Guarded by the lock; changed is signalled with every change of them and at the end. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *stage;
    int percent;
    bool news;
};

static void free_lease(Lease **lease)
{
    if (!*lease)
        return;
    web_client_free(&(*lease)->client);
    flag_release(&(*lease)->ended);
    flag_release(&(*lease)->lost);
    flag_release(&(*lease)->returned);
    pthread_cond_destroy(&(*lease)->changed);
    pthread_mutex_destroy(&(*lease)->lock);
    free(*lease);
    *lease = NULL;
}

/* When the next post is due, given the time of the last. */
static int64_t due_ms(const Lease *lease, int64_t last)
{
    int64_t heartbeat = lease->job.lease_seconds * MILLISECONDS / POSTS_PER_LEASE;
    if (atomic_load(&lease->away))
        return last + lease->timing.away_ms;
    return last + (lease->news ? MIN_OF(lease->timing.gap_ms, heartbeat) : heartbeat);
}

/* Waits until a post is due and takes what it is to say; false at the end. */
static bool wait_for_due(Lease *lease, int64_t last, const char **stage, int *percent)
{
    pthread_mutex_lock(&lease->lock);
    while (!flag_raised(&lease->ended)) {
        int64_t due = due_ms(lease, last);
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

static void note_doubt(Lease *lease, bool in_doubt)
{
    if (lease->in_doubt != in_doubt)
        lease->doubt(lease->context, in_doubt);
    lease->in_doubt = in_doubt;
}

static void note_answer(Lease *lease)
{
    if (!atomic_exchange(&lease->away, false))
        return;
    log_info("Web answers again.");
    flag_raise(&lease->returned);
}

/* While a result is being delivered the lease may end by that very delivery, whose answer says so.
 */
static void note_lost(Lease *lease, const char *stage, const Error *fault)
{
    bool delivering = streq(stage, TRANSFER_STAGE_DELIVER);
    log_write(delivering ? LOG_DEBUG : LOG_INFO, "Web has taken the job back: %s", fault->detail);
    flag_raise(&lease->lost);
}

static void note_failure(Lease *lease, const char *stage, const Error *fault)
{
    if (fault->code == ERROR_GONE || fault->code == ERROR_NOT_FOUND) {
        note_answer(lease);
        note_lost(lease, stage, fault);
    } else if (fault->code != ERROR_CANCELLED) {
        if (!atomic_exchange(&lease->away, true))
            log_warning("The lease could not be renewed, going on: %s", fault->detail);
        note_doubt(lease, true);
    }
}

static void *keep_alive(void *context)
{
    Lease *lease = context;
    LOG_CONTEXT(.job_id = lease->job.job_id);
    int64_t last = clock_monotonic_ms();
    const char *stage;
    int percent;
    while (!flag_raised(&lease->lost) && wait_for_due(lease, last, &stage, &percent)) {
        Error fault = {0};
        if (web_client_progress(lease->client, &lease->job, stage, percent, &fault)) {
            note_doubt(lease, false);
            note_answer(lease);
        } else {
            note_failure(lease, stage, &fault);
        }
        last = clock_monotonic_ms();
    }
    return NULL;
}

static Lease *new_lease(const LeaseSpec *spec)
{
    Lease *lease = NEW(Lease);
    pthread_condattr_t monotonic;
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
    return lease;
}

bool lease_start(const LeaseSpec *spec, Lease **out, Error *error)
{
    _cleanup_(free_lease) Lease *lease = new_lease(spec);
    if (!web_client_new(spec->web_url, spec->token, &lease->client, error))
        return false;
    web_client_abort_on(lease->client, (FlagSet){{&lease->ended}});
    int result = pthread_create(&lease->thread, NULL, keep_alive, lease);
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
    free_lease(lease);
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
