/* Byte ranges: a part lies within the file, and says the same when it is asked for by its ends. */
#include "tests/fuzz/fuzz.h"
#include "web/http/message/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    uint64_t whole = fuzz_number(&input);
    _cleanup_free_ char *field = fuzz_rest(&input);
    ByteRange range = {0}, again = {0};
    char exact[64];
    switch (range_parse(field, whole, &range)) {
    case RANGE_WHOLE:
    case RANGE_UNSATISFIABLE:
        REQUIRE(range.first == 0 && range.length == 0);
        return 0;
    case RANGE_PART:
        REQUIRE(range.length >= 1 && range.first < whole && range.length <= whole - range.first);
        snprintf(exact, sizeof exact, "bytes=%llu-%llu", (unsigned long long)range.first,
                 (unsigned long long)(range.first + range.length - 1));
        REQUIRE(range_parse(exact, whole, &again) == RANGE_PART);
        REQUIRE(again.first == range.first && again.length == range.length);
        return 0;
    }
    UNREACHABLE();
}
