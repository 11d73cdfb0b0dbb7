/* Inside the store: the schema's numbered steps, built into the program. Main thread. */
#pragma once

#include "web/store/connection.h"

#define STORE_APPLICATION_ID 0x5265656c /* "Reel": PRAGMA application_id of our files */

/* Brings the schema to this program's version, one durable transaction a step. Refuses a foreign
 * or newer database. */
bool migrations_apply(StoreConnection *connection, Error *error);

/* Whether the database is ours and of a version this program understands, without changing it. */
bool migrations_inspect(StoreConnection *connection, int64_t *version, Error *error);

/* The version that this program's migrations lead to. */
int64_t migrations_latest(void);
