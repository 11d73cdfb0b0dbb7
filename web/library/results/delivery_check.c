#include "web/library/results/delivery_check.h"

#include <math.h>

#include "common/base/utf8.h"

#define SIDE_MAX            16384 /* pixels: more than any encoder of ours makes */
#define DURATION_SLACK      1.0   /* seconds: what rounding at both ends can make */
#define DURATION_SLACK_PART 0.05  /* of the original: frames dropped in a damaged one */
#define THUMBHASH_BYTES_MIN 5     /* a header, and the few terms of a plain picture */
#define THUMBHASH_BYTES_MAX 25

/* What may come, and as what it is published. NULL: text, which is checked as it is written anew.
 * An M4A file is an MP4 file, and not every writer says so in its brand. */
static const struct {
    TransferFile which;
    const char *received;
    PublishedAs form;
} forms[] = {
    {TRANSFER_VIDEO, "video/mp4", {"video/mp4", ".mp4", FILE_VIDEO}},
    {TRANSFER_AUDIO, "audio/mp4", {"audio/mp4", ".m4a", FILE_AUDIO}},
    {TRANSFER_AUDIO, "video/mp4", {"audio/mp4", ".m4a", FILE_AUDIO}},
    {TRANSFER_POSTER, "image/jpeg", {"image/jpeg", "-poster.jpg", FILE_POSTER}},
    {TRANSFER_POSTER, "image/png", {"image/png", "-poster.png", FILE_POSTER}},
    {TRANSFER_POSTER, "image/webp", {"image/webp", "-poster.webp", FILE_POSTER}},
    {TRANSFER_STORYBOARD, "image/jpeg", {"image/jpeg", "-storyboard.jpg", FILE_STORYBOARD}},
    {TRANSFER_STORYBOARD_VTT,
     NULL,
     {"text/vtt; charset=utf-8", "-storyboard.vtt", FILE_STORYBOARD_VTT}},
    {TRANSFER_WAVEFORM, NULL, {"application/json", "-waveform.json", FILE_WAVEFORM}},
};

const PublishedAs *delivery_published_as(TransferFile which, const MediaType *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        if (forms[i].which == which &&
            (!forms[i].received || (type && streq(forms[i].received, type->content_type))))
            return &forms[i].form;
    return NULL;
}

/* --- metadata --- */

static double delivery_slack(double duration)
{
    return fmax(DURATION_SLACK, duration * DURATION_SLACK_PART);
}

bool delivery_is_cut(const TransferResult *result, double original)
{
    return original - result->duration > delivery_slack(original);
}

static bool delivery_thumbhash_valid(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    unsigned char bytes[THUMBHASH_BYTES_MAX];
    size_t length;
    /* The library takes some bytes beyond ASCII for letters. */
    return strspn(text, letters) == strlen(text) &&
           sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length >= THUMBHASH_BYTES_MIN;
}

/* RFC 3339 §5.6, to the second and in UTC. */
static bool delivery_time_valid(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int number[6] = {0};
    size_t which = 0;
    for (size_t i = 0; i < sizeof shape; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i])
            return false;
        if (digit)
            number[which] = number[which] * 10 + (text[i] - '0');
        else
            which++;
    }
    int year = number[0], month = number[1], day = number[2];
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1 : 0) && number[3] < 24 &&
           number[4] < 60 && number[5] < 60;
}

/* C0, DEL and C1 controls (U+0080 to U+009F are C2 80 to C2 9F). */
static bool delivery_has_controls(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] <= 0x9F))
            return true;
    return false;
}

static void delivery_check_metadata(const TransferResult *result, Error *error)
{
    bool sound = transfer_main_file(result) == TRANSFER_AUDIO;
    double duration = result->duration, source = result->source_duration;
    if (!isfinite(duration) || !isfinite(source) || duration <= 0 || source <= 0 ||
        fabs(duration - source) > delivery_slack(source))
        error_add_field(error, ERROR_MEDIA, TRANSFER_FIELD_METADATA,
                        "The duration is not that of the original: the result is not whole.");
    int64_t width = result->width, height = result->height;
    if (sound ? width != 0 || height != 0
              : width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        error_add_field(error, ERROR_MEDIA, TRANSFER_FIELD_METADATA,
                        "The picture's width and height make no sense.");
    if (result->thumbhash[0] && !delivery_thumbhash_valid(result->thumbhash))
        error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_METADATA,
                        "The thumbhash must be 5 to 25 bytes in base64 (RFC 4648, section 4).");
    if (result->captured_at[0] && !delivery_time_valid(result->captured_at))
        error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_METADATA,
                        "The captured_at must be a time in UTC, such as 2026-01-31T12:00:00Z.");
    if (!utf8_valid(result->title, strlen(result->title)) || delivery_has_controls(result->title))
        error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_METADATA,
                        "The title must be UTF-8 without controls.");
}

/* --- files --- */

/* What is wrong with the file, as the end of a sentence; NULL for nothing. The size of the main
 * file is always told. */
static const char *delivery_file_fault(TransferFile which, const TransferMade *told,
                                       const ReceivedFile *file)
{
    bool size_told = which <= TRANSFER_AUDIO || told->size > 0;
    if (!file->present)
        return told->present ? "is missing: metadata tells of it" : NULL;
    if (!told->present)
        return "is not told of by metadata";
    if (file->size == 0)
        return "is empty";
    if ((size_told && (int64_t)file->size != told->size) ||
        !digest_equal(&file->digest, &told->digest))
        return "is not the one that metadata tells of: size or digest differ";
    return delivery_published_as(which, file->type) ? NULL : "is of a type that it cannot be";
}

bool delivery_check(const TransferResult *result, const ReceivedFile files[TRANSFER_FILE_COUNT],
                    Error *error)
{
    Error found = {0};
    delivery_check_metadata(result, &found);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const char *field = transfer_file_kinds[i].field;
        const char *fault = delivery_file_fault(i, &result->files[i], &files[i]);
        if (fault)
            error_add_field(&found, ERROR_INVALID, field, "The file %s %s.", field, fault);
    }
    /* Each of the two is nothing without the other. */
    bool sheet = files[TRANSFER_STORYBOARD].present, text = files[TRANSFER_STORYBOARD_VTT].present;
    TransferFile missing = sheet ? TRANSFER_STORYBOARD_VTT : TRANSFER_STORYBOARD;
    if (sheet != text)
        error_add_field(&found, ERROR_INVALID, transfer_file_kinds[missing].field,
                        "A storyboard is a picture and a WebVTT file: one of them is missing.");
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}
