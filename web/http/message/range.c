#include "web/http/message/range.h"

/* 1*DIGIT; numbers beyond 64 bits count as the largest. */
static bool parse_number(const char **cursor, uint64_t *number)
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

static void skip_spaces(const char **cursor)
{
    *cursor += strspn(*cursor, " \t");
}

static RangeResult suffix_range(uint64_t suffix, uint64_t size, ByteRange *range)
{
    if (suffix == 0 || size == 0)
        return RANGE_UNSATISFIABLE;
    uint64_t length = MIN_OF(suffix, size);
    *range = (ByteRange){.first = size - length, .length = length};
    return RANGE_PART;
}

static RangeResult bounded_range(uint64_t first, uint64_t last, uint64_t size, ByteRange *range)
{
    if (last < first)
        return RANGE_WHOLE;
    if (first >= size)
        return RANGE_UNSATISFIABLE;
    *range = (ByteRange){.first = first, .length = MIN_OF(last, size - 1) - first + 1};
    return RANGE_PART;
}

RangeResult range_parse(const char *field, uint64_t size, ByteRange *range)
{
    uint64_t first, last = UINT64_MAX;
    if (!field || strncasecmp(field, "bytes", 5) != 0)
        return RANGE_WHOLE;
    field += 5;
    skip_spaces(&field);
    if (*field++ != '=')
        return RANGE_WHOLE;
    skip_spaces(&field);
    bool suffix = *field == '-';
    if (suffix)
        field++;
    if (!parse_number(&field, &first) || (!suffix && *field++ != '-'))
        return RANGE_WHOLE;
    if (!suffix && *field >= '0' && *field <= '9' && !parse_number(&field, &last))
        return RANGE_WHOLE;
    skip_spaces(&field);
    if (*field)
        return RANGE_WHOLE;
    return suffix ? suffix_range(first, size, range) : bounded_range(first, last, size, range);
}
