/*
 * A storyboard's WebVTT file (https://www.w3.org/TR/webvtt1/): which tile of the sprite sheet shows
 * which stretch of the video. What comes is read by a closed grammar and written anew, so that
 * nothing of the sender's text reaches a browser. Pure; any thread.
 */
#pragma once

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Reads
 *
 *     WEBVTT
 *
 *     00:00:00.000 --> 00:00:02.000
 *     storyboard.jpg#xywh=0,0,160,90
 *
 * : the header alone on its line, then 1 to STORYBOARD_CUES_MAX cues in the order of time, without
 * names, settings or notes; lines end in LF or CRLF; hours may be missing; a tile is a spatial
 * fragment in pixels (Media Fragments URI 1.0 §4.2.2). Appends the same with `sprite`, a file's
 * name as it is on the disk, as the address. ERROR_INVALID with the line at fault. */
_must_check_ bool storyboard_rewrite(const Buffer *text, const char *sprite, Buffer *out,
                                     Error *error);
