/*
 * A preload for web: while the file named by FAULTY_SYNCS exists, every fifth call that makes bytes
 * durable fails as on a dying disk, picked at random.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

static int faulty_syncs_call(long number, int fd)
{
    const char *mark = getenv("FAULTY_SYNCS");
    int saved = errno;
    unsigned char chance = 255;
    if (mark && access(mark, F_OK) == 0 && getrandom(&chance, 1, 0) == 1 && chance < 256 / 5) {
        errno = EIO;
        return -1;
    }
    errno = saved;
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return faulty_syncs_call(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return faulty_syncs_call(SYS_fdatasync, fd);
}
