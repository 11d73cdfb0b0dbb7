/* The outermost structure of an MP4 file, without looking into any box: enough to tell a whole file
 * from a damaged one. Bounded in time and memory whatever the bytes are. Any thread. */
#pragma once

#include "common/base/error.h"

/* A walk over the top-level boxes (ISO/IEC 14496-12 §4.2): ftyp first, moov and mdat there, every
 * box within the file and the last one ending with it. ERROR_MEDIA with a sentence otherwise. */
bool mp4_check(int fd, uint64_t size, Error *error);
