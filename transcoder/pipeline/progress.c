#include "transcoder/pipeline/progress.h"

#include "common/base/clock.h"

#define REPORT_MS 2000 /* at most, between two reports while decoding advances */

void progress_update(Progress *progress, double part, double seconds)
{
    int percent = (int)(MIN_OF(MAX_OF(part, 0), 0.99) * 100);
    EncoderProgress now = {MAX_OF(percent, progress->told.percent), progress->before + seconds};
    int64_t now_ms = clock_monotonic_ms();
    bool advanced = now.seconds > progress->told.seconds && now_ms - progress->told_ms >= REPORT_MS;
    if (now.percent <= progress->told.percent && !advanced)
        return;
    progress->told = now;
    progress->told_ms = now_ms;
    progress->tell(progress->context, now);
}

void progress_start_over(Progress *progress, double seconds)
{
    progress->before += seconds;
}
