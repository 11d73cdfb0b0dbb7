/* What an operator asks a transcoder: is everything in place. Main thread; changes nothing on web.
 */
#pragma once

#include "common/settings/settings.h"
#include "transcoder/plan/plan.h"

/* Prints the sandbox's walls, the limits of an encode (those of `policy`, made of the settings) and
 * one line per fault, or that there is none; returns whether there is none. Settings are checked
 * already. */
bool check_run(const Settings *settings, const EncoderPolicy *policy, FILE *out);
