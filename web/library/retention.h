/*
 * The policy: whether an original stays beside the video made of it. Pure; any thread.
 */
#pragma once

#include "common/transfer/losses.h"

typedef enum Retention {
    RETENTION_AUTO, /* where the result lacks what matters, by the table */
    RETENTION_ALL,
    RETENTION_NONE, /* only where the result is in doubt: something is missing that nobody left out
                     */
} Retention;

/* Of these losses those for which the original stays. RETENTION_ALL keeps it for none of them, but
 * all the same. */
TransferLosses retention_reasons(Retention retention, TransferLosses losses);
