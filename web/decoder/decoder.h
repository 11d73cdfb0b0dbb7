/*
 * What a media file really holds, found out by decoding it: in a sandboxed child of the zygote
 * (common/sandbox/zygote.h), never in this process. The child gets the file's descriptor for
 * reading and a pipe to answer on; of its answer nothing is believed that could not be true.
 *
 * Any thread, once the zygote runs; a call blocks until the child has ended. ERROR_MEDIA is the
 * file's fault, in a sentence for the person who uploaded it, and says the same next time; also
 * where the file crashed the decoder. Every other error is a fault of this machine, such as no
 * memory, a slow disk or a lost child, and the file may be asked about again: ERROR_UNAVAILABLE,
 * ERROR_INTERNAL, ERROR_IO; ERROR_CANCELLED when `stop` was set.
 */
#pragma once

#include <stdatomic.h>

#include "web/decoder/decoder_message.h"

/* What an upload is, without decoding more than its head. */
_must_check_ bool decoder_probe(int fd, const atomic_bool *stop, DecoderFacts *out, Error *error);

/* Whether a photo, of one of the content types that are kept, is whole from its first byte to
 * the end of the image; no pixel is decoded. */
_must_check_ bool decoder_photo(int fd, const char *content_type, const atomic_bool *stop,
                                Error *error);

/* What a delivered result must be. */
typedef struct DecoderExpectation {
    MediaKind kind;
    int64_t width, height; /* of a video */
    double duration;       /* seconds; may differ by 1 s and 5 % */
    bool has_audio;        /* of a video */
} DecoderExpectation;

/*
 * Whether a result plays: it opens, is of the kind and size expected, its first picture and sound
 * decode, one can seek near its end, and from the last key frame it decodes up to the end of its
 * packets, which is where it should be. DECODER_VERIFY_MAX at once; DECODER_WAITING_MAX more wait
 * for their turn, in the order in which they came, and who comes beyond that is told to try again
 * (ERROR_UNAVAILABLE). `stop` may be NULL, here and above.
 */
_must_check_ bool decoder_verify(int fd, const DecoderExpectation *expected,
                                 const atomic_bool *stop, Error *error);
