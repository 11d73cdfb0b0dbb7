#include "web/access/access.h"

#include "common/base/id.h"

bool access_check_bearer(const char *authorization, const char *token, const char *previous,
                         Error *error)
{
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return error_set(
            error, ERROR_UNAUTHENTICATED,
            "This address needs the field Authorization: Bearer and the shared token.");
    const char *given = authorization + 7 + strspn(authorization + 7, " ");
    bool current = id_secret_equal(token, given), old = id_secret_equal(previous, given);
    if (!current && !old)
        return error_set(error, ERROR_FORBIDDEN, "The token is not the one expected here.");
    return true;
}
