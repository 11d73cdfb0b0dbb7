#include "web/http/exchange/blocks.h"

struct Blocks {
    size_t count, made, unused_count;
    BlockLine waiting, keeping;
    char *unused[HTTP_STREAM_BLOCKS]; /* the last one back is the first out: it is in the caches */
};

Blocks *blocks_new(size_t count)
{
    Blocks *blocks = NEW(Blocks);
    REQUIRE(count > 0 && count <= ARRAY_SIZE(blocks->unused));
    blocks->count = count;
    blocks->waiting.last = &blocks->waiting.first;
    blocks->keeping.last = &blocks->keeping.first;
    return blocks;
}

void blocks_free(Blocks *blocks)
{
    REQUIRE(blocks->unused_count == blocks->made);
    while (blocks->unused_count > 0)
        free(blocks->unused[--blocks->unused_count]);
    free(blocks);
}

static void blocks_join(BlockLine *line, Request *request)
{
    REQUIRE(!request->line);
    request->line = line;
    request->line_next = NULL;
    request->line_link = line->last;
    *line->last = request;
    line->last = &request->line_next;
}

void blocks_leave(Blocks *blocks, Request *request)
{
    BlockLine *line = TAKE_PTR(request->line);
    if (!line)
        return;
    REQUIRE(line == &blocks->waiting || line == &blocks->keeping);
    *request->line_link = request->line_next;
    if (request->line_next)
        request->line_next->line_link = request->line_link;
    else
        line->last = request->line_link;
}

/* NULL: all are lent. */
static char *blocks_take(Blocks *blocks)
{
    if (blocks->unused_count > 0)
        return blocks->unused[--blocks->unused_count];
    if (blocks->made == blocks->count)
        return NULL;
    blocks->made++;
    return base_calloc(1, HTTP_STREAM_BLOCK);
}

bool blocks_lend(Blocks *blocks, Request *request)
{
    char *block = blocks_take(blocks);
    if (block)
        body_set_block(request->body, block);
    else
        blocks_join(&blocks->waiting, request);
    return block;
}

bool blocks_lend_ahead(Blocks *blocks, Request *request)
{
    char *block = blocks_take(blocks);
    if (block)
        body_set_ahead(request->body, block);
    return block;
}

bool blocks_wanted(const Blocks *blocks)
{
    return blocks->waiting.first != NULL;
}

void blocks_keep(Blocks *blocks, Request *request)
{
    if (!request->line)
        blocks_join(&blocks->keeping, request);
}

Request *blocks_longest_keeper(const Blocks *blocks)
{
    return blocks->keeping.first;
}

Request *blocks_take_back(Blocks *blocks, Request *request)
{
    char *block = body_take_block(request->body);
    if (!block)
        return NULL;
    Request *next = blocks->waiting.first;
    if (next) {
        blocks_leave(blocks, next);
        body_set_block(next->body, block);
    } else {
        blocks->unused[blocks->unused_count++] = block;
    }
    return next;
}
