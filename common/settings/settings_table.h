/*
 * Every setting of both programs: one file may hold them all, so each program knows the other's
 * names. .env.example, the README's table and `--help` tell the same; `make lint` compares them.
 *
 * X(field, NAME, programs, kind, default, minimum, maximum, help); a NULL default of a required
 * kind must be set.
 */
#pragma once

#define SETTINGS_TABLE(X)                                                                          \
    X(port, "PORT", SETTING_WEB, SETTING_INTEGER, "8000", 0, 65535, "port to listen on")           \
    X(host, "HOST", SETTING_WEB, SETTING_ADDRESS, "::", 0, 0,                                      \
      "address to listen on; :: is IPv6 and IPv4")                                                 \
    X(media_root, "MEDIA_ROOT", SETTING_WEB, SETTING_TEXT, "", 0, 0,                               \
      "the volume: files and database; RAILWAY_VOLUME_MOUNT_PATH, else ./data")                    \
    X(public_url, "PUBLIC_URL", SETTING_WEB, SETTING_OPTIONAL_URL, "", 0, 0,                       \
      "this site's address as browsers see it: base of links in answers, and where its pages "     \
      "come from")                                                                                 \
    X(trusted_proxies, "TRUSTED_PROXIES", SETTING_WEB, SETTING_NETWORKS, "", 0, 0,                 \
      "addresses or networks whose X-Forwarded-For and X-Real-IP are believed")                    \
    X(token, "TRANSCODING_UPLOAD_TOKEN", SETTING_BOTH, SETTING_SECRET, NULL, 0, 0,                 \
      "secret shared by web and transcoder, at least 32 bytes")                                    \
    X(token_previous, "TRANSCODING_UPLOAD_TOKEN_PREVIOUS", SETTING_WEB, SETTING_OPTIONAL_SECRET,   \
      "", 0, 0, "also accepted, while a token is being rotated")                                   \
    X(max_photo_size, "MAX_PHOTO_SIZE", SETTING_WEB, SETTING_SIZE, "50M", 1, INT64_MAX,            \
      "largest photo")                                                                             \
    X(max_video_size, "MAX_VIDEO_SIZE", SETTING_WEB, SETTING_SIZE, "4G", 1, INT64_MAX,             \
      "largest video")                                                                             \
    X(max_audio_size, "MAX_AUDIO_SIZE", SETTING_WEB, SETTING_SIZE, "200M", 1, INT64_MAX,           \
      "largest recording")                                                                         \
    X(uploads_per_minute, "UPLOADS_PER_MINUTE", SETTING_WEB, SETTING_INTEGER, "240", 0, 60000,     \
      "from one address, on average over four minutes; 0 is no limit")                             \
    X(uploads_at_once, "UPLOADS_AT_ONCE", SETTING_WEB, SETTING_INTEGER, "100", 0, 4096,            \
      "under way from one address; 0 is no limit")                                                 \
    X(shutdown_seconds, "SHUTDOWN_SECONDS", SETTING_BOTH, SETTING_INTEGER, "25", 0, 3600,          \
      "from SIGTERM to the end")                                                                   \
    X(min_free_space, "MIN_FREE_SPACE", SETTING_BOTH, SETTING_SIZE, "512M", 0, INT64_MAX,          \
      "below it uploads are refused and no job is claimed")                                        \
    X(keep_original_videos, "KEEP_ORIGINAL_VIDEOS", SETTING_WEB, SETTING_KEEP, "auto", 0, 0,       \
      "auto: where the playable video lacks what matters; yes always; no: only in doubt")          \
    X(job_lease_seconds, "JOB_LEASE_SECONDS", SETTING_WEB, SETTING_INTEGER, "60", 1, 86400,        \
      "a transcoder silent for longer loses its job")                                              \
    X(job_max_attempts, "JOB_MAX_ATTEMPTS", SETTING_WEB, SETTING_INTEGER, "3", 1, 100,             \
      "then the job fails")                                                                        \
    X(log_format, "LOG_FORMAT", SETTING_BOTH, SETTING_LOG_FORMAT, "", 0, 0,                        \
      "text or json; text on a terminal, else json")                                               \
    X(log_level, "LOG_LEVEL", SETTING_BOTH, SETTING_LOG_LEVEL, "info", 0, 0,                       \
      "debug, info, warning or error")                                                             \
    X(sandbox, "SANDBOX", SETTING_BOTH, SETTING_SANDBOX, "auto", 0, 0,                             \
      "auto, or required: refuse to run unless every wall around decoders stands")                 \
    X(web_service_url, "WEB_SERVICE_URL", SETTING_TRANSCODER, SETTING_URL, NULL, 0, 0,             \
      "base URL of web")                                                                           \
    X(work_dir, "WORK_DIR", SETTING_TRANSCODER, SETTING_TEXT, "./work", 0, 0,                      \
      "scratch folder; may vanish at any time")                                                    \
    X(transcoder_jobs, "TRANSCODER_JOBS", SETTING_TRANSCODER, SETTING_INTEGER, "1", 1, 64,         \
      "encodes at once; transfers go on beside them")                                              \
    X(video_max_short_side, "VIDEO_MAX_SHORT_SIDE", SETTING_TRANSCODER, SETTING_INTEGER, "1080",   \
      64, 4320, "pixels: the picture's shorter side is limited to this")                           \
    X(video_crf, "VIDEO_CRF", SETTING_TRANSCODER, SETTING_INTEGER, "23", 0, 51,                    \
      "libx264 quality; smaller is better and larger")                                             \
    X(video_preset, "VIDEO_PRESET", SETTING_TRANSCODER, SETTING_PRESET, "medium", 0, 0,            \
      "libx264 preset, ultrafast to veryslow")                                                     \
    X(remux_max_bitrate, "REMUX_MAX_BITRATE", SETTING_TRANSCODER, SETTING_INTEGER, "8000000", 0,   \
      1000000000,                                                                                  \
      "bits a second up to which 1080p that is web-ready is taken as it is; else by area")         \
    X(encode_max_pixels, "ENCODE_MAX_PIXELS", SETTING_TRANSCODER, SETTING_INTEGER, "67108864",     \
      1024, 67108864, "of one picture of an original")                                             \
    X(encode_max_streams, "ENCODE_MAX_STREAMS", SETTING_TRANSCODER, SETTING_INTEGER, "64", 1, 64,  \
      "tracks in one original")                                                                    \
    X(encode_max_seconds, "ENCODE_MAX_SECONDS", SETTING_TRANSCODER, SETTING_INTEGER, "43200", 1,   \
      43200, "of picture or sound in one original")                                                \
    X(encode_max_output, "ENCODE_MAX_OUTPUT", SETTING_TRANSCODER, SETTING_SIZE, "16G", 65536,      \
      (int64_t)1 << 40, "size of one result")                                                      \
    X(encode_max_cpu_ratio, "ENCODE_MAX_CPU_RATIO", SETTING_TRANSCODER, SETTING_INTEGER, "100", 1, \
      100000, "seconds of computing per second of media, ten minutes on top")                      \
    X(encode_max_wall_ratio, "ENCODE_MAX_WALL_RATIO", SETTING_TRANSCODER, SETTING_INTEGER, "100",  \
      1, 100000, "seconds per second of media, ten minutes on top")                                \
    X(encode_stall_seconds, "ENCODE_STALL_SECONDS", SETTING_TRANSCODER, SETTING_INTEGER, "300", 1, \
      86400, "without any progress: the encode is ended")
