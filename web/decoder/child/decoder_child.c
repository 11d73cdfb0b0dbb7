#include "web/decoder/child/decoder_child.h"

#include <libavutil/avutil.h>
#include <math.h>

#include "common/media/media_choice.h"
#include "common/media/media_error.h"
#include "common/media/media_probe.h"
#include "web/decoder/child/decoder_play.h"
#include "web/decoder/decoder_message.h"

/* A container whose length would leave less than this of each second lies about it. */
#define BYTES_A_SECOND_MIN 100

/* As it is shown: turned upright, its pixels made square by widening or narrowing. */
static void describe_picture(const MediaStream *picture, DecoderFacts *out)
{
    int width = MAX_OF((int)lround(picture->width * media_pixel_aspect(picture)), 1);
    int height = picture->height;
    bool turned = media_is_transposed(picture->orientation);
    out->width = turned ? height : width;
    out->height = turned ? width : height;
    out->frame_rate = media_ratio_value(picture->frame_rate);
    base_copy_truncated(out->video_codec, sizeof out->video_codec, picture->codec);
}

static double told_duration(const MediaFacts *media)
{
    double plausible = (double)media->size / BYTES_A_SECOND_MIN;
    return media->duration <= plausible ? media->duration : 0;
}

static bool describe(const MediaFacts *media, DecoderPlay *play, DecoderFacts *out, Error *error)
{
    MediaChoice choice;
    if (!media_choose(media, &choice, error))
        return false;
    *out = (DecoderFacts){.kind = choice.picture ? MEDIA_VIDEO : MEDIA_AUDIO,
                          .duration = told_duration(media),
                          .has_audio = choice.sound};
    if (choice.picture)
        describe_picture(choice.picture, out);
    if (choice.sound)
        base_copy_truncated(out->audio_codec, sizeof out->audio_codec, choice.sound->codec);
    play->picture = choice.picture ? choice.picture->index : -1;
    play->sound = choice.sound ? choice.sound->index : -1;
    return true;
}

/* Opens the file and describes it; `verify` also plays its beginning and its end. */
static bool look(bool verify, DecoderFacts *out, Error *error)
{
    _cleanup_media_input_ MediaInput *input = NULL;
    MediaFacts media;
    DecoderPlay play;
    if (!media_input_open(DECODER_FD_FILE, &input, error))
        return false;
    bool good = media_probe(input, &media, error) && describe(&media, &play, out, error) &&
                (!verify || decoder_play(input, &play, &out->duration, error));
    return media_input_check(input, error) && good;
}

static int answer(bool verify)
{
    DecoderMessage message = {0};
    DecoderFacts facts;
    Error error = {0};
    media_error_init();
    message.good = look(verify, &facts, &error);
    if (message.good)
        message.facts = facts;
    else
        message.error = error;
    decoder_message_write(DECODER_FD_STATUS, &message);
    return 0;
}

static int probe(int argc, char **argv)
{
    (void)argc, (void)argv;
    return answer(false);
}

static int verify(int argc, char **argv)
{
    (void)argc, (void)argv;
    return answer(true);
}

const char *decoder_child_library(void)
{
    return av_version_info();
}

const ZygoteTask decoder_child_tasks[] = {
    {DECODER_TASK_PROBE, probe},
    {DECODER_TASK_VERIFY, verify},
    {0},
};
