/* The two clocks, in milliseconds. Pure functions take the time as a parameter instead. Any thread.
 */
#pragma once

#include "common/base/base.h"

/* Since some fixed moment; never jumps. For time-outs and rates, and in microseconds for what is
 * measured. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Since 1970-01-01 UTC. For what is stored and shown. */
int64_t clock_wall_ms(void);

void clock_sleep_ms(int64_t milliseconds);

/* IMF-fixdate, RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". size at least 30. */
void clock_http_date(int64_t wall_ms, char *text, size_t size);

/* Parses IMF-fixdate only (the one form a sender may generate); false for anything else. */
_must_check_ bool clock_parse_http_date(const char *text, int64_t *wall_ms);
