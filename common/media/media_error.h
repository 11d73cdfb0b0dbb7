/*
 * The media library's error numbers and complaints, translated into our errors here and nowhere
 * else. media_error_init once per process, before the library is used; the rest from any thread.
 */
#pragma once

#include "common/base/error.h"

/* Sends the library's messages to a small memory instead of a stream: only the last complaint is
 * kept. */
void media_error_init(void);

/* Fills *error from the library's number: full storage is ERROR_NO_SPACE, a failing device
 * ERROR_IO, anything else ERROR_MEDIA. The sentence must end without a full stop. For ERROR_MEDIA,
 * which the person who uploaded reads, a cause in our own words follows where the number tells one;
 * for the others, which the log gets, what the library complained about last. */
bool media_error_set(Error *error, int number, const char *format, ...) _printf_(3, 4);

/* Whether the last complaint holds these words of the library. */
bool media_error_is_about(const char *words);

/* Forgets the last complaint, so that a later error does not quote it. */
void media_error_forget(void);
