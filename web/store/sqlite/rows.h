/* Inside the store: reading what several statements select. */
#pragma once

#include "web/store/sqlite/connection.h"
#include "web/store/store_job.h"
#include "web/store/store_media.h"

/* Columns 0 to 14. */
void row_read_media(sqlite3_stmt *statement, MediaRow *out);

JobState row_read_job_state(sqlite3_stmt *statement, int column);
