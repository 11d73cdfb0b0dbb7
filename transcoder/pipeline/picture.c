#include "transcoder/pipeline/picture.h"

#include <math.h>

#include "transcoder/pipeline/filter.h"
#include "transcoder/plan/plan.h"

PictureSpec picture_fit(const AVFrame *frame, int long_side, PictureForm form)
{
    double factor = fmin(1, (double)long_side / MAX_OF(frame->width, frame->height));
    return (PictureSpec){.width = MAX_OF((int)lround(frame->width * factor), 1),
                         .height = MAX_OF((int)lround(frame->height * factor), 1),
                         .form = form};
}

#define KEPT_MAGIC 0x4b455054u /* "KEPT" */

typedef struct Kept {
    unsigned magic;
    AVFrame *frame; /* owned; NULL: none came */
} Kept;

static bool picture_keep(void *context, AVFrame *frame, Error *error)
{
    Kept *kept = CAST_OBJECT(Kept, context, KEPT_MAGIC);
    (void)error;
    av_frame_free(&kept->frame);
    kept->frame = av_frame_clone(frame);
    REQUIRE(kept->frame);
    return true;
}

/* Averaged over areas, which is the cheapest that is right for a picture made much smaller. */
bool picture_convert(const AVFrame *frame, const PictureSpec *spec, AVFrame **out, Error *error)
{
    static const char *const forms[] = {
        [PICTURE_JFIF] = ":out_range=pc:out_color_matrix=smpte170m,format=yuv420p",
        [PICTURE_RGB] = "+full_chroma_int+full_chroma_inp,format=rgb24",
    };
    char text[PLAN_FILTERS_MAX];
    Kept kept = {.magic = KEPT_MAGIC};
    _cleanup_filter_ Filter filter = {0};
    _cleanup_frame_ AVFrame *given = av_frame_clone(frame), *made = NULL;
    REQUIRE(given);
    snprintf(text, sizeof text, "scale=w=%d:h=%d:flags=area+accurate_rnd%s", spec->width,
             spec->height, forms[spec->form]);
    FilterSpec way = {.like = frame, .time_base = {1, 1}, .text = text, .threads = 1};
    bool converted = filter_open(&way, &filter, error) &&
                     filter_frame(&filter, given, (FrameSink){picture_keep, &kept}, error);
    made = kept.frame;
    if (!converted)
        return false;
    if (!made)
        return error_set(error, ERROR_MEDIA, "A picture could not be converted.");
    *out = TAKE_PTR(made);
    return true;
}
