/*
 * What every fuzz driver starts from. A driver is one parser's: LLVMFuzzerTestOneInput (libFuzzer)
 * cuts the bytes it is given into what the parser takes, and REQUIREs what must hold of the answer
 * whatever came in. Inputs are lines, so that seeds can be read and written by people. One thread.
 */
#pragma once

#include "common/base/base.h"

/* The bytes not yet taken. */
typedef struct FuzzInput {
    const char *at; /* borrowed */
    size_t left;
} FuzzInput;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once before the first input: nothing in here depends on chance. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The next line without its end, cut at a NUL; "" when nothing is left. In memory of its own that
 * is no longer than it must be, so that a step beyond is seen. The caller owns it. */
char *fuzz_line(FuzzInput *input);

/* The next line as a number, saturating; 0 when it is none. */
uint64_t fuzz_number(FuzzInput *input);

/* All that is left, cut at a NUL; as above. */
char *fuzz_rest(FuzzInput *input);

/* All that is left as it is, with a NUL behind that does not count. The caller owns it. */
char *fuzz_bytes(FuzzInput *input, size_t *length);

/* A file in memory that holds the bytes, at its start. The caller closes it. */
int fuzz_file(const void *bytes, size_t length);

/* What was written to a file of fuzz_file or memfd; as fuzz_bytes. */
char *fuzz_file_bytes(int fd, size_t *length);
