/*
 * Calls nobody here may make: they overflow, truncate in silence, keep hidden state or start a
 * shell. The Makefile includes this header before the first line of every file, so that a use is a
 * compile error that names the call. Macros only; any thread.
 */
#pragma once

#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca
#undef strncpy
#undef strcpy
#undef strcat
#undef strncat
#undef sprintf
#undef vsprintf

#define BANNED(call) call##_is_banned_here

/* Instead: base_copy, snprintf, Buffer. */
#define strcpy(...)   BANNED(strcpy)
#define strcat(...)   BANNED(strcat)
#define strncpy(...)  BANNED(strncpy)
#define strncat(...)  BANNED(strncat)
#define sprintf(...)  BANNED(sprintf)
#define vsprintf(...) BANNED(vsprintf)
#define gets(...)     BANNED(gets)
#define alloca(...)   BANNED(alloca)

/* Instead: strsep, strtok_r, the _r forms and common/base/clock.h. */
#define strtok(...)    BANNED(strtok)
#define asctime(...)   BANNED(asctime)
#define ctime(...)     BANNED(ctime)
#define gmtime(...)    BANNED(gmtime)
#define localtime(...) BANNED(localtime)

/* Instead: strtoll with errno, settings_parse_size. */
#define atoi(...) BANNED(atoi)
#define atol(...) BANNED(atol)

/* Instead: common/sandbox/child.h, mkstemp and O_TMPFILE, common/base/id.h, sigaction. */
#define system(...) BANNED(system)
#define popen(...)  BANNED(popen)
#define tmpnam(...) BANNED(tmpnam)
#define mktemp(...) BANNED(mktemp)
#define rand(...)   BANNED(rand)
#define srand(...)  BANNED(srand)
#define signal(...) BANNED(signal)
