/* Inside web/storage: what a Volume consists of, for the few files that work in its folders. */
#pragma once

#include <pthread.h>

#include "common/base/base.h"

#define VOLUME_MAGIC 0x564f4c55u /* "VOLU" */

struct Volume {
    unsigned magic;
    char *root; /* immutable, as the following */
    char *database_path;
    int root_fd;
    int lock_fd;    /* holds the flock; -1 when only inspecting */
    int staging_fd; /* .reelkeep/uploads */
    uint64_t min_free_space;
    pthread_mutex_t lock;
    uint64_t reserved; /* bytes that transfers hold; guarded by the lock, as the next */
    uint64_t ahead;    /* of these, what uploads hold */
};
