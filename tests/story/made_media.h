/*
 * Media for the stories: small files made once by the ffmpeg command and kept beside the programs,
 * and the corpus where there is one (REELKEEP_CORPUS).
 */
#pragma once

#include "tests/story/harness.h"

typedef enum MadeMedia {
    MADE_VIDEO,      /* 2 s, 320x240, MPEG-4 part 2 and AAC: has to be encoded */
    MADE_READY,      /* 2 s, 320x240, H.264 and AAC */
    MADE_ROTATED,    /* MADE_READY's picture stored lying, turned by its display matrix */
    MADE_SLOW_VIDEO, /* 20 s, 1280x720: its encoding can be caught in the act */
    MADE_POSTER,     /* JPEG 320x240 */
    MADE_PHOTO,      /* PNG 64x64 */
    MADE_RECORDING,  /* MP3, 1 s */
    MADE_SOUND,      /* 2 s of AAC alone, in an MP4 */
    MADE_COUNT
} MadeMedia;

/* Static text. Fails the test when it cannot be made. */
const char *made_media(MadeMedia kind);

/* The path of a file of the corpus; false when there is no corpus. */
bool corpus_media(const char *name, char *path, size_t size);

/* What ffprobe says about one entry, such as "stream=codec_name" of "v:0"; owned by the caller. */
char *probe_media(const char *path, const char *stream, const char *entry);
double probe_duration(const char *path);
