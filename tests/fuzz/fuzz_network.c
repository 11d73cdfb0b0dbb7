/*
 * Addresses, lists of trusted proxies, and whose request it is: an address is written as it was
 * read, and the client is the peer or somebody a field tells of. The lines are the peer's address,
 * the list, X-Forwarded-For and X-Real-IP.
 */
#include "tests/fuzz/fuzz.h"
#include "web/http/message/forwarded.h"

static bool same(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool read_address(const char *text, size_t length, struct in6_addr *out)
{
    struct in6_addr again;
    char written[NETWORK_TEXT_MAX];
    if (!network_parse_address(text, length, out))
        return false;
    network_format(out, written);
    REQUIRE(network_parse_address(written, strlen(written), &again) && same(out, &again));
    return true;
}

static bool is_told(const char *field, const struct in6_addr *client)
{
    while (field && *field) {
        struct in6_addr told;
        field += strspn(field, ", \t");
        size_t length = strcspn(field, ", \t");
        if (read_address(field, length, &told) && same(&told, client))
            return true;
        field += length;
    }
    return false;
}

static void check_client(const NetworkList *trusted, const struct in6_addr *peer,
                         const char *forwarded, const char *real)
{
    struct in6_addr client = forwarded_client(trusted, peer, forwarded, real);
    REQUIRE(network_list_has(trusted, peer) || same(&client, peer));
    REQUIRE(same(&client, peer) || is_told(forwarded ? forwarded : real, &client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *address = fuzz_line(&input), *list = fuzz_line(&input);
    _cleanup_free_ char *forwarded = fuzz_line(&input), *real = fuzz_line(&input);
    struct in6_addr peer = IN6ADDR_LOOPBACK_INIT;
    NetworkList trusted;
    if (!network_parse_list(list, &trusted))
        return 0;
    REQUIRE(trusted.count <= NETWORKS_MAX);
    for (size_t i = 0; i < trusted.count; i++)
        REQUIRE(network_list_has(&trusted, &trusted.list[i].address));
    read_address(address, strlen(address), &peer);
    check_client(&trusted, &peer, forwarded, real);
    check_client(&trusted, &peer, NULL, real);
    check_client(&trusted, &peer, NULL, NULL);
    return 0;
}
