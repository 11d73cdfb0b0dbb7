#include "transcoder/encoder/encoder_limits.h"

#include <inttypes.h>

#define CPU_SECONDS_MAX (12 * 3600)

int64_t encoder_limits_wall_ms(const EncoderPolicy *policy, int64_t grace_seconds, double decoded)
{
    double seconds = MIN_OF(decoded, (double)policy->max_seconds);
    return (int64_t)(1000 * ((double)grace_seconds + (double)policy->max_wall_ratio * seconds));
}

unsigned encoder_limits_cpu_seconds(const EncoderPolicy *policy, int64_t grace_seconds)
{
    int64_t seconds = grace_seconds + policy->max_cpu_ratio * policy->max_seconds;
    return (unsigned)MIN_OF(seconds, CPU_SECONDS_MAX);
}

#define OUTSIDE "The encoder was ended from outside, perhaps for lack of memory."

/* One that has ended, and whose end is not told in time, was on a machine that is too busy. */
const TaskFault encoder_limits_faults[TASK_END_COUNT] = {
    [TASK_DAMAGED] = {ERROR_MEDIA,
                      "The video could not be read: the decoder gave a damaged answer."},
    [TASK_LINGERED] = {ERROR_INTERNAL, "The encoder did not end in time."},
    [TASK_LOST] = {ERROR_INTERNAL, OUTSIDE},
    [TASK_KILLED] = {ERROR_INTERNAL, OUTSIDE},
    [TASK_FORBIDDEN] = {ERROR_MEDIA,
                        "The file could not be read: it made the decoder do what is forbidden, and "
                        "the sandbox stopped it."},
    [TASK_OVERTIME] = {ERROR_MEDIA,
                       "The file takes more computing than is allowed (ENCODE_MAX_CPU_RATIO); a "
                       "shorter or smaller one may work."},
    [TASK_OVERSIZE] = {ERROR_MEDIA,
                       "The result would be larger than is allowed (ENCODE_MAX_OUTPUT); a shorter "
                       "file may work."},
    [TASK_CRASHED] = {ERROR_MEDIA, "The video could not be read: the decoder crashed."},
};

void encoder_limits_print(const EncoderPolicy *policy, FILE *out)
{
    unsigned cpu = encoder_limits_cpu_seconds(policy, ENCODER_GRACE_SECONDS);
    fputs("Limits of one encode:\n", out);
    fprintf(out, "  %" PRId64 " pixels in a picture (ENCODE_MAX_PIXELS)\n", policy->max_pixels);
    fprintf(out, "  %" PRId64 " tracks (ENCODE_MAX_STREAMS)\n", policy->max_streams);
    fprintf(out, "  %" PRId64 " seconds of picture or sound (ENCODE_MAX_SECONDS)\n",
            policy->max_seconds);
    fprintf(out, "  %" PRId64 " MiB of result (ENCODE_MAX_OUTPUT)\n",
            policy->max_output / (int64_t)MIB);
    fprintf(out,
            "  %" PRId64 " seconds of computing per second of media and ten minutes more, %u in "
            "all (ENCODE_MAX_CPU_RATIO)\n",
            policy->max_cpu_ratio, cpu);
    fprintf(out,
            "  %" PRId64 " seconds per second of media and ten minutes more "
            "(ENCODE_MAX_WALL_RATIO)\n",
            policy->max_wall_ratio);
    fprintf(out, "  %" PRId64 " seconds without any progress (ENCODE_STALL_SECONDS)\n",
            policy->stall_seconds);
}
