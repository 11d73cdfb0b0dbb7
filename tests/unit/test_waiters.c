/* Transcoders that wait for a job: who is woken, and how long they wait. */
#include "tests/unit/unit.h"

#include "web/jobs/waiters.h"

typedef struct Key {
    int wakes;
    bool gone;
} Key;

static void count_wake(void *key)
{
    ((Key *)key)->wakes++;
}

static bool is_gone(const void *key)
{
    return ((const Key *)key)->gone;
}

static WaitersAnswer join(Waiters *waiters, Key *key, int64_t now)
{
    WaiterSpec spec = {key, now, 1000};
    WaitersAnswer answer = WAITERS_LEAVE;
    int64_t remaining;
    assert_true(waiters_join(waiters, &spec, &answer, &remaining, NULL));
    return answer;
}

static void wakes_one_waiter_for_one_job(void **state)
{
    static const WaiterHooks hooks = {count_wake, is_gone};
    Waiters *waiters = waiters_new(&hooks);
    Key gone = {.gone = true}, first = {0}, second = {0};
    (void)state;
    waiters_wake_one(waiters);
    assert_int_equal(join(waiters, &gone, 0), WAITERS_WAIT);
    assert_int_equal(join(waiters, &first, 1), WAITERS_WAIT);
    assert_int_equal(join(waiters, &second, 2), WAITERS_WAIT);
    waiters_wake_one(waiters);
    assert_true(gone.wakes == 0 && first.wakes == 1 && second.wakes == 0);
    waiters_wake_one(waiters);
    assert_true(first.wakes == 1 && second.wakes == 1);
    assert_int_equal(join(waiters, &first, 500), WAITERS_WAIT);
    waiters_wake_one(waiters);
    assert_int_equal(first.wakes, 2);
    assert_int_equal(join(waiters, &first, 1001), WAITERS_LEAVE);
    assert_false(waiters_leave(waiters, &first));
    assert_false(waiters_leave(waiters, &gone));
    assert_true(waiters_leave(waiters, &second)); /* its wake-up must go to another */
    assert_false(waiters_leave(waiters, &second));
    waiters_wake_one(waiters);
    assert_true(first.wakes == 2 && second.wakes == 1);
    waiters_free(waiters);
}

static void lets_nobody_wait_when_stopping(void **state)
{
    static const WaiterHooks hooks = {count_wake, is_gone};
    Waiters *waiters = waiters_new(&hooks);
    Key first = {0}, late = {0};
    (void)state;
    assert_int_equal(join(waiters, &first, 0), WAITERS_WAIT);
    waiters_stop(waiters);
    assert_int_equal(first.wakes, 1);
    assert_int_equal(join(waiters, &first, 1), WAITERS_LEAVE);
    assert_int_equal(join(waiters, &late, 1), WAITERS_LEAVE);
    waiters_free(waiters);
}

static void bounds_the_waiters(void **state)
{
    static const WaiterHooks hooks = {count_wake, is_gone};
    static Key keys[CLAIM_WAITERS_MAX + 1];
    Waiters *waiters = waiters_new(&hooks);
    WaiterSpec spec = {&keys[CLAIM_WAITERS_MAX], 0, 1000};
    WaitersAnswer answer;
    int64_t remaining;
    Error error = {0};
    (void)state;
    for (size_t i = 0; i < CLAIM_WAITERS_MAX; i++)
        join(waiters, &keys[i], 0);
    assert_false(waiters_join(waiters, &spec, &answer, &remaining, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    waiters_free(waiters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_one_waiter_for_one_job),
        cmocka_unit_test(lets_nobody_wait_when_stopping),
        cmocka_unit_test(bounds_the_waiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
