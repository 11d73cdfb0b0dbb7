/* What every unit test starts from: cmocka with the headers it wants first, and checks that fail
 * with a sentence. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/base.h"

/* Makes a folder of the caller's own in TMPDIR, or else in /tmp; whoever made it removes it. */
static inline void unit_folder(char path[64])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, 64, "%s/reelkeep-unit-XXXXXX", parent && strlen(parent) <= 40 ? parent : "/tmp");
    assert_non_null(mkdtemp(path));
}

/* Fails with the row's sentence. */
#define unit_check(condition, sentence)                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s (%s)", (sentence), #condition);                                           \
    } while (0)
