#include "web/access/allowance.h"

#include <pthread.h>

#define BUCKETS       1024
#define RETRY_SECONDS 10

typedef struct Holder {
    struct in6_addr address;
    unsigned transfers;
    uint64_t bytes;
    struct Holder *next;
} Holder;

struct Allowance {
    AllowanceSpec spec;
    uint64_t key[2]; /* random, so that nobody can fill one bucket */
    pthread_mutex_t lock;
    Holder *buckets[BUCKETS]; /* guarded by lock */
};

Allowance *allowance_new(const AllowanceSpec *spec)
{
    REQUIRE(spec->transfers > 0);
    Allowance *allowance = NEW(Allowance);
    allowance->spec = *spec;
    REQUIRE(getentropy(allowance->key, sizeof allowance->key) == 0);
    REQUIRE(pthread_mutex_init(&allowance->lock, NULL) == 0);
    return allowance;
}

void allowance_free(Allowance *allowance)
{
    if (!allowance)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        REQUIRE(!allowance->buckets[i]);
    pthread_mutex_destroy(&allowance->lock);
    free(allowance);
}

/* Where the address's holder hangs, or would. */
static Holder **allowance_find(Allowance *allowance, const struct in6_addr *address)
{
    uint64_t hash = network_hash(address, allowance->key);
    Holder **link = &allowance->buckets[hash % BUCKETS];
    while (*link && !IN6_ARE_ADDR_EQUAL(&(*link)->address, address))
        link = &(*link)->next;
    return link;
}

bool allowance_take(Allowance *allowance, const struct in6_addr *client, uint64_t bytes,
                    Error *error)
{
    if (!allowance)
        return true;
    struct in6_addr address = network_owned(client);
    pthread_mutex_lock(&allowance->lock);
    Holder **link = allowance_find(allowance, &address), *holder = *link;
    bool allowed = !holder || (holder->transfers < allowance->spec.transfers &&
                               bytes <= allowance->spec.bytes &&
                               holder->bytes <= allowance->spec.bytes - bytes);
    if (allowed && !holder) {
        holder = *link = NEW(Holder);
        holder->address = address;
    }
    if (allowed) {
        holder->transfers++;
        holder->bytes += bytes;
    }
    pthread_mutex_unlock(&allowance->lock);
    if (allowed)
        return true;
    error_set(error, ERROR_BUSY,
              "Too many uploads are under way from this address; send this one when another is "
              "done.");
    error->retry_seconds = RETRY_SECONDS;
    return false;
}

void allowance_give_back(Allowance *allowance, const struct in6_addr *client, uint64_t bytes)
{
    if (!allowance)
        return;
    struct in6_addr address = network_owned(client);
    pthread_mutex_lock(&allowance->lock);
    Holder **link = allowance_find(allowance, &address), *holder = *link;
    REQUIRE(holder && holder->transfers > 0 && holder->bytes >= bytes);
    holder->bytes -= bytes;
    if (--holder->transfers == 0) {
        *link = holder->next;
        free(holder);
    }
    pthread_mutex_unlock(&allowance->lock);
}
