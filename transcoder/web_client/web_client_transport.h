/*
 * One HTTP exchange over libcurl, private to web_client*.c. A request is described by a WebRequest
 * and performed on the client's one handle; what came back stands in the client's answer until the
 * next request.
 */
#pragma once

#include <curl/curl.h>

#include "common/base/buffer.h"
#include "transcoder/web_client/web_client.h"

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

struct WebClient {
    CURLM *multi; /* holds the connections */
    CURL *easy;
    char base_url[SETTING_VALUE_MAX];           /* without a slash at the end */
    char authorization[SETTING_VALUE_MAX + 32]; /* header line */
    FlagSet abort;
    const WebRequest *request; /* the one being performed */
    WebAnswer answer;
    Error fault; /* of a callback, while a request is performed */
    char message[CURL_ERROR_SIZE];
};

/* True when an answer came, whatever its status. */
bool web_transport_perform(WebClient *client, const WebRequest *request, Error *error);

/* Whether the answer's status is 2xx; else an error with the answer's own words where it has any
 * (RFC 9457 `detail`). A 404, 405, 409, 410 or 413 without a problem document is not web's own but
 * a web that is away (ERROR_UNAVAILABLE): a host's router answers so while web restarts, and a
 * result must not be dropped for that. */
bool web_transport_accept(const WebClient *client, Error *error);

/* Perform and accept in one. */
bool web_transport_request(WebClient *client, const WebRequest *request, Error *error);

/* The body of an accepted answer as an object; NULL and *error for anything else. */
json_t *web_transport_object(const WebClient *client, Error *error);
