#include "web/http/exchange/response.h"

#include "web/http/message/router.h"

#define RETRY_AFTER_SECONDS 5 /* where the error does not know better */

Response response_parked;

const char *http_library_version(void)
{
    return MHD_get_version();
}

Response *response_new(int status, struct MHD_Response *body, uint64_t length)
{
    Response *response = NEW(Response);
    REQUIRE(body);
    *response = (Response){.status = status, .body = body, .length = length};
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

void response_add(struct MHD_Response *body, const char *name, const char *value)
{
    REQUIRE(MHD_add_response_header(body, name, value) == MHD_YES);
}

void response_header(Response *response, const char *name, const char *value)
{
    response_add(response->body, name, value);
}

void response_add_common(struct MHD_Response *body)
{
    response_add(body, "X-Content-Type-Options", "nosniff");
}

Response *response_text(int status, const char *content_type, char *text)
{
    size_t length = strlen(text);
    Response *response = response_new(
        status, MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE), length);
    response_add_common(response->body);
    response_header(response, "Content-Type", content_type);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

Response *response_json(int status, json_t *value)
{
    Response *response = response_text(status, "application/json", json_print(value));
    json_decref(value);
    return response;
}

Response *response_empty(int status)
{
    Response *response =
        response_new(status, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT), 0);
    response_add_common(response->body);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

Response *response_static(int status, const char *content_type, const void *data, size_t size)
{
    Response *response = response_new(
        status, MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_PERSISTENT), size);
    response_add_common(response->body);
    response_header(response, "Content-Type", content_type);
    return response;
}

/* --- problems --- */

static char *problem_text(const Problem *problem)
{
    const Error *error = problem->error;
    char instance[256];
    size_t length = MIN_OF(strcspn(problem->target, "?"), sizeof instance - 1);
    snprintf(instance, sizeof instance, "%.*s", (int)length, problem->target);
    _cleanup_json_ json_t *value =
        json_pack("{s:s, s:s, s:i, s:o, s:o, s:s, s:s}", "type", "about:blank", "title",
                  error_title(error->code), "status", error_http_status(error->code), "detail",
                  json_text(error->detail), "instance", json_text(instance), "code",
                  error_word(error->code), "request_id", problem->request_id);
    if (error->field_count > 0) {
        json_t *faults = json_array();
        for (size_t i = 0; i < error->field_count; i++)
            json_array_append_new(faults, json_pack("{s:s, s:o}", "field", error->fields[i].name,
                                                    "detail", json_text(error->fields[i].detail)));
        json_object_set_new(value, "errors", faults);
    }
    return json_print(value);
}

static bool problem_has(const Problem *problem, const char *name)
{
    for (size_t i = 0; i < problem->field_count; i++)
        if (strcasecmp(problem->fields[i].name, name) == 0)
            return true;
    return false;
}

/* Fields that belong to certain statuses, and those that the handler wants. */
static void problem_each_field(const Problem *problem,
                               void (*add)(void *context, const char *name, const char *value),
                               void *context)
{
    int status = error_http_status(problem->error->code);
    char allow[80], seconds[12];
    if (status == 401 && !problem_has(problem, "WWW-Authenticate"))
        add(context, "WWW-Authenticate", "Bearer");
    if ((status == 429 || status == 503) && !problem_has(problem, "Retry-After")) {
        unsigned wanted = problem->error->retry_seconds;
        snprintf(seconds, sizeof seconds, "%u", wanted ? wanted : RETRY_AFTER_SECONDS);
        add(context, "Retry-After", seconds);
    }
    if (status == 405) {
        router_allow(problem->allowed, allow, sizeof allow);
        add(context, "Allow", allow);
    }
    for (size_t i = 0; i < problem->field_count; i++)
        add(context, problem->fields[i].name, problem->fields[i].value);
}

static void problem_add_to_response(void *body, const char *name, const char *value)
{
    response_add(body, name, value);
}

static void problem_add_to_wire(void *wire, const char *name, const char *value)
{
    fprintf(wire, "%s: %s\r\n", name, value);
}

Response *response_problem(const Problem *problem)
{
    Response *response = response_text(error_http_status(problem->error->code),
                                       "application/problem+json", problem_text(problem));
    problem_each_field(problem, problem_add_to_response, response->body);
    return response;
}

char *response_problem_wire(const Problem *problem)
{
    _cleanup_free_ char *text = problem_text(problem);
    char *bytes = NULL;
    size_t length;
    FILE *wire = open_memstream(&bytes, &length);
    REQUIRE(wire);
    fprintf(wire,
            "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            "Content-Length: %zu\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            "X-Request-Id: %s\r\n",
            error_http_status(problem->error->code), error_title(problem->error->code),
            strlen(text), problem->request_id);
    problem_each_field(problem, problem_add_to_wire, wire);
    fprintf(wire, "\r\n%s", text);
    REQUIRE(fclose(wire) == 0);
    return bytes;
}
