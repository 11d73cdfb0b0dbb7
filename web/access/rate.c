#include "web/access/rate.h"

#include <pthread.h>

#define WAYS 8 /* places that an address may have */

/* A bucket that is full says no more than none, so full_at_ms in the past is an empty place. */
typedef struct RateBucket {
    struct in6_addr address;
    int64_t full_at_ms;
    unsigned taken; /* since it was full */
} RateBucket;

struct Rate {
    RateSpec spec;
    uint64_t key[2];
    pthread_mutex_t lock;
    /* guarded by lock */
    unsigned refused; /* not yet told */
    int64_t tell_at_ms;
    RateBucket buckets[RATE_ADDRESSES_MAX / WAYS][WAYS];
};

Rate *rate_new(const RateSpec *spec)
{
    REQUIRE(spec->burst > 0 && spec->interval_ms > 0);
    Rate *rate = NEW(Rate);
    rate->spec = *spec;
    rate->tell_at_ms = INT64_MIN;
    REQUIRE(getentropy(rate->key, sizeof rate->key) == 0);
    REQUIRE(pthread_mutex_init(&rate->lock, NULL) == 0);
    return rate;
}

void rate_free(Rate *rate)
{
    if (!rate)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

/* The address's bucket; of one that is not known, a full one in the place of the fullest. */
static RateBucket *rate_find(Rate *rate, const struct in6_addr *client, int64_t now_ms)
{
    struct in6_addr address = network_owned(client);
    uint64_t hash = network_hash(&address, rate->key);
    RateBucket *places = rate->buckets[hash % ARRAY_SIZE(rate->buckets)], *found = places;
    for (RateBucket *place = places; place < places + WAYS; place++) {
        if (IN6_ARE_ADDR_EQUAL(&place->address, &address) && place->full_at_ms > now_ms)
            return place;
        if (place->full_at_ms < found->full_at_ms)
            found = place;
    }
    *found = (RateBucket){.address = address, .full_at_ms = now_ms};
    return found;
}

/* What the next one costs, told in the time that the bucket takes to get it back. */
static int64_t rate_cost(const RateSpec *spec, unsigned taken)
{
    int64_t cost = spec->interval_ms;
    for (unsigned i = spec->burst; i <= taken && cost < spec->interval_ms_max; i++)
        cost *= 2;
    return spec->interval_ms_max > 0 ? MIN_OF(cost, spec->interval_ms_max) : cost;
}

int64_t rate_take(Rate *rate, const struct in6_addr *client, int64_t now_ms, unsigned *untold)
{
    const RateSpec *spec = &rate->spec;
    *untold = 0;
    pthread_mutex_lock(&rate->lock);
    RateBucket *bucket = rate_find(rate, client, now_ms);
    int64_t wait_ms = bucket->full_at_ms - now_ms - (spec->burst - 1) * spec->interval_ms;
    if (wait_ms <= 0) {
        bucket->full_at_ms += rate_cost(spec, bucket->taken);
        bucket->taken++;
    } else {
        rate->refused++;
        if (now_ms >= rate->tell_at_ms) {
            *untold = rate->refused;
            rate->refused = 0;
            rate->tell_at_ms = now_ms + RATE_TELL_MS;
        }
    }
    pthread_mutex_unlock(&rate->lock);
    return MAX_OF(wait_ms, (int64_t)0);
}
