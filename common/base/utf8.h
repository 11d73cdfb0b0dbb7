/* UTF-8 (RFC 3629): checking and repairing text that came from outside. Any thread. */
#pragma once

#include "common/base/base.h"

/* Bytes of the character at text (1 to 4), or 0 where no valid character begins: overlong forms,
 * surrogates and values above U+10FFFF are invalid. */
size_t utf8_character(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

/* A copy in which every invalid byte is U+FFFD. Owned by the caller. */
char *utf8_repair(const char *text, size_t length);

/* Text in windows-1252, of which ISO 8859-1 is the part that is in use (WHATWG Encoding §4.2), as
 * UTF-8. False for a byte that is no character there, and where the text does not fit. */
_must_check_ bool utf8_from_windows(const char *text, char *out, size_t size);
