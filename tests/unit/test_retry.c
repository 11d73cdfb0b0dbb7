/* When to try again. */
#include "tests/unit/unit.h"

#include "common/base/clock.h"
#include "transcoder/worker/outcome.h"
#include "transcoder/worker/retry.h"

#define MINUTE 60000

static void test_delays(void **state)
{
    static const struct {
        RetryState state;
        int64_t expected;
        const char *sentence;
    } rows[] = {
        {{1, WEB_CLIENT_UNASKED, 0}, 1000, "the second try comes after a second"},
        {{2, WEB_CLIENT_UNASKED, 0}, 2000, "then two"},
        {{3, WEB_CLIENT_UNASKED, 0}, 4000, "then four"},
        {{6, WEB_CLIENT_UNASKED, 0}, 32000, "then on by doubling"},
        {{7, WEB_CLIENT_UNASKED, 0}, 60000, "up to a minute"},
        {{1000000, WEB_CLIENT_UNASKED, 0}, 60000, "and never more, however many tries"},
        {{1, WEB_CLIENT_UNASKED, UINT32_MAX}, 1250, "jitter adds a quarter at most"},
        {{3, WEB_CLIENT_UNASKED, UINT32_MAX / 2}, 4499, "and half of that in the middle"},
        {{9, WEB_CLIENT_UNASKED, UINT32_MAX}, 45000, "at the maximum it takes away instead"},
        {{1, 0, 0}, 1000, "being asked to come at once does not hurry us"},
        {{1, 30000, 0}, 30000, "a longer wait asked for is kept"},
        {{7, 30000, 0}, 60000, "a shorter one is not"},
        {{1, 86400000, 0}, 900000, "a day is not waited for"},
    };
    const RetryPolicy policy = RETRY_STANDARD;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (retry_delay_ms(&policy, &rows[i].state) != rows[i].expected)
            fail_msg("%s: %lld", rows[i].sentence,
                     (long long)retry_delay_ms(&policy, &rows[i].state));
}

static void test_exhaustion(void **state)
{
    static const struct {
        int tries;
        int64_t elapsed_ms;
        bool expected;
        const char *sentence;
    } rows[] = {
        {1, 0, false, "one failure is no reason to give up"},
        {2, 20 * MINUTE, false, "nor are two, even slow ones"},
        {3, 20 * MINUTE, true, "three within longer than a restart are"},
        {100, 15 * MINUTE - 1, false, "many are not while web may be restarting"},
        {100, 15 * MINUTE, true, "fifteen minutes are the end"},
    };
    const RetryPolicy policy = RETRY_STANDARD;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        unit_check(retry_is_exhausted(&policy, rows[i].tries, rows[i].elapsed_ms) ==
                       rows[i].expected,
                   rows[i].sentence);
}

/* The whole series, without jitter, outlasts what it must. */
static void test_series_outlasts(void **state)
{
    const RetryPolicy policy = RETRY_STANDARD;
    int64_t elapsed = 0;
    int tries = 1;
    (void)state;
    while (!retry_is_exhausted(&policy, tries, elapsed)) {
        RetryState now = {.tries = tries, .asked = WEB_CLIENT_UNASKED};
        elapsed += retry_delay_ms(&policy, &now);
        tries++;
    }
    assert_true(elapsed >= 15 * MINUTE && elapsed < 17 * MINUTE);
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *text;
        int64_t expected;
        const char *sentence;
    } rows[] = {
        {"120", 120000, "seconds"},
        {"0", 0, "no seconds"},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 7000, "a date to come"},
        {"Sun, 06 Nov 1994 08:49:29 GMT", 0, "a date gone by"},
        {"", WEB_CLIENT_UNASKED, "nothing"},
        {"soon", WEB_CLIENT_UNASKED, "a word"},
        {"-1", WEB_CLIENT_UNASKED, "a negative number"},
        {"1.5", WEB_CLIENT_UNASKED, "a fraction"},
        {"99999999999999999999", WEB_CLIENT_UNASKED, "a number beyond all reason"},
    };
    int64_t now;
    (void)state;
    assert_true(clock_parse_http_date("Sun, 06 Nov 1994 08:49:30 GMT", &now));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (web_client_parse_retry_after(rows[i].text, now) != rows[i].expected)
            fail_msg("%s: %s", rows[i].sentence, rows[i].text);
}

static void test_outcomes(void **state)
{
    static const struct {
        OutcomeFacts facts;
        Outcome expected;
        const char *sentence;
    } rows[] = {
        {{.code = ERROR_MEDIA}, OUTCOME_FAIL_FOR_GOOD, "a bad video never works"},
        {{.code = ERROR_NO_SPACE}, OUTCOME_FAIL, "no room costs an attempt, or it never ends"},
        {{.code = ERROR_NO_SPACE, .crowded = true},
         OUTCOME_RELEASE,
         "no room beside other jobs gives back: it passes with them"},
        {{.code = ERROR_CANCELLED, .vanished = true},
         OUTCOME_RELEASE,
         "a folder taken away gives back"},
        {{.code = ERROR_INTERNAL, .interrupted = true},
         OUTCOME_RELEASE,
         "an interruption gives back"},
        {{.code = ERROR_IO}, OUTCOME_FAIL, "a fault of this machine costs an attempt"},
        {{.code = ERROR_INVALID}, OUTCOME_FAIL, "so does an original that arrives damaged"},
        {{.code = ERROR_CANCELLED, .stopping = true}, OUTCOME_RELEASE, "a stop gives back"},
        {{.code = ERROR_CANCELLED, .lost = true}, OUTCOME_DROP, "a lost lease is dropped"},
        {{.code = ERROR_CANCELLED, .lost = true, .stopping = true},
         OUTCOME_DROP,
         "a lost lease is not ours to give back"},
        {{.code = ERROR_NOT_FOUND}, OUTCOME_DROP, "an original that is gone is dropped"},
        {{.code = ERROR_CONFLICT}, OUTCOME_RELEASE, "a job in hand twice is given back once"},
        {{.code = ERROR_MEDIA, .stopping = true},
         OUTCOME_FAIL_FOR_GOOD,
         "a verdict reached while stopping holds"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_NETWORK},
         OUTCOME_KEEP,
         "a result is kept while web is away"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_UNAVAILABLE},
         OUTCOME_KEEP,
         "and while web has no room for it"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_BUSY}, OUTCOME_KEEP, "or no time"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_CANCELLED, .stopping = true},
         OUTCOME_KEEP,
         "a result is kept for the next start"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_FORBIDDEN},
         OUTCOME_KEEP,
         "a result outlives the rotation of a token"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_GONE}, OUTCOME_DROP, "too late"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_CONFLICT}, OUTCOME_DROP, "another won"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_MEDIA},
         OUTCOME_FAIL_FOR_GOOD,
         "what web finds wrong in it is wrong the next time too"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_TOO_LARGE},
         OUTCOME_FAIL_FOR_GOOD,
         "it is too large the next time too"},
        {{.phase = OUTCOME_DELIVERING, .code = ERROR_INVALID},
         OUTCOME_FAIL,
         "a result that web finds wrong ends the attempt"},
        {{.phase = OUTCOME_DELIVERED, .code = ERROR_IO},
         OUTCOME_KEEP,
         "a folder that cannot be removed is tried again"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (outcome_of(&rows[i].facts) != rows[i].expected)
            fail_msg("%s: %s", rows[i].sentence, outcome_words(outcome_of(&rows[i].facts)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays),          cmocka_unit_test(test_exhaustion),
        cmocka_unit_test(test_series_outlasts), cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
