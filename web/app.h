/*
 * How web's parts are wired together: made by the serve command, handed to every handler by
 * request_app(). Immutable while requests are served, but for `http`.
 */
#pragma once

#include <stdatomic.h>

#include "common/sandbox/sandbox_probe.h"
#include "common/settings/settings.h"
#include "web/access/access.h"
#include "web/jobs/jobs.h"
#include "web/library/library.h"

#define APP_MAGIC 0x4150504cu /* "APPL" */

typedef struct App {
    unsigned magic;
    const Settings *settings;
    const SandboxReport *sandbox;
    Store *store;
    Volume *volume;
    Waiters *waiters;
    Jobs jobs;
    Library library;
    AccessRules access;
    _Atomic(Http *) http; /* NULL until the server has started */
    atomic_bool time_up;  /* the program ends, and no longer waits for its workers */
} App;

/* The app behind a request. */
static inline App *app_of(const Request *request)
{
    return CAST_OBJECT(App, request_app(request), APP_MAGIC);
}
