#include "tests/unit/unit.h"
#include "web/http/message/conditional.h"

#define TAG      "\"abc\""
#define MODIFIED 784111777000 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define AT       "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE   "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER    "Sun, 06 Nov 1994 08:49:38 GMT"

static const Validators validators = {.etag = TAG, .modified_ms = MODIFIED};

static const struct {
    Conditions conditions;
    ConditionResult result;
    const char *sentence;
} rows[] = {
    {{.reading = true}, CONDITION_PROCEED, "without conditions the request proceeds"},
    {{.reading = true, .if_none_match = TAG},
     CONDITION_NOT_MODIFIED,
     "the same tag is not sent again"},
    {{.reading = true, .if_none_match = "W/" TAG},
     CONDITION_NOT_MODIFIED,
     "If-None-Match compares weakly"},
    {{.reading = true, .if_none_match = "\"x\", " TAG},
     CONDITION_NOT_MODIFIED,
     "any tag of the list counts"},
    {{.reading = true, .if_none_match = "*"}, CONDITION_NOT_MODIFIED, "a star matches what exists"},
    {{.reading = true, .if_none_match = "\"x\""}, CONDITION_PROCEED, "another tag is sent"},
    {{.reading = true, .if_none_match = "abc"},
     CONDITION_PROCEED,
     "an unquoted tag matches nothing"},
    {{.reading = false, .if_none_match = "*"}, CONDITION_FAILED, "for other methods a match fails"},
    {{.reading = true, .if_match = TAG}, CONDITION_PROCEED, "If-Match with the tag proceeds"},
    {{.reading = true, .if_match = "W/" TAG}, CONDITION_FAILED, "If-Match compares strongly"},
    {{.reading = true, .if_match = "\"x\""}, CONDITION_FAILED, "If-Match with another tag fails"},
    {{.reading = true, .if_modified_since = AT},
     CONDITION_NOT_MODIFIED,
     "unchanged since that second"},
    {{.reading = true, .if_modified_since = LATER},
     CONDITION_NOT_MODIFIED,
     "unchanged since later"},
    {{.reading = true, .if_modified_since = BEFORE}, CONDITION_PROCEED, "changed since"},
    {{.reading = true, .if_modified_since = "yesterday"},
     CONDITION_PROCEED,
     "a malformed date is ignored"},
    {{.reading = true, .if_none_match = "\"x\"", .if_modified_since = AT},
     CONDITION_PROCEED,
     "If-None-Match makes If-Modified-Since irrelevant"},
    {{.reading = true, .if_unmodified_since = BEFORE},
     CONDITION_FAILED,
     "modified after that date"},
    {{.reading = true, .if_unmodified_since = AT},
     CONDITION_PROCEED,
     "not modified after that date"},
};

static void conditions_decide_in_the_order_of_rfc_9110(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        unit_check(conditional_evaluate(&rows[i].conditions, &validators) == rows[i].result,
                   rows[i].sentence);
}

static void a_range_counts_only_for_the_same_representation(void **state)
{
    static const struct {
        const char *if_range;
        bool applies;
        const char *sentence;
    } cases[] = {
        {NULL, true, "without If-Range it counts"},
        {TAG, true, "the same strong tag"},
        {"W/" TAG, false, "a weak tag never"},
        {"\"x\"", false, "another tag"},
        {AT, true, "exactly the same date"},
        {LATER, false, "a later date is another one"},
        {"nonsense", false, "nonsense"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Conditions conditions = {.reading = true, .if_range = cases[i].if_range};
        unit_check(conditional_range_applies(&conditions, &validators) == cases[i].applies,
                   cases[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_decide_in_the_order_of_rfc_9110),
        cmocka_unit_test(a_range_counts_only_for_the_same_representation),
    };
    return cmocka_run_group_tests_name("conditional", tests, NULL, NULL);
}
