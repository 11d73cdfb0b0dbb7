/* A transfer under way, as far as it would survive this process. A value that owns nothing. */
#pragma once

#include "common/base/digest.h"
#include "common/base/id.h"

typedef struct StagingState {
    char name[UUID_SIZE]; /* of the file in the staging folder */
    uint64_t durable;     /* bytes that are on the disk for certain */
    DigestSaved digests;  /* of these bytes */
} StagingState;
