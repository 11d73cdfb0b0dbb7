#include "web/http/exchange/body.h"

struct Body {
    const BodySink *sink;
    void *object;             /* the sink's; NULL before open and after close */
    uint64_t limit, received; /* bytes of the whole body */
    char *block;              /* HTTP_STREAM_BLOCK bytes, lent; or NULL */
    size_t used;
    char *ahead; /* the loop's, always */
    size_t ahead_used;
};

Body *body_new(const BodySink *sink, uint64_t limit)
{
    Body *body = NEW(Body);
    *body = (Body){.sink = sink, .limit = limit};
    return body;
}

void body_free(Body *body)
{
    if (!body)
        return;
    REQUIRE(!body->object && !body->block && !body->ahead);
    free(body);
}

bool body_open(Body *body, Request *request, Error *error)
{
    body->object = body->sink->open(request, error);
    return body->object != NULL;
}

void body_set_block(Body *body, char *block)
{
    REQUIRE(!body->block && body->used == 0);
    body->block = block;
}

char *body_take_block(Body *body)
{
    body->used = 0;
    return TAKE_PTR(body->block);
}

bool body_has_block(const Body *body)
{
    return body->block != NULL;
}

char *body_room(Body *body, size_t *room)
{
    *room = HTTP_STREAM_BLOCK - body->used;
    return body->block + body->used;
}

bool body_filled(Body *body, size_t length, Error *error)
{
    if (body->received + length > body->limit)
        return error_set(error, ERROR_TOO_LARGE, "The request is larger than %llu bytes.",
                         (unsigned long long)body->limit);
    body->used += length;
    body->received += length;
    return true;
}

bool body_full(const Body *body)
{
    return body->used == HTTP_STREAM_BLOCK;
}

bool body_empty(const Body *body)
{
    return body->used == 0;
}

void body_set_ahead(Body *body, char *block)
{
    REQUIRE(!body->ahead && body->ahead_used == 0);
    body->ahead = block;
}

bool body_has_ahead(const Body *body)
{
    return body->ahead != NULL;
}

char *body_ahead_room(Body *body, size_t *room)
{
    *room = HTTP_STREAM_BLOCK - body->ahead_used;
    return body->ahead + body->ahead_used;
}

void body_ahead_filled(Body *body, size_t length)
{
    body->ahead_used += length;
}

void body_advance(Body *body)
{
    REQUIRE(!body->block);
    body->block = TAKE_PTR(body->ahead);
    body->used = body->ahead_used;
    body->received += body->ahead_used;
    body->ahead_used = 0;
}

bool body_flush(Body *body, Error *error)
{
    size_t length = body->used;
    body->used = 0;
    return length == 0 || body->sink->data(body->object, body->block, length, error);
}

Response *body_finish(Body *body, Request *request, Error *error)
{
    return body_flush(body, error) ? body->sink->finish(body->object, request, error) : NULL;
}

bool body_is_open(const Body *body)
{
    return body && body->object;
}

void body_close(Body *body)
{
    if (body_is_open(body))
        body->sink->close(TAKE_PTR(body->object));
}
