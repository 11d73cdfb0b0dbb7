/* Inside of a response, for web/http only. Handlers see http.h. */
#pragma once

#include <microhttpd.h>

#include "web/http/http.h"

struct Response {
    int status;
    struct MHD_Response *body;
    uint64_t length; /* bytes of its content */
    bool shared;     /* body belongs to a cached file */
};

/* The one value that stands for "not yet": never freed, never sent. */
extern Response response_parked;

/* Takes over `body`. */
Response *response_new(int status, struct MHD_Response *body, uint64_t length);
void response_free(Response *response);

/* Adds a field that must not be missing. */
void response_add(struct MHD_Response *body, const char *name, const char *value);

/* The fields every answer carries; added once to a new MHD response. */
void response_add_common(struct MHD_Response *body);

typedef struct ProblemField {
    const char *name; /* static text */
    char value[128];
} ProblemField;

/* An error on its way to a client: RFC 9457. */
typedef struct Problem {
    const Error *error;
    const char *request_id;
    const char *target; /* as sent: its path is the instance */
    unsigned allowed;   /* of a 405: HttpMethod bits */
    const ProblemField *fields;
    size_t field_count;
} Problem;

/* With Retry-After, Allow and WWW-Authenticate as they belong, and the problem's own fields. */
Response *response_problem(const Problem *problem);

/* The same as bytes of a whole HTTP/1.1 answer with Connection: close, for a socket taken from
 * libmicrohttpd. Owned by the caller. */
char *response_problem_wire(const Problem *problem);
