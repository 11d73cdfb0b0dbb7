/*
 * Looking at media from outside, with the ffmpeg and ffprobe commands, for the tests of the
 * encoder: what a file holds, how a picture of it looks, where its boxes are. Everything here fails
 * the test when a command fails.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "tests/unit/unit.h"
#include "transcoder/plan/plan.h"

/* A scratch folder, made once and removed by encoded_cleanup. */
const char *encoded_folder(void);
void encoded_cleanup(void);

/* The standard settings but for the shorter side, and a preset that is quick. */
EncoderPolicy encoded_policy(int max_short_side);

/* The files of a result, under their usual names in the scratch folder, made or opened for reading
 * and writing; owned by the caller. */
void encoded_open_results(int fds[TRANSFER_FILE_COUNT]);

/* Runs a shell command and returns what it printed, owned by the caller. */
char *encoded_run(const char *format, ...) _printf_(1, 2);

/* Copies a file into an MP4; its n-th packet of the picture, from 0, tells that it stands so long.
 */
void encoded_stand(const char *source, const char *made, int n, int seconds);

/* One value that ffprobe tells of one stream ("v:0"), as text owned by the caller. */
char *encoded_entry(const char *path, const char *stream, const char *entry);
double encoded_number(const char *path, const char *stream, const char *entry);

/* Brightness of the whole first picture, 0 to 255. */
double encoded_brightness(const char *path);

/* How alike the n-th pictures of the first video streams are, shown as players show them: the
 * correlation of their brightness on a grid, from -1 to 1. With `turned`, the least difference to
 * the next likely of the seven other orientations of the first is written there: positive when none
 * fits better. */
double encoded_likeness(const char *made, const char *source, int n, double *turned);

/* Whether the index stands before the media (ISO/IEC 14496-12). */
bool encoded_starts_fast(const char *path);

/* Whether the file's bytes hold the text anywhere. */
bool encoded_holds(const char *path, const char *text);

/* Whether decoding times grow strictly and no two pictures share a time. */
bool encoded_times_grow(const char *path, const char *stream);

/* Seconds of the longest stretch from a key frame to the next one, or to the last picture. */
double encoded_key_distance(const char *path);
