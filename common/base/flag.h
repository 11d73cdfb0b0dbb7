/*
 * A flag that one thread raises and others both ask and wait for: an atomic for asking in passing,
 * an eventfd for waiting together with sockets. Any thread. Whoever initialises it releases it,
 * after the last thread that may use it has ended.
 */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/base/base.h"

typedef struct Flag {
    pthread_mutex_t lock; /* held while the following two change, so that they agree */
    atomic_bool raised;
    int fd; /* readable while raised */
} Flag;

void flag_init(Flag *flag);
void flag_release(Flag *flag);

void flag_raise(Flag *flag);
void flag_lower(Flag *flag);
bool flag_raised(const Flag *flag);

/* What ends a wait or a transfer: any one of these. NULL entries are skipped. Borrowed flags. */
#define FLAG_SET_MAX 3
typedef struct FlagSet {
    Flag *flags[FLAG_SET_MAX];
} FlagSet;

bool flag_set_raised(const FlagSet *set);

/* Fills the entries for poll; returns how many. */
size_t flag_set_poll(const FlagSet *set, struct pollfd fds[FLAG_SET_MAX]);

/* Waits for any of them, at most the time given (milliseconds); returns whether one is raised. */
bool flag_set_wait(const FlagSet *set, int64_t timeout_ms);
