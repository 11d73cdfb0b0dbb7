/*
 * Whether a result keeps the times of its source: pictures by their timestamps, sound by listening.
 * Everything here fails the test when a command fails.
 */
#pragma once

#define ALIGNMENT_SOUND_MAX   0.040 /* seconds: nobody notices below (ITU-R BT.1359) */
#define ALIGNMENT_PICTURE_MAX 0.002 /* seconds: clocks of 600 ticks round by less */

/* Seconds by which the sound near the end of `made` is late against that of `source`, both on their
 * file's clock; 0 where the sound there is too quiet or too plain to tell. */
double alignment_of_sound(const char *made, const char *source);

/* The largest difference in seconds between the times of pictures of the same number on their
 * files' clocks, but for the first; fails the test when their numbers differ. */
double alignment_of_pictures(const char *made, const char *source);
