/* How a body comes in: into a buffer where it is small, else into blocks that workers hand on to
 * its sink. Loop thread. */
#pragma once

#include "web/http/exchange/request.h"

/* Reads what there is of a body that is not whole (request_is_whole). */
Step intake_read(Connection *connection);

/* While a worker has the last block: reads into the next one, if there is one to spare. */
Step intake_read_ahead(Connection *connection);

/* A worker takes the block to the sink. */
Step intake_feed(Request *request);
