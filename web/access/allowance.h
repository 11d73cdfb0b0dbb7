/*
 * How much one address may have under way at once: transfers, and the bytes that they announce.
 * What is under way is given back when it ends, so nothing is kept of an address that has none.
 * IPv6 clients own a /64 at least, so that is what is counted. Any thread; a call holds a lock for
 * some comparisons in memory.
 */
#pragma once

#include "common/base/error.h"
#include "common/base/network.h"

typedef struct AllowanceSpec {
    unsigned transfers; /* at least 1 */
    uint64_t bytes;     /* what comes alone may be larger */
} AllowanceSpec;

typedef struct Allowance Allowance;

Allowance *allowance_new(const AllowanceSpec *spec);
void allowance_free(Allowance *allowance); /* nothing is under way; NULL is fine */

/* Before the first byte of a transfer that announces so many. ERROR_BUSY. NULL allows everything.
 */
_must_check_ bool allowance_take(Allowance *allowance, const struct in6_addr *client,
                                 uint64_t bytes, Error *error);

/* Once after each success, with the same values. */
void allowance_give_back(Allowance *allowance, const struct in6_addr *client, uint64_t bytes);
