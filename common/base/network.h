/*
 * Addresses and networks of IPv6 and IPv4, the latter in the form ::ffff:a.b.c.d (RFC 4291
 * §2.5.5.2), so that one comparison serves both. Pure; any thread.
 */
#pragma once

#include <netinet/in.h>

#include "common/base/base.h"
#include "common/base/limits.h"

#define NETWORK_TEXT_MAX INET6_ADDRSTRLEN /* an address as text, NUL included */

typedef struct Network {
    struct in6_addr address;
    unsigned bits; /* of the prefix, counted in IPv6: 128 is one address */
} Network;

typedef struct NetworkList {
    Network list[NETWORKS_MAX];
    size_t count;
} NetworkList;

/* "192.0.2.7", "2001:db8::1": false for anything else, surrounding blanks and ports included. */
_must_check_ bool network_parse_address(const char *text, size_t length, struct in6_addr *out);

/* "10.0.0.0/8, ::1": addresses and CIDR prefixes (RFC 4632 §3.1), separated by commas or blanks;
 * "" is the empty list. False for anything else and for more than NETWORKS_MAX. */
_must_check_ bool network_parse_list(const char *text, NetworkList *out);
bool network_list_has(const NetworkList *networks, const struct in6_addr *address);

/* The address of a peer of either family. */
struct in6_addr network_of_peer(const struct sockaddr_in6 *peer);

/* What the client at an address owns as a whole: an IPv6 client has a /64 at least. */
struct in6_addr network_owned(const struct in6_addr *client);

/* Of a whole address; with a random key nobody can aim for a neighbour's value. */
uint64_t network_hash(const struct in6_addr *address, const uint64_t key[2]);

/* As people write it: IPv4 with dots, IPv6 after RFC 5952. */
void network_format(const struct in6_addr *address, char text[NETWORK_TEXT_MAX]);
