#include "transcoder/pipeline/mix.h"

#include <libswresample/swresample.h>
#include <math.h>

#include "common/media/media_error.h"

void mix_name_channels(AVChannelLayout *layout)
{
    int channels = layout->nb_channels;
    if (layout->order != AV_CHANNEL_ORDER_UNSPEC)
        return;
    av_channel_layout_uninit(layout);
    av_channel_layout_default(layout, channels);
}

/* Whether the library has a rule: asked by opening one of its converters. */
static bool mix_is_known(const AVChannelLayout *layout)
{
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO, found = {0};
    struct SwrContext *converter = NULL;
    REQUIRE(av_channel_layout_copy(&found, layout) >= 0);
    bool known = layout->order != AV_CHANNEL_ORDER_UNSPEC &&
                 swr_alloc_set_opts2(&converter, &stereo, AV_SAMPLE_FMT_FLTP, 48000, &found,
                                     AV_SAMPLE_FMT_FLTP, 48000, 0, NULL) >= 0 &&
                 swr_init(converter) >= 0;
    av_channel_layout_uninit(&found);
    swr_free(&converter);
    if (!known)
        media_error_forget(); /* the complaint about the question */
    return known;
}

/* Where a channel belongs by its name ("FL", "SR", "LFE"): 'L', 'R', or 0 for the middle. */
static char mix_side(const AVChannelLayout *layout, int index)
{
    char name[32] = "";
    enum AVChannel channel = av_channel_layout_channel_from_index(layout, (unsigned)index);
    bool told = layout->order != AV_CHANNEL_ORDER_UNSPEC && channel < AV_CHAN_UNUSED &&
                av_channel_name(name, sizeof name, channel) > 0;
    if (!told || strncmp(name, "LFE", 3) == 0)
        return 0;
    return strchr(name, 'L') ? 'L' : strchr(name, 'R') ? 'R' : 0;
}

static void mix_add_side(const AVChannelLayout *layout, char side, char text[MIX_TEXT_MAX])
{
    const char *sign = "";
    size_t length = strlen(text);
    for (int i = 0; i < layout->nb_channels; i++) {
        char of = mix_side(layout, i);
        if (of != 0 && of != side)
            continue;
        length += (size_t)snprintf(text + length, MIX_TEXT_MAX - length, "%sc%d", sign, i);
        sign = "+";
    }
    /* A side of which no speaker tells is silent. */
    if (!*sign)
        snprintf(text + length, MIX_TEXT_MAX - length, "0*c0");
}

/* Ambisonic channels come first, in the order ACN: W hears all around, Y left minus right. Their
 * half sums are never more than full scale. Stereo that does not turn with the head may follow. */
static bool mix_sphere(const AVChannelLayout *layout, char text[MIX_TEXT_MAX])
{
    int count = 0, channels = layout->nb_channels;
    while (count < channels && (int)av_channel_layout_channel_from_index(layout, (unsigned)count) >=
                                   AV_CHAN_AMBISONIC_BASE)
        count++;
    if (count < 4)
        return false;
    if (channels - count == 2)
        snprintf(text, MIX_TEXT_MAX,
                 "pan=stereo|c0=0.25*c0+0.25*c1+0.5*c%d|c1=0.25*c0-0.25*c1+0.5*c%d,", count,
                 count + 1);
    else
        snprintf(text, MIX_TEXT_MAX, "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1,");
    return true;
}

/* "<" brings the sum of a side's factors to one. */
static void mix_sides(const AVChannelLayout *layout, char text[MIX_TEXT_MAX])
{
    snprintf(text, MIX_TEXT_MAX, "aformat=sample_fmts=fltp,pan=stereo|c0<");
    mix_add_side(layout, 'L', text);
    size_t length = strlen(text);
    snprintf(text + length, MIX_TEXT_MAX - length, "|c1<");
    mix_add_side(layout, 'R', text);
    length = strlen(text);
    snprintf(text + length, MIX_TEXT_MAX - length, ",volume=%.3f,alimiter=level=disabled,",
             sqrt(layout->nb_channels));
}

bool mix_filters(const AVChannelLayout *layout, char text[MIX_TEXT_MAX], Error *error)
{
    text[0] = '\0';
    int channels = layout->nb_channels;
    if (channels > MIX_CHANNELS_MAX)
        return error_set(error, ERROR_MEDIA, "The sound has %d channels; up to %d can be mixed.",
                         channels, MIX_CHANNELS_MAX);
    if (mix_is_known(layout))
        return true;
    if (!mix_sphere(layout, text))
        mix_sides(layout, text);
    return true;
}
