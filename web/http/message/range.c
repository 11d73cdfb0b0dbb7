#include "web/http/message/range.h"

/* 1*DIGIT; numbers beyond 64 bits count as the largest. */
static bool range_parse_number(const char **cursor, uint64_t *number)
{
    const char *digit = *cursor;
    uint64_t value = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        unsigned next = (unsigned)(*digit - '0');
        value = value > (UINT64_MAX - next) / 10 ? UINT64_MAX : value * 10 + next;
    }
    if (digit == *cursor)
        return false;
    *cursor = digit;
    *number = value;
    return true;
}

RangeResult range_parse(const char *field, uint64_t size, ByteRange *range)
{
    uint64_t first, last = UINT64_MAX;
    if (!field || strncasecmp(field, "bytes", 5) != 0)
        return RANGE_WHOLE;
    field += 5;
    field += strspn(field, " \t");
    if (*field++ != '=')
        return RANGE_WHOLE;
    field += strspn(field, " \t");
    bool suffix = *field == '-';
    if (suffix)
        field++;
    if (!range_parse_number(&field, &first) || (!suffix && *field++ != '-'))
        return RANGE_WHOLE;
    if (!suffix && *field >= '0' && *field <= '9' && !range_parse_number(&field, &last))
        return RANGE_WHOLE;
    if (field[strspn(field, " \t")] || last < first)
        return RANGE_WHOLE;
    if (suffix ? first == 0 || size == 0 : first >= size)
        return RANGE_UNSATISFIABLE;
    uint64_t begin = suffix ? size - MIN_OF(first, size) : first;
    *range = (ByteRange){.first = begin, .length = MIN_OF(last, size - 1) - begin + 1};
    return RANGE_PART;
}
