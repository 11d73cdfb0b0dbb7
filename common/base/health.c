#include "common/base/health.h"

void health_note(Health *health, const Error *fault)
{
    if (!fault && !atomic_load(&health->failing))
        return;
    pthread_mutex_lock(&health->lock);
    if (fault)
        health->fault = *fault;
    atomic_store(&health->failing, fault != NULL);
    pthread_mutex_unlock(&health->lock);
}

bool health_check(Health *health, Error *error)
{
    if (!atomic_load(&health->failing))
        return true;
    pthread_mutex_lock(&health->lock);
    bool failing = atomic_load(&health->failing);
    if (failing && error)
        *error = health->fault;
    pthread_mutex_unlock(&health->lock);
    return !failing;
}
