/* How much one address may have under way at once. */

#include "tests/unit/unit.h"

#include "web/access/allowance.h"

static bool take(Allowance *allowance, const char *client, uint64_t bytes)
{
    struct in6_addr address;
    Error error = {0};
    assert_true(network_parse_address(client, strlen(client), &address));
    bool taken = allowance_take(allowance, &address, bytes, &error);
    assert_int_equal(error.code, taken ? ERROR_NONE : ERROR_BUSY);
    assert_true(taken || error.retry_seconds > 0);
    return taken;
}

static void give_back(Allowance *allowance, const char *client, uint64_t bytes)
{
    struct in6_addr address;
    assert_true(network_parse_address(client, strlen(client), &address));
    allowance_give_back(allowance, &address, bytes);
}

static void what_is_under_way_is_counted_by_address(void **state)
{
    static const struct {
        const char *client;
        uint64_t bytes;
        bool taken;
        const char *sentence;
    } rows[] = {
        {"192.0.2.1", 40, true, "the first"},
        {"192.0.2.1", 60, true, "what fills the allowance"},
        {"192.0.2.1", 1, false, "a byte beyond it"},
        {"192.0.2.1", UINT64_MAX, false, "more than can be added"},
        {"192.0.2.1", 0, true, "what announces nothing is a transfer all the same"},
        {"192.0.2.1", 0, false, "a transfer too many"},
        {"192.0.2.2", 500, true, "what comes alone may be larger"},
        {"192.0.2.2", 1, false, "and nothing beside it"},
        {"2001:db8::1", 100, true, "the first of a network"},
        {"2001:db8::2:1", 1, false, "another address of the same network"},
        {"2001:db8:0:1::1", 100, true, "another network"},
    };
    Allowance *allowance = allowance_new(&(AllowanceSpec){3, 100});
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        unit_check(take(allowance, rows[i].client, rows[i].bytes) == rows[i].taken,
                   rows[i].sentence);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].taken)
            give_back(allowance, rows[i].client, rows[i].bytes);
    allowance_free(allowance);
}

static void what_has_ended_makes_room(void **state)
{
    Allowance *allowance = allowance_new(&(AllowanceSpec){2, 100});
    char client[40];
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_true(take(allowance, "192.0.2.1", 10));
        assert_true(take(allowance, "192.0.2.1", 20));
        assert_false(take(allowance, "192.0.2.1", 30));
        give_back(allowance, "192.0.2.1", 10);
        assert_true(take(allowance, "192.0.2.1", 30));
        give_back(allowance, "192.0.2.1", 20);
        give_back(allowance, "192.0.2.1", 30);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(client, sizeof client, "10.0.%d.%d", i / 250, i % 250);
        assert_true(take(allowance, client, 100));
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(client, sizeof client, "10.0.%d.%d", i / 250, i % 250);
        give_back(allowance, client, 100);
    }
    allowance_free(allowance);
    allowance_free(NULL);
    assert_true(take(NULL, "192.0.2.1", UINT64_MAX));
    give_back(NULL, "192.0.2.1", UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_under_way_is_counted_by_address),
        cmocka_unit_test(what_has_ended_makes_room),
    };
    return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}
