#include "web/http/exchange/memory.h"

#define FORGET_MAGIC 0x46524754u /* "FRGT" */

ExchangeMemory *exchange_memory(const Loop *loop)
{
    return CAST_OBJECT(ExchangeMemory, loop_memory(loop), MEMORY_MAGIC);
}

void *exchange_memory_new(const void *context)
{
    const ExchangeShared *shared =
        CAST_OBJECT(const ExchangeShared, context, EXCHANGE_SHARED_MAGIC);
    ExchangeMemory *memory = NEW(ExchangeMemory);
    *memory = (ExchangeMemory){.magic = MEMORY_MAGIC,
                               .cache = media_cache_new(),
                               .blocks = blocks_new(HTTP_STREAM_BLOCKS / shared->loops)};
    return memory;
}

void exchange_memory_free(void *pointer)
{
    ExchangeMemory *memory = CAST_OBJECT(ExchangeMemory, pointer, MEMORY_MAGIC);
    media_cache_free(memory->cache);
    blocks_free(memory->blocks);
    memory->magic = 0;
    free(memory);
}

void exchange_gauges(const Loop *loop, size_t *files, uint64_t *bytes)
{
    media_cache_gauges(exchange_memory(loop)->cache, files, bytes);
}

/* --- forgetting --- */

typedef struct Forget {
    unsigned magic;
    LoopMessage message;
    char *path; /* NULL: all of the audience */
    uint64_t audience;
} Forget;

static void exchange_forget(Loop *loop, void *object)
{
    Forget *forget = CAST_OBJECT(Forget, object, FORGET_MAGIC);
    ExchangeMemory *memory = exchange_memory(loop);
    if (forget->path)
        media_cache_forget(memory->cache, forget->path);
    else
        media_cache_forget_audience(memory->cache, forget->audience);
    memory->forget_generation++;
    free(forget->path);
    free(forget);
}

static void exchange_post_forget(Loop *loop, char *path, uint64_t audience)
{
    Forget *forget = NEW(Forget);
    *forget = (Forget){.magic = FORGET_MAGIC,
                       .message = {.deliver = exchange_forget, .object = forget},
                       .path = path,
                       .audience = audience};
    loop_post(loop, &forget->message);
}

void exchange_forget_file(Loop *loop, const char *media_path)
{
    exchange_post_forget(loop, base_strdup(media_path), 0);
}

void exchange_forget_audience(Loop *loop, uint64_t audience)
{
    exchange_post_forget(loop, NULL, audience);
}
