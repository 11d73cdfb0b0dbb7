/*
 * What every file may use: cleanup attributes, explicit moves, assertions that stay on, array
 * sizes. Any thread; owns nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b)      ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)      ((a) > (b) ? (a) : (b))

#define KIB ((uint64_t)1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* The variable's owner changes: yields the value and leaves the empty one behind. */
#define TAKE_PTR(pointer)                                                                          \
    ({                                                                                             \
        __typeof__(pointer) *take_from_ = &(pointer);                                              \
        __typeof__(pointer) taken_ = *take_from_;                                                  \
        *take_from_ = NULL;                                                                        \
        taken_;                                                                                    \
    })
#define TAKE_FD(fd)                                                                                \
    ({                                                                                             \
        int *take_from_ = &(fd);                                                                   \
        int taken_ = *take_from_;                                                                  \
        *take_from_ = -1;                                                                          \
        taken_;                                                                                    \
    })

/* Holds whatever the input: a false condition is a fault of this program, so it stops here. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            base_abort(#condition, __FILE__, __LINE__);                                            \
    } while (0)
#define UNREACHABLE() base_abort("unreachable", __FILE__, __LINE__)

/*
 * The way back from a void *: an object that travels as one begins with `unsigned magic`, a word of
 * its type's own, set where it is made and looked at here. A pointer to anything else, or to what
 * was released, stops the program at once and not somewhere later.
 */
#define CAST_OBJECT(Type, pointer, word)                                                           \
    ({                                                                                             \
        Type *cast_ = (pointer);                                                                   \
        REQUIRE(cast_ && cast_->magic == (word));                                                  \
        cast_;                                                                                     \
    })

_Noreturn void base_abort(const char *what, const char *file, int line);

/* Allocation of small, bounded objects: a machine without that memory cannot go on. Zeroed. */
void *base_calloc(size_t count, size_t size);
char *base_strdup(const char *text);
#define NEW(Type) ((Type *)base_calloc(1, sizeof(Type)))

void base_free(void *pointer_to_pointer);
void base_close(int *fd);
void base_fclose(FILE **file);

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_free_      _cleanup_(base_free)
#define _cleanup_close_     _cleanup_(base_close)
#define _cleanup_fclose_    _cleanup_(base_fclose)
#define _printf_(at, first) __attribute__((format(printf, at, first)))
#define _unused_            __attribute__((unused))

/* In front of every function that can fail: its result must be looked at, or dropped in writing. */
#define _must_check_ __attribute__((warn_unused_result))
#define IGNORE_RESULT(call)                                                                        \
    do {                                                                                           \
        if (call) { /* whatever it says, nothing follows */                                        \
        }                                                                                          \
    } while (0)

static inline bool streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Copies text into a fixed field; false (and the field empty) where it does not fit. */
bool base_copy(char *field, size_t size, const char *text);

/* Copies as much of UTF-8 text as fits without cutting a character in two. */
void base_copy_truncated(char *field, size_t size, const char *text);
