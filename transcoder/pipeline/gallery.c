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

static bool write_poster(Poster *poster, int fd, char thumbhash[TRANSFER_THUMBHASH_MAX + 1])
{
    if (!poster_write(poster, fd, NULL))
        return false;
    if (!thumbhash_frame(poster_choice(poster), thumbhash, NULL))
        thumbhash[0] = '\0';
    return true;
}

void gallery_write(Gallery *gallery, const int fds[TRANSFER_FILE_COUNT], EncoderOutcome *outcome)
{
    StoryboardOutput output = {.sheet_fd = fds[TRANSFER_STORYBOARD],
                               .vtt_fd = fds[TRANSFER_STORYBOARD_VTT],
                               .duration = outcome->duration};
    outcome->files[TRANSFER_POSTER] =
        write_poster(&gallery->poster, fds[TRANSFER_POSTER], outcome->thumbhash);
    outcome->files[TRANSFER_STORYBOARD] = outcome->files[TRANSFER_STORYBOARD_VTT] =
        storyboard_write(&gallery->storyboard, &output, NULL);
}

void gallery_release(Gallery *gallery)
{
    poster_release(&gallery->poster);
    storyboard_release(&gallery->storyboard);
}
