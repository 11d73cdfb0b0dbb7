#include "transcoder/pipeline/allowance.h"

#include <inttypes.h>

#define HOUR 3600

bool allowance_seconds(const EncoderPolicy *policy, const char *what, double seconds, Error *error)
{
    int64_t most = policy->max_seconds;
    bool hours = most % HOUR == 0;
    if (seconds <= (double)most)
        return true;
    return error_set(error, ERROR_MEDIA, "The %s lasts longer than %" PRId64 " %s.", what,
                     hours ? most / HOUR : most, hours ? "hours" : "seconds");
}

bool allowance_cpu(const EncoderPolicy *policy, double used, double decoded, Error *error)
{
    double allowed = ALLOWANCE_CPU_SECONDS + (double)policy->max_cpu_ratio * decoded;
    if (used <= allowed)
        return true;
    return error_set(error, ERROR_MEDIA,
                     "The file takes more computing than is allowed: %.0f seconds for %.1f seconds "
                     "of media.",
                     used, decoded);
}
