#include "web/http/exchange/head.h"

#include "web/http/message/field.h"
#include "web/http/message/multipart.h"

#define FIELD_LIST_MAGIC 0x464c5354u /* "FLST" */

typedef struct FieldList {
    unsigned magic;
    size_t count;
    HeaderField fields[HTTP_HEADER_COUNT_MAX + 1];
} FieldList;

static enum MHD_Result head_collect_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                          size_t name_length, const char *value,
                                          size_t value_length)
{
    FieldList *list = CAST_OBJECT(FieldList, cls, FIELD_LIST_MAGIC);
    (void)kind;
    if (list->count == ARRAY_SIZE(list->fields))
        return MHD_NO;
    list->fields[list->count++] = (HeaderField){name, name_length, value, value_length};
    return MHD_YES;
}

/* libmicrohttpd 0.9 passes over much that a proxy takes otherwise, but leaves each part of a head
 * where it came, which tells. From 1.0 on it moves them, and is strict itself. */
bool head_check_framing(Request *request, HeadPlace *place)
{
    FieldList list; /* the fields are not cleared: this is the way of every request */
    list.magic = FIELD_LIST_MAGIC;
    list.count = 0;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, head_collect_field, &list);
    place->sent_target = request->target;
    place->size =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
            ->header_size;
    return framing_check(place->version, list.fields, list.count, &request->framing,
                         &request->error) &&
           (MHD_VERSION >= 0x01000000 ||
            framing_check_place(place, list.fields, list.count, &request->error));
}

static bool head_check_route(Request *request)
{
    if (request->method == 0) {
        request->allowed = HTTP_GET | HTTP_HEAD | HTTP_POST;
        return error_set(&request->error, ERROR_METHOD, "That method is not known here.");
    }
    return router_match(request_shared(request)->options->tables, request->method, request->target,
                        &request->match, &request->allowed, &request->error);
}

static bool head_check_access(Request *request)
{
    const HttpGuard *guard = &request_shared(request)->options->guard;
    request->client = request_find_client(request);
    RequestFacts facts = {.method = (HttpMethod)request->method,
                          .target = request->target,
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

static bool head_check_body(Request *request)
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

bool head_check(Request *request)
{
    return head_check_route(request) && head_check_access(request) && head_check_body(request);
}
