/* From a target to a route: what was taken out of the path holds no NUL, fits, and leads back to
 * the same route when it is put into it again. The first line is the method. */
#include "common/base/url.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/router.h"

static Response *answer(Request *request, Error *error)
{
    (void)request;
    (void)error;
    UNREACHABLE(); /* no request is made */
}

static const Route table[] = {
    {HTTP_GET, "/", "fuzz", 1, BODY_NONE, POOL_API, .handle = answer},
    {HTTP_GET | HTTP_POST, "/api/uploads", "fuzz", 1, BODY_NONE, POOL_API, .handle = answer},
    {HTTP_DELETE, "/api/uploads/{}", "fuzz", 1, BODY_NONE, POOL_API, .handle = answer},
    {HTTP_PUT, "/api/uploads/{}/parts/{}", "fuzz", 1, BODY_NONE, POOL_API, .handle = answer},
    {HTTP_GET, "/media/{*}", "fuzz", 1, BODY_NONE, POOL_API, .handle = answer},
    {.path = NULL},
};
static const Route *const tables[] = {table, NULL};

/* The pattern with its places filled in. False where that is too long. */
static bool fill_in(const RouteMatch *match, char *out, size_t size)
{
    char encoded[3 * MEDIA_PATH_MAX + 1];
    size_t used = 0, index = 0;
    for (const char *at = match->route->path; *at; at++) {
        bool rest = strncmp(at, "{*}", 3) == 0;
        if (*at != '{') {
            used += (size_t)snprintf(out + used, size - used, "%c", *at);
            continue;
        }
        const char *value = match->params[index++];
        REQUIRE(index <= match->param_count);
        REQUIRE(rest || !strchr(value, '/'));
        REQUIRE(url_encode_path(value, encoded, sizeof encoded));
        used += (size_t)snprintf(out + used, size - used, "%s", encoded);
        at += rest ? 2 : 1;
    }
    return used <= HTTP_TARGET_MAX;
}

static void check_match(unsigned method, const RouteMatch *match)
{
    char target[4 * HTTP_TARGET_MAX];
    unsigned allowed;
    RouteMatch again;
    for (size_t i = 0; i < match->param_count; i++)
        REQUIRE(strnlen(match->params[i], MEDIA_PATH_MAX + 1) <= MEDIA_PATH_MAX);
    if (!fill_in(match, target, sizeof target))
        return;
    REQUIRE(router_match(tables, method, target, &again, &allowed, NULL));
    REQUIRE(again.route == match->route && again.param_count == match->param_count);
    for (size_t i = 0; i < match->param_count; i++)
        REQUIRE(streq(again.params[i], match->params[i]));
}

/* Every method that is offered is one that the address takes. */
static void check_allowed(const char *target, unsigned allowed)
{
    char text[64];
    unsigned ignored;
    RouteMatch match;
    router_allow(allowed, text, sizeof text);
    REQUIRE(allowed != 0 && *text);
    for (unsigned method = HTTP_GET; method <= HTTP_OPTIONS; method <<= 1)
        if (allowed & method)
            REQUIRE(router_match(tables, method, target, &match, &ignored, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    unsigned allowed = 0;
    RouteMatch match;
    Error error = {0};
    _cleanup_free_ char *name = fuzz_line(&input), *target = fuzz_rest(&input);
    unsigned method = router_method(name);
    REQUIRE(!method || streq(router_method_name(method), name));
    if (router_match(tables, method, target, &match, &allowed, &error)) {
        REQUIRE(method != 0);
        check_match(method, &match);
    } else if (error.code == ERROR_METHOD) {
        check_allowed(target, allowed);
    } else {
        REQUIRE(error.code == ERROR_NOT_FOUND || error.code == ERROR_BAD_REQUEST ||
                error.code == ERROR_URI_TOO_LONG);
    }
    return 0;
}
