/*
 * What a child may have, by what it is there for: one row a profile. An order names the profile,
 * and the child takes everything from its own copy of this table, but for the numbers that depend
 * on a policy (PROFILE_ORDERED), which come with the order. Which calls make up a group stands in
 * calls.c. Constants; any thread.
 */
#pragma once

#include "common/base/base.h"

/* Groups of system calls. */
typedef enum CallGroup {
    CALLS_COMPUTE = 1, /* memory, threads, clocks, its own signals, its end; soft answers */
    CALLS_READ = 2,    /* reading and measuring what it was given */
    CALLS_ANSWER = 4,  /* a stream written to */
    CALLS_FILES = 8,   /* files made: written anywhere, cut and flushed */
} CallGroup;

#define CALLS_LOOK (CALLS_COMPUTE | CALLS_READ | CALLS_ANSWER)
#define CALLS_MAKE (CALLS_LOOK | CALLS_FILES)

#define PROFILE_ORDERED UINT32_MAX

/* A sanitizer's runtime needs more memory and more calls than any profile has. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/*
 * X(profile, word, data, file, cpu, niceness, calls): bytes of RLIMIT_DATA; bytes of RLIMIT_FSIZE,
 * beyond which no file grows; seconds of RLIMIT_CPU; niceness, so that transfers and other
 * programs go first; groups of calls.
 *
 * The trial of the sandbox itself has the calls of the widest, so that what it finds holds for all.
 */
#define PROFILES(X)                                                                                \
    X(PROFILE_TRIAL, "trial", 64 * MIB, 0, 5, 0, CALLS_MAKE)                                       \
    X(PROFILE_PROBE, "probe", GIB, 0, 20, 5, CALLS_LOOK)                                           \
    X(PROFILE_VERIFY, "verify", GIB, 0, 60, 5, CALLS_LOOK)                                         \
    X(PROFILE_ENCODE, "encode", 2 * GIB, PROFILE_ORDERED, PROFILE_ORDERED, 10, CALLS_MAKE)

typedef enum Profile {
#define X(profile, word, data, file, cpu, niceness, calls) profile,
    PROFILES(X)
#undef X
        PROFILE_COUNT
} Profile;

typedef struct ProfileRow {
    const char *word; /* for the log */
    uint64_t data_bytes, file_bytes;
    uint32_t cpu_seconds;
    int niceness;
    unsigned calls; /* CallGroup bits */
} ProfileRow;

extern const ProfileRow profiles[PROFILE_COUNT];
