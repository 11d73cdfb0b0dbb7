/*
 * The one error type: a code from a closed table and a sentence for the person who meets it.
 * Errors travel up as a filled `Error`; they are logged once, at the edge. Any thread; the caller
 * owns the struct.
 */
#pragma once

#include "common/base/base.h"
#include "common/base/limits.h"

typedef enum RetryClass {
    RETRY_NEVER,   /* the same request will fail again */
    RETRY_LATER,   /* the same work may succeed later: a fault of this machine */
    RETRY_REQUEST, /* the same request may succeed after a pause: on the way, or in passing */
} RetryClass;

/* code, word in problem documents, HTTP status (RFC 9110), retry class, title (RFC 9457 §3.1.3) */
#define ERROR_TABLE(X)                                                                             \
    X(ERROR_BAD_REQUEST, "bad_request", 400, RETRY_NEVER, "The request is malformed")              \
    X(ERROR_UNAUTHENTICATED, "unauthenticated", 401, RETRY_NEVER, "Credentials are missing")       \
    X(ERROR_FORBIDDEN, "forbidden", 403, RETRY_NEVER, "The credentials do not allow this")         \
    X(ERROR_NOT_FOUND, "not_found", 404, RETRY_NEVER, "There is nothing at this address")          \
    X(ERROR_METHOD, "method_not_allowed", 405, RETRY_NEVER, "The method is not allowed here")      \
    X(ERROR_TIMEOUT, "request_timeout", 408, RETRY_REQUEST, "The request took too long")           \
    X(ERROR_CONFLICT, "conflict", 409, RETRY_NEVER,                                                \
      "The request conflicts with the present state")                                              \
    X(ERROR_GONE, "gone", 410, RETRY_NEVER, "This is no longer available")                         \
    X(ERROR_LEASE_LOST, "lease_lost", 410, RETRY_NEVER, "The lease on the job is lost")            \
    X(ERROR_LENGTH_REQUIRED, "length_required", 411, RETRY_NEVER, "The length must be declared")   \
    X(ERROR_PRECONDITION, "precondition_failed", 412, RETRY_NEVER,                                 \
      "A condition of the request does not hold")                                                  \
    X(ERROR_TOO_LARGE, "too_large", 413, RETRY_NEVER, "The content is too large")                  \
    X(ERROR_URI_TOO_LONG, "uri_too_long", 414, RETRY_NEVER, "The address is too long")             \
    X(ERROR_MEDIA_TYPE, "unsupported_media_type", 415, RETRY_NEVER,                                \
      "The content type is not supported")                                                         \
    X(ERROR_RANGE, "range_not_satisfiable", 416, RETRY_NEVER,                                      \
      "The range lies outside the content")                                                        \
    X(ERROR_INVALID, "invalid", 422, RETRY_NEVER, "The content could not be used")                 \
    X(ERROR_BUSY, "too_many_requests", 429, RETRY_REQUEST, "Too many requests")                    \
    X(ERROR_HEADERS, "headers_too_large", 431, RETRY_NEVER, "The header fields are too large")     \
    X(ERROR_INTERNAL, "internal", 500, RETRY_LATER, "Something went wrong here")                   \
    X(ERROR_IO, "io", 500, RETRY_LATER, "The storage failed")                                      \
    X(ERROR_DATABASE, "database", 500, RETRY_LATER, "The database failed")                         \
    X(ERROR_UNAVAILABLE, "unavailable", 503, RETRY_REQUEST, "The service is not available now")    \
    X(ERROR_NO_SPACE, "insufficient_storage", 507, RETRY_LATER, "The storage is full")             \
    X(ERROR_SETTING, "setting", 500, RETRY_NEVER, "A setting is wrong")                            \
    X(ERROR_MEDIA, "media", 422, RETRY_NEVER, "The media file could not be used")                  \
    X(ERROR_NETWORK, "network", 503, RETRY_REQUEST, "The other program could not be reached")      \
    X(ERROR_CANCELLED, "cancelled", 503, RETRY_LATER, "The work was called off")

typedef enum ErrorCode {
    ERROR_NONE,
#define X(code, word, status, retry, title) code,
    ERROR_TABLE(X)
#undef X
        ERROR_COUNT
} ErrorCode;

typedef struct ErrorField {
    char name[32];
    char detail[200];
} ErrorField;

typedef struct Error {
    ErrorCode code;
    char detail[400];
    unsigned retry_seconds; /* when to come again, with 429 and 503; 0: shortly */
    size_t field_count;
    ErrorField fields[ERROR_FIELDS_MAX]; /* which parts of the input are at fault, for forms */
    char file[200]; /* which file is at fault, for the log alone; "": none, or not known */
} Error;

/* Fills *error and returns false, so that a function may end in it. A NULL error is allowed. */
bool error_set(Error *error, ErrorCode code, const char *format, ...) _printf_(3, 4);

/* The same for a failed system call: ENOSPC, EDQUOT and EFBIG become ERROR_NO_SPACE, others
 * ERROR_IO; the system's words follow. */
bool error_set_errno(Error *error, int errnum, const char *format, ...) _printf_(3, 4);

/* Adds a fault of one named field; the first one also gives the error its code and detail. Beyond
 * ERROR_FIELDS_MAX: dropped. */
bool error_add_field(Error *error, ErrorCode code, const char *field, const char *format, ...)
    _printf_(4, 5);

const char *error_word(ErrorCode code);
int error_http_status(ErrorCode code);
RetryClass error_retry_class(ErrorCode code);
const char *error_title(ErrorCode code);
