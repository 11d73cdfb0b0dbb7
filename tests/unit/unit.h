/* What every unit test starts from: cmocka with the headers it wants first, and checks that fail
 * with a sentence. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/base.h"

/* Fails with the row's sentence. */
#define unit_check(condition, sentence)                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s (%s)", (sentence), #condition);                                           \
    } while (0)
