/* Who asks and what for: addresses and networks, proxies in between, cookies and queries. */

#include "tests/unit/unit.h"

#include "common/base/network.h"
#include "common/base/url.h"
#include "web/http/message/field.h"
#include "web/http/message/forwarded.h"

static void networks_are_read_strictly(void **state)
{
    static const struct {
        const char *text, *inside, *outside, *sentence;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", "11.0.0.1", "a network"},
        {"192.0.2.7", "192.0.2.7", "192.0.2.8", "one address"},
        {"192.0.2.128/25", "192.0.2.200", "192.0.2.100", "a prefix inside a byte"},
        {"0.0.0.0/0", "255.255.255.255", "::1", "all of IPv4 is not IPv6"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1", "an IPv6 prefix"},
        {"::1", "::1", "::2", "one IPv6 address"},
        {"::ffff:192.0.2.7", "192.0.2.7", "192.0.2.8", "IPv4 as IPv6 writes it"},
        {"10.0.0.1, ::1,\t172.16.0.0/12", "172.31.0.1", "172.32.0.1", "several"},
        {"", NULL, "127.0.0.1", "none"},
    };
    static const char *const wrong[] = {
        "10.0.0.0/33", "::/129",        "10.0.0",        "10.0.0.0/", "10.0.0.0/8x",
        "localhost",   "10.0.0.1:8080", "10.0.0.0/0008", "/8",        "::1 x",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        NetworkList list;
        struct in6_addr address;
        unit_check(network_parse_list(rows[i].text, &list), rows[i].sentence);
        if (rows[i].inside) {
            assert_true(network_parse_address(rows[i].inside, strlen(rows[i].inside), &address));
            unit_check(network_list_has(&list, &address), rows[i].sentence);
        }
        assert_true(network_parse_address(rows[i].outside, strlen(rows[i].outside), &address));
        unit_check(!network_list_has(&list, &address), rows[i].sentence);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        NetworkList list;
        unit_check(!network_parse_list(wrong[i], &list), wrong[i]);
    }
    char many[NETWORKS_MAX * 4 + 5] = "";
    for (size_t i = 0; i <= NETWORKS_MAX; i++)
        memcpy(many + i * 4, "::1,", 5);
    NetworkList list;
    assert_false(network_parse_list(many, &list));
}

static void a_client_is_whom_a_trusted_proxy_names(void **state)
{
    static const char trusted[] = "10.0.0.0/8, ::1";
    static const struct {
        const char *peer, *forwarded_for, *real_ip, *client, *sentence;
    } rows[] = {
        {"192.0.2.1", NULL, NULL, "192.0.2.1", "nobody in between"},
        {"192.0.2.1", "198.51.100.1", "198.51.100.2", "192.0.2.1", "a stranger's word"},
        {"10.0.0.1", "198.51.100.1", NULL, "198.51.100.1", "one proxy"},
        {"::1", NULL, "198.51.100.2", "198.51.100.2", "X-Real-IP alone"},
        {"10.0.0.1", "198.51.100.1", "198.51.100.2", "198.51.100.1", "both: the chain counts"},
        {"10.0.0.1", "6.6.6.6, 198.51.100.1", NULL, "198.51.100.1", "what the client made up"},
        {"10.0.0.1", "198.51.100.1, 10.0.0.7 ,10.0.0.8", NULL, "198.51.100.1", "a chain of ours"},
        {"10.0.0.1", "10.0.0.5", NULL, "10.0.0.5", "a client inside"},
        {"10.0.0.1", "unknown", NULL, "10.0.0.1", "no address"},
        {"10.0.0.1", "198.51.100.1, junk, 10.0.0.7", NULL, "10.0.0.7", "no address further left"},
        {"10.0.0.1", "", NULL, "10.0.0.1", "an empty field"},
        {"10.0.0.1", ",,", "6.6.6.6", "10.0.0.1", "empty items"},
        {"10.0.0.1", NULL, "junk", "10.0.0.1", "X-Real-IP that is no address"},
    };
    NetworkList networks;
    (void)state;
    assert_true(network_parse_list(trusted, &networks));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct in6_addr peer;
        char text[NETWORK_TEXT_MAX];
        assert_true(network_parse_address(rows[i].peer, strlen(rows[i].peer), &peer));
        struct in6_addr client =
            forwarded_client(&networks, &peer, rows[i].forwarded_for, rows[i].real_ip);
        network_format(&client, text);
        unit_check(streq(text, rows[i].client), rows[i].sentence);
    }
}

static void cookies_are_found_by_their_whole_name(void **state)
{
    static const struct {
        const char *field, *value, *sentence;
    } rows[] = {
        {"sid=abc", "abc", "one"},
        {"a=1; sid=abc; b=2", "abc", "among others"},
        {"a=1;sid=abc", "abc", "without a blank"},
        {"sid=\"abc\"", "abc", "quoted"},
        {"sid=", "", "empty"},
        {"sid=a=b", "a=b", "an equals sign inside"},
        {"sid=abc ; b=2", "abc", "a blank behind"},
        {"sid=1; sid=2", "1", "the first of two"},
        {"xsid=1; sidx=2", NULL, "names that only look like it"},
        {"SID=1", NULL, "names are told apart by case"},
        {"sid", NULL, "no value at all"},
        {"", NULL, "an empty field"},
        {NULL, NULL, "no field"},
        {"sid=0123456789abcdef", NULL, "longer than fits"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char value[16];
        bool found = field_cookie(rows[i].field, "sid", value, sizeof value);
        unit_check(found == (rows[i].value != NULL), rows[i].sentence);
        unit_check(!found || streq(value, rows[i].value), rows[i].sentence);
    }
}

static void a_query_is_decoded_as_forms_are(void **state)
{
    static const struct {
        const char *target, *value, *sentence;
    } rows[] = {
        {"/a?q=1", "1", "one"},
        {"/a?x=0&q=1&q=2", "1", "the first of two"},
        {"/a?q=a+b%2B%26c", "a b+&c", "blanks, plus and ampersand"},
        {"/a?%71=1", "1", "an encoded name"},
        {"/a?q", "", "a name alone"},
        {"/a?q=", "", "an empty value"},
        {"/a?q=a=b", "a=b", "an equals sign inside"},
        {"/a?q=/?", "/?", "a question mark inside"},
        {"/a?&&q=1", "1", "empty pairs"},
        {"/a?qq=1", NULL, "another name"},
        {"/a", NULL, "no query"},
        {"/a?", NULL, "an empty query"},
        {"/a?q=%00", NULL, "NUL"},
        {"/a?q=%4", NULL, "half an escape"},
        {"/a?q=0123456789abcdef", NULL, "longer than fits"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char value[16];
        bool found = url_query_value(rows[i].target, "q", value, sizeof value);
        unit_check(found == (rows[i].value != NULL), rows[i].sentence);
        unit_check(!found || streq(value, rows[i].value), rows[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_read_strictly),
        cmocka_unit_test(a_client_is_whom_a_trusted_proxy_names),
        cmocka_unit_test(cookies_are_found_by_their_whole_name),
        cmocka_unit_test(a_query_is_decoded_as_forms_are),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
