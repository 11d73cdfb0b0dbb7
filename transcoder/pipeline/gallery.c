#include "transcoder/pipeline/gallery.h"

#include "transcoder/pipeline/thumbhash.h"

void gallery_init(Gallery *gallery)
{
    gallery->poster = (Poster){0};
    storyboard_init(&gallery->storyboard);
}

void gallery_take(Gallery *gallery, const AVFrame *frame, double seconds)
{
    poster_consider(&gallery->poster, frame, seconds);
    storyboard_take(&gallery->storyboard, frame, seconds);
}

void gallery_write(Gallery *gallery, const int fds[TRANSFER_FILE_COUNT], EncoderOutcome *outcome)
{
    StoryboardOutput output = {.sheet_fd = fds[TRANSFER_STORYBOARD],
                               .vtt_fd = fds[TRANSFER_STORYBOARD_VTT],
                               .duration = outcome->duration};
    outcome->files[TRANSFER_POSTER] = poster_write(&gallery->poster, fds[TRANSFER_POSTER], NULL);
    if (outcome->files[TRANSFER_POSTER] &&
        !thumbhash_frame(poster_choice(&gallery->poster), outcome->thumbhash, NULL))
        outcome->thumbhash[0] = '\0';
    outcome->files[TRANSFER_STORYBOARD] = outcome->files[TRANSFER_STORYBOARD_VTT] =
        storyboard_write(&gallery->storyboard, &output, NULL);
}

void gallery_release(Gallery *gallery)
{
    poster_release(&gallery->poster);
    storyboard_release(&gallery->storyboard);
}
