/* Inside the decoder child: the structure of a photo, from its first byte to the end of the image,
 * without decoding anything: enough to tell a whole file from a damaged one, or one that was cut
 * off on its way. Bounded in memory, and in time by the file's size. Pure but for reading the file;
 * any thread that may block. */
#pragma once

#include "common/base/error.h"

/* The walk that belongs to the content type: JPEG's segments and scans to EOI, PNG's chunks with
 * the critical ones' CRC to IEND, GIF's blocks to the trailer, RIFF's chunks of WebP, the boxes of
 * HEIF and AVIF, TIFF's directories and strips. What follows the end of the image is nobody's
 * business: phones put films there. ERROR_MEDIA with a sentence of decoder_message.h for who sent
 * it; ERROR_IO where the disk fails. `fd` is a regular file's, and its offset is left alone. */
_must_check_ bool photo_check(int fd, const char *content_type, Error *error);
