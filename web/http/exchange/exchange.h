/*
 * The life of a request: what the loop does with a connection, and what it leaves to workers.
 *
 *   head ─▶ (open) ─▶ body ⇄ feed ─▶ finish, handler, or a file loaded ─▶ answer ⇄ pages read
 *
 * What stands in brackets, behind ⇄, and before the answer is a worker's. While a worker has the
 * request, its connection is AWAY and the loop leaves it alone; the worker gives it back by a
 * message, and the loop goes on with `then`. The loop owns it at every other time.
 */
#pragma once

#include "web/http/exchange/request.h"

/* For every loop of a server; LoopShared.context is an ExchangeShared. */
extern const LoopHooks exchange_hooks;
