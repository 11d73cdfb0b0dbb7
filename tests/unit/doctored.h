/*
 * Numbers inside a media file changed to untrue ones. Everything here fails the test when the place
 * is not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Lie {
    const char *box; /* its name, or any bytes of four */
    size_t offset;   /* of the number, behind the name */
    uint32_t number; /* big-endian */
    size_t step;     /* bytes to the next place, and so on to the file's end; 0: none, but in every
                        box of the name */
} Lie;

void doctored_write(const char *path, const Lie *lie);
