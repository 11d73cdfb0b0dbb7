/*
 * What the transcoder says to web: every request of the transfer contract, one try each. The only
 * part of the program that knows HTTP and libcurl; repeating is retry.h's matter.
 *
 * One client belongs to one thread, which keeps its connection open between requests. A request
 * ends at once when one of the client's flags is raised (ERROR_CANCELLED). Connections that fail,
 * 408, 429, 5xx and answers that are not web's own are transient errors (web_client_is_transient);
 * a full disk on web is one of them, so ERROR_NO_SPACE always means a disk of ours. The token goes
 * into the Authorization header and nowhere else; redirections are not followed.
 */
#pragma once

#include "common/base/flag.h"
#include "common/transfer/transfer.h"

typedef struct WebClient WebClient;

/* Once, before any thread is started, and after the last has ended. */
void web_client_global_init(void);
void web_client_global_release(void);

/* Name and version of the library, for --version. */
const char *web_client_library(void);

_must_check_ bool web_client_new(const char *base_url, const char *token, WebClient **out,
                                 Error *error);
void web_client_free(WebClient **client);
#define _cleanup_web_client_ _cleanup_(web_client_free)

/* What ends this client's requests; the flags are borrowed until the next call. */
void web_client_abort_on(WebClient *client, FlagSet flags);
FlagSet web_client_abort_flags(const WebClient *client);

/* Whether the same request may succeed later. */
bool web_client_is_transient(ErrorCode code);

/* No wait was asked for by web. */
#define WEB_CLIENT_UNASKED (-1)

/* Milliseconds that the last answer asked to wait (Retry-After), or WEB_CLIENT_UNASKED. */
int64_t web_client_retry_after_ms(const WebClient *client);

/* Retry-After (RFC 9110 §10.2.3), seconds or a date, as milliseconds from now; WEB_CLIENT_UNASKED
 * for anything else. */
int64_t web_client_parse_retry_after(const char *text, int64_t now_wall_ms);

/* Waits up to wait_seconds for a job; *found is false when there was none. */
typedef struct WebClaim {
    const char *worker; /* name of this transcoder, for web's log */
    int wait_seconds;   /* at most CLAIM_WAIT_SECONDS_MAX */
} WebClaim;
_must_check_ bool web_client_claim(WebClient *client, const WebClaim *claim, TransferJob *job,
                                   bool *found, Error *error);

/* Renews the lease. ERROR_GONE or ERROR_NOT_FOUND: it is lost. */
_must_check_ bool web_client_progress(WebClient *client, const TransferJob *job, const char *stage,
                                      int percent, Error *error);

/* Gives the job back; costs it no attempt. */
_must_check_ bool web_client_release(WebClient *client, const TransferJob *job, const char *reason,
                                     Error *error);

/* Ends the attempt with a sentence for the person who uploaded. */
typedef struct WebFailure {
    const char *sentence;
    bool retryable;
} WebFailure;
_must_check_ bool web_client_fail(WebClient *client, const TransferJob *job,
                                  const WebFailure *failure, Error *error);

/* Whether web answers and accepts the token; changes nothing there. */
_must_check_ bool web_client_check(WebClient *client, Error *error);

/* Told during transfers, on every change of the percentage. */
typedef struct WebProgress {
    void (*report)(void *context, int percent); /* may be NULL */
    void *context;
} WebProgress;

/*
 * Fetching the original, over as many tries as it takes: each goes on where the last one ended
 * (Range with If-Range, RFC 9110 §13.1.5 and §14.2), or from the start when the content changed.
 * Only bytes of a 200 or 206 that fit the claim are stored; any other answer of success is a
 * transient error. When all have come, the digest must be the claim's; if not, one more attempt
 * from the start is allowed (a transient error), then it is ERROR_INVALID.
 */
typedef struct WebFetch {
    const TransferJob *job; /* borrowed */
    int fd;                 /* borrowed: an empty file */
    WebProgress progress;

    /* Kept between the tries; web_client_fetch_init sets them. */
    int64_t offset;
    int percent;
    char etag[128]; /* strong, of what is in the file so far; else empty */
    DigestState digest;
    bool was_wrong; /* all bytes came once, and were not the claim's */
} WebFetch;

void web_client_fetch_init(WebFetch *fetch, const TransferJob *job, int fd);
_must_check_ bool web_client_fetch(WebClient *client, WebFetch *fetch, Error *error);

/* Delivers a result; true when web has confirmed it. The files are read from their descriptors with
 * pread, so that each try starts from the beginning. */
typedef struct WebDelivery {
    const TransferJob *job;       /* borrowed, like the following */
    const TransferResult *result; /* tells which files there are */
    const int *fds;               /* TRANSFER_FILE_COUNT */
    WebProgress progress;
} WebDelivery;
_must_check_ bool web_client_deliver(WebClient *client, const WebDelivery *delivery, Error *error);
