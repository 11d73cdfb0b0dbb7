#include "transcoder/pipeline/storyboard.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <math.h>

#include "common/base/file.h"
#include "common/media/media_error.h"
#include "transcoder/pipeline/jpeg.h"
#include "transcoder/pipeline/storyboard_vtt.h"

#define CUE_SECONDS_MIN 0.002 /* shorter ones would be none in a text of milliseconds */

void storyboard_init(Storyboard *storyboard)
{
    *storyboard = (Storyboard){.interval = STORYBOARD_SECONDS};
}

/* Keeps the first tile of each stretch of this length. */
static void thin(Storyboard *storyboard, double interval)
{
    double last = -1;
    size_t kept = 0;
    for (size_t i = 0; i < storyboard->count; i++) {
        StoryboardTile tile = storyboard->tiles[i];
        double stretch = floor(tile.seconds / interval);
        if (stretch > last)
            storyboard->tiles[kept++] = tile;
        else
            av_frame_free(&tile.picture);
        last = stretch;
    }
    storyboard->count = kept;
}

/* 4:2:0 tiles meet where their colour does only if their sides are even. */
static PictureSpec shape_of_tiles(const AVFrame *frame)
{
    PictureSpec shape = picture_fit(frame, STORYBOARD_SIDE, PICTURE_JFIF);
    shape.width += shape.width % 2;
    shape.height += shape.height % 2;
    return shape;
}

/* The next one is due in the next stretch, but not at once where this one came late in its own. */
static double next_due(const Storyboard *storyboard, double seconds)
{
    double interval = storyboard->interval;
    return fmax((floor(seconds / interval) + 1) * interval, seconds + interval / 2);
}

void storyboard_take(Storyboard *storyboard, const AVFrame *frame, double seconds)
{
    StoryboardTile tile = {.seconds = seconds};
    if (!isfinite(seconds) || seconds < storyboard->due)
        return;
    if (storyboard->count == 0)
        storyboard->shape = shape_of_tiles(frame);
    if (picture_convert(frame, &storyboard->shape, &tile.picture, NULL))
        storyboard->tiles[storyboard->count++] = tile;
    while (storyboard->count > STORYBOARD_HELD_MAX) {
        storyboard->interval *= 2;
        thin(storyboard, storyboard->interval);
    }
    storyboard->due = next_due(storyboard, seconds);
}

/* All of them where the end is not a number. */
static void drop_beyond(Storyboard *storyboard, double end)
{
    while (storyboard->count > 0 && !(storyboard->tiles[storyboard->count - 1].seconds <= end))
        av_frame_free(&storyboard->tiles[--storyboard->count].picture);
}

static bool make_sheet(const Storyboard *storyboard, AVFrame **out, Error *error)
{
    int count = (int)storyboard->count,
        rows = (count + STORYBOARD_COLUMNS - 1) / STORYBOARD_COLUMNS;
    _cleanup_frame_ AVFrame *sheet = av_frame_alloc();
    REQUIRE(sheet);
    sheet->format = storyboard->tiles[0].picture->format;
    sheet->width = MIN_OF(count, STORYBOARD_COLUMNS) * storyboard->shape.width;
    sheet->height = rows * storyboard->shape.height;
    int number = av_frame_get_buffer(sheet, 0);
    if (number < 0)
        return media_error_set(error, number, "The storyboard could not be made");
    ptrdiff_t strides[4];
    for (size_t i = 0; i < ARRAY_SIZE(strides); i++)
        strides[i] = sheet->linesize[i];
    av_image_fill_black(sheet->data, strides, sheet->format, AVCOL_RANGE_JPEG, sheet->width,
                        sheet->height);
    *out = TAKE_PTR(sheet);
    return true;
}

static void put_tile(AVFrame *sheet, const AVFrame *tile, int index)
{
    int left = index % STORYBOARD_COLUMNS * tile->width;
    int top = index / STORYBOARD_COLUMNS * tile->height;
    for (int plane = 0; plane < 3; plane++) {
        int half = plane == 0 ? 1 : 2;
        uint8_t *place =
            sheet->data[plane] + (ptrdiff_t)(top / half) * sheet->linesize[plane] + left / half;
        av_image_copy_plane(place, sheet->linesize[plane], tile->data[plane], tile->linesize[plane],
                            tile->width / half, tile->height / half);
    }
}

static bool write_sheet(const Storyboard *storyboard, int fd, Error *error)
{
    _cleanup_frame_ AVFrame *sheet = NULL;
    if (!make_sheet(storyboard, &sheet, error))
        return false;
    for (size_t i = 0; i < storyboard->count; i++)
        put_tile(sheet, storyboard->tiles[i].picture, (int)i);
    return jpeg_write(sheet, JPEG_QUALITY_75, fd, error);
}

static bool write_text(const Storyboard *storyboard, const StoryboardOutput *output, Error *error)
{
    _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX);
    double starts[STORYBOARD_HELD_MAX];
    StoryboardCues cues = {.starts = starts,
                           .count = storyboard->count,
                           .end = output->duration,
                           .columns = STORYBOARD_COLUMNS,
                           .width = storyboard->shape.width,
                           .height = storyboard->shape.height};
    for (size_t i = 0; i < storyboard->count; i++)
        starts[i] = storyboard->tiles[i].seconds;
    REQUIRE(storyboard_vtt_format(&cues, &text));
    return file_write_all(output->vtt_fd, text.data, text.length, 0, error);
}

bool storyboard_write(Storyboard *storyboard, const StoryboardOutput *output, Error *error)
{
    drop_beyond(storyboard, output->duration - CUE_SECONDS_MIN);
    thin(storyboard, fmax(STORYBOARD_SECONDS, output->duration / STORYBOARD_TILES));
    if (storyboard->count < 2)
        return error_set(error, ERROR_MEDIA, "The video is too short for a storyboard.");
    if (write_sheet(storyboard, output->sheet_fd, error) && write_text(storyboard, output, error))
        return true;
    if (ftruncate(output->sheet_fd, 0) < 0 || ftruncate(output->vtt_fd, 0) < 0)
        return error_set_errno(error, errno, "An unfinished storyboard could not be removed");
    return false;
}

void storyboard_release(Storyboard *storyboard)
{
    drop_beyond(storyboard, -INFINITY);
}
