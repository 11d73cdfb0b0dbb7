/*
 * Who may do what: the rules behind http's guard. They run on the event loops, from memory; secrets
 * are compared in constant time. Immutable once wired, but for the rates, which see to themselves;
 * any thread.
 */
#pragma once

#include "web/access/allowance.h"
#include "web/access/rate.h"
#include "web/http/http.h"

/* The column of the routes. */
typedef enum Access {
    ACCESS_UNSET, /* a forgotten column: refused at start */
    ACCESS_PUBLIC,
    ACCESS_UPLOAD,     /* as ACCESS_PUBLIC, so often from one address */
    ACCESS_TRANSCODER, /* Authorization: Bearer TRANSCODING_UPLOAD_TOKEN (RFC 6750 §2.1) */
} Access;

/* What Viewer.kind says. */
typedef enum ViewerKind {
    VIEWER_ANYBODY = 1,
    VIEWER_TRANSCODER,
} ViewerKind;

/* Whose files are cached: what ServedFile.audience says. */
#define AUDIENCE_EVERYBODY 1

#define ACCESS_RULES_MAGIC 0x52554c45u /* "RULE" */

typedef struct AccessRules {
    unsigned magic;
    const char *token;
    const char *token_previous; /* "" for none */
    const char *public_url;     /* this site's address as browsers see it, "" if Host tells */
    Rate *uploads, *guesses;    /* by address: uploads, and wrong tokens. NULL: not limited */
    Allowance *under_way;       /* uploads by address. NULL: not limited */
} AccessRules;

/* HttpGuard's functions; their context is an AccessRules. ERROR_UNAUTHENTICATED without
 * credentials, ERROR_FORBIDDEN with wrong ones, and for a change that another site's page asks for
 * in a browser; ERROR_BUSY where an address uploads too often, or goes on with wrong tokens. The
 * right token is always let in, whatever else comes from its address: refusing it there would give
 * a stranger behind the same proxy the power to stop a transcoder. */
_must_check_ bool access_authorize(void *rules, const RequestFacts *facts, unsigned access,
                                   Viewer *viewer, Error *error);
_must_check_ bool access_may_read(void *rules, const Viewer *viewer, uint64_t audience,
                                  Error *error);
