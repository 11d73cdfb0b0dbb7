/*
 * A media file opened for reading from a descriptor and from nothing else: bytes come by pread,
 * only what has a row in media_types.h is accepted, by the demuxer and the decoders named there,
 * and nothing inside the file can name another file or address. One thread at a time.
 *
 *   media_input_open → media_probe → packets from media_input_format → media_input_free
 */
#pragma once

#include "common/base/error.h"

typedef struct MediaInput MediaInput;
struct AVFormatContext;

/* Opens the container and reads its head. The descriptor is borrowed for the life of the input and
 * its file offset is not touched. ERROR_MEDIA with a sentence where the bytes are no video or
 * sound. */
_must_check_ bool media_input_open(int fd, MediaInput **out, Error *error);

/* The same without the file's index of itself and its list of edits: for files that these lead
 * astray. */
_must_check_ bool media_input_open_unled(int fd, MediaInput **out, Error *error);

/* Borrowed, lives as long as the input. */
struct AVFormatContext *media_input_format(MediaInput *input);

int64_t media_input_size(const MediaInput *input);

/* How much of the file has been passed, from 0 to 1: the furthest byte read so far. */
double media_input_position(const MediaInput *input);

/* False with the storage's fault (ERROR_IO) when a read has failed: the library takes that for the
 * end of the file, and what it says from then on is not to be believed. */
_must_check_ bool media_input_check(const MediaInput *input, Error *error);

void media_input_free(MediaInput **input);
#define _cleanup_media_input_ _cleanup_(media_input_free)
