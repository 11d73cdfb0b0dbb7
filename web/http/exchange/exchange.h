/*
 * The life of a request: the state machine between libmicrohttpd's callbacks (loop thread) and the
 * workers.
 *
 *   NEW ─▶ (OPENING ─▶ OPENED) ─▶ BODY ⇄ FEEDING/FED ─▶ WORKING ─▶ READY
 *
 * While a worker has it (OPENING, FEEDING, WORKING) its connection is suspended and the loop does
 * not touch it; a worker gives it back by a message to the loop. The loop thread owns it in every
 * other state.
 */
#pragma once

#include "web/http/exchange/request.h"

/* For every loop of a server; LoopShared.context is an ExchangeShared. */
extern const LoopHooks exchange_hooks;
