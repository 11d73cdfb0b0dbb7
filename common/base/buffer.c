#include "common/base/buffer.h"

#include <stdarg.h>

char *buffer_reserve(Buffer *buffer, size_t length)
{
    size_t needed = buffer->length + length + 1;
    if (length > buffer->maximum || buffer->length > buffer->maximum - length)
        return NULL;
    if (needed > buffer->capacity) {
        size_t doubled = MIN_OF(buffer->capacity * 2, buffer->maximum + 1);
        size_t capacity = MAX_OF(needed, MAX_OF(doubled, 64));
        char *data = realloc(buffer->data, capacity);
        REQUIRE(data);
        buffer->data = data;
        buffer->capacity = capacity;
        buffer->data[buffer->length] = '\0';
    }
    return buffer->data + buffer->length;
}

bool buffer_append(Buffer *buffer, const void *data, size_t length)
{
    char *room = buffer_reserve(buffer, length);
    if (!room)
        return false;
    if (length > 0)
        memcpy(room, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return true;
}

bool buffer_append_text(Buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_format(Buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    REQUIRE(length >= 0);
    bool fits = buffer_append(buffer, text, (size_t)length);
    free(text);
    return fits;
}

void buffer_consume(Buffer *buffer, size_t length)
{
    REQUIRE(length <= buffer->length);
    if (length == 0)
        return;
    memmove(buffer->data, buffer->data + length, buffer->length - length + 1);
    buffer->length -= length;
}

void buffer_clear(Buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_release(Buffer *buffer)
{
    free(buffer->data);
    *buffer = BUFFER(buffer->maximum);
}
