/* UTF-8 (RFC 3629): checking and repairing text that came from outside. Any thread. */
#pragma once

#include "common/base/base.h"

/* Bytes of the character at text (1 to 4), or 0 where no valid character begins: overlong forms,
 * surrogates and values above U+10FFFF are invalid. */
size_t utf8_character(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

/* A copy in which every invalid byte is U+FFFD. Owned by the caller. */
char *utf8_repair(const char *text, size_t length);
