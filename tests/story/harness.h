/*
 * What every story stands on: a folder of its own, a web and a transcoder that are started, stopped
 * and killed by their process id, and waiting for conditions.
 *
 * A story is a cmocka test with story_setup and story_teardown; its state is a Story. Everything
 * here fails the test by itself, with what it waited for and the ends of both logs. One thread.
 *
 * REELKEEP_BUILD names the folder that holds the programs. They inherit nothing but PATH and the
 * sanitizers' options.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

/* After the three that it needs. */
#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/id.h"

#define STORY_SETTINGS_MAX 32
#define STORY_WAIT_MS      90000 /* for a condition; longer than any pause of the programs */

typedef struct Story {
    char folder[200];
    char media_root[256];
    char work_dir[256];
    char token[TOKEN_SIZE];
    int port;                               /* of web, the same across its restarts */
    int port_fd;                            /* keeps it from others; owned */
    pid_t web, transcoder;                  /* 0: not running */
    char settings[STORY_SETTINGS_MAX][600]; /* NAME=value, for both programs */
    size_t setting_count;
    struct Proxy *proxy; /* between transcoder and web, where the story put one; owned */
} Story;

int story_setup(void **state);

/* Ends both programs by SIGTERM and expects them to end well; removes the folder. */
int story_teardown(void **state);

/* For the programs' next start. An empty value takes the setting away. */
void story_set(Story *story, const char *name, const char *format, ...) _printf_(3, 4);

/* Starts web and waits until /readyz says 200. */
void story_web_start(Story *story);

/* Starts web without waiting. */
void story_web_launch(Story *story);
void story_transcoder_start(Story *story);

/* How a program ended. */
typedef struct StoryEnd {
    bool ended; /* within the time given */
    bool signalled;
    int status; /* exit status, or the signal's number */
    int64_t after_ms;
} StoryEnd;

/* Sends the signal and waits for the end; *pid becomes 0. A program that outlasts the time is
 * killed. */
StoryEnd story_end(pid_t *pid, int signal_number, int64_t within_ms);

/* SIGTERM, and exit status 0 is expected. */
void story_stop(pid_t *pid, const char *what);
void story_kill(pid_t *pid);
bool story_running(pid_t pid);

typedef bool (*StoryCondition)(Story *story, void *context);

/* Asks again and again until the condition holds; fails the test, naming `what`, when it never
 * does. */
void story_until(Story *story, StoryCondition condition, void *context, const char *what);

/* Whether a program's log has a line that holds the text. */
bool story_log_has(Story *story, const char *program, const char *text);

/* Fails the test with the sentence and the ends of both logs. */
_Noreturn void story_fail(Story *story, const char *format, ...) _printf_(2, 3);
#define story_expect(story, condition, ...)                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            story_fail((story), __VA_ARGS__);                                                      \
    } while (0)

/* Runs a command found in PATH, output to `output` (a file) or /dev/null; its exit status. */
int story_command(const char *const *arguments, const char *output);

/* A file below the story's folder, or below the programs' folder. */
void story_path(const Story *story, const char *name, char *path, size_t size);
void story_build_path(const char *name, char *path, size_t size);

/* The whole of a file; owned by the caller, NUL-terminated. */
char *story_read_file(const char *path, size_t *length);

/* Full size instead of the size of a quick check: REELKEEP_LONG. */
bool story_long(void);

/* What a story's main ends in. STORY_ONLY picks tests by a pattern of their name (* and ?). */
void story_filter(void);
#define STORY_RUN(tests)     (story_filter(), cmocka_run_group_tests(tests, NULL, NULL))
#define STORY_TEST(function) cmocka_unit_test_setup_teardown(function, story_setup, story_teardown)
