/*
 * What a file's notes say about when it was taken and what it is called. Those two are told as data
 * and are written into no file; all other notes are left behind. Pure but for media_tags_read; any
 * thread.
 */
#pragma once

#include "common/base/base.h"
#include "common/base/limits.h"

struct AVFormatContext;

typedef struct MediaTags {
    char captured_at[TRANSFER_CAPTURED_AT_MAX + 1]; /* RFC 3339, in UTC; "" unknown */
    char title[TRANSFER_TITLE_MAX + 1];             /* UTF-8, cleaned; "" none */
} MediaTags;

/* Looks at the container's notes and, for the time, then at those of its streams; the title of a
 * stream is no file's, but in Ogg. `now`: seconds since 1970; a later time was not yet. */
void media_tags_read(const struct AVFormatContext *format, int64_t now, MediaTags *out);

/* From ISO 8601 as cameras write it: a date, or date and time to the minute or finer, with "Z", an
 * offset, or neither, which means UTC. False, and "", for anything else, for a day before
 * 1970-01-02 (clocks that were never set show 1904 or 1970) and for what is more than a day after
 * `now`. */
_must_check_ bool media_tags_time(const char *text, int64_t now,
                                  char out[TRANSFER_CAPTURED_AT_MAX + 1]);

/* One line without control characters (also those that turn the direction of writing), without
 * blanks at the ends, cut at a character. */
void media_tags_title(const char *text, char out[TRANSFER_TITLE_MAX + 1]);
