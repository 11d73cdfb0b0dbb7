#include "common/media/media_types.h"

/* The library splits at commas and passes over what is empty, so each may bring its own. */
const char media_types_demuxers[] =
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words) demuxer ","
    MEDIA_VIDEO_TYPES(X) MEDIA_SOUND_TYPES(X);
#undef X

const char media_types_decoders[] =
#define X(name, decoders, words) decoders ","
    MEDIA_CODECS(X);
#undef X

const char *media_types_demuxer(MediaTypeId id)
{
    static const char *const demuxers[TYPE_COUNT] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words) [TYPE_##id] = demuxer,
        MEDIA_TYPES(X)
#undef X
    };
    return id < TYPE_COUNT ? demuxers[id] : "";
}

const char *media_types_codec(const char *name)
{
    static const char *const codecs[][2] = {
#define X(codec, decoders, words) {codec, words},
        MEDIA_CODECS(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
        if (streq(codecs[i][0], name))
            return codecs[i][1];
    return name;
}
