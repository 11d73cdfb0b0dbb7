#include "transcoder/pipeline/storyboard.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <math.h>

#include "common/base/file.h"
#include "common/media/media_error.h"
#include "common/transfer/transfer.h"
#include "transcoder/pipeline/jpeg.h"

#define CUE_SECONDS_MIN 0.002 /* shorter ones would be none in a text of milliseconds */

void storyboard_init(Storyboard *storyboard)
{
    *storyboard = (Storyboard){.interval = STORYBOARD_SECONDS};
}

/* Keeps the first tile of each stretch of this length. */
static void storyboard_thin(Storyboard *storyboard, double interval)
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

void storyboard_take(Storyboard *storyboard, const AVFrame *frame, double seconds)
{
    StoryboardTile tile = {.seconds = seconds};
    if (!isfinite(seconds) || seconds < storyboard->due)
        return;
    if (storyboard->count == 0) {
        /* 4:2:0 tiles meet where their colour does only if their sides are even. */
        storyboard->shape = picture_fit(frame, STORYBOARD_SIDE, PICTURE_JFIF);
        storyboard->shape.width += storyboard->shape.width % 2;
        storyboard->shape.height += storyboard->shape.height % 2;
    }
    if (picture_convert(frame, &storyboard->shape, &tile.picture, NULL))
        storyboard->tiles[storyboard->count++] = tile;
    while (storyboard->count > STORYBOARD_HELD_MAX) {
        storyboard->interval *= 2;
        storyboard_thin(storyboard, storyboard->interval);
    }
    /* In the next stretch, but not at once where this one came late in its own. */
    double interval = storyboard->interval;
    storyboard->due = fmax((floor(seconds / interval) + 1) * interval, seconds + interval / 2);
}

/* All of them where the end is not a number. */
static void storyboard_drop_beyond(Storyboard *storyboard, double end)
{
    while (storyboard->count > 0 && !(storyboard->tiles[storyboard->count - 1].seconds <= end))
        av_frame_free(&storyboard->tiles[--storyboard->count].picture);
}

static bool storyboard_write_sheet(const Storyboard *storyboard, int fd, Error *error)
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
    for (int i = 0; i < count; i++) {
        const AVFrame *tile = storyboard->tiles[i].picture;
        int left = i % STORYBOARD_COLUMNS * tile->width;
        int top = i / STORYBOARD_COLUMNS * tile->height;
        for (int plane = 0; plane < 3; plane++) {
            int half = plane == 0 ? 1 : 2, stride = sheet->linesize[plane];
            uint8_t *place = sheet->data[plane] + (ptrdiff_t)(top / half) * stride + left / half;
            av_image_copy_plane(place, stride, tile->data[plane], tile->linesize[plane],
                                tile->width / half, tile->height / half);
        }
    }
    return jpeg_write(sheet, JPEG_QUALITY_75, fd, error);
}

static bool storyboard_append_time(Buffer *out, double seconds)
{
    long long time = llround(seconds * 1000);
    return buffer_append_format(out, "%02lld:%02lld:%02lld.%03lld", time / 3600000,
                                time / 60000 % 60, time / 1000 % 60, time % 1000);
}

bool storyboard_format_cues(const StoryboardCues *cues, Buffer *out)
{
    const char *sheet = transfer_file_kinds[TRANSFER_STORYBOARD].name;
    bool fits = buffer_append_text(out, "WEBVTT\n");
    for (size_t i = 0; fits && i < cues->count; i++) {
        int column = (int)(i % (size_t)cues->columns), row = (int)(i / (size_t)cues->columns);
        double end = i + 1 < cues->count ? cues->starts[i + 1] : cues->end;
        fits = buffer_append_text(out, "\n") &&
               storyboard_append_time(out, i == 0 ? 0 : cues->starts[i]) &&
               buffer_append_text(out, " --> ") && storyboard_append_time(out, end) &&
               buffer_append_format(out, "\n%s#xywh=%d,%d,%d,%d\n", sheet, column * cues->width,
                                    row * cues->height, cues->width, cues->height);
    }
    return fits;
}

static bool storyboard_write_text(const Storyboard *storyboard, const StoryboardOutput *output,
                                  Error *error)
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
    REQUIRE(storyboard_format_cues(&cues, &text));
    return file_write_all(output->vtt_fd, text.data, text.length, 0, error);
}

bool storyboard_write(Storyboard *storyboard, const StoryboardOutput *output, Error *error)
{
    storyboard_drop_beyond(storyboard, output->duration - CUE_SECONDS_MIN);
    storyboard_thin(storyboard, fmax(STORYBOARD_SECONDS, output->duration / STORYBOARD_TILES));
    if (storyboard->count < 2)
        return error_set(error, ERROR_MEDIA, "The video is too short for a storyboard.");
    if (storyboard_write_sheet(storyboard, output->sheet_fd, error) &&
        storyboard_write_text(storyboard, output, error))
        return true;
    if (ftruncate(output->sheet_fd, 0) < 0 || ftruncate(output->vtt_fd, 0) < 0)
        return error_set_errno(error, errno, "An unfinished storyboard could not be removed");
    return false;
}

void storyboard_release(Storyboard *storyboard)
{
    storyboard_drop_beyond(storyboard, -INFINITY);
}
