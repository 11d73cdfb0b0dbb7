#include "transcoder/pipeline/storyboard_vtt.h"

#include <math.h>

#include "common/transfer/transfer.h"

static bool append_time(Buffer *out, double seconds)
{
    long long time = llround(seconds * 1000);
    return buffer_append_format(out, "%02lld:%02lld:%02lld.%03lld", time / 3600000,
                                time / 60000 % 60, time / 1000 % 60, time % 1000);
}

static bool append_tile(const StoryboardCues *cues, size_t index, Buffer *out)
{
    int column = (int)(index % (size_t)cues->columns), row = (int)(index / (size_t)cues->columns);
    return buffer_append_format(out, "%s#xywh=%d,%d,%d,%d\n",
                                transfer_file_kinds[TRANSFER_STORYBOARD].name, column * cues->width,
                                row * cues->height, cues->width, cues->height);
}

bool storyboard_vtt_format(const StoryboardCues *cues, Buffer *out)
{
    bool fits = buffer_append_text(out, "WEBVTT\n");
    for (size_t i = 0; fits && i < cues->count; i++)
        fits = buffer_append_text(out, "\n") && append_time(out, i == 0 ? 0 : cues->starts[i]) &&
               buffer_append_text(out, " --> ") &&
               append_time(out, i + 1 < cues->count ? cues->starts[i + 1] : cues->end) &&
               buffer_append_text(out, "\n") && append_tile(cues, i, out);
    return fits;
}
