/* Everything about a request that can be decided before a byte of its body is taken. Loop thread;
 * fills what it finds, or the request's error. */
#pragma once

#include "web/http/exchange/request.h"

/* Where the body ends, and whether all in between understand it so (framing.h). False: close. */
_must_check_ bool admission_check_framing(Request *request);

/* Route, access and body, in this order; makes the request's Body where one will come. */
_must_check_ bool admission_check(Request *request);
