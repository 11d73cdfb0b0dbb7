/* Who may use a route. Pure; any thread. Comparisons of secrets take constant time. */
#pragma once

#include "common/base/error.h"

/* Authorization: Bearer (RFC 6750 §2.1) against the current and the previous token ("" for none).
 * ERROR_UNAUTHENTICATED without credentials, ERROR_FORBIDDEN with wrong ones. */
bool access_check_bearer(const char *authorization, const char *token, const char *previous,
                         Error *error);
