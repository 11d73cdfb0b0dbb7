#include "web/upkeep/housekeeper.h"

#include "common/base/clock.h"
#include "common/base/flag.h"
#include "common/base/log.h"
#include "web/library/files/library_files.h"
#include "web/library/files/staged.h"
#include "web/library/files/transit.h"

#define HOUSEKEEPER_MAGIC 0x484b4550u /* "HKEP" */

#define ROUND_MS_MAX 1000 /* between two looks at what changed meanwhile */
#define ROUND_MS_MIN 20

#define TELL_AGAIN_MS 60000

struct Housekeeper {
    unsigned magic;
    HousekeeperOptions options; /* immutable */
    pthread_t thread;
    Flag stop;
};

bool housekeeper_recover(const Library *library, int64_t now, Error *error)
{
    return jobs_recover(library->jobs, now, error) && transit_recover(library->transit, error) &&
           staged_recover(library, error);
}

/* What was last told of a fault that may come back every second. */
typedef struct HousekeeperTold {
    char detail[sizeof((Error *)NULL)->detail];
    int64_t again_at; /* monotonic, ms */
} HousekeeperTold;

/* A fault that lasts is one line a minute. */
static void housekeeper_tell(HousekeeperTold *told, const char *what, const Error *error)
{
    int64_t now = clock_monotonic_ms();
    if (now < told->again_at && streq(told->detail, error->detail))
        return;
    log_error("%s: %s", what, error->detail);
    base_copy(told->detail, sizeof told->detail, error->detail);
    told->again_at = now + TELL_AGAIN_MS;
}

void housekeeper_round(const HousekeeperOptions *options, int64_t now, const atomic_bool *stop,
                       int64_t *next)
{
    static _Thread_local HousekeeperTold leases, files;
    const Library *library = options->library;
    TransitSweep sweep = {options->removing, options->context, clock_monotonic_ms(), stop};
    Error error = {0};
    bool more;
    *next = INT64_MAX;
    if (!jobs_expire(library->jobs, now, next, &error))
        housekeeper_tell(&leases, "Leases could not be looked after", &error);
    library_try_disk(library);
    if (!transit_sweep(library->transit, &sweep, &more, &error))
        housekeeper_tell(&files, "Files could not be swept", &error);
    else if (more)
        *next = now;
}

/* Rounds, and between them a pause: until the next lease ends, but not for long, as one may be
 * given meanwhile; a short one while files are left; or until it is time to stop. */
static void *housekeeper_work(void *argument)
{
    Housekeeper *housekeeper = CAST_OBJECT(Housekeeper, argument, HOUSEKEEPER_MAGIC);
    int64_t pause = 0;
    while (!flag_set_wait(&(FlagSet){{&housekeeper->stop}}, pause)) {
        int64_t now = clock_wall_ms(), next;
        housekeeper_round(&housekeeper->options, now, &housekeeper->stop.raised, &next);
        pause = next == INT64_MAX ? ROUND_MS_MAX : next - now;
        pause = MIN_OF(MAX_OF(pause, ROUND_MS_MIN), ROUND_MS_MAX);
    }
    return NULL;
}

Housekeeper *housekeeper_start(const HousekeeperOptions *options)
{
    Housekeeper *housekeeper = NEW(Housekeeper);
    housekeeper->magic = HOUSEKEEPER_MAGIC;
    housekeeper->options = *options;
    flag_init(&housekeeper->stop);
    REQUIRE(pthread_create(&housekeeper->thread, NULL, housekeeper_work, housekeeper) == 0);
    return housekeeper;
}

void housekeeper_stop(Housekeeper *housekeeper)
{
    flag_raise(&housekeeper->stop);
    pthread_join(housekeeper->thread, NULL);
    flag_release(&housekeeper->stop);
    housekeeper->magic = 0;
    free(housekeeper);
}
