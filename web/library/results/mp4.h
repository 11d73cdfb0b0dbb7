/* The outermost structure of an MP4 file, without looking into any box: enough to tell a whole file
 * from a damaged one. Bounded in time and memory whatever the bytes are. Any thread. */
#pragma once

#include "web/storage/stored_file.h"

/* A walk over the top-level boxes (ISO/IEC 14496-12 §4.2): ftyp first, moov and mdat there, every
 * box within the file and the last one ending with it. ERROR_MEDIA with a sentence otherwise. */
_must_check_ bool mp4_check(const StoredFile *file, Error *error);
