#include "common/base/base.h"

_Noreturn void base_abort(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: impossible state: %s\n", file, line, what);
    abort();
}

void *base_calloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    REQUIRE(memory);
    return memory;
}

char *base_strdup(const char *text)
{
    char *copy = strdup(text);
    REQUIRE(copy);
    return copy;
}

void base_free(void *pointer_to_pointer)
{
    void *pointer;
    memcpy(&pointer, pointer_to_pointer, sizeof pointer);
    free(pointer);
}

void base_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

void base_fclose(FILE **file)
{
    if (*file)
        fclose(*file);
}

bool base_copy(char *field, size_t size, const char *text)
{
    size_t length = strlen(text);
    REQUIRE(size > 0);
    field[0] = '\0';
    if (length >= size)
        return false;
    memcpy(field, text, length + 1);
    return true;
}

void base_copy_truncated(char *field, size_t size, const char *text)
{
    size_t length = strlen(text);
    REQUIRE(size > 0);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memmove(field, text, length);
    field[length] = '\0';
}
