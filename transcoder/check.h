/* What an operator asks a transcoder: is everything in place. Main thread; changes nothing on web.
 */
#pragma once

#include "common/sandbox/sandbox_probe.h"
#include "common/settings/settings.h"
#include "transcoder/plan/plan.h"

/* Prints the sandbox's walls (a sandbox that does not suffice has ended the program already), the
 * limits of an encode (those of `policy`, made of the settings) and one line per fault, or that
 * there is none; returns whether there is none. Settings are checked already. */
_must_check_ bool check_run(const Settings *settings, const SandboxReport *sandbox,
                            const EncoderPolicy *policy, FILE *out);
