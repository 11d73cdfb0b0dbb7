#include "transcoder/pipeline/poster.h"

#include <math.h>

#include "transcoder/pipeline/jpeg.h"
#include "transcoder/pipeline/picture.h"

#define JUDGE_EVERY 0.5 /* seconds */
#define ROW_STEP    4   /* every fourth row and second pixel tell enough */
#define PIXEL_STEP  2
#define NEARLY_BEST 0.8 /* of the best quality: good enough to be chosen for being typical */
#define BLACK       16
#define WHITE       235

/* Contrast counts most, detail some; a picture mostly at the ends of the scale is fading, empty or
 * blinded. */
static PosterLook poster_judge(const AVFrame *frame)
{
    PosterLook look = {0};
    int64_t pixels = 0, sum = 0, squares = 0, edges = 0, bins[POSTER_BINS] = {0};
    for (int y = 0; y < frame->height; y += ROW_STEP) {
        const uint8_t *row = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (int x = 0; x + PIXEL_STEP < frame->width; x += PIXEL_STEP) {
            int value = row[x];
            sum += value;
            squares += value * value;
            edges += abs(value - row[x + PIXEL_STEP]);
            bins[value * POSTER_BINS / 256]++;
            pixels++;
        }
    }
    if (pixels == 0)
        return look;
    double count = (double)pixels, mean = (double)sum / count;
    double contrast = sqrt(fmax((double)squares / count - mean * mean, 0));
    double detail = (double)edges / count;
    double exposure = (mean - BLACK) / (WHITE - BLACK); /* 0.5 is best, both ends are worst */
    double balance = fmax(1 - fabs(exposure - 0.5) * 1.8, 0.05);
    look.quality = (fmin(contrast, 64) + fmin(detail, 16)) * sqrt(balance);
    for (size_t i = 0; i < POSTER_BINS; i++)
        look.spread[i] = (double)bins[i] / count;
    return look;
}

void poster_consider(Poster *poster, const AVFrame *frame, double seconds)
{
    PosterCandidate *candidates = poster->candidates;
    size_t place = poster->count;
    if (seconds < poster->due)
        return;
    poster->due = seconds + JUDGE_EVERY;
    PosterLook look = poster_judge(frame);
    for (size_t i = 0; i < POSTER_BINS; i++)
        poster->total[i] += look.spread[i];
    while (place > 0 && candidates[place - 1].look.quality < look.quality)
        place--;
    if (place == POSTER_CANDIDATES)
        return;
    if (poster->count == POSTER_CANDIDATES)
        av_frame_free(&candidates[--poster->count].frame);
    memmove(&candidates[place + 1], &candidates[place],
            (poster->count - place) * sizeof candidates[0]);
    AVFrame *kept = av_frame_clone(frame);
    REQUIRE(kept);
    candidates[place] = (PosterCandidate){kept, look};
    poster->count++;
}

static double poster_distance(const double *spread, const double *total)
{
    double sum = 0, apart = 0;
    for (size_t i = 0; i < POSTER_BINS; i++)
        sum += total[i];
    for (size_t i = 0; i < POSTER_BINS && sum > 0; i++)
        apart += fabs(spread[i] - total[i] / sum);
    return apart;
}

const AVFrame *poster_choice(const Poster *poster)
{
    if (poster->count == 0)
        return NULL;
    const PosterCandidate *best = &poster->candidates[0];
    double enough = best->look.quality * NEARLY_BEST;
    for (size_t i = 1; i < poster->count; i++) {
        const PosterCandidate *other = &poster->candidates[i];
        if (other->look.quality >= enough && poster_distance(other->look.spread, poster->total) <
                                                 poster_distance(best->look.spread, poster->total))
            best = other;
    }
    return best->frame;
}

bool poster_write(Poster *poster, int fd, Error *error)
{
    const AVFrame *chosen = poster_choice(poster);
    if (!chosen)
        return error_set(error, ERROR_MEDIA, "There was no picture for a poster.");
    PictureSpec spec = picture_fit(chosen, POSTER_LONG_SIDE_MAX, PICTURE_JFIF);
    _cleanup_frame_ AVFrame *picture = NULL;
    return picture_convert(chosen, &spec, &picture, error) &&
           jpeg_write(picture, JPEG_QUALITY_85, fd, error);
}

void poster_release(Poster *poster)
{
    for (size_t i = 0; i < poster->count; i++)
        av_frame_free(&poster->candidates[i].frame);
    poster->count = 0;
}
