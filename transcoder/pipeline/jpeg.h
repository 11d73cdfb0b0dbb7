/*
 * A picture as a JPEG file (ITU-T T.81, JFIF 1.02), with no words inside. In the pipeline's thread.
 */
#pragma once

#include "transcoder/pipeline/flow.h"

/* Quantisers of the encoder, and what they are about on the usual scale. */
#define JPEG_QUALITY_85 3
#define JPEG_QUALITY_75 5

/* Writes a picture in the form PICTURE_JFIF to the empty file, which is emptied again on failure.
 */
_must_check_ bool jpeg_write(const AVFrame *frame, int quantiser, int fd, Error *error);
