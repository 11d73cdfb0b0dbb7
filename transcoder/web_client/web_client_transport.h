/*
 * One HTTP exchange over libcurl, private to web_client*.c. A request is described by a WebRequest
 * and performed on the client's one handle; what came back stands in the client's answer until the
 * next request. Whatever libcurl refuses on the way fails the request.
 */
#pragma once

#include <curl/curl.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/flag.h"
#include "common/base/json.h"

#define WEB_REQUEST_HEADERS_MAX 4

typedef struct WebRequest {
    const char *path;  /* begins with a slash; appended to the base URL */
    const char *what;  /* for sentences: "the claim" */
    const char *json;  /* body of a POST, or NULL */
    curl_mime *mime;   /* body of a POST, or NULL; without either it is a GET */
    int total_seconds; /* limit of the whole exchange; 0: none */
    int stall_seconds; /* limit of (nearly) no bytes moving; 0: none */
    const char *headers[WEB_REQUEST_HEADERS_MAX]; /* additional lines, up to the first NULL */
    /* Takes the body of a 2xx instead of the answer's buffer. False ends the exchange with its
     * error. */
    bool (*sink)(void *context, const char *data, size_t length, Error *error);
    void *sink_context;
} WebRequest;

typedef struct WebAnswer {
    long status;
    char etag[128];
    char content_type[64];
    char content_range[64];
    char repr_digest[256];
    char retry_after[64];
    char fallback[16]; /* X-Railway-Fallback: the host's router answered, web is not there */
    Buffer body;       /* at most TRANSFER_JSON_MAX; what exceeds it is not read */
    bool body_cut;
} WebAnswer;

#define WEB_CLIENT_MAGIC 0x57434c49u /* "WCLI" */

/* What web_client.h hands out. */
typedef struct WebClient {
    unsigned magic;
    CURLM *multi; /* holds the connections */
    CURL *easy;
    char base_url[SETTING_VALUE_MAX];           /* without a slash at the end */
    char authorization[SETTING_VALUE_MAX + 32]; /* header line */
    FlagSet abort;
    const WebRequest *request; /* the one being performed */
    WebAnswer answer;
    Error fault; /* of a callback, while a request is performed */
    char message[CURL_ERROR_SIZE];
} WebClient;

/* Whether libcurl did what it was asked for; ERROR_INTERNAL where not. */
_must_check_ bool web_transport_good(CURLcode code, Error *error);

/* True when an answer of status 2xx came. Any other is an error with the answer's own words where
 * it has any (RFC 9457 `detail`). A 404, 405, 409, 410 or 413 without a problem document is not
 * web's own but a web that is away (ERROR_UNAVAILABLE): a host's router answers so while web
 * restarts, and a result must not be dropped for that. */
_must_check_ bool web_transport_request(WebClient *client, const WebRequest *request, Error *error);

/* The body of such an answer as an object; NULL and *error for anything else. */
_must_check_ json_t *web_transport_object(const WebClient *client, Error *error);
