/*
 * The child's side of web/decoder/decoder.h: the only place of web that opens a media file. Runs in
 * a process forked by the zygote, inside the sandbox, on the descriptors of decoder_message.h.
 */
#pragma once

#include "common/sandbox/zygote.h"

/* The tasks of web's zygote, the sandbox's own among them; ends with a row without name. */
extern const ZygoteTask decoder_child_tasks[];

/* The version of the media library. */
const char *decoder_child_library(void);
