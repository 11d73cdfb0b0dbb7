/*
 * The storyboard: small pictures of the video in the order of time on one sheet, and a WebVTT file
 * that tells which belongs to which stretch, for a page to show while somebody looks for a place.
 * One tile per two seconds, or per hundredth of a longer video. How long it is shows only at the
 * end: until then twice as many tiles are held, and whenever that is too many every second one
 * goes. In the pipeline's thread.
 */
#pragma once

#include "common/base/buffer.h"
#include "transcoder/pipeline/picture.h"

#define STORYBOARD_SIDE     160 /* pixels of a tile's longer side */
#define STORYBOARD_COLUMNS  10
#define STORYBOARD_TILES    100 /* on the sheet at most */
#define STORYBOARD_HELD_MAX 200 /* on the way there: at most 8 MB */
#define STORYBOARD_SECONDS  2.0 /* between tiles at least, on average */

typedef struct StoryboardTile {
    AVFrame *picture; /* owned */
    double seconds;   /* when it is shown */
} StoryboardTile;

typedef struct Storyboard {
    StoryboardTile tiles[STORYBOARD_HELD_MAX + 1];
    size_t count;
    PictureSpec shape; /* of every tile */
    double interval;   /* seconds that one tile stands for */
    double due;        /* when to take the next one */
} Storyboard;

void storyboard_init(Storyboard *storyboard);

/* Looks at a picture shown at `seconds`, which grow; copies it, made smaller, when one is due. */
void storyboard_take(Storyboard *storyboard, const AVFrame *frame, double seconds);

typedef struct StoryboardOutput {
    int sheet_fd, vtt_fd; /* borrowed; empty files */
    double duration;      /* seconds of the video */
} StoryboardOutput;

/* Writes the sheet, a JPEG, and the text. A video of fewer than two tiles has none: that is false
 * with ERROR_MEDIA too. Both files are empty then. */
_must_check_ bool storyboard_write(Storyboard *storyboard, const StoryboardOutput *output,
                                   Error *error);

void storyboard_release(Storyboard *storyboard);

/* The text's own form: WebVTT (https://www.w3.org/TR/webvtt1/) whose cues name a part of the sheet
 * in pixels (Media Fragments URI 1.0 §4.2.2). */
typedef struct StoryboardCues {
    const double *starts; /* seconds, growing */
    size_t count;
    double end; /* seconds */
    int columns;
    int width, height; /* of a tile, pixels */
} StoryboardCues;

/* Appends the file; pure, any thread. The first cue begins at 0, each lasts until the next one, the
 * last until the end; false where the buffer is full. */
_must_check_ bool storyboard_format_cues(const StoryboardCues *cues, Buffer *out);
