#include "web/access/access.h"

#include "common/base/id.h"

bool access_authorize(void *context, const RequestFacts *facts, unsigned access, Viewer *viewer,
                      Error *error)
{
    const AccessRules *rules = CAST_OBJECT(const AccessRules, context, ACCESS_RULES_MAGIC);
    if (access == ACCESS_PUBLIC) {
        *viewer = (Viewer){.kind = VIEWER_ANYBODY};
        return true;
    }
    REQUIRE(access == ACCESS_TRANSCODER);
    const char *field = facts->authorization;
    if (!field || strncasecmp(field, "Bearer ", 7) != 0)
        return error_set(
            error, ERROR_UNAUTHENTICATED,
            "This address needs the field Authorization: Bearer and the shared token.");
    const char *given = field + 7 + strspn(field + 7, " ");
    bool current = id_secret_equal(rules->token, given);
    bool previous = id_secret_equal(rules->token_previous, given);
    if (!current && !previous)
        return error_set(error, ERROR_FORBIDDEN, "The token is not the one expected here.");
    *viewer = (Viewer){.kind = VIEWER_TRANSCODER};
    return true;
}

bool access_may_read(void *context, const Viewer *viewer, uint64_t audience, Error *error)
{
    (void)CAST_OBJECT(const AccessRules, context, ACCESS_RULES_MAGIC);
    (void)viewer;
    return audience == AUDIENCE_EVERYBODY ||
           error_set(error, ERROR_FORBIDDEN, "This file is not for everybody.");
}
