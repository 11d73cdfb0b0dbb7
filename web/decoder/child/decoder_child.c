#include "web/decoder/child/decoder_child.h"

#include <libavutil/avutil.h>
#include <math.h>

#include "common/media/media_choice.h"
#include "common/media/media_error.h"
#include "common/media/media_probe.h"
#include "common/sandbox/sandbox_probe.h"
#include "web/decoder/child/decoder_play.h"
#include "web/decoder/child/photo_check.h"
#include "web/decoder/decoder_message.h"

/* A container whose length would leave less than this of each second lies about it. */
#define BYTES_A_SECOND_MIN 100

static void decoder_describe(const MediaFacts *media, const MediaChoice *choice, DecoderFacts *out)
{
    const MediaStream *picture = choice->picture;
    double plausible = (double)media->size / BYTES_A_SECOND_MIN;
    *out = (DecoderFacts){.kind = picture ? MEDIA_VIDEO : MEDIA_AUDIO,
                          .duration = media->duration <= plausible ? media->duration : 0,
                          .has_audio = choice->sound};
    if (picture) {
        /* As it is shown: turned upright, its pixels made square by widening or narrowing. */
        int width = MAX_OF((int)lround(picture->width * media_pixel_aspect(picture)), 1);
        bool turned = media_is_transposed(picture->orientation);
        out->width = turned ? picture->height : width;
        out->height = turned ? width : picture->height;
        out->frame_rate = media_ratio_value(picture->frame_rate);
        base_copy_truncated(out->video_codec, sizeof out->video_codec, picture->codec);
    }
    if (choice->sound)
        base_copy_truncated(out->audio_codec, sizeof out->audio_codec, choice->sound->codec);
}

/* Opens the file and describes it; `verify` also plays its beginning and its end. */
static bool decoder_look(bool verify, DecoderFacts *out, Error *error)
{
    _cleanup_media_input_ MediaInput *input = NULL;
    MediaFacts media;
    MediaChoice choice;
    if (!media_input_open(DECODER_FD_FILE, &input, error))
        return false;
    bool good = media_probe(input, &media, error) && media_choose(&media, &choice, error);
    if (good)
        decoder_describe(&media, &choice, out);
    if (good && verify) {
        DecoderPlay play = {.picture = choice.picture ? choice.picture->index : -1,
                            .sound = choice.sound ? choice.sound->index : -1};
        good = decoder_play(input, &play, &out->duration, error);
    }
    return media_input_check(input, error) && good;
}

static int decoder_answer(bool verify)
{
    DecoderMessage message = {0};
    DecoderFacts facts;
    Error error = {0};
    media_error_init();
    message.good = decoder_look(verify, &facts, &error);
    if (message.good)
        message.facts = facts;
    else
        message.error = error;
    decoder_message_write(DECODER_FD_STATUS, &message);
    return 0;
}

static int decoder_child_probe(int argc, char **argv)
{
    (void)argc, (void)argv;
    return decoder_answer(false);
}

static int decoder_child_verify(int argc, char **argv)
{
    (void)argc, (void)argv;
    return decoder_answer(true);
}

static int decoder_child_photo(int argc, char **argv)
{
    DecoderMessage message = {.facts = {.kind = MEDIA_PHOTO}};
    Error error = {0};
    REQUIRE(argc == 2);
    message.good = photo_check(DECODER_FD_FILE, argv[1], &error);
    if (!message.good)
        message.error = error;
    decoder_message_write(DECODER_FD_STATUS, &message);
    return 0;
}

const char *decoder_child_library(void)
{
    return av_version_info();
}

const ZygoteTask decoder_child_tasks[] = {
    {DECODER_TASK_PROBE, decoder_child_probe},
    {DECODER_TASK_VERIFY, decoder_child_verify},
    {DECODER_TASK_PHOTO, decoder_child_photo},
    {SANDBOX_PROBE_TASK, sandbox_probe_main},
    {0},
};
