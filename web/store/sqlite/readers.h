/* Inside the store: a bounded pool of reading connections, opened as they are needed. */
#pragma once

#include "web/store/sqlite/connection.h"

typedef struct Readers Readers;

Readers *readers_new(const char *path);
void readers_free(Readers *readers);

/* Runs the function on a connection that nobody else has meanwhile; waits while all are taken. */
_must_check_ bool readers_run(Readers *readers, StoreFunction *function, void *argument,
                              Error *error);
