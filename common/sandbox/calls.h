/* The system calls of sandboxed children: one table of every call that is known, with its answer
 * and the group that has it, put into force by seccomp. Only sandbox_enter calls this. */
#pragma once

#include "common/sandbox/profiles.h"

/* From here on this process and its threads have the calls of these groups (CallGroup bits); any
 * other ends it with SIGSYS. False where the system cannot, and in a build for a sanitizer, whose
 * runtime reads /proc and maps what it likes. */
_must_check_ bool calls_enter(unsigned groups);
