#include "common/base/network.h"

#include <arpa/inet.h>

/* ::ffff:0:0/96, where IPv4 lives. */
static const unsigned char mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static struct in6_addr network_map_ipv4(const struct in_addr *address)
{
    struct in6_addr mapped;
    memcpy(mapped.s6_addr, mapped_prefix, sizeof mapped_prefix);
    memcpy(mapped.s6_addr + sizeof mapped_prefix, address, sizeof *address);
    return mapped;
}

bool network_parse_address(const char *text, size_t length, struct in6_addr *out)
{
    char copy[NETWORK_TEXT_MAX];
    struct in_addr narrow;
    if (length >= sizeof copy || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET, copy, &narrow) == 1) {
        *out = network_map_ipv4(&narrow);
        return true;
    }
    return inet_pton(AF_INET6, copy, out) == 1;
}

/* One item of a list, with or without a prefix length. */
static bool network_parse(const char *text, size_t length, Network *out)
{
    const char *slash = memchr(text, '/', length);
    size_t address_length = slash ? (size_t)(slash - text) : length;
    Network network = {.bits = 128};
    if (!network_parse_address(text, address_length, &network.address))
        return false;
    if (slash) {
        bool narrow = memchr(text, ':', address_length) == NULL;
        unsigned most = narrow ? 32 : 128, bits = 0;
        const char *digits = slash + 1, *end = text + length;
        if (digits == end || end - digits > 3)
            return false;
        for (; digits < end; digits++) {
            if (*digits < '0' || *digits > '9')
                return false;
            bits = bits * 10 + (unsigned)(*digits - '0');
        }
        if (bits > most)
            return false;
        network.bits = bits + 128 - most;
    }
    *out = network;
    return true;
}

bool network_parse_list(const char *text, NetworkList *out)
{
    static const char separators[] = ", \t";
    NetworkList networks = {.count = 0};
    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        if (networks.count == NETWORKS_MAX ||
            !network_parse(text, length, &networks.list[networks.count]))
            return false;
        networks.count++;
        text += length;
    }
    *out = networks;
    return true;
}

bool network_list_has(const NetworkList *networks, const struct in6_addr *address)
{
    for (size_t i = 0; i < networks->count; i++) {
        const Network *network = &networks->list[i];
        size_t bytes = network->bits / 8;
        unsigned rest = network->bits % 8;
        unsigned mask = rest ? 0xff00u >> rest & 0xff : 0;
        if (memcmp(network->address.s6_addr, address->s6_addr, bytes) == 0 &&
            (!rest || ((network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0))
            return true;
    }
    return false;
}

struct in6_addr network_of_peer(const struct sockaddr_in6 *peer)
{
    if (peer->sin6_family == AF_INET)
        return network_map_ipv4(&((const struct sockaddr_in *)peer)->sin_addr);
    return peer->sin6_addr;
}

struct in6_addr network_owned(const struct in6_addr *client)
{
    struct in6_addr address = *client;
    if (!IN6_IS_ADDR_V4MAPPED(&address))
        memset(address.s6_addr + 8, 0, 8);
    return address;
}

static uint64_t network_mix(uint64_t word)
{
    word = (word ^ word >> 32) * 0xd6e8feb86659fd93u;
    word = (word ^ word >> 32) * 0xd6e8feb86659fd93u;
    return word ^ word >> 32;
}

uint64_t network_hash(const struct in6_addr *address, const uint64_t key[2])
{
    uint64_t halves[2];
    memcpy(halves, address, sizeof halves);
    return network_mix(network_mix(halves[0] ^ key[0]) ^ halves[1] ^ key[1]);
}

void network_format(const struct in6_addr *address, char text[NETWORK_TEXT_MAX])
{
    bool narrow = memcmp(address->s6_addr, mapped_prefix, sizeof mapped_prefix) == 0;
    const void *bytes = narrow ? address->s6_addr + sizeof mapped_prefix : address->s6_addr;
    REQUIRE(inet_ntop(narrow ? AF_INET : AF_INET6, bytes, text, NETWORK_TEXT_MAX));
}
