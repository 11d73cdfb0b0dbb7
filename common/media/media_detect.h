/*
 * What a file is, by its first bytes: never by its name or by what somebody says. A bounded search,
 * so that junk, tags and a cut in front do not hide what is there; exact magic comes first and
 * searches last, and what is known as something else is never searched through. Pure; any thread.
 */
#pragma once

#include "common/media/media_types.h"

#define MEDIA_DETECT_HEAD 65536 /* bytes that are looked at */

/* Something known that is not taken. */
typedef struct MediaRefusal {
    const char *name;   /* with its article: "a PDF document"; NULL: it is nothing we know */
    const char *advice; /* a sentence: what to do instead */
} MediaRefusal;

/* TYPE_NONE when it is none of ours, and then *refusal says what it is. Sound that begins beyond
 * the head, behind tags, is MP3. */
MediaTypeId media_detect(const void *head, size_t length, MediaRefusal *refusal);

/* Somebody who has the file: fills in what is there from an offset on, and returns how many bytes
 * that are; fewer at the end, and after a fault, which is the reader's own to tell. */
typedef struct MediaReader {
    size_t (*read)(void *context, uint64_t offset, void *out, size_t length);
    void *context;
} MediaReader;

/* The same for a whole file. Tags may be longer than the head (a cover picture of megabytes), so
 * they are passed over, and what stands behind them is looked at. */
MediaTypeId media_detect_file(const MediaReader *reader, MediaRefusal *refusal);
