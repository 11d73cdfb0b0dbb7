/* Conditional requests: our own entity tag is known again wherever it stands, only readers are told
 * that nothing has changed, and a date that is understood is written as it came. */
#include "common/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/conditional.h"

#define ETAG "\"4c6f6f6b\""

static const char *or_absent(const char *line)
{
    return *line ? line : NULL;
}

static void check_own_tag(const char *list, const Validators *validators)
{
    char with_ours[4200];
    REQUIRE(snprintf(with_ours, sizeof with_ours, ETAG ", %s", list) > 0);
    Conditions reader = {.if_none_match = with_ours, .reading = true};
    Conditions writer = {.if_match = with_ours};
    Conditions creator = {.if_none_match = with_ours};
    REQUIRE(conditional_evaluate(&reader, validators) == CONDITION_NOT_MODIFIED);
    REQUIRE(conditional_evaluate(&writer, validators) == CONDITION_PROCEED);
    REQUIRE(conditional_evaluate(&creator, validators) == CONDITION_FAILED);
}

static void check_date(const char *text)
{
    int64_t ms;
    char again[40];
    if (!clock_parse_http_date(text, &ms))
        return;
    clock_http_date(ms, again, sizeof again);
    REQUIRE(streq(again, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    Validators validators = {.etag = ETAG, .modified_ms = (int64_t)(fuzz_number(&input) >> 16)};
    _cleanup_free_ char *match = fuzz_line(&input), *unmodified = fuzz_line(&input);
    _cleanup_free_ char *none_match = fuzz_line(&input), *modified = fuzz_line(&input);
    _cleanup_free_ char *range = fuzz_line(&input);
    Conditions conditions = {.if_match = or_absent(match),
                             .if_unmodified_since = or_absent(unmodified),
                             .if_none_match = or_absent(none_match),
                             .if_modified_since = or_absent(modified),
                             .if_range = or_absent(range),
                             .reading = true};
    ConditionResult reading = conditional_evaluate(&conditions, &validators);
    conditions.reading = false;
    ConditionResult writing = conditional_evaluate(&conditions, &validators);
    REQUIRE(writing != CONDITION_NOT_MODIFIED);
    REQUIRE(reading != CONDITION_FAILED || writing == CONDITION_FAILED);
    REQUIRE(*range || conditional_range_applies(&conditions, &validators));
    check_own_tag(match, &validators);
    check_own_tag(none_match, &validators);
    check_date(unmodified);
    check_date(modified);
    check_date(range);
    return 0;
}
