/* How a request is answered, and how it and its connection end. Loop thread. */
#pragma once

#include "web/http/exchange/request.h"

/* Sends the request's response, or else its error. */
Step answer_begin(Request *request);

/* The same with the error before the request has come to its end, and the connection ends with it.
 */
Step answer_refuse(Request *request);

/* Goes on with an answer that is under way. */
Step answer_go_on(Connection *connection);

/* Reads on, into nothing, after the last answer. */
Step answer_drain(Connection *connection);

/* Ends the connection and whatever is under way on it. */
void answer_close(Connection *connection);
