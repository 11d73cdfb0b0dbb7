/* From method and path to a row of a route table. Pure but for router_check; any thread. */
#pragma once

#include "web/http/http.h"

#define ROUTE_PARAMS_MAX 3

typedef struct RouteMatch {
    const Route *route;
    char params[ROUTE_PARAMS_MAX][MEDIA_PATH_MAX + 1]; /* percent-decoded */
    size_t param_count;
} RouteMatch;

/* Whether every row of every table is complete and has a name of its own: a forgotten access, body,
 * pool or name stops the start. */
_must_check_ bool router_check(const Route *const *tables, Error *error);

/* 0 for a method that is not whitelisted. */
unsigned router_method(const char *name);

/* "-" for 0. */
const char *router_method_name(unsigned method);

/*
 * Splits the path of an origin-form target (query cut off), decodes each segment once and finds the
 * route. Faults: ERROR_BAD_REQUEST for what is no origin-form or badly escaped, ERROR_NOT_FOUND,
 * also for an escaped slash wherever it is, ERROR_METHOD with *allowed (method bits).
 */
_must_check_ bool router_match(const Route *const *tables, unsigned method, const char *target,
                               RouteMatch *match, unsigned *allowed, Error *error);

/* "GET, HEAD" for the Allow field. */
void router_allow(unsigned methods, char *text, size_t size);
