#include "tests/unit/encoded.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>

#include "common/base/buffer.h"

#define GRID       16
#define OUTPUT_MAX (4 << 20)

static char folder[64];

const char *encoded_folder(void)
{
    if (!folder[0])
        unit_folder(folder);
    return folder;
}

void encoded_cleanup(void)
{
    if (folder[0])
        free(encoded_run("rm -rf %s", folder));
    folder[0] = '\0';
}

static void become_shell(const char *command, int output)
{
    dup2(output, STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* The output, NUL-terminated; *length tells how much. */
static char *run_shell(const char *command, size_t *length)
{
    int ends[2], status;
    Buffer output = BUFFER(OUTPUT_MAX);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_shell(command, ends[1]);
    close(ends[1]);
    for (;;) {
        char *room = buffer_reserve(&output, 65536);
        assert_non_null(room);
        ssize_t got = read(ends[0], room, 65536);
        if (got <= 0)
            break;
        output.length += (size_t)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("the command failed: %s", command);
    output.data[output.length] = '\0';
    *length = output.length;
    return output.data;
}

_printf_(1, 0) static char *format_command(const char *format, va_list arguments)
{
    char *command = NULL;
    assert_true(vasprintf(&command, format, arguments) >= 0);
    return command;
}

EncoderPolicy encoded_policy(int max_short_side)
{
    return (EncoderPolicy){.max_short_side = max_short_side,
                           .crf = 23,
                           .remux_bit_rate = 0,
                           .max_pixels = MEDIA_PIXELS_MAX,
                           .max_streams = MEDIA_STREAMS_MAX,
                           .max_seconds = MEDIA_SECONDS_MAX,
                           .max_output = (int64_t)16 << 30,
                           .max_cpu_ratio = 100,
                           .max_wall_ratio = 100,
                           .stall_seconds = 300,
                           .preset = "veryfast"};
}

void encoded_open_results(int fds[TRANSFER_FILE_COUNT])
{
    char path[512];
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        snprintf(path, sizeof path, "%s/%s", encoded_folder(), transfer_file_kinds[i].name);
        fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fds[i] >= 0);
    }
}

char *encoded_run(const char *format, ...)
{
    size_t length;
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *command = format_command(format, arguments);
    va_end(arguments);
    return run_shell(command, &length);
}

char *encoded_entry(const char *path, const char *stream, const char *entry)
{
    char *text = encoded_run("ffprobe -v error -select_streams %s -show_entries %s "
                             "-of default=nk=1:nw=1 '%s' | head -n 1",
                             stream, entry, path);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

double encoded_number(const char *path, const char *stream, const char *entry)
{
    _cleanup_free_ char *text = encoded_entry(path, stream, entry);
    return strtod(text, NULL);
}

static void shrink(const char *path, int n, int side, double *grid)
{
    char command[1024];
    size_t length;
    snprintf(command, sizeof command,
             "ffmpeg -v quiet -i '%s' -map 0:v:0 -vf "
             "'select=gte(n\\,%d),format=rgb24,scale=%d:%d:flags=area,"
             "format=gray' -frames:v 1 -f rawvideo -",
             path, n, side, side);
    _cleanup_free_ char *bytes = run_shell(command, &length);
    assert_int_equal(length, (size_t)side * (size_t)side);
    for (size_t i = 0; i < length; i++)
        grid[i] = (unsigned char)bytes[i];
}

double encoded_brightness(const char *path)
{
    double value;
    shrink(path, 0, 1, &value);
    return value;
}

static double correlation(const double *a, const double *b)
{
    double mean_a = 0, mean_b = 0, both = 0, square_a = 0, square_b = 0;
    for (size_t i = 0; i < GRID * GRID; i++) {
        mean_a += a[i] / (GRID * GRID);
        mean_b += b[i] / (GRID * GRID);
    }
    for (size_t i = 0; i < GRID * GRID; i++) {
        both += (a[i] - mean_a) * (b[i] - mean_b);
        square_a += (a[i] - mean_a) * (a[i] - mean_a);
        square_b += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return square_a > 0 && square_b > 0 ? both / sqrt(square_a * square_b) : 1;
}

/* Of the eight ways to lay a square, number `way`. */
static void lay(const double *from, int way, double *to)
{
    for (int y = 0; y < GRID; y++) {
        for (int x = 0; x < GRID; x++) {
            int u = way & 1 ? GRID - 1 - x : x, v = way & 2 ? GRID - 1 - y : y;
            to[y * GRID + x] = way & 4 ? from[u * GRID + v] : from[v * GRID + u];
        }
    }
}

double encoded_likeness(const char *made, const char *source, int n, double *turned)
{
    double a[GRID * GRID], b[GRID * GRID], laid[GRID * GRID];
    shrink(made, n, GRID, a);
    shrink(source, n, GRID, b);
    double upright = correlation(a, b);
    if (turned)
        *turned = 2;
    for (int way = 1; turned && way < 8; way++) {
        lay(a, way, laid);
        *turned = fmin(*turned, upright - correlation(laid, b));
    }
    return upright;
}

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool encoded_starts_fast(const char *path)
{
    _cleanup_fclose_ FILE *file = fopen(path, "rb");
    unsigned char head[16];
    assert_non_null(file);
    while (fread(head, 1, sizeof head, file) == sizeof head) {
        uint64_t size = big_endian(head, 4);
        if (memcmp(head + 4, "moov", 4) == 0)
            return true;
        if (memcmp(head + 4, "mdat", 4) == 0)
            return false;
        if (size == 1)
            size = big_endian(head + 8, 8);
        assert_true(size >= 8);
        assert_int_equal(fseek(file, (long)size - (long)sizeof head, SEEK_CUR), 0);
    }
    return false;
}

bool encoded_holds(const char *path, const char *text)
{
    _cleanup_free_ char *count = encoded_run("grep -c -a -F -- '%s' '%s' || true", text, path);
    return strtol(count, NULL, 10) > 0;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The integers of a text, one per line; the caller owns them. */
static int64_t *read_times(const char *text, size_t *count)
{
    int64_t *times = base_calloc(strlen(text) + 1, sizeof *times);
    *count = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        times[(*count)++] = strtoll(line, NULL, 10);
        if (!strchr(line, '\n'))
            break;
    }
    return times;
}

static bool all_different(const char *path, const char *stream, const char *entry, bool sort)
{
    size_t count;
    _cleanup_free_ char *text =
        encoded_run("ffprobe -v error -select_streams %s -show_entries packet=%s "
                    "-of default=nk=1:nw=1 '%s'",
                    stream, entry, path);
    _cleanup_free_ int64_t *times = read_times(text, &count);
    assert_true(count > 0);
    if (sort)
        qsort(times, count, sizeof *times, compare_times);
    for (size_t i = 1; i < count; i++)
        if (times[i] <= times[i - 1])
            return false;
    return true;
}

bool encoded_times_grow(const char *path, const char *stream)
{
    return all_different(path, stream, "dts", false) && all_different(path, stream, "pts", true);
}

double encoded_key_distance(const char *path)
{
    _cleanup_free_ char *text =
        encoded_run("ffprobe -v error -select_streams v:0 -skip_frame nokey -show_entries "
                    "frame=pts_time -of default=nk=1:nw=1 '%s'",
                    path);
    double longest = 0, last = 0, end = encoded_number(path, "v:0", "stream=duration");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        double time = strtod(line, NULL);
        longest = fmax(longest, time - last);
        last = time;
        if (!strchr(line, '\n'))
            break;
    }
    return fmax(longest, end - last);
}
