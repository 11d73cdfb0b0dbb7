/* Inside the volume: what volume.c and staging.c share. */
#pragma once

#include <pthread.h>

#include "web/storage/volume/volume.h"

struct Volume {
    char *root; /* immutable, as the following */
    char *database_path;
    int root_fd;
    int lock_fd;    /* holds the flock; -1 when only inspecting */
    int staging_fd; /* .reelkeep/uploads */
    uint64_t min_free_space;
    pthread_mutex_t lock;
    uint64_t reserved; /* bytes; guarded by the lock */
};
