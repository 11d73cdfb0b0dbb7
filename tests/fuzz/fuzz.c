#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/json.h"

/* Objects would keep their fields in another order in every run. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    json_object_seed(1);
    return 0;
}

static char *copy(const char *from, size_t length)
{
    char *text = base_calloc(1, length + 1);
    memcpy(text, from, length);
    return text;
}

static char *take(FuzzInput *input, size_t length)
{
    char *text = copy(input->at, strnlen(input->at, length));
    input->at += length;
    input->left -= length;
    return text;
}

char *fuzz_line(FuzzInput *input)
{
    const char *end = input->left > 0 ? memchr(input->at, '\n', input->left) : NULL;
    if (!end)
        return fuzz_rest(input);
    char *line = take(input, (size_t)(end - input->at));
    input->at++;
    input->left--;
    return line;
}

uint64_t fuzz_number(FuzzInput *input)
{
    _cleanup_free_ char *line = fuzz_line(input);
    return *line >= '0' && *line <= '9' ? strtoull(line, NULL, 10) : 0;
}

char *fuzz_rest(FuzzInput *input)
{
    return input->left > 0 ? take(input, input->left) : copy("", 0);
}

char *fuzz_bytes(FuzzInput *input, size_t *length)
{
    char *bytes = input->left > 0 ? copy(input->at, input->left) : copy("", 0);
    *length = input->left;
    input->left = 0;
    return bytes;
}

int fuzz_file(const void *bytes, size_t length)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(length == 0 || pwrite(fd, bytes, length, 0) == (ssize_t)length);
    return fd;
}

char *fuzz_file_bytes(int fd, size_t *length)
{
    struct stat status;
    REQUIRE(fstat(fd, &status) == 0);
    *length = (size_t)status.st_size;
    char *bytes = base_calloc(1, *length + 1);
    REQUIRE(pread(fd, bytes, *length, 0) == (ssize_t)*length);
    return bytes;
}
