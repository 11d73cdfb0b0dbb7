#include "transcoder/pipeline/libav_versions.h"

#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>

void libav_print_versions(FILE *out)
{
    const struct {
        const char *name;
        unsigned version;
    } libraries[] = {
        {"libavformat", avformat_version()},
        {"libavcodec", avcodec_version()},
        {"libavfilter", avfilter_version()},
        {"libavutil", avutil_version()},
    };
    for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
        unsigned version = libraries[i].version;
        fprintf(out, "%s %u.%u.%u\n", libraries[i].name, AV_VERSION_MAJOR(version),
                AV_VERSION_MINOR(version), AV_VERSION_MICRO(version));
    }
    fprintf(out, "FFmpeg %s\n", av_version_info());
}
