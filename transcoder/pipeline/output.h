/*
 * The file a muxer writes, as a descriptor and nothing else. The MP4 muxer opens its output a
 * second time to move the index to the front; it gets another view of the same descriptor, and can
 * open nothing else.
 */
#pragma once

#include <libavformat/avformat.h>

#include "common/error.h"

/* Gives the format its output and its way to reopen it. The descriptor is borrowed: readable,
 * writable, a regular file. */
void output_attach(AVFormatContext *format, int fd);

/* Flushes and frees what output_attach made. */
void output_detach(AVFormatContext *format);
