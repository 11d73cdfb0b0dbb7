/* What an operator asks a transcoder: is everything in place. Main thread; changes nothing on web.
 */
#pragma once

#include "common/settings.h"

/* Prints one line per fault, or that there is none; returns whether there is none. Settings are
 * checked already. */
bool check_run(const Settings *settings, FILE *out);
