/*
 * Inside the store: the thread that owns the writing connection. Writes that wait together share
 * one commit, so that many small ones cost one disk flush.
 */
#pragma once

#include "web/store/sqlite/connection.h"

typedef struct Writer Writer;

/* Takes over the connection. */
Writer *writer_start(StoreConnection *connection);

/* Finishes what is queued, ends the thread, closes the connection. */
void writer_stop(Writer *writer);

/* Blocks until the function's changes are durable, or undone. */
_must_check_ bool writer_run(Writer *writer, StoreFunction *function, void *argument, Error *error);
