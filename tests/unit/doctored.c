#include "tests/unit/doctored.h"

#include <fcntl.h>

#include "tests/unit/unit.h"

static void write_number(int fd, size_t at, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                   (unsigned char)(number >> 8), (unsigned char)number};
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)at), sizeof bytes);
}

void doctored_write(const char *path, const Lie *lie)
{
    static char content[4 << 20];
    size_t count = 0;
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
    ssize_t size = read(fd, content, sizeof content);
    assert_true(size > 0 && size < (ssize_t)sizeof content);
    const char *end = content + size, *found = content;
    for (; (found = memmem(found, (size_t)(end - found), lie->box, 4)); found += 4, count++) {
        size_t at = (size_t)(found - content) + 4 + lie->offset;
        write_number(fd, at, lie->number);
        while (lie->step > 0 && (at += lie->step) + 4 <= (size_t)size)
            write_number(fd, at, lie->number);
    }
    assert_true(count > 0);
}
