#include "transcoder/plan/plan.h"

#include <inttypes.h>
#include <math.h>

#include "common/media/media_choice.h"

/* Applied last, to the fewest and smallest pixels. */
static const char *const orientation_filters[] = {
    [MEDIA_UPRIGHT] = "",
    [MEDIA_MIRROR] = ",hflip",
    [MEDIA_ROTATE_180] = ",hflip,vflip",
    [MEDIA_FLIP] = ",vflip",
    [MEDIA_TRANSPOSE] = ",transpose=cclock_flip",
    [MEDIA_ROTATE_90] = ",transpose=clock",
    [MEDIA_TRANSVERSE] = ",transpose=clock_flip",
    [MEDIA_ROTATE_270] = ",transpose=cclock",
};

/* Shapes that differ by no more are stretched: nobody sees that, but bars of a line they would. */
#define SHAPE_SLACK 0.01

bool plan_is_barred(double wider)
{
    return fabs(wider - 1) > SHAPE_SLACK;
}

/* Of a picture inside the planned one; even, as its place. */
static int plan_inner_side(int side, double factor)
{
    return factor >= 1 ? side : MAX_OF((int)(side * factor) & ~1, 2);
}

/* Red, green and blue follow from the picture's luma and colour differences by sums alone. Constant
 * luminance is near enough to that, and unknown to the filters where the picture is HDR. */
static bool plan_is_summed(int matrix)
{
    return matrix == MEDIA_COLOUR_BT709 || matrix == MEDIA_COLOUR_BT470BG ||
           matrix == MEDIA_COLOUR_BT601 || matrix == MEDIA_MATRIX_BT2020_NCL ||
           matrix == MEDIA_MATRIX_BT2020_CL;
}

/* HDR is only made smaller here, in limited range, and brought to the matrix of BT.2020 where it
 * has one of the rare kinds; pipeline/tone_map.h does the rest. */
static void plan_hdr_filters(const PlanVideo *plan, int width, int height,
                             char text[PLAN_FILTERS_MAX / 2])
{
    const MediaColour *source = &plan->source;
    char matrix[100] = "";
    if (!plan_is_summed(source->matrix))
        snprintf(matrix, sizeof matrix, "zscale=tin=%d:pin=%d:min=%d:t=%d:p=%d:m=%d:r=tv,",
                 source->transfer, source->primaries, source->matrix, source->transfer,
                 source->primaries, MEDIA_MATRIX_BT2020_NCL);
    snprintf(text, PLAN_FILTERS_MAX / 2,
             "scale=w=%d:h=%d:flags=bicubic:out_range=tv,%sformat=yuv420p10", width, height,
             matrix);
}

void plan_video_filters(const PlanVideo *plan, double wider, char text[PLAN_FILTERS_MAX])
{
    char colour[PLAN_FILTERS_MAX / 2], bars[80] = "";
    bool turned = media_is_transposed(plan->orientation);
    int all_width = turned ? plan->height : plan->width;
    int all_height = turned ? plan->width : plan->height;
    bool barred = plan_is_barred(wider);
    int width = barred ? plan_inner_side(all_width, wider) : all_width;
    int height = barred ? plan_inner_side(all_height, 1 / wider) : all_height;
    if (barred)
        snprintf(bars, sizeof bars, ",pad=w=%d:h=%d:x=%d:y=%d", all_width, all_height,
                 (all_width - width) / 4 * 2, (all_height - height) / 4 * 2);
    bool old_matrix =
        plan->target.matrix == MEDIA_COLOUR_BT470BG || plan->target.matrix == MEDIA_COLOUR_BT601;
    if (plan->tone_map)
        plan_hdr_filters(plan, width, height, colour);
    else if (plan->source.primaries == MEDIA_PRIMARIES_BT2020)
        snprintf(colour, sizeof colour,
                 "scale=w=%d:h=%d:flags=bicubic,"
                 "zscale=tin=%d:pin=%d:min=%d:rin=%s:t=%d:p=%d:m=%d:r=tv,format=yuv420p",
                 width, height, plan->source.transfer, plan->source.primaries, plan->source.matrix,
                 plan->source.full_range ? "pc" : "tv", plan->target.transfer,
                 plan->target.primaries, plan->target.matrix);
    else
        snprintf(colour, sizeof colour,
                 "scale=w=%d:h=%d:flags=bicubic:out_color_matrix=%s:out_range=tv,format=yuv420p",
                 width, height, old_matrix ? "smpte170m" : "bt709");
    snprintf(text, PLAN_FILTERS_MAX, "%s%s%s%s,setsar=1",
             plan->deinterlace ? "yadif=mode=send_frame:deint=interlaced," : "", colour, bars,
             orientation_filters[plan->orientation]);
}

/* Timestamps rule: where sound and clock differ by more than this, a gap becomes silence and an
 * overlap is cut. Below 40 ms nobody notices (ITU-R BT.1359); below that, jitter is left alone.
 * Stretching instead was tried: the resampler of 5.1 keeps stretching after it has caught up. */
#define DRIFT_SECONDS "0.030"

/* More channels than two are mixed so that full scale in all of them is full scale and no more; the
 * library alone does that for whole numbers only, and floats would be cut off in the player. */
void plan_audio_filters(const PlanAudio *plan, int64_t first, char text[PLAN_FILTERS_MAX])
{
    snprintf(text, PLAN_FILTERS_MAX,
             "aresample=%d:async=1:min_hard_comp=" DRIFT_SECONDS ":first_pts=%" PRId64
             ":rematrix_maxval=1,aformat=sample_fmts=fltp:sample_rates=%d:channel_layouts=%s",
             plan->sample_rate, first, plan->sample_rate, plan->channels == 1 ? "mono" : "stereo");
}
