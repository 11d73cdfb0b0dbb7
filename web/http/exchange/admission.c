#include "web/http/exchange/admission.h"

#include "web/http/message/field.h"
#include "web/http/message/multipart.h"

static bool admission_check_framing(Request *request)
{
    bool good = framing_check(&request->head, &request->framing, &request->error);
    request->last = !good;
    request->body_left = request->framing.chunked ? 0 : request->framing.length;
    return good;
}

static bool admission_check_route(Request *request)
{
    if (request->method == 0) {
        request->last = true;
        request->allowed = HTTP_GET | HTTP_HEAD | HTTP_POST;
        return error_set(&request->error, ERROR_METHOD, "That method is not known here.");
    }
    return router_match(request_shared(request)->options->tables, request->method,
                        request->head.target, &request->match, &request->allowed, &request->error);
}

static bool admission_check_access(Request *request)
{
    const HttpGuard *guard = &request_shared(request)->options->guard;
    request->client = request_find_client(request);
    RequestFacts facts = {.method = (HttpMethod)request->method,
                          .target = request->head.target,
                          .authorization = request_header(request, "Authorization"),
                          .cookie = request_header(request, "Cookie"),
                          .client = request->client};
    if (!(request->method & (HTTP_GET | HTTP_HEAD))) { /* which are most, and change nothing */
        facts.host = request_header(request, "Host");
        facts.origin = request_header(request, "Origin");
        facts.fetch_site = request_header(request, "Sec-Fetch-Site");
    }
    return guard->authorize(guard->context, &facts, request->match.route->access, &request->viewer,
                            &request->error);
}

static bool admission_check_body(Request *request)
{
    const Route *route = request->match.route;
    const Framing *framing = &request->framing;
    Error *error = &request->error;
    if (route->body == BODY_NONE)
        return !framing->has_body ||
               error_set(error, ERROR_TOO_LARGE, "This address takes no content.");
    if (route->body == BODY_JSON) {
        const char *type = request_header(request, "Content-Type");
        if (!type || !field_is(type, "application/json"))
            return error_set(error, ERROR_MEDIA_TYPE, "This address takes application/json.");
        return framing->chunked || framing->length <= HTTP_SMALL_BODY_MAX ||
               error_set(error, ERROR_TOO_LARGE, "The request is larger than %d bytes.",
                         HTTP_SMALL_BODY_MAX);
    }
    uint64_t limit = route->body_max(request_app(request));
    if (!framing->chunked && request_header(request, "Content-Length") == NULL)
        return error_set(error, ERROR_LENGTH_REQUIRED, "Content-Length is missing.");
    if (!framing->chunked && framing->length > limit)
        return error_set(error, ERROR_TOO_LARGE,
                         "The file is too large: at most %llu MB are accepted.",
                         (unsigned long long)(limit / MIB));
    request->body = body_new(route->form ? &multipart_sink : route->sink, limit);
    return true;
}

bool admission_check(Request *request)
{
    request->method = router_method(request->head.method);
    return admission_check_framing(request) && admission_check_route(request) &&
           admission_check_access(request) && admission_check_body(request);
}
