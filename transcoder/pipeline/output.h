/*
 * The file a muxer writes, as a descriptor and nothing else. The MP4 muxer opens its output a
 * second time to move the index to the front; it gets another view of the same descriptor, and can
 * open nothing else.
 */
#pragma once

#include <libavformat/avformat.h>

#include "common/base/error.h"

/* Gives the format its output and its way to reopen it. The descriptor is borrowed: readable,
 * writable, a regular file. It never grows beyond `size_max` bytes. */
void output_attach(AVFormatContext *format, int fd, int64_t size_max);

/* A write failed because of that limit. */
bool output_is_full(const AVFormatContext *format);

/* Flushes and frees what output_attach made. */
void output_detach(AVFormatContext *format);
