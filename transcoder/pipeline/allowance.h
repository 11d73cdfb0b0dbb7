/*
 * What one file may cost, counted while it is worked on: what a container says about itself is
 * never believed. Pure; each fails with ERROR_MEDIA and a sentence that names what was exceeded.
 */
#pragma once

#include "common/base/error.h"
#include "transcoder/plan/plan.h"

#define ALLOWANCE_CPU_SECONDS 600 /* of computing for any file; the policy's ratio comes on top */

/* `what` has lasted for so many seconds: "video", "sound". */
_must_check_ bool allowance_seconds(const EncoderPolicy *policy, const char *what, double seconds,
                                    Error *error);

/* This process has computed for `used` seconds and decoded so many. */
_must_check_ bool allowance_cpu(const EncoderPolicy *policy, double used, double decoded,
                                Error *error);
