#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include "common/base/file.h"
#include "common/metrics/metrics.h"

#define STAT_MAX        4096      /* bytes of one line of numbers */
#define SYSTEM_STAT_MAX (4 << 20) /* bytes; a line for each core, a number for each interrupt */

/* The start is told in ticks since the machine's. What stands before the numbers of a process is
 * its program's name in parentheses, which may hold anything. */
static bool metrics_read_stat(int64_t *started_ms, int64_t *memory)
{
    _cleanup_free_ char *own = file_read_small(AT_FDCWD, "/proc/self/stat", STAT_MAX, NULL);
    _cleanup_free_ char *system = file_read_small(AT_FDCWD, "/proc/stat", SYSTEM_STAT_MAX, NULL);
    const char *numbers = own ? strrchr(own, ')') : NULL;
    const char *boot = system ? strstr(system, "\nbtime ") : NULL;
    long long ticks, pages, booted;
    if (!numbers || !boot || sscanf(boot, " btime %lld", &booted) != 1 ||
        sscanf(numbers,
               ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%lld %*s %lld",
               &ticks, &pages) != 2)
        return false;
    *started_ms = booted * 1000 + ticks * 1000 / sysconf(_SC_CLK_TCK);
    *memory = pages * sysconf(_SC_PAGESIZE);
    return true;
}

void metrics_read_process(MetricsReading *reading)
{
    int64_t started_ms, memory, descriptors = 0;
    struct timespec used;
    bool told = metrics_read_stat(&started_ms, &memory);
    reading->left_out[METRIC_PROCESS_START] = reading->left_out[METRIC_PROCESS_MEMORY] = !told;
    if (told) {
        metrics_set(reading, METRIC_PROCESS_START, 0, started_ms);
        metrics_set(reading, METRIC_PROCESS_MEMORY, 0, memory);
    }
    REQUIRE(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    metrics_set(reading, METRIC_PROCESS_CPU, 0, used.tv_sec * 1000000 + used.tv_nsec / 1000);
    DIR *folder = opendir("/proc/self/fd");
    reading->left_out[METRIC_PROCESS_FDS] = !folder;
    if (!folder)
        return;
    while (readdir(folder))
        descriptors++;
    closedir(folder);
    metrics_set(reading, METRIC_PROCESS_FDS, 0, descriptors - 3); /* ".", ".." and this folder's */
}
