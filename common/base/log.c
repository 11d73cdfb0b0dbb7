#include "common/base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/uio.h>
#include <time.h>

#include "common/base/json.h"
#include "common/base/limits.h"

static const char *log_program = "reelkeep";
static LogFormat log_format = LOG_TEXT;
static LogLevel log_level = LOG_INFO;
static _Thread_local LogContext log_context;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_init(const char *program, LogFormat format, LogLevel level)
{
    log_program = program;
    log_format = format;
    log_level = level;
}

bool log_enabled(LogLevel level)
{
    return level >= log_level;
}

LogContext log_context_push(LogContext context)
{
    LogContext previous = log_context;
    if (context.request_id)
        log_context.request_id = context.request_id;
    if (context.job_id)
        log_context.job_id = context.job_id;
    return previous;
}

void log_context_pop(LogContext *previous)
{
    log_context = *previous;
}

/* RFC 3339 in UTC with milliseconds. */
static void log_format_time(char *text, size_t size)
{
    struct timespec now;
    struct tm utc;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, size, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

static char *log_json_line(LogLevel level, const char *time, const char *message)
{
    _cleanup_json_ json_t *line = json_object();
    json_object_set_new(line, "time", json_string(time));
    json_object_set_new(line, "level", json_string(level_names[level]));
    json_object_set_new(line, "message", json_text(message));
    json_object_set_new(line, "program", json_string(log_program));
    if (log_context.request_id)
        json_object_set_new(line, "request_id", json_string(log_context.request_id));
    if (log_context.job_id)
        json_object_set_new(line, "job_id", json_string(log_context.job_id));
    return json_dumps(line, JSON_COMPACT);
}

static char *log_text_line(LogLevel level, const char *time, const char *message)
{
    char *line = NULL;
    const char *request = log_context.request_id, *job = log_context.job_id;
    int length = asprintf(&line, "%s %-7s %s%s%s%s%s", time, level_names[level], message,
                          request ? " request_id=" : "", request ? request : "",
                          job ? " job_id=" : "", job ? job : "");
    return length < 0 ? NULL : line;
}

/* Not through stdio: exit() would wait for what a stalled reader does not take. */
static void log_print(const char *line)
{
    static char end[] = "\n";
    struct iovec parts[] = {{(void *)line, strlen(line)}, {end, 1}};
    if (writev(STDOUT_FILENO, parts, ARRAY_SIZE(parts)) < 0)
        return; /* nobody is left to be told */
}

/* --- the log's own thread --- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool running, stopping;
    char *lines[LOG_QUEUE_MAX]; /* a ring */
    size_t first, count;
    uint64_t dropped; /* since the last line that was written */
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Takes the line over; false where there is no thread to write it. A full queue drops it. */
static bool log_enqueue(char **line)
{
    pthread_mutex_lock(&queue.lock);
    bool running = queue.running;
    if (running && queue.count == LOG_QUEUE_MAX) {
        queue.dropped++;
    } else if (running) {
        queue.lines[(queue.first + queue.count++) % LOG_QUEUE_MAX] = TAKE_PTR(*line);
        pthread_cond_signal(&queue.changed);
    }
    pthread_mutex_unlock(&queue.lock);
    return running;
}

static void *log_thread(void *argument)
{
    (void)argument;
    for (;;) {
        char *line = NULL;
        pthread_mutex_lock(&queue.lock);
        while (queue.count == 0 && !queue.stopping)
            pthread_cond_wait(&queue.changed, &queue.lock);
        if (queue.count > 0) {
            line = TAKE_PTR(queue.lines[queue.first]);
            queue.first = (queue.first + 1) % LOG_QUEUE_MAX;
            queue.count--;
        }
        uint64_t dropped = queue.dropped;
        queue.dropped = 0;
        pthread_mutex_unlock(&queue.lock);
        if (!line)
            return NULL;
        log_print(line);
        free(line);
        if (dropped > 0)
            log_warning("%llu lines of the log were dropped: nobody read it.",
                        (unsigned long long)dropped);
    }
}

void log_start(void)
{
    queue.running = true;
    REQUIRE(pthread_create(&queue.thread, NULL, log_thread, NULL) == 0);
}

void log_stop(void)
{
    struct timespec patience;
    pthread_mutex_lock(&queue.lock);
    bool running = queue.running;
    queue.running = false;
    queue.stopping = true;
    pthread_cond_signal(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    clock_gettime(CLOCK_REALTIME, &patience);
    patience.tv_sec++;
    if (running)
        pthread_timedjoin_np(queue.thread, NULL, &patience);
}

void log_write(LogLevel level, const char *format, ...)
{
    char message[LOG_LINE_MAX], time[40];
    va_list arguments;
    if (!log_enabled(level))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    for (char *c = message; *c; c++) /* it may quote input: a line break would forge a line */
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' ';
    log_format_time(time, sizeof time);
    _cleanup_free_ char *line = log_format == LOG_JSON ? log_json_line(level, time, message)
                                                       : log_text_line(level, time, message);
    if (line && !log_enqueue(&line))
        log_print(line);
}
