/* Counting what is asked of web, for /metrics. Wired by the serve command. */
#pragma once

#include "web/http/http.h"

/* The words of the labels that are known only here: routes, states, pools. Before the server is
 * started; the tables are borrowed for good. */
void api_metrics_start(const Route *const *tables);

/* HttpOptions.ended. */
void api_metrics_request_ended(const RequestOutcome *outcome);
