#include "web/library/files/staged.h"

#include "common/base/log.h"
#include "web/store/store_staging.h"

#define STAGED_MAGIC 0x53544147u /* "STAG" */

typedef struct Staged {
    unsigned magic;
    Store *store;
    char name[NAME_MAX + 1]; /* asked for: its row, or the row behind it */
    StagingState state;      /* found */
    bool found;
} Staged;

static bool staged_find(StoreConnection *connection, void *argument, Error *error)
{
    Staged *self = CAST_OBJECT(Staged, argument, STAGED_MAGIC);
    Error fault = {0};
    self->found = store_staging_get(connection, self->name, &self->state, &fault);
    if (self->found || fault.code == ERROR_NOT_FOUND)
        return true;
    return error_set(error, fault.code, "%s", fault.detail);
}

static bool staged_has_row(void *context, const char *name, bool *wanted, Error *error)
{
    Staged *self = CAST_OBJECT(Staged, context, STAGED_MAGIC);
    base_copy(self->name, sizeof self->name, name);
    if (!store_read(self->store, staged_find, self, error))
        return false;
    *wanted = self->found;
    return true;
}

static bool staged_find_next(StoreConnection *connection, void *argument, Error *error)
{
    Staged *self = CAST_OBJECT(Staged, argument, STAGED_MAGIC);
    return store_staging_next(connection, self->name, &self->state, &self->found, error);
}

static bool staged_delete(StoreConnection *connection, void *argument, Error *error)
{
    const Staged *self = CAST_OBJECT(Staged, argument, STAGED_MAGIC);
    return store_staging_delete(connection, self->state.name, error);
}

bool staged_recover(const Library *library, Error *error)
{
    Staged staged = {.magic = STAGED_MAGIC, .store = library->store};
    if (!staging_sweep(library->volume, staged_has_row, &staged, error))
        return false;
    staged.name[0] = '\0';
    for (;;) {
        if (!store_read(library->store, staged_find_next, &staged, error))
            return false;
        if (!staged.found)
            return true;
        if (staging_missing(library->volume, staged.state.name)) {
            log_warning("The file of an upload under way is missing: it has to begin anew.");
            if (!store_write(library->store, staged_delete, &staged, error))
                return false;
        }
        base_copy(staged.name, sizeof staged.name, staged.state.name);
    }
}
