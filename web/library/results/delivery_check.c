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

static bool delivery_fault(Error *error, const char *field, const char *sentence)
{
    return error_add_field(error, ERROR_INVALID, field, "%s", sentence);
}

/* --- metadata --- */

static double slack_of(double duration)
{
    return fmax(DURATION_SLACK, duration * DURATION_SLACK_PART);
}

bool delivery_is_cut(const TransferResult *result, double original)
{
    return original - result->duration > slack_of(original);
}

static bool plausible(const TransferResult *result)
{
    return isfinite(result->duration) && isfinite(result->source_duration) &&
           result->duration > 0 && result->source_duration > 0 &&
           fabs(result->duration - result->source_duration) <= slack_of(result->source_duration);
}

static bool shape_possible(const TransferResult *result)
{
    if (transfer_main_file(result) == TRANSFER_AUDIO)
        return result->width == 0 && result->height == 0;
    return result->width >= 1 && result->height >= 1 && result->width <= SIDE_MAX &&
           result->height <= SIDE_MAX;
}

static bool thumbhash_valid(const char *text)
{
    unsigned char bytes[THUMBHASH_BYTES_MAX];
    size_t length;
    return sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &length, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           length >= THUMBHASH_BYTES_MIN;
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* RFC 3339 §5.6, to the second and in UTC. */
static bool time_valid(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
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
    return day_exists(number[0], number[1], number[2]) && number[3] < 24 && number[4] < 60 &&
           number[5] < 60;
}

/* C0, DEL and C1 controls (U+0080 to U+009F are C2 80 to C2 9F). */
static bool has_controls(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] <= 0x9F))
            return true;
    return false;
}

static void check_texts(const TransferResult *result, Error *error)
{
    if (result->thumbhash[0] && !thumbhash_valid(result->thumbhash))
        delivery_fault(error, TRANSFER_FIELD_METADATA,
                       "The thumbhash must be 5 to 25 bytes in base64 (RFC 4648, section 4).");
    if (result->captured_at[0] && !time_valid(result->captured_at))
        delivery_fault(error, TRANSFER_FIELD_METADATA,
                       "The captured_at must be a time in UTC, such as 2026-01-31T12:00:00Z.");
    if (!utf8_valid(result->title, strlen(result->title)) || has_controls(result->title))
        delivery_fault(error, TRANSFER_FIELD_METADATA, "The title must be UTF-8 without controls.");
}

static void check_metadata(const TransferResult *result, Error *error)
{
    if (!plausible(result))
        delivery_fault(error, TRANSFER_FIELD_METADATA,
                       "The duration is not that of the original: the result is not whole.");
    if (!shape_possible(result))
        delivery_fault(error, TRANSFER_FIELD_METADATA,
                       "The picture's width and height make no sense.");
    check_texts(result, error);
}

/* --- files --- */

static bool is_told(TransferFile which, const TransferMade *told, const ReceivedFile *file)
{
    bool size_told = which <= TRANSFER_AUDIO || told->size > 0;
    return (!size_told || (int64_t)file->size == told->size) &&
           digest_equal(&file->digest, &told->digest);
}

/* What is wrong with the file, as the end of a sentence; NULL for nothing. */
static const char *delivery_file_fault(TransferFile which, const TransferMade *told,
                                       const ReceivedFile *file)
{
    if (!file->present)
        return told->present ? "is missing: metadata tells of it" : NULL;
    if (!told->present)
        return "is not told of by metadata";
    if (file->size == 0)
        return "is empty";
    if (!is_told(which, told, file))
        return "is not the one that metadata tells of: size or digest differ";
    return delivery_published_as(which, file->type) ? NULL : "is of a type that it cannot be";
}

static void check_file(TransferFile which, const TransferMade *told, const ReceivedFile *file,
                       Error *error)
{
    const char *field = transfer_file_kinds[which].field;
    const char *what = delivery_file_fault(which, told, file);
    if (what)
        error_add_field(error, ERROR_INVALID, field, "The file %s %s.", field, what);
}

/* Each of the two is nothing without the other. */
static void check_storyboard(const ReceivedFile *files, Error *error)
{
    bool sheet = files[TRANSFER_STORYBOARD].present, text = files[TRANSFER_STORYBOARD_VTT].present;
    TransferFile missing = sheet ? TRANSFER_STORYBOARD_VTT : TRANSFER_STORYBOARD;
    if (sheet != text)
        delivery_fault(error, transfer_file_kinds[missing].field,
                       "A storyboard is a picture and a WebVTT file: one of them is missing.");
}

bool delivery_check(const TransferResult *result, const ReceivedFile files[TRANSFER_FILE_COUNT],
                    Error *error)
{
    Error found = {0};
    check_metadata(result, &found);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++)
        check_file(i, &result->files[i], &files[i], &found);
    check_storyboard(files, &found);
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}
