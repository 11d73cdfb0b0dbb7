/*
 * One event, one line on stdout: text for people or JSON for collectors. Any thread; a line is
 * written whole.
 *
 * What an event belongs to (request, job) is set once for a scope and appears in every line of the
 * thread within it: LOG_CONTEXT(.request_id = request->id);
 */
#pragma once

#include "common/base/base.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;
typedef enum LogFormat { LOG_TEXT, LOG_JSON } LogFormat;

typedef struct LogContext {
    const char *request_id; /* borrowed for the scope */
    const char *job_id;     /* borrowed for the scope */
} LogContext;

/* Before any thread is started. `program` is borrowed for good. */
void log_init(const char *program, LogFormat format, LogLevel level);

/* From log_start to log_stop lines are written by a thread of the log's own, so that a reader of
 * stdout who stalls holds up nobody: beyond LOG_QUEUE_MAX waiting lines further ones are dropped,
 * and how many is told. log_stop writes what waits, for a second at most. Main thread. */
void log_start(void);
void log_stop(void);

bool log_enabled(LogLevel level);
void log_write(LogLevel level, const char *format, ...) _printf_(2, 3);

#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_enabled(LOG_DEBUG))                                                                \
            log_write(LOG_DEBUG, __VA_ARGS__);                                                     \
    } while (0)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...)   log_write(LOG_ERROR, __VA_ARGS__)

/* Fields left out are inherited from the scope around; the previous context returns with the
 * scope's end. */
LogContext log_context_push(LogContext context);
void log_context_pop(LogContext *previous);
#define LOG_CONTEXT(...)                                                                           \
    _cleanup_(log_context_pop) _unused_ LogContext log_context_ =                                  \
        log_context_push((LogContext){__VA_ARGS__})
