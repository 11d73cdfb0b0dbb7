/* How often one address may do something, by a clock of the test's own. */

#include "tests/unit/unit.h"

#include "web/access/rate.h"

/* What command_serve makes of the default settings. */
static const RateSpec uploads = {RATE_UPLOAD_MINUTES * 240, 60000 / 240, 0};
static const RateSpec guesses = {RATE_GUESSES, RATE_GUESS_MS, RATE_GUESS_MS_MAX};

static struct in6_addr address_of(const char *text)
{
    struct in6_addr address;
    assert_true(network_parse_address(text, strlen(text), &address));
    return address;
}

/* Asks every pause_ms for so long; how many were granted. */
static unsigned granted(Rate *rate, const char *client, int64_t from_ms, int64_t until_ms,
                        int64_t pause_ms)
{
    struct in6_addr address = address_of(client);
    unsigned count = 0, untold;
    for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms += pause_ms)
        count += rate_take(rate, &address, now_ms, &untold) == 0;
    return count;
}

static void a_crowd_is_let_in_and_a_flood_is_not(void **state)
{
    static const struct {
        const RateSpec *spec;
        int64_t for_ms, pause_ms;
        unsigned least, most;
        const char *sentence;
    } rows[] = {
        {&uploads, 500, 1, 500, 500, "500 photos in half a second"},
        {&uploads, 3600000, 250, 14400, 14400, "four a second for an hour"},
        {&uploads, 600000, 33, 3300, 3400, "thirty a second for ten minutes"},
        {&uploads, 10000, 1, 999, 1001, "a thousand a second for ten seconds"},
        {&guesses, 19, 1, 19, 19, "a token mistyped nineteen times"},
        {&guesses, 60000, 1, 23, 28, "a thousand guesses a second for a minute"},
        {&guesses, 3600000, 10, 33, 45, "a hundred guesses a second for an hour"},
        {&guesses, 600000, 60000, 10, 10, "a wrong token once a minute"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Rate *rate = rate_new(rows[i].spec);
        unsigned count = granted(rate, "192.0.2.1", 5000, 5000 + rows[i].for_ms, rows[i].pause_ms);
        if (count < rows[i].least || count > rows[i].most)
            fail_msg("%s: %u are granted", rows[i].sentence, count);
        rate_free(rate);
    }
}

static void who_is_counted_together(void **state)
{
    static const struct {
        const char *one, *other;
        bool together;
        const char *sentence;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true, "the same address"},
        {"192.0.2.1", "192.0.2.2", false, "neighbours in IPv4"},
        {"2001:db8::1", "2001:db8::ffff:1", true, "one /64"},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false, "two networks of IPv6"},
        {"::ffff:192.0.2.1", "192.0.2.1", true, "IPv4 as IPv6 writes it"},
    };
    static const RateSpec once = {1, 1000, 0};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Rate *rate = rate_new(&once);
        assert_int_equal(granted(rate, rows[i].one, 0, 1, 1), 1);
        unit_check(granted(rate, rows[i].other, 0, 1, 1) == !rows[i].together, rows[i].sentence);
        rate_free(rate);
    }
}

/* Told is the wait after which the next one is granted, and not a moment earlier. */
static void the_wait_is_true_and_grows_for_guesses(void **state)
{
    static const int64_t waits_ms[] = {1000,  2000,   4000,   8000,   16000, 32000,
                                       64000, 128000, 256000, 300000, 300000};
    struct in6_addr client = address_of("192.0.2.1");
    Rate *rate = rate_new(&guesses);
    int64_t now_ms = 77;
    unsigned untold;
    (void)state;
    for (int i = 0; i < RATE_GUESSES; i++)
        assert_int_equal(rate_take(rate, &client, now_ms, &untold), 0);
    for (size_t i = 0; i < ARRAY_SIZE(waits_ms); i++) {
        assert_int_equal(rate_take(rate, &client, now_ms, &untold), waits_ms[i]);
        now_ms += waits_ms[i];
        assert_int_equal(rate_take(rate, &client, now_ms - 1, &untold), 1);
        assert_int_equal(rate_take(rate, &client, now_ms, &untold), 0);
    }
    now_ms += RATE_GUESS_MS_MAX + RATE_GUESSES * RATE_GUESS_MS;
    for (int i = 0; i < RATE_GUESSES; i++)
        assert_int_equal(rate_take(rate, &client, now_ms, &untold), 0);
    assert_int_equal(rate_take(rate, &client, now_ms, &untold), RATE_GUESS_MS);
    rate_free(rate);
}

static void refusals_are_told_once_a_minute(void **state)
{
    struct in6_addr client = address_of("192.0.2.1");
    Rate *rate = rate_new(&guesses);
    unsigned told = 0, lines = 0, untold;
    int64_t now_ms = 0;
    (void)state;
    for (; now_ms <= 10 * RATE_TELL_MS; now_ms += 100) {
        rate_take(rate, &client, now_ms, &untold);
        lines += untold > 0;
        told += untold;
    }
    assert_in_range(lines, 10, 11);
    assert_in_range(told, 5000, 6000);
    rate_free(rate);
}

/* More addresses than the table holds: nobody is refused for a stranger's sake, and who came very
 * often is still known after a crowd that came once each. */
static void a_crowd_of_addresses_does_not_hide_a_flood(void **state)
{
    Rate *rate = rate_new(&guesses);
    unsigned untold;
    (void)state;
    assert_int_equal(granted(rate, "192.0.2.1", 0, RATE_GUESSES, 1), RATE_GUESSES);
    for (uint32_t i = 0; i < 4 * RATE_ADDRESSES_MAX; i++) {
        struct in6_addr client = address_of("2001:db8::");
        memcpy(client.s6_addr + 4, &i, sizeof i);
        assert_int_equal(rate_take(rate, &client, RATE_GUESSES, &untold), 0);
    }
    assert_int_equal(granted(rate, "192.0.2.1", RATE_GUESSES, RATE_GUESSES + 1, 1), 0);
    rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_is_let_in_and_a_flood_is_not),
        cmocka_unit_test(who_is_counted_together),
        cmocka_unit_test(the_wait_is_true_and_grows_for_guesses),
        cmocka_unit_test(refusals_are_told_once_a_minute),
        cmocka_unit_test(a_crowd_of_addresses_does_not_hide_a_flood),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
