/* The head of a request: everything that can be decided before a byte of the body is taken. Loop
 * thread; fills what it finds, or the request's error. */
#pragma once

#include "web/http/exchange/request.h"

/* Where the request ends, and whether all in between understand it so (framing.h). False: close. */
_must_check_ bool head_check_framing(Request *request, HeadPlace *place);

/* Route, access and body, in this order; makes the request's Body where one will come. */
_must_check_ bool head_check(Request *request);
