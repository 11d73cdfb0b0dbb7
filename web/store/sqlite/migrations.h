/* Inside the store: the schema's numbered steps, built into the program. Main thread. */
#pragma once

#include "web/store/sqlite/connection.h"

#define STORE_APPLICATION_ID 0x5265656c /* "Reel": PRAGMA application_id of our files */

/* Brings the schema up to version `to`, one durable transaction a step; a step changes all or
 * nothing. Refuses a foreign or newer database. After a failure the connection is of no use: its
 * foreign keys may be off. */
_must_check_ bool migrations_apply(StoreConnection *connection, int64_t to, Error *error);

/* Whether the database is ours and of a version this program understands, without changing it. */
_must_check_ bool migrations_inspect(StoreConnection *connection, int64_t *version, Error *error);

/* The version that this program's migrations lead to. */
int64_t migrations_latest(void);
