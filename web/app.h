/*
 * How web's parts are wired together: made by the serve command, handed to every handler by
 * request_app(). Immutable while requests are served, but for `http`.
 */
#pragma once

#include <stdatomic.h>

#include "common/sandbox/sandbox_probe.h"
#include "common/settings/settings.h"
#include "web/http/http.h"
#include "web/jobs/jobs.h"
#include "web/library/library.h"

typedef struct App {
    const Settings *settings;
    const SandboxReport *sandbox;
    Store *store;
    Volume *volume;
    Waiters *waiters;
    Jobs jobs;
    Library library;
    _Atomic(Http *) http; /* NULL until the server has started */
    atomic_bool time_up;  /* the program ends, and no longer waits for its workers */
} App;
