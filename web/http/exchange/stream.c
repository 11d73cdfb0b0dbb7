#include "web/http/exchange/stream.h"

#include "web/http/message/multipart.h"

struct Stream {
    const FormHandler *handler;
    void *form; /* NULL before open and after close */
    Multipart *multipart;
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    uint64_t limit, received; /* bytes of the whole body */
    char *block;              /* HTTP_STREAM_BLOCK bytes, allocated when the first arrive */
    size_t used;
};

Stream *stream_new(const FormHandler *handler, const char *content_type, uint64_t limit,
                   Error *error)
{
    _cleanup_free_ Stream *stream = NEW(Stream);
    stream->handler = handler;
    stream->limit = limit;
    if (!multipart_boundary(content_type, stream->boundary)) {
        error_set(error, ERROR_MEDIA_TYPE,
                  "This address takes multipart/form-data with a boundary.");
        return NULL;
    }
    return TAKE_PTR(stream);
}

void stream_free(Stream *stream)
{
    if (!stream)
        return;
    REQUIRE(!stream->form);
    free(stream->block);
    free(stream);
}

bool stream_open(Stream *stream, Request *request, Error *error)
{
    stream->form = stream->handler->open(request, error);
    if (!stream->form)
        return false;
    stream->multipart = multipart_new(stream->boundary, stream->handler, stream->form);
    return true;
}

bool stream_fill(Stream *stream, const char *data, size_t length, size_t *taken, Error *error)
{
    size_t fitting = MIN_OF(length, HTTP_STREAM_BLOCK - stream->used);
    if (stream->received + fitting > stream->limit)
        return error_set(error, ERROR_TOO_LARGE, "The request is larger than %llu bytes.",
                         (unsigned long long)stream->limit);
    if (!stream->block)
        stream->block = base_calloc(1, HTTP_STREAM_BLOCK);
    memcpy(stream->block + stream->used, data, fitting);
    stream->used += fitting;
    stream->received += fitting;
    *taken = fitting;
    return true;
}

bool stream_full(const Stream *stream)
{
    return stream->used == HTTP_STREAM_BLOCK;
}

bool stream_feed(Stream *stream, Error *error)
{
    size_t consumed = 0;
    if (!multipart_feed(stream->multipart, stream->block, stream->used, &consumed, error))
        return false;
    stream->used -= consumed;
    if (stream->used > 0)
        memmove(stream->block, stream->block + consumed, stream->used);
    return true;
}

Response *stream_finish(Stream *stream, Request *request, Error *error)
{
    if (stream->used > 0 && !stream_feed(stream, error))
        return NULL;
    if (!multipart_end(stream->multipart, error))
        return NULL;
    return stream->handler->finish(stream->form, request, error);
}

bool stream_is_open(const Stream *stream)
{
    return stream && stream->form;
}

void stream_close(Stream *stream)
{
    if (!stream_is_open(stream))
        return;
    stream->handler->close(TAKE_PTR(stream->form));
    multipart_free(TAKE_PTR(stream->multipart));
}
