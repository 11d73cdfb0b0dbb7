/* Ceilings of what a media file may make us do, with unit and reason. Beyond one of these is an
 * error. */
#pragma once

#define MEDIA_STREAMS_MAX       64          /* a phone writes at most eight */
#define MEDIA_SIDE_MAX          16384       /* pixels of one side of a stored picture */
#define MEDIA_PIXELS_MAX        (64 << 20)  /* of one stored picture; 8K video has 33 million */
#define MEDIA_AUDIO_SAMPLES_MAX (1 << 20)   /* of one decoded audio frame and channel */
#define MEDIA_PROBE_BYTES       (16 << 20)  /* read at most to find out what the streams are */
#define MEDIA_PROBE_SECONDS     10          /* of media, likewise */
#define MEDIA_INDEX_BYTES       (256 << 20) /* memory of the demuxer's index, per stream */
#define MEDIA_SECONDS_MAX       43200       /* of decoded picture or sound: 12 hours */
#define MEDIA_IO_BLOCK          (256 << 10) /* bytes per read or write */
#define MEDIA_LOG_LINE          160         /* bytes kept of the library's last complaint */
