/* Inside of a response, for web/http only. Handlers see http.h. */
#pragma once

#include <microhttpd.h>

#include "web/http/http.h"
#include "web/http/message/conditional.h"

struct Response {
    int status;
    struct MHD_Response *body;
    bool shared; /* body belongs to a cached file */
};

/* The one value that stands for "not yet": never freed, never sent. */
extern Response response_parked;

Response *response_new(int status, struct MHD_Response *body);
void response_free(Response *response);

/* The fields every answer carries; added once to a new MHD response. */
void response_add_common(struct MHD_Response *body);

/* RFC 9457 for an error; `instance` is the request's path. Retry-After, Allow and WWW-Authenticate
 * as they belong. */
Response *response_problem(const Error *error, const char *request_id, const char *instance,
                           unsigned allowed);

/* The same as bytes of a whole HTTP/1.1 answer with Connection: close, for a socket taken from
 * libmicrohttpd. Owned by the caller. */
char *response_problem_wire(const Error *error, const char *request_id, const char *instance,
                            unsigned allowed);

/* What part of a file a request gets. */
typedef struct FilePlan {
    int status; /* 200, 206, 304, 412, 416 */
    uint64_t first,
        length; /* for 304 those of the whole, whose fields it repeats (RFC 9110 §15.4.5) */
} FilePlan;

FilePlan response_plan_file(const Request *request, const ServedFile *file);

/* Fields of a file's answer: validators, type, disposition, range. */
void response_add_file_fields(struct MHD_Response *body, const ServedFile *file,
                              const FilePlan *plan, bool download);

/* The answer for a plan with content; takes over `body`, which holds exactly the planned bytes. */
Response *response_file_body(const Request *request, const ServedFile *file, const FilePlan *plan,
                             struct MHD_Response *body);

/* The answer for a plan without content: 412, 416, an empty file. */
Response *response_file_empty(const Request *request, const ServedFile *file, const FilePlan *plan);
