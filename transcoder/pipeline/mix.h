/*
 * How sound of many or unusual channels becomes the two that are delivered, where the media library
 * has no rule of its own: recorders with a microphone to each channel, spheres of sound, speakers
 * that stand on one side only. What it has a rule for, surround above all, is left to it. Pure.
 */
#pragma once

#include <libavutil/channel_layout.h>

#include "common/base/error.h"

#define MIX_CHANNELS_MAX 64   /* the library mixes no more */
#define MIX_TEXT_MAX     1024 /* bytes */

/* Gives the channels an order where the decoder told none and their number has a usual one. */
void mix_name_channels(AVChannelLayout *layout);

/* The beginning of a chain of filters, "" where the library needs no help. A sphere is heard by two
 * microphones, of which one looks left and one right. Other channels go to the side that their name
 * tells, or to both, as loud as so many voices are together, and a limiter holds what would
 * exceed full scale. ERROR_MEDIA: there are too many of them. */
_must_check_ bool mix_filters(const AVChannelLayout *layout, char text[MIX_TEXT_MAX], Error *error);
