/* Conditional requests, RFC 9110 §13. Pure; any thread. */
#pragma once

#include "common/base/base.h"

/* The fields as sent; NULL when absent. */
typedef struct Conditions {
    const char *if_match, *if_unmodified_since, *if_none_match, *if_modified_since, *if_range;
    bool reading; /* GET or HEAD */
} Conditions;

/* The selected representation. */
typedef struct Validators {
    const char *etag;    /* quoted, strong */
    int64_t modified_ms; /* wall clock */
} Validators;

typedef enum ConditionResult {
    CONDITION_PROCEED,
    CONDITION_NOT_MODIFIED, /* 304 */
    CONDITION_FAILED,       /* 412 */
} ConditionResult;

/* The order of precedence is that of §13.2.2. Malformed dates are ignored. */
ConditionResult conditional_evaluate(const Conditions *conditions, const Validators *validators);

/* Whether a Range field counts: no If-Range, or one that matches (strong comparison, §13.1.5). */
bool conditional_range_applies(const Conditions *conditions, const Validators *validators);
