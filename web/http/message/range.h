/* Byte ranges, RFC 9110 §14. Pure; any thread. */
#pragma once

#include "common/base/base.h"

typedef struct ByteRange {
    uint64_t first;  /* offset of the first byte */
    uint64_t length; /* bytes, at least 1 */
} ByteRange;

typedef enum RangeResult {
    RANGE_WHOLE,         /* no usable Range: send everything with 200 */
    RANGE_PART,          /* send *range with 206 */
    RANGE_UNSATISFIABLE, /* 416 */
} RangeResult;

/*
 * Reads a Range field for a representation of `size` bytes: first-last, first- and -suffix. A
 * malformed field, another unit and a list of several ranges are ignored, as §14.2 allows. NULL
 * means no field.
 */
RangeResult range_parse(const char *field, uint64_t size, ByteRange *range);
