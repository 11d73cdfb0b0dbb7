#include "common/base/flag.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "common/base/clock.h"

void flag_init(Flag *flag)
{
    pthread_mutex_init(&flag->lock, NULL);
    atomic_init(&flag->raised, false);
    flag->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    REQUIRE(flag->fd >= 0);
}

void flag_release(Flag *flag)
{
    base_close(&flag->fd);
    pthread_mutex_destroy(&flag->lock);
}

void flag_raise(Flag *flag)
{
    pthread_mutex_lock(&flag->lock);
    atomic_store(&flag->raised, true);
    REQUIRE(eventfd_write(flag->fd, 1) == 0 || errno == EAGAIN);
    pthread_mutex_unlock(&flag->lock);
}

void flag_lower(Flag *flag)
{
    eventfd_t count;
    pthread_mutex_lock(&flag->lock);
    REQUIRE(eventfd_read(flag->fd, &count) == 0 || errno == EAGAIN);
    atomic_store(&flag->raised, false);
    pthread_mutex_unlock(&flag->lock);
}

bool flag_raised(const Flag *flag)
{
    return atomic_load(&flag->raised);
}

bool flag_set_raised(const FlagSet *set)
{
    for (size_t i = 0; i < FLAG_SET_MAX; i++)
        if (set->flags[i] && flag_raised(set->flags[i]))
            return true;
    return false;
}

size_t flag_set_poll(const FlagSet *set, struct pollfd fds[FLAG_SET_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < FLAG_SET_MAX; i++)
        if (set->flags[i])
            fds[count++] = (struct pollfd){.fd = set->flags[i]->fd, .events = POLLIN};
    return count;
}

bool flag_set_wait(const FlagSet *set, int64_t timeout_ms)
{
    struct pollfd fds[FLAG_SET_MAX];
    size_t count = flag_set_poll(set, fds);
    int64_t end = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t left = end - clock_monotonic_ms();
        if (flag_set_raised(set) || left <= 0)
            return flag_set_raised(set);
        poll(fds, count, (int)MIN_OF(left, INT32_MAX));
    }
}
