#include "common/base/clock.h"

#include <time.h>

static int64_t clock_read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

void clock_sleep_ms(int64_t milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Not strftime and strptime: their names of days and months follow the locale. */
static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void clock_http_date(int64_t wall_ms, char *text, size_t size)
{
    time_t seconds = wall_ms / 1000;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    snprintf(text, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
             months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

bool clock_parse_http_date(const char *text, int64_t *wall_ms)
{
    struct tm utc = {0};
    char month[4], again[40];
    if (strlen(text) != 29 || sscanf(text + 5, "%2d %3s %4d %2d:%2d:%2d GMT", &utc.tm_mday, month,
                                     &utc.tm_year, &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6)
        return false;
    while (utc.tm_mon < 12 && !streq(months[utc.tm_mon], month))
        utc.tm_mon++;
    utc.tm_year -= 1900;
    int64_t parsed = (int64_t)timegm(&utc) * 1000;
    clock_http_date(parsed, again, sizeof again);
    if (utc.tm_mon == 12 || !streq(again, text))
        return false;
    *wall_ms = parsed;
    return true;
}
