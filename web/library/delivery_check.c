#include "web/library/delivery_check.h"

#include <math.h>

#define SIDE_MAX            16384 /* pixels: more than any encoder of ours makes */
#define DURATION_SLACK      1.0   /* seconds: what rounding at both ends can make */
#define DURATION_SLACK_PART 0.05  /* of the original: frames dropped in a damaged one */

static bool fault(Error *error, const char *field, const char *sentence)
{
    return error_add_field(error, ERROR_INVALID, field, "%s", sentence);
}

static bool plausible(const TransferResult *result)
{
    double slack = fmax(DURATION_SLACK, result->source_duration * DURATION_SLACK_PART);
    return isfinite(result->duration) && isfinite(result->source_duration) &&
           result->duration > 0 && result->source_duration > 0 &&
           fabs(result->duration - result->source_duration) <= slack;
}

static void check_metadata(const TransferResult *result, Error *error)
{
    if (!plausible(result))
        fault(error, TRANSFER_FIELD_METADATA,
              "The duration is not that of the original: the video is not whole.");
    if (result->width < 1 || result->height < 1 || result->width > SIDE_MAX ||
        result->height > SIDE_MAX)
        fault(error, TRANSFER_FIELD_METADATA, "The picture's width and height make no sense.");
}

static void check_video(const TransferResult *result, const ReceivedFile *video, Error *error)
{
    if (video->size == 0)
        fault(error, transfer_file_kinds[TRANSFER_VIDEO].field, "The video is empty.");
    else if ((int64_t)video->size != result->files[TRANSFER_VIDEO].size ||
             !digest_equal(&video->digest, &result->files[TRANSFER_VIDEO].digest))
        fault(error, transfer_file_kinds[TRANSFER_VIDEO].field,
              "The video is not the one that metadata tells of: size or digest differ.");
    else if (!video->type || !streq(video->type->content_type, "video/mp4"))
        fault(error, transfer_file_kinds[TRANSFER_VIDEO].field, "The video is no MP4 file.");
}

static void check_poster(const TransferResult *result, const ReceivedFile *poster, Error *error)
{
    if (poster->present != result->files[TRANSFER_POSTER].present)
        fault(error, transfer_file_kinds[TRANSFER_POSTER].field,
              poster->present ? "There is a poster, but metadata has no poster_digest."
                              : "metadata tells of a poster, but there is none.");
    else if (poster->present &&
             !digest_equal(&poster->digest, &result->files[TRANSFER_POSTER].digest))
        fault(error, transfer_file_kinds[TRANSFER_POSTER].field,
              "The poster is not the one that metadata tells of: its digest differs.");
    else if (poster->present && !delivery_poster_suffix(poster->type))
        fault(error, transfer_file_kinds[TRANSFER_POSTER].field,
              "The poster must be a JPEG, PNG or WebP picture.");
}

bool delivery_check(const TransferResult *result, const ReceivedFile *video,
                    const ReceivedFile *poster, Error *error)
{
    Error found = {0};
    check_metadata(result, &found);
    check_video(result, video, &found);
    check_poster(result, poster, &found);
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}

const char *delivery_poster_suffix(const MediaType *type)
{
    static const struct {
        const char *content_type, *suffix;
    } posters[] = {
        {"image/jpeg", "-poster.jpg"},
        {"image/png", "-poster.png"},
        {"image/webp", "-poster.webp"},
    };
    for (size_t i = 0; type && i < ARRAY_SIZE(posters); i++)
        if (streq(posters[i].content_type, type->content_type))
            return posters[i].suffix;
    return NULL;
}
