#include "common/media/media_tags.h"

#include <libavformat/avformat.h>
#include <time.h>

#include "common/base/utf8.h"

#define DAY 86400

/* A run of exactly `digits` digits. */
static bool media_tags_take_number(const char **at, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool media_tags_take_one_of(const char **at, const char *characters)
{
    if (!**at || !strchr(characters, **at))
        return false;
    (*at)++;
    return true;
}

/* A time of day to the minute or finer, and how many seconds east of Greenwich it is meant. */
static bool media_tags_take_clock(const char **at, struct tm *out, int *zone)
{
    int hours, minutes;
    if (!media_tags_take_number(at, 2, &out->tm_hour) || !media_tags_take_one_of(at, ":") ||
        !media_tags_take_number(at, 2, &out->tm_min) ||
        (media_tags_take_one_of(at, ":") && !media_tags_take_number(at, 2, &out->tm_sec)))
        return false;
    if (media_tags_take_one_of(at, ".,"))
        *at += strspn(*at, "0123456789");
    *zone = 0;
    if (!**at || media_tags_take_one_of(at, "Zz"))
        return true;
    int sign = **at == '-' ? -1 : 1;
    if (!media_tags_take_one_of(at, "+-") || !media_tags_take_number(at, 2, &hours))
        return false;
    media_tags_take_one_of(at, ":");
    if (!media_tags_take_number(at, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    *zone = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool media_tags_time(const char *text, int64_t now, char out[TRANSFER_CAPTURED_AT_MAX + 1])
{
    struct tm when = {0};
    int zone = 0;
    out[0] = '\0';
    if (!media_tags_take_number(&text, 4, &when.tm_year) || !media_tags_take_one_of(&text, "-:/") ||
        !media_tags_take_number(&text, 2, &when.tm_mon) || !media_tags_take_one_of(&text, "-:/") ||
        !media_tags_take_number(&text, 2, &when.tm_mday))
        return false;
    when.tm_year -= 1900;
    when.tm_mon -= 1;
    if (*text && (!media_tags_take_one_of(&text, "Tt ") ||
                  !media_tags_take_clock(&text, &when, &zone) || *text))
        return false;
    /* The 31st of February becomes another day on the way, and is none. */
    struct tm settled = when;
    time_t seconds = timegm(&settled);
    if (settled.tm_mday != when.tm_mday || settled.tm_mon != when.tm_mon ||
        settled.tm_hour != when.tm_hour || settled.tm_min != when.tm_min ||
        settled.tm_sec != when.tm_sec)
        return false;
    seconds -= zone;
    if (seconds < DAY || seconds > now + DAY || !gmtime_r(&seconds, &when))
        return false;
    return strftime(out, TRANSFER_CAPTURED_AT_MAX + 1, "%Y-%m-%dT%H:%M:%SZ", &when) > 0;
}

/* Unicode's Cc, the separators of lines and paragraphs, and what turns the direction of writing. */
static bool media_tags_is_control(const unsigned char *character, size_t length)
{
    if (length == 1)
        return character[0] < 0x20 || character[0] == 0x7f;
    if (length == 2)
        return character[0] == 0xc2 && character[1] < 0xa0;
    if (length != 3 || character[0] != 0xe2)
        return false;
    return (character[1] == 0x80 && (character[2] == 0x8e || character[2] == 0x8f ||
                                     (character[2] >= 0xa8 && character[2] <= 0xae))) ||
           (character[1] == 0x81 && character[2] >= 0xa6 && character[2] <= 0xa9);
}

static void media_tags_trim(char *text)
{
    size_t lead = strspn(text, " "), length = strlen(text);
    memmove(text, text + lead, length - lead + 1);
    for (length -= lead; length > 0 && text[length - 1] == ' '; length--)
        text[length - 1] = '\0';
}

void media_tags_title(const char *text, char out[TRANSFER_TITLE_MAX + 1])
{
    _cleanup_free_ char *clean = utf8_repair(text, strlen(text));
    char *to = clean;
    for (const char *from = clean; *from;) {
        size_t length = utf8_character(from, strlen(from));
        REQUIRE(length > 0);
        if (!media_tags_is_control((const unsigned char *)from, length)) {
            memmove(to, from, length);
            to += length;
        } else if (length == 1) {
            *to++ = ' ';
        }
        from += length;
    }
    *to = '\0';
    media_tags_trim(clean);
    base_copy_truncated(out, TRANSFER_TITLE_MAX + 1, clean);
    media_tags_trim(out);
}

static const char *media_tags_of_file(const AVFormatContext *format, const char *name)
{
    const AVDictionaryEntry *entry = av_dict_get(format->metadata, name, NULL, 0);
    return entry ? entry->value : "";
}

/* The first stream's that says something. */
static const char *media_tags_of_streams(const AVFormatContext *format, const char *name)
{
    const AVDictionaryEntry *entry = NULL;
    for (unsigned i = 0; !entry && i < format->nb_streams; i++)
        entry = av_dict_get(format->streams[i]->metadata, name, NULL, 0);
    return entry ? entry->value : "";
}

static const char *media_tags_moment(const AVFormatContext *format, const char *name)
{
    const char *told = media_tags_of_file(format, name);
    return *told ? told : media_tags_of_streams(format, name);
}

/* A stream's title is the name of a track ("Video", "Surround 5.1"). Ogg alone has no other place
 * for the file's than its streams' comments (RFC 7845 §5.2). */
static const char *media_tags_name(const AVFormatContext *format)
{
    const char *told = media_tags_of_file(format, "title");
    bool ogg = streq(format->iformat->name, "ogg");
    return *told || !ogg ? told : media_tags_of_streams(format, "title");
}

void media_tags_read(const AVFormatContext *format, int64_t now, MediaTags *out)
{
    /* The moment of taking goes before the moment of writing the file. */
    static const char *const names[] = {"com.apple.quicktime.creationdate", "creation_time",
                                        "date"};
    *out = (MediaTags){0};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (media_tags_time(media_tags_moment(format, names[i]), now, out->captured_at))
            break;
    media_tags_title(media_tags_name(format), out->title);
}
