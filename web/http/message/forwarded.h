/* Whose request it is when proxies stand in between. Pure; any thread. */
#pragma once

#include "common/base/network.h"

/*
 * The client's address. A peer that is not trusted is the client, whatever it writes. Behind a
 * trusted one the addresses of X-Forwarded-For are read from the right, the end that the nearest
 * proxy wrote: the first that is not a trusted proxy itself is the client, and what is further left
 * is only what that client says. Without that field X-Real-IP counts. What is no address ends the
 * reading at the last one believed. The fields are NULL when absent; several X-Forwarded-For are
 * joined by commas (RFC 9110 §5.3).
 */
struct in6_addr forwarded_client(const NetworkList *trusted, const struct in6_addr *peer,
                                 const char *forwarded_for, const char *real_ip);
