#include "tests/unit/encoded.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
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

/* What ffprobe told of a stream and its file, in lines such as "format.duration=\"2.0\"". Starting
 * it costs more than its answer, so the newest answers are kept while their files stay as they
 * are. */
typedef struct Answer {
    char path[512], stream[16];
    struct stat status;
    char *text; /* owned */
} Answer;

static Answer answers[4];
static size_t next_answer;

static bool answers_for(const Answer *answer, const char *path, const char *stream,
                        const struct stat *status)
{
    const struct stat *then = &answer->status;
    return answer->text && streq(answer->path, path) && streq(answer->stream, stream) &&
           then->st_ino == status->st_ino && then->st_size == status->st_size &&
           then->st_mtim.tv_sec == status->st_mtim.tv_sec &&
           then->st_mtim.tv_nsec == status->st_mtim.tv_nsec;
}

static const char *ask_ffprobe(const char *path, const char *stream)
{
    struct stat status;
    if (stat(path, &status) != 0)
        fail_msg("%s is not there", path);
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
        if (answers_for(&answers[i], path, stream, &status))
            return answers[i].text;
    Answer *answer = &answers[next_answer++ % ARRAY_SIZE(answers)];
    free(answer->text);
    *answer = (Answer){.status = status};
    assert_true(base_copy(answer->path, sizeof answer->path, path));
    assert_true(base_copy(answer->stream, sizeof answer->stream, stream));
    answer->text = encoded_run("ffprobe -v error -select_streams %s -show_format -show_streams "
                               "-of flat '%s'",
                               stream, path);
    return answer->text;
}

void encoded_stand(const char *source, const char *made, int n, int seconds)
{
    free(encoded_run(
        "ffmpeg -v error -y -i '%s' -c copy -movflags +faststart "
        "-bsf:v 'setts=pts=PTS:dts=DTS:duration=if(eq(N\\,%d)\\,%d/TB\\,DURATION)' '%s' </dev/null",
        source, n, seconds, made));
}

char *encoded_entry(const char *path, const char *stream, const char *entry)
{
    static const struct {
        const char *asked, *told;
    } sections[] = {{"stream=", "streams.stream.0."},
                    {"stream_tags=", "streams.stream.0.tags."},
                    {"stream_disposition=", "streams.stream.0.disposition."},
                    {"format=", "format."},
                    {"format_tags=", "format.tags."}};
    char name[128] = "";
    for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
        if (strncmp(entry, sections[i].asked, strlen(sections[i].asked)) == 0)
            snprintf(name, sizeof name, "\n%s%s=", sections[i].told,
                     entry + strlen(sections[i].asked));
    assert_true(name[0]);
    _cleanup_free_ char *text = NULL;
    assert_true(asprintf(&text, "\n%s", ask_ffprobe(path, stream)) > 0);
    const char *value = strstr(text, name);
    value = value ? value + strlen(name) : "";
    value += *value == '"';
    return strndup(value, strcspn(value, "\"\n"));
}

double encoded_number(const char *path, const char *stream, const char *entry)
{
    _cleanup_free_ char *text = encoded_entry(path, stream, entry);
    return strtod(text, NULL);
}

#define SHRINK "select=gte(n\\,%d),format=rgb24,scale=%d:%d:flags=area,format=gray,trim=end_frame=1"

static void read_grid(const char *command, double *grid, size_t count)
{
    size_t length;
    _cleanup_free_ char *bytes = run_shell(command, &length);
    assert_int_equal(length, count);
    for (size_t i = 0; i < count; i++)
        grid[i] = (unsigned char)bytes[i];
}

double encoded_brightness(const char *path)
{
    char command[1024];
    double value;
    snprintf(command, sizeof command,
             "ffmpeg -v quiet -i '%s' -map 0:v:0 -vf '" SHRINK "' -frames:v 1 -f rawvideo -", path,
             0, 1, 1);
    read_grid(command, &value, 1);
    return value;
}

/* The n-th pictures of both, by one command. */
static void shrink_both(const char *a, const char *b, int n, double grids[2][GRID * GRID])
{
    char command[2048];
    snprintf(command, sizeof command,
             "ffmpeg -v quiet -i '%s' -i '%s' -filter_complex '[0:v:0]" SHRINK "[a];[1:v:0]" SHRINK
             "[b];[a][b]vstack' -frames:v 1 -f rawvideo -",
             a, b, n, GRID, GRID, n, GRID, GRID);
    read_grid(command, grids[0], 2 * (size_t)GRID * GRID);
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
    double grids[2][GRID * GRID], laid[GRID * GRID];
    const double *a = grids[0], *b = grids[1];
    shrink_both(made, source, n, grids);
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

bool encoded_times_grow(const char *path, const char *stream)
{
    size_t count = 0;
    _cleanup_free_ char *text =
        encoded_run("ffprobe -v error -select_streams %s -show_entries packet=pts,dts "
                    "-of csv=p=0 '%s'",
                    stream, path);
    _cleanup_free_ int64_t *shown = base_calloc(strlen(text) + 1, sizeof *shown);
    int64_t before = INT64_MIN;
    char *rest, *end;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        shown[count++] = strtoll(line, &end, 10);
        int64_t decoded = *end == ',' ? strtoll(end + 1, NULL, 10) : INT64_MIN;
        if (decoded <= before)
            return false;
        before = decoded;
    }
    assert_true(count > 0);
    qsort(shown, count, sizeof *shown, compare_times);
    for (size_t i = 1; i < count; i++)
        if (shown[i] <= shown[i - 1])
            return false;
    return true;
}

double encoded_key_distance(const char *path)
{
    _cleanup_free_ char *text =
        encoded_run("ffprobe -v error -select_streams v:0 -show_entries packet=pts_time,flags "
                    "-of csv=p=0 '%s'",
                    path);
    double longest = 0, last = 0;
    for (char *line = text, *next; *line; line = next + 1) {
        double time = strtod(line, &line);
        next = line + strcspn(line, "\n");
        longest = fmax(longest, time - last);
        last = line[1] == 'K' ? time : last;
        if (!*next)
            break;
    }
    return longest;
}
