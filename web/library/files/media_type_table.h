/* The media types we take: X(ID, content type, kind, inline, extensions, variant with sound alone).
 */
#pragma once

#define MEDIA_TYPES(X)                                                                             \
    X(JPEG, "image/jpeg", MEDIA_PHOTO, true, "jpg jpeg jpe jfif", NULL)                            \
    X(PNG, "image/png", MEDIA_PHOTO, true, "png", NULL)                                            \
    X(GIF, "image/gif", MEDIA_PHOTO, true, "gif", NULL)                                            \
    X(WEBP, "image/webp", MEDIA_PHOTO, true, "webp", NULL)                                         \
    X(AVIF, "image/avif", MEDIA_PHOTO, true, "avif avifs", NULL)                                   \
    X(HEIC, "image/heic", MEDIA_PHOTO, false, "heic heics hif", NULL)                              \
    X(HEIF, "image/heif", MEDIA_PHOTO, false, "heif heifs", NULL)                                  \
    X(TIFF, "image/tiff", MEDIA_PHOTO, false, "tif tiff", NULL)                                    \
    X(MP4, "video/mp4", MEDIA_VIDEO, true, "mp4 m4v mpg4", "audio/mp4")                            \
    X(QUICKTIME, "video/quicktime", MEDIA_VIDEO, true, "mov qt mp4", "audio/mp4")                  \
    X(THREE_GPP, "video/3gpp", MEDIA_VIDEO, false, "3gp 3gpp", "audio/3gpp")                       \
    X(THREE_GPP2, "video/3gpp2", MEDIA_VIDEO, false, "3g2 3gpp2", "audio/3gpp")                    \
    X(WEBM, "video/webm", MEDIA_VIDEO, true, "webm", "audio/webm")                                 \
    X(MATROSKA, "video/x-matroska", MEDIA_VIDEO, false, "mkv mk3d", "audio/x-matroska")            \
    X(OGG_VIDEO, "video/ogg", MEDIA_VIDEO, true, "ogv ogg ogx", "audio/ogg")                       \
    X(AVI, "video/x-msvideo", MEDIA_VIDEO, false, "avi", NULL)                                     \
    X(MPEG_TS, "video/mp2t", MEDIA_VIDEO, false, "ts m2ts mts tod", NULL)                          \
    X(MPEG_PS, "video/mpeg", MEDIA_VIDEO, false, "mpg mpeg mpe vob mod", NULL)                     \
    X(FLV, "video/x-flv", MEDIA_VIDEO, false, "flv", NULL)                                         \
    X(ASF, "video/x-ms-wmv", MEDIA_VIDEO, false, "wmv asf", "audio/x-ms-wma")                      \
    X(M4A, "audio/mp4", MEDIA_AUDIO, true, "m4a m4b mp4", NULL)                                    \
    X(MP3, "audio/mpeg", MEDIA_AUDIO, true, "mp3 mpga mp2", NULL)                                  \
    X(AAC, "audio/aac", MEDIA_AUDIO, true, "aac adts", NULL)                                       \
    X(AMR, "audio/amr", MEDIA_AUDIO, false, "amr", NULL)                                           \
    X(AMR_WB, "audio/amr-wb", MEDIA_AUDIO, false, "awb amr", NULL)                                 \
    X(WAV, "audio/wav", MEDIA_AUDIO, true, "wav wave", NULL)                                       \
    X(AIFF, "audio/aiff", MEDIA_AUDIO, false, "aiff aif aifc", NULL)                               \
    X(FLAC, "audio/flac", MEDIA_AUDIO, true, "flac", NULL)                                         \
    X(OGG_AUDIO, "audio/ogg", MEDIA_AUDIO, true, "ogg oga opus spx", NULL)                         \
    X(CAF, "audio/x-caf", MEDIA_AUDIO, false, "caf", NULL)                                         \
    X(WEBM_AUDIO, "audio/webm", MEDIA_AUDIO, true, "weba webm", NULL)                              \
    X(MATROSKA_AUDIO, "audio/x-matroska", MEDIA_AUDIO, false, "mka mkv", NULL)                     \
    X(THREE_GPP_AUDIO, "audio/3gpp", MEDIA_AUDIO, false, "3gp 3gpp", NULL)                         \
    X(WMA, "audio/x-ms-wma", MEDIA_AUDIO, false, "wma asf", NULL)
