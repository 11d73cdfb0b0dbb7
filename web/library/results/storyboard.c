#include "web/library/results/storyboard.h"

#include "common/base/url.h"
#include "common/transfer/transfer.h"

#define SIDE_MAX 65535       /* pixels: no JPEG is larger (ITU-T T.81 §B.2.2) */
#define TIME_MAX 86400000000 /* milliseconds: a thousand days */

typedef struct Reader {
    const char *at, *end;
    size_t line; /* from 1 */
} Reader;

typedef struct Cue {
    int64_t start, stop;         /* milliseconds */
    int64_t x, y, width, height; /* pixels */
} Cue;

static bool storyboard_fault(const Reader *reader, const char *what, Error *error)
{
    return error_set(error, ERROR_INVALID, "Line %zu of the storyboard's WebVTT file %s.",
                     reader->line, what);
}

/* Takes the text if it comes next. */
static bool storyboard_take(Reader *reader, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool storyboard_take_line_end(Reader *reader)
{
    storyboard_take(reader, "\r");
    if (!storyboard_take(reader, "\n"))
        return false;
    reader->line++;
    return true;
}

static bool storyboard_take_number(Reader *reader, size_t digits_min, size_t digits_max,
                                   int64_t *out)
{
    int64_t value = 0;
    size_t digits = 0;
    for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; digits++) {
        if (digits == digits_max)
            return false;
        value = value * 10 + (*reader->at++ - '0');
    }
    *out = value;
    return digits >= digits_min;
}

/* [hours:]minutes:seconds.milliseconds (WebVTT §4.1). */
static bool storyboard_take_time(Reader *reader, int64_t *out)
{
    int64_t hours = 0, minutes, seconds, milliseconds;
    if (!storyboard_take_number(reader, 2, 5, &minutes) || !storyboard_take(reader, ":") ||
        !storyboard_take_number(reader, 2, 2, &seconds))
        return false;
    if (storyboard_take(reader, ":")) {
        hours = minutes;
        minutes = seconds;
        if (!storyboard_take_number(reader, 2, 2, &seconds))
            return false;
    }
    if (!storyboard_take(reader, ".") || !storyboard_take_number(reader, 3, 3, &milliseconds) ||
        minutes > 59 || seconds > 59)
        return false;
    *out = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
    return *out <= TIME_MAX;
}

/* One empty line, or more; none at the end. */
static bool storyboard_skip_empty(Reader *reader, Error *error)
{
    if (reader->at < reader->end && !storyboard_take_line_end(reader))
        return storyboard_fault(reader, "must be empty", error);
    while (storyboard_take_line_end(reader))
        continue;
    return true;
}

static bool storyboard_read_cue(Reader *reader, int64_t after, Cue *cue, Error *error)
{
    if (!storyboard_take_time(reader, &cue->start) || !storyboard_take(reader, " --> ") ||
        !storyboard_take_time(reader, &cue->stop) || !storyboard_take_line_end(reader))
        return storyboard_fault(reader, "is not the times of a tile", error);
    if (cue->start < after || cue->stop <= cue->start)
        return storyboard_fault(reader, "follows times that do not grow", error);
    if (!storyboard_take(reader, transfer_file_kinds[TRANSFER_STORYBOARD].name) ||
        !storyboard_take(reader, "#xywh=") || !storyboard_take_number(reader, 1, 5, &cue->x) ||
        !storyboard_take(reader, ",") || !storyboard_take_number(reader, 1, 5, &cue->y) ||
        !storyboard_take(reader, ",") || !storyboard_take_number(reader, 1, 5, &cue->width) ||
        !storyboard_take(reader, ",") || !storyboard_take_number(reader, 1, 5, &cue->height))
        return storyboard_fault(reader, "is not a tile of storyboard.jpg", error);
    if (cue->width < 1 || cue->height < 1 || cue->x + cue->width > SIDE_MAX ||
        cue->y + cue->height > SIDE_MAX)
        return storyboard_fault(reader, "is a tile beyond what a picture can be", error);
    if (reader->at < reader->end && !storyboard_take_line_end(reader))
        return storyboard_fault(reader, "goes on behind its tile", error);
    return storyboard_skip_empty(reader, error);
}

static bool storyboard_write_time(Buffer *out, int64_t time, const char *behind)
{
    return buffer_append_format(out, "%02lld:%02lld:%02lld.%03lld%s", (long long)(time / 3600000),
                                (long long)(time / 60000 % 60), (long long)(time / 1000 % 60),
                                (long long)(time % 1000), behind);
}

bool storyboard_rewrite(const Buffer *text, const char *sprite, Buffer *out, Error *error)
{
    Reader reader = {text->data, text->data + text->length, 1};
    char address[3 * MEDIA_PATH_MAX];
    Cue cue = {0};
    size_t count = 0;
    REQUIRE(url_encode_path(sprite, address, sizeof address));
    if (!text->length || !storyboard_take(&reader, "WEBVTT") || !storyboard_take_line_end(&reader))
        return storyboard_fault(&reader, "does not begin with WEBVTT alone", error);
    if (!storyboard_skip_empty(&reader, error))
        return false;
    REQUIRE(buffer_append_text(out, "WEBVTT\n"));
    do {
        if (!storyboard_read_cue(&reader, cue.stop, &cue, error))
            return false;
        if (++count > STORYBOARD_CUES_MAX)
            return storyboard_fault(&reader, "comes after more tiles than a storyboard has", error);
        REQUIRE(buffer_append_text(out, "\n") && storyboard_write_time(out, cue.start, " --> ") &&
                storyboard_write_time(out, cue.stop, "\n") &&
                buffer_append_format(out, "%s#xywh=%lld,%lld,%lld,%lld\n", address,
                                     (long long)cue.x, (long long)cue.y, (long long)cue.width,
                                     (long long)cue.height));
    } while (reader.at < reader.end);
    return true;
}
