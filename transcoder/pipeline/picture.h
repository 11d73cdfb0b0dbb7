/*
 * One picture of a stream, made smaller and brought into another form for a use of its own: for a
 * poster, a tile of the storyboard, a ThumbHash. In the pipeline's thread.
 */
#pragma once

#include "transcoder/pipeline/flow.h"

typedef enum PictureForm {
    PICTURE_JFIF, /* 4:2:0, full range, the matrix of bt601: what JPEG knows (JFIF 1.02) */
    PICTURE_RGB,  /* three bytes a pixel */
} PictureForm;

typedef struct PictureSpec {
    int width, height; /* pixels */
    PictureForm form;
} PictureSpec;

/* The frame's shape with the longer side at most `long_side`, never larger than it is. */
PictureSpec picture_fit(const AVFrame *frame, int long_side, PictureForm form);

/* A new frame for the caller; the one given keeps its content. */
_must_check_ bool picture_convert(const AVFrame *frame, const PictureSpec *spec, AVFrame **out,
                                  Error *error);
