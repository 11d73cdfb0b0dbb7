#include "tests/unit/unit.h"
#include "web/http/message/range.h"

static const struct {
    const char *field;
    uint64_t size;
    RangeResult result;
    uint64_t first, length;
    const char *sentence;
} rows[] = {
    {NULL, 100, RANGE_WHOLE, 0, 0, "no field asks for everything"},
    {"bytes=0-9", 100, RANGE_PART, 0, 10, "first-last is inclusive"},
    {"bytes=90-", 100, RANGE_PART, 90, 10, "open-ended runs to the end"},
    {"bytes=90-1000", 100, RANGE_PART, 90, 10, "a last byte beyond the end is cut"},
    {"bytes=-5", 100, RANGE_PART, 95, 5, "a suffix counts from the end"},
    {"bytes=-500", 100, RANGE_PART, 0, 100, "a suffix longer than the file is the file"},
    {"bytes=-0", 100, RANGE_UNSATISFIABLE, 0, 0, "an empty suffix cannot be satisfied"},
    {"bytes=100-", 100, RANGE_UNSATISFIABLE, 0, 0, "beginning at the end cannot be satisfied"},
    {"bytes=0-0", 0, RANGE_UNSATISFIABLE, 0, 0, "an empty file has no first byte"},
    {"bytes=9-5", 100, RANGE_WHOLE, 0, 0, "last before first is malformed, so ignored"},
    {"bytes=0-1,5-6", 100, RANGE_WHOLE, 0, 0, "several ranges are ignored"},
    {"items=0-1", 100, RANGE_WHOLE, 0, 0, "another unit is ignored"},
    {"bytes=a-b", 100, RANGE_WHOLE, 0, 0, "letters are ignored"},
    {"bytes=-", 100, RANGE_WHOLE, 0, 0, "a lone dash is ignored"},
    {"bytes=", 100, RANGE_WHOLE, 0, 0, "nothing behind the unit is ignored"},
    {"bytes", 100, RANGE_WHOLE, 0, 0, "the unit alone is ignored"},
    {"Bytes = 1-2 ", 100, RANGE_PART, 1, 2, "the unit's case and spaces do not matter"},
    {"bytes=99999999999999999999-", 100, RANGE_UNSATISFIABLE, 0, 0,
     "a number beyond 64 bits saturates"},
    {"bytes=0-99999999999999999999", 100, RANGE_PART, 0, 100, "so does a last byte"},
};

static void ranges_are_read_as_rfc_9110_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ByteRange range = {0};
        RangeResult result = range_parse(rows[i].field, rows[i].size, &range);
        unit_check(result == rows[i].result, rows[i].sentence);
        if (result == RANGE_PART)
            unit_check(range.first == rows[i].first && range.length == rows[i].length,
                       rows[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges_are_read_as_rfc_9110_says)};
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
