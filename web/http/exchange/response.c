#include "web/http/exchange/response.h"

#include "common/base/clock.h"
#include "web/http/exchange/request.h"
#include "web/http/message/field.h"
#include "web/http/message/range.h"
#include "web/http/message/router.h"

#define RETRY_AFTER_SECONDS "5"

Response response_parked;

const char *http_library_version(void)
{
    return MHD_get_version();
}

Response *response_new(int status, struct MHD_Response *body)
{
    Response *response = NEW(Response);
    REQUIRE(body);
    *response = (Response){.status = status, .body = body};
    return response;
}

void response_free(Response *response)
{
    if (!response || response == &response_parked)
        return;
    if (!response->shared)
        MHD_destroy_response(response->body);
    free(response);
}

void response_header(Response *response, const char *name, const char *value)
{
    REQUIRE(MHD_add_response_header(response->body, name, value) == MHD_YES);
}

void response_add_common(struct MHD_Response *body)
{
    MHD_add_response_header(body, "X-Content-Type-Options", "nosniff");
}

static Response *from_text(int status, const char *content_type, char *text)
{
    Response *response = response_new(
        status, MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE));
    response_add_common(response->body);
    response_header(response, "Content-Type", content_type);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

Response *response_json(int status, json_t *value)
{
    Response *response = from_text(status, "application/json", json_print(value));
    json_decref(value);
    return response;
}

Response *response_empty(int status)
{
    Response *response =
        response_new(status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
    response_add_common(response->body);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

Response *response_static(int status, const char *content_type, const void *data, size_t size)
{
    Response *response = response_new(
        status, MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_PERSISTENT));
    response_add_common(response->body);
    response_header(response, "Content-Type", content_type);
    return response;
}

static json_t *field_faults(const Error *error)
{
    json_t *faults = json_array();
    for (size_t i = 0; i < error->field_count; i++)
        json_array_append_new(faults, json_pack("{s:s, s:o}", "field", error->fields[i].name,
                                                "detail", json_text(error->fields[i].detail)));
    return faults;
}

static char *problem_text(const Error *error, const char *request_id, const char *instance)
{
    _cleanup_json_ json_t *problem =
        json_pack("{s:s, s:s, s:i, s:o, s:o, s:s, s:s}", "type", "about:blank", "title",
                  error_title(error->code), "status", error_http_status(error->code), "detail",
                  json_text(error->detail), "instance", json_text(instance), "code",
                  error_word(error->code), "request_id", request_id);
    if (error->field_count > 0)
        json_object_set_new(problem, "errors", field_faults(error));
    return json_print(problem);
}

/* Fields that belong to certain statuses. */
static void problem_fields(const Error *error, unsigned allowed,
                           void (*add)(void *context, const char *name, const char *value),
                           void *context)
{
    int status = error_http_status(error->code);
    char allow[80];
    if (status == 401)
        add(context, "WWW-Authenticate", "Bearer");
    if (status == 429 || status == 503)
        add(context, "Retry-After", RETRY_AFTER_SECONDS);
    if (status == 405) {
        router_allow(allowed, allow, sizeof allow);
        add(context, "Allow", allow);
    }
}

static void add_to_response(void *context, const char *name, const char *value)
{
    response_header(context, name, value);
}

static void add_to_wire(void *context, const char *name, const char *value)
{
    FILE *wire = context;
    fprintf(wire, "%s: %s\r\n", name, value);
}

Response *response_problem(const Error *error, const char *request_id, const char *instance,
                           unsigned allowed)
{
    Response *response = from_text(error_http_status(error->code), "application/problem+json",
                                   problem_text(error, request_id, instance));
    problem_fields(error, allowed, add_to_response, response);
    return response;
}

char *response_problem_wire(const Error *error, const char *request_id, const char *instance,
                            unsigned allowed)
{
    _cleanup_free_ char *text = problem_text(error, request_id, instance);
    int status = error_http_status(error->code);
    char *bytes = NULL;
    size_t length;
    FILE *wire = open_memstream(&bytes, &length);
    REQUIRE(wire);
    fprintf(wire,
            "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            "Content-Length: %zu\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            "X-Request-Id: %s\r\n",
            status, error_title(error->code), strlen(text), request_id);
    problem_fields(error, allowed, add_to_wire, wire);
    fprintf(wire, "\r\n%s", text);
    fclose(wire);
    return bytes;
}

static Conditions conditions_of(const Request *request)
{
    return (Conditions){
        .if_match = request_header(request, "If-Match"),
        .if_unmodified_since = request_header(request, "If-Unmodified-Since"),
        .if_none_match = request_header(request, "If-None-Match"),
        .if_modified_since = request_header(request, "If-Modified-Since"),
        .if_range = request_header(request, "If-Range"),
        .reading = true,
    };
}

FilePlan response_plan_file(const Request *request, const ServedFile *file)
{
    FilePlan whole = {.status = 200, .length = file->size};
    Conditions conditions = conditions_of(request);
    Validators validators = {.etag = file->etag, .modified_ms = file->modified_ms};
    ConditionResult condition = conditional_evaluate(&conditions, &validators);
    ByteRange range;
    if (condition == CONDITION_FAILED)
        return (FilePlan){.status = 412};
    if (condition == CONDITION_NOT_MODIFIED)
        return (FilePlan){.status = 304, .length = file->size};
    if (request_method(request) != HTTP_GET || !conditional_range_applies(&conditions, &validators))
        return whole;
    switch (range_parse(request_header(request, "Range"), file->size, &range)) {
    case RANGE_PART:
        return (FilePlan){.status = 206, .first = range.first, .length = range.length};
    case RANGE_UNSATISFIABLE:
        return (FilePlan){.status = 416};
    case RANGE_WHOLE:
        return whole;
    }
    UNREACHABLE();
}

static void add_content_range(struct MHD_Response *body, const ServedFile *file,
                              const FilePlan *plan)
{
    char value[80];
    if (plan->status == 206)
        snprintf(value, sizeof value, "bytes %llu-%llu/%llu", (unsigned long long)plan->first,
                 (unsigned long long)(plan->first + plan->length - 1),
                 (unsigned long long)file->size);
    else
        snprintf(value, sizeof value, "bytes */%llu", (unsigned long long)file->size);
    MHD_add_response_header(body, "Content-Range", value);
}

void response_add_file_fields(struct MHD_Response *body, const ServedFile *file,
                              const FilePlan *plan, bool download)
{
    char date[40], disposition[1400];
    clock_http_date(file->modified_ms, date, sizeof date);
    field_disposition(download || file->attachment ? "attachment" : "inline", file->download_name,
                      disposition, sizeof disposition);
    response_add_common(body);
    MHD_add_response_header(body, "ETag", file->etag);
    MHD_add_response_header(body, "Last-Modified", date);
    MHD_add_response_header(body, "Cache-Control", file->cache_control);
    MHD_add_response_header(body, "Accept-Ranges", "bytes");
    MHD_add_response_header(body, "Content-Type", file->content_type);
    MHD_add_response_header(body, "Content-Disposition", disposition);
    MHD_add_response_header(body, "Content-Security-Policy", "default-src 'none'; sandbox");
    if (*file->repr_digest)
        MHD_add_response_header(body, "Repr-Digest", file->repr_digest);
    if (plan->status == 206)
        add_content_range(body, file, plan);
}

/* 412 and 416 are errors like any other, but tell what is there. */
static Response *file_refusal(const Request *request, const ServedFile *file, const FilePlan *plan)
{
    Error error = {0};
    if (plan->status == 416)
        error_set(&error, ERROR_RANGE, "The range lies outside the %llu bytes of this file.",
                  (unsigned long long)file->size);
    else
        error_set(&error, ERROR_PRECONDITION, "The file is not the one the conditions ask for.");
    Response *response = response_problem(&error, request_id(request), request_path(request), 0);
    if (plan->status == 416)
        add_content_range(response->body, file, plan);
    response_header(response, "ETag", file->etag);
    return response;
}

Response *response_file_body(const Request *request, const ServedFile *file, const FilePlan *plan,
                             struct MHD_Response *body)
{
    Response *response = response_new(plan->status, body);
    response_add_file_fields(body, file, plan, request_query_is(request, "download", "1"));
    return response;
}

Response *response_file_empty(const Request *request, const ServedFile *file, const FilePlan *plan)
{
    if (plan->status >= 400)
        return file_refusal(request, file, plan);
    return response_file_body(request, file, plan,
                              MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

Response *response_file(const Request *request, ServedFile *file)
{
    FilePlan plan = response_plan_file(request, file);
    _cleanup_close_ int fd = TAKE_FD(file->fd);
    if (plan.length == 0)
        return response_file_empty(request, file, &plan);
    return response_file_body(
        request, file, &plan,
        MHD_create_response_from_fd_at_offset64(plan.length, TAKE_FD(fd), plan.first));
}
