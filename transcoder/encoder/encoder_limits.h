/*
 * How long, how much and how large an encode may be, and what it means that a child died: pure
 * functions of the policy and of what was seen, and a table. Any thread.
 *
 * The length of a file is known for certain only at its end, so that time is allowed in proportion
 * to what has been decoded; no file gets more than the longest one may.
 */
#pragma once

#include "common/sandbox/task.h"
#include "transcoder/plan/plan.h"

#define ENCODER_GRACE_SECONDS 600 /* on top of every proportion: opening, and a slow start */

/* Milliseconds that may have passed when so many seconds of media are decoded. */
int64_t encoder_limits_wall_ms(const EncoderPolicy *policy, int64_t grace_seconds, double decoded);

/* For the child's RLIMIT_CPU: what the longest file may take, twelve hours at most. */
unsigned encoder_limits_cpu_seconds(const EncoderPolicy *policy, int64_t grace_seconds);

/* What the end of a child means that brought neither result nor error of its own. ERROR_MEDIA where
 * the file is to blame and would end the next child too. */
extern const TaskFault encoder_limits_faults[TASK_END_COUNT];

/* The limits in force, a line each. */
void encoder_limits_print(const EncoderPolicy *policy, FILE *out);
