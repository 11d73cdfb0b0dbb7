/* Everything about a request that can be decided before a byte of its body is taken. Loop thread;
 * fills what it finds, or the request's error. */
#pragma once

#include "web/http/exchange/request.h"

/* Framing, route, access and body, in this order; makes the request's Body where one will come.
 * Where it is not sure that all in between understand the request so, it is the connection's last.
 */
_must_check_ bool admission_check(Request *request);
