#include "tests/unit/alignment.h"

#include <math.h>

#include "tests/unit/encoded.h"

#define RATE    8000          /* samples a second listened to */
#define LAG_MAX (RATE / 4)    /* samples to either side */
#define LISTEN  (RATE * 2)    /* samples compared: the last two seconds both have */
#define QUIET   (200.0 * 200) /* mean square of 16-bit samples */
#define CLEAR   0.5           /* a correlation below tells nothing */

typedef struct Sound {
    int16_t *samples; /* owned */
    size_t count;
} Sound;

static void sound_release(Sound *sound)
{
    free(sound->samples);
}
#define _cleanup_sound_ _cleanup_(sound_release)

/* Mono, from the beginning of the file's clock. The best stream, as the command chooses it. */
static Sound listen(const char *path)
{
    char name[512];
    snprintf(name, sizeof name, "%s/listen.raw", encoded_folder());
    free(encoded_run("ffmpeg -v error -y -i '%s' -vn -af aresample=%d:async=1:first_pts=0 -ac 1 "
                     "-ar %d -f s16le '%s'",
                     path, RATE, RATE, name));
    _cleanup_fclose_ FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    Sound sound = {.count = (size_t)ftell(file) / sizeof(int16_t)};
    sound.samples = base_calloc(sound.count + 1, sizeof *sound.samples);
    rewind(file);
    assert_int_equal(fread(sound.samples, sizeof(int16_t), sound.count, file), sound.count);
    return sound;
}

static double correlation_at(const Sound *a, const Sound *b, size_t from, size_t length, int lag)
{
    double both = 0, square_a = 0, square_b = 0;
    for (size_t i = from; i < from + length; i++) {
        double x = a->samples[(size_t)((int64_t)i + lag)], y = b->samples[i];
        both += x * y;
        square_a += x * x;
        square_b += y * y;
    }
    bool quiet = square_b < QUIET * (double)length || square_a == 0;
    return quiet ? 0 : both / sqrt(square_a * square_b);
}

double alignment_of_sound(const char *made_path, const char *source_path)
{
    _cleanup_sound_ Sound made = listen(made_path), source = listen(source_path);
    size_t end = MIN_OF(made.count, source.count), margin = MIN_OF((size_t)LAG_MAX, end / 4);
    size_t length = MIN_OF((size_t)LISTEN, end - 2 * margin), from = end - margin - length;
    double best = CLEAR;
    int found = 0;
    for (int lag = -(int)margin; lag <= (int)margin; lag++) {
        double alike = correlation_at(&made, &source, from, length, lag);
        if (alike > best) {
            best = alike;
            found = lag;
        }
    }
    return (double)found / RATE;
}

/* Times of the pictures in the order they are shown; owned by the caller. */
static char *picture_times(const char *path)
{
    return encoded_run("ffprobe -v error -select_streams v:0 -show_entries "
                       "frame=best_effort_timestamp_time -of default=nk=1:nw=1 '%s' | grep -v '^$'",
                       path);
}

static double next_time(const char **text)
{
    double time = strtod(*text, NULL);
    *text += strcspn(*text, "\n");
    *text += **text == '\n';
    return time;
}

/* The first picture is shown from the beginning, however late it comes. */
double alignment_of_pictures(const char *made_path, const char *source_path)
{
    _cleanup_free_ char *made_text = picture_times(made_path);
    _cleanup_free_ char *source_text = picture_times(source_path);
    const char *made = made_text, *source = source_text;
    double apart = encoded_number(source_path, "v:0", "format=start_time") -
                   encoded_number(made_path, "v:0", "format=start_time");
    double moved = 0;
    next_time(&made);
    next_time(&source);
    while (*made && *source)
        moved = fmax(moved, fabs(next_time(&made) + apart - next_time(&source)));
    if (*made || *source)
        fail_msg("%s and %s hold different numbers of pictures", made_path, source_path);
    return moved;
}
