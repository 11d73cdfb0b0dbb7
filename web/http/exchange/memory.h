/* What each loop keeps for its requests: the cache of files, the blocks of bodies, a place to read.
 * A loop's thread only, but for what says otherwise. */
#pragma once

#include "web/http/exchange/blocks.h"

#define MEMORY_MAGIC 0x584d454du /* "XMEM" */

typedef struct ExchangeMemory {
    unsigned magic;
    MediaCache *cache;
    Blocks *blocks;
    size_t excess;              /* bytes that its connections keep (connection.h) */
    size_t lingering;           /* connections */
    unsigned forget_generation; /* raised whenever something was forgotten */
    char scratch[HTTP_HEAD_MAX + HTTP_HEAD_READ]; /* between two reads nothing is in it */
} ExchangeMemory;

/* LoopHooks; `context` is an ExchangeShared. */
void *exchange_memory_new(const void *context);
void exchange_memory_free(void *memory);

ExchangeMemory *exchange_memory(const Loop *loop);

/* Messages to one loop about its cache; allocated here, freed when delivered. Any thread. */
void exchange_forget_file(Loop *loop, const char *media_path);
void exchange_forget_audience(Loop *loop, uint64_t audience);

/* Of a loop's cache. Any thread. */
void exchange_gauges(const Loop *loop, size_t *files, uint64_t *bytes);
