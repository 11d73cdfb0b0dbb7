/*
 * What a film shows and sounds like at one moment, found out by the ffmpeg command. Everything here
 * fails the test when a command fails.
 */
#pragma once

typedef struct Moment {
    const char *path;
    double second;
} Moment;

/* Of a spot of the picture, in the player's colours (bt709 as every result tells), 0 to 255. */
void moment_colour(Moment moment, int x, int y, int rgb[3]);

/* Brightness of such a spot, 0 to 255. */
int moment_brightness(Moment moment, int x, int y);

/* Loudness of the tenth of a second from there, of nothing but tones near `hertz`, in decibels
 * below full scale; -91 is silence. */
double moment_tone(Moment moment, int hertz);
