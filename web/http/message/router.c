#include "web/http/message/router.h"

#include "common/base/url.h"

static const struct {
    HttpMethod method;
    const char *name;
} methods[] = {
    {HTTP_GET, "GET"},     {HTTP_HEAD, "HEAD"},     {HTTP_POST, "POST"},       {HTTP_PUT, "PUT"},
    {HTTP_PATCH, "PATCH"}, {HTTP_DELETE, "DELETE"}, {HTTP_OPTIONS, "OPTIONS"},
};

unsigned router_method(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (streq(methods[i].name, name))
            return methods[i].method;
    return 0;
}

const char *router_method_name(unsigned method)
{
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (methods[i].method == method)
            return methods[i].name;
    return "-";
}

void router_allow(unsigned allowed, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        if (allowed & methods[i].method && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     methods[i].name);
}

static unsigned router_methods_of(const Route *route)
{
    return route->methods & HTTP_GET ? route->methods | HTTP_HEAD : route->methods;
}

/* A worker's answer belongs to a worker: only short handlers without a body may run on the loop. */
static bool router_row_complete(const Route *route)
{
    int takers = (route->handle != NULL) + (route->form != NULL) + (route->sink != NULL) +
                 (route->resolve != NULL);
    bool body = route->body == BODY_FORM || route->body == BODY_BYTES;
    return route->name && route->methods && route->access && route->body && route->pool &&
           takers == 1 && (route->body == BODY_FORM) == (route->form != NULL) &&
           (route->body == BODY_BYTES) == (route->sink != NULL) &&
           body == (route->body_max != NULL) &&
           (route->pool != POOL_LOOP || (route->handle && route->body == BODY_NONE)) &&
           (body || !route->finish_pool) && route->finish_pool != POOL_LOOP;
}

/* The first route of that name. */
static const Route *router_named(const Route *const *tables, const char *name)
{
    for (; *tables; tables++)
        for (const Route *route = *tables; route->path; route++)
            if (route->name && streq(route->name, name))
                return route;
    return NULL;
}

bool router_check(const Route *const *tables, Error *error)
{
    for (const Route *const *table = tables; *table; table++)
        for (const Route *route = *table; route->path; route++) {
            if (!router_row_complete(route))
                return error_set(error, ERROR_INTERNAL, "The route %s is incomplete.", route->path);
            if (router_named(tables, route->name) != route)
                return error_set(error, ERROR_INTERNAL,
                                 "The route %s has the name of another one, %s.", route->path,
                                 route->name);
        }
    return true;
}

/* "{*}" keeps the rest of the path whole: its segments are checked by who opens the file. */
static bool router_match_path(const char *pattern, const char *path, RouteMatch *match,
                              bool *escaped)
{
    match->param_count = 0;
    *escaped = true;
    while (*pattern) {
        if (strncmp(pattern, "{*}", 3) == 0) {
            char *rest = match->params[match->param_count++];
            *escaped = url_decode(path, strlen(path), rest, MEDIA_PATH_MAX + 1);
            return true;
        }
        if (strncmp(pattern, "{}", 2) == 0) {
            size_t length = strcspn(path, "/");
            char *param = match->params[match->param_count++];
            if (length == 0)
                return false;
            *escaped = url_decode(path, length, param, MEDIA_PATH_MAX + 1) && *escaped;
            path += length;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

bool router_match(const Route *const *tables, unsigned method, const char *target,
                  RouteMatch *match, unsigned *allowed, Error *error)
{
    char path[HTTP_TARGET_MAX + 1];
    bool escaped = true;
    *allowed = 0;
    if (*target != '/')
        return error_set(error, ERROR_BAD_REQUEST, "The address must begin with a slash.");
    if (strlen(target) > HTTP_TARGET_MAX)
        return error_set(error, ERROR_URI_TOO_LONG, "The address is longer than %d characters.",
                         HTTP_TARGET_MAX);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
    /* No name holds a slash, and as a slash it would make a second address. */
    for (const char *escape = path; (escape = strchr(escape, '%')); escape++)
        if (strncasecmp(escape, "%2f", 3) == 0)
            return error_set(error, ERROR_NOT_FOUND, "There is nothing at this address.");
    for (; *tables; tables++)
        for (const Route *route = *tables; route->path; route++) {
            if (!router_match_path(route->path, path, match, &escaped))
                continue;
            if (!escaped)
                return error_set(error, ERROR_BAD_REQUEST,
                                 "The address is wrongly escaped or too long.");
            if (router_methods_of(route) & method) {
                match->route = route;
                return true;
            }
            *allowed |= router_methods_of(route);
        }
    if (*allowed)
        return error_set(error, ERROR_METHOD, "This address does not take that method.");
    return error_set(error, ERROR_NOT_FOUND, "There is nothing at this address.");
}
