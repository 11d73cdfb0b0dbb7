/* Which FFmpeg libraries are linked, for --version. Any thread. */
#pragma once

#include "common/base/base.h"

/* One line per library: name and version. */
void libav_print_versions(FILE *out);
