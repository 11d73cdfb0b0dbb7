/* A second kind of storage, in memory, that gives addresses away: what is true of it and of the
 * volume alike is what web may rely on. For tests; one thread. */
#pragma once

#include "web/storage/storage.h"

typedef struct MemoryStorage MemoryStorage;

MemoryStorage *memory_storage_new(void);
void memory_storage_free(MemoryStorage *memory);

Storage memory_storage(MemoryStorage *memory);
