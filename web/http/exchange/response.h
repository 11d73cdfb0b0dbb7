/* Inside of a response, for web/http only. Handlers see http.h. */
#pragma once

#include "common/base/buffer.h"
#include "web/http/exchange/pages.h"
#include "web/http/http.h"

struct Response {
    int status;
    Buffer fields;      /* of its header, each line with its CR LF */
    const Buffer *lent; /* fields before these; only until the answer begins; may be NULL */
    uint64_t length;    /* bytes of its content, which is … */
    const char *bytes;  /* … here, and lives as long as the program or is … */
    char *text;         /* … allocated; */
    Pages *pages;       /* or here … */
    uint64_t first;     /* … from this offset on */
};

/* The one value that stands for "not yet": never freed, never sent. */
extern Response response_parked;

/* Without content and without fields. */
Response *response_new(int status);
void response_free(Response *response);

/* Adds to the fields of a header; a value that has a line end in it is a fault of the program. */
void response_add(Buffer *fields, const char *name, const char *value);

/* Fields with which every answer begins. */
void response_add_common(Buffer *fields);

/* How an answer goes out. */
typedef struct Delivery {
    const char *request_id;
    int64_t now_ms; /* wall clock */
    bool close;     /* nothing will follow on the connection */
    bool keep;      /* which an HTTP/1.0 client must be told */
} Delivery;

/* Writes the head of the answer, RFC 9112 §4 and §5, and returns its length. */
size_t response_head(const Response *response, const Delivery *delivery,
                     char head[HTTP_ANSWER_HEAD_MAX]);

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
