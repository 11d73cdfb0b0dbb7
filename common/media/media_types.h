/*
 * What is taken, and what it is called: the one table both programs are built from. web tells an
 * upload by its magic, its content type by its row; the library's demuxer for it, and the decoders
 * that may see strangers' bytes, are named in the same place. No type of the library is in it.
 * Pure; any thread.
 *
 * A new container is one row and its magic (or a test of structure in signature.h), a new codec one
 * row; test_types wants a file of each kind that is told, opened and encoded.
 */
#pragma once

#include "common/base/base.h"

/* X(ID, content type, kind, browsers show it without running anything, extensions with the usual
 * one first, content type of the same container with sound alone, the library's demuxer, what
 * people call it). */
#define MEDIA_PHOTO_TYPES(X)                                                                       \
    X(JPEG, "image/jpeg", PHOTO, true, "jpg jpeg jpe jfif", NULL, "", "JPEG photo")                \
    X(PNG, "image/png", PHOTO, true, "png", NULL, "", "PNG picture")                               \
    X(GIF, "image/gif", PHOTO, true, "gif", NULL, "", "GIF picture")                               \
    X(WEBP, "image/webp", PHOTO, true, "webp", NULL, "", "WebP picture")                           \
    X(AVIF, "image/avif", PHOTO, true, "avif avifs", NULL, "", "AVIF photo")                       \
    X(HEIC, "image/heic", PHOTO, false, "heic heics hif", NULL, "", "HEIC photo")                  \
    X(HEIF, "image/heif", PHOTO, false, "heif heifs", NULL, "", "HEIF photo")                      \
    X(TIFF, "image/tiff", PHOTO, false, "tif tiff", NULL, "", "TIFF picture")

/* None of these demuxers opens another file or address by what the file says. */
#define MEDIA_VIDEO_TYPES(X)                                                                       \
    X(MP4, "video/mp4", VIDEO, true, "mp4 m4v mpg4", "audio/mp4", "mov", "MP4 video")              \
    X(QUICKTIME, "video/quicktime", VIDEO, true, "mov qt mp4", "audio/mp4", "mov",                 \
      "QuickTime video")                                                                           \
    X(THREE_GPP, "video/3gpp", VIDEO, false, "3gp 3gpp", "audio/3gpp", "mov", "3GP video")         \
    X(THREE_GPP2, "video/3gpp2", VIDEO, false, "3g2 3gpp2", "audio/3gpp", "mov", "3G2 video")      \
    X(WEBM, "video/webm", VIDEO, true, "webm weba", "audio/webm", "matroska", "WebM video")        \
    X(MATROSKA, "video/x-matroska", VIDEO, false, "mkv mk3d mka", "audio/x-matroska", "matroska",  \
      "Matroska video")                                                                            \
    X(OGG_VIDEO, "video/ogg", VIDEO, true, "ogv ogg ogx", "audio/ogg", "ogg", "Ogg video")         \
    X(AVI, "video/x-msvideo", VIDEO, false, "avi", NULL, "avi", "AVI video")                       \
    X(MPEG_TS, "video/mp2t", VIDEO, false, "ts m2ts mts tod m2t", NULL, "mpegts",                  \
      "MPEG transport stream")                                                                     \
    X(MPEG_PS, "video/mpeg", VIDEO, false, "mpg mpeg mpe vob mod", NULL, "mpeg",                   \
      "MPEG programme stream")                                                                     \
    X(MPEG_ES, "video/mpeg", VIDEO, false, "mpg mpeg m1v m2v mpv", NULL, "mpegvideo",              \
      "MPEG video without a container")                                                            \
    X(MPEG4_ES, "video/mp4v-es", VIDEO, false, "mp4v m4v", NULL, "m4v",                            \
      "MPEG-4 video without a container")                                                          \
    X(H264_ES, "video/h264", VIDEO, false, "h264 264 avc", NULL, "h264",                           \
      "H.264 video without a container")                                                           \
    X(HEVC_ES, "video/h265", VIDEO, false, "h265 265 hevc", NULL, "hevc",                          \
      "H.265 video without a container")                                                           \
    X(FLV, "video/x-flv", VIDEO, false, "flv", NULL, "flv", "Flash video")                         \
    X(ASF, "video/x-ms-wmv", VIDEO, false, "wmv asf wma", "audio/x-ms-wma", "asf",                 \
      "Windows Media video")                                                                       \
    X(MXF, "application/mxf", VIDEO, false, "mxf", NULL, "mxf", "MXF video")                       \
    X(DV, "video/dv", VIDEO, false, "dv dif", NULL, "dv", "DV video")                              \
    X(WTV, "video/x-wtv", VIDEO, false, "wtv", NULL, "wtv", "Windows TV recording")                \
    X(IVF, "video/x-ivf", VIDEO, false, "ivf", NULL, "ivf", "IVF video")

#define MEDIA_SOUND_TYPES(X)                                                                       \
    X(M4A, "audio/mp4", AUDIO, true, "m4a m4b mp4", NULL, "mov", "M4A recording")                  \
    X(MP3, "audio/mpeg", AUDIO, true, "mp3 mpga mp2", NULL, "mp3", "MP3 recording")                \
    X(AAC, "audio/aac", AUDIO, true, "aac adts", NULL, "aac", "AAC recording")                     \
    X(AMR, "audio/amr", AUDIO, false, "amr", NULL, "amr", "AMR recording")                         \
    X(AMR_WB, "audio/amr-wb", AUDIO, false, "awb amr", NULL, "amr", "wideband AMR recording")      \
    X(WAV, "audio/wav", AUDIO, true, "wav wave bwf", NULL, "wav", "WAV recording")                 \
    X(W64, "audio/x-w64", AUDIO, false, "w64", NULL, "w64", "Wave64 recording")                    \
    X(AIFF, "audio/aiff", AUDIO, false, "aiff aif aifc", NULL, "aiff", "AIFF recording")           \
    X(AU, "audio/basic", AUDIO, false, "au snd", NULL, "au", "AU recording")                       \
    X(FLAC, "audio/flac", AUDIO, true, "flac", NULL, "flac", "FLAC recording")                     \
    X(OGG_AUDIO, "audio/ogg", AUDIO, true, "ogg oga opus spx", NULL, "ogg", "Ogg recording")       \
    X(CAF, "audio/x-caf", AUDIO, false, "caf", NULL, "caf", "CAF recording")                       \
    X(GSM, "audio/x-gsm", AUDIO, false, "gsm", NULL, "gsm", "GSM recording")                       \
    X(AC3, "audio/ac3", AUDIO, false, "ac3", NULL, "ac3", "Dolby Digital sound")                   \
    X(EAC3, "audio/eac3", AUDIO, false, "eac3 ec3", NULL, "eac3", "Dolby Digital Plus sound")      \
    X(DTS, "audio/vnd.dts", AUDIO, false, "dts", NULL, "dts", "DTS sound")                         \
    X(WAVPACK, "audio/x-wavpack", AUDIO, false, "wv", NULL, "wv", "WavPack recording")             \
    X(VOC, "audio/x-voc", AUDIO, false, "voc", NULL, "voc", "Creative Voice recording")            \
    X(WEBM_AUDIO, "audio/webm", AUDIO, true, "weba webm", NULL, "matroska", "WebM recording")      \
    X(MATROSKA_AUDIO, "audio/x-matroska", AUDIO, false, "mka mkv", NULL, "matroska",               \
      "Matroska recording")                                                                        \
    X(THREE_GPP_AUDIO, "audio/3gpp", AUDIO, false, "3gp 3gpp", NULL, "mov", "3GP recording")       \
    X(WMA, "audio/x-ms-wma", AUDIO, false, "wma asf", NULL, "asf", "Windows Media recording")

#define MEDIA_TYPES(X)                                                                             \
    MEDIA_PHOTO_TYPES(X)                                                                           \
    MEDIA_VIDEO_TYPES(X)                                                                           \
    MEDIA_SOUND_TYPES(X)

/* Magic at the very beginning, and possibly at a second place:
 * X(ID, bytes, offset of the second, its bytes). */
#define MEDIA_MAGIC(X)                                                                             \
    X(JPEG, "\xFF\xD8\xFF", 0, "")                                                                 \
    X(PNG, "\x89PNG\r\n\x1A\n", 0, "")                                                             \
    X(GIF, "GIF87a", 0, "")                                                                        \
    X(GIF, "GIF89a", 0, "")                                                                        \
    X(WEBP, "RIFF", 8, "WEBP")                                                                     \
    X(TIFF, "II*\0", 0, "")                                                                        \
    X(TIFF, "MM\0*", 0, "")                                                                        \
    X(AVI, "RIFF", 8, "AVI ")                                                                      \
    X(AVI, "RIFF", 8, "AMV ")                                                                      \
    X(MPEG_PS, "\0\0\1\xBA", 0, "")                                                                \
    X(FLV, "FLV\1", 0, "")                                                                         \
    X(ASF, "\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C", 0, "")              \
    X(WTV, "\xB7\xD8\x00\x20\x37\x49\xDA\x11\xA6\x4E\x00\x07\xE9\x5E\xAD\x8D", 0, "")              \
    X(IVF, "DKIF\0\0", 0, "")                                                                      \
    X(WAV, "RIFF", 8, "WAVE")                                                                      \
    X(WAV, "RIFX", 8, "WAVE")                                                                      \
    X(WAV, "RF64", 8, "WAVE")                                                                      \
    X(WAV, "BW64", 8, "WAVE")                                                                      \
    X(W64, "riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00", 0, "")                          \
    X(AIFF, "FORM", 8, "AIFF")                                                                     \
    X(AIFF, "FORM", 8, "AIFC")                                                                     \
    X(AU, ".snd\0", 0, "")                                                                         \
    X(AMR, "#!AMR\n", 0, "")                                                                       \
    X(AMR_WB, "#!AMR-WB\n", 0, "")                                                                 \
    X(FLAC, "fLaC", 0, "")                                                                         \
    X(CAF, "caff\0\1", 0, "")                                                                      \
    X(VOC, "Creative Voice File\x1A", 0, "")                                                       \
    X(WAVPACK, "wvpk", 9, "\4")
/* Brands of the ISO base media format: ftyp's four characters, '?' for any (ISO/IEC 14496-12
 * §4.3): X(ID, brand). */
#define MEDIA_BRANDS(X)                                                                            \
    X(AVIF, "avif")                                                                                \
    X(AVIF, "avis")                                                                                \
    X(HEIC, "heic")                                                                                \
    X(HEIC, "heix")                                                                                \
    X(HEIC, "heim")                                                                                \
    X(HEIC, "heis")                                                                                \
    X(HEIC, "hevc")                                                                                \
    X(HEIC, "hevx")                                                                                \
    X(HEIC, "hevm")                                                                                \
    X(HEIC, "hevs")                                                                                \
    X(M4A, "M4A ")                                                                                 \
    X(M4A, "M4B ")                                                                                 \
    X(M4A, "M4P ")                                                                                 \
    X(M4A, "F4A ")                                                                                 \
    X(QUICKTIME, "qt  ")                                                                           \
    X(THREE_GPP2, "3g2?")                                                                          \
    X(THREE_GPP, "3gp?")                                                                           \
    X(THREE_GPP, "3gr?")                                                                           \
    X(THREE_GPP, "3gs?")                                                                           \
    X(THREE_GPP, "3ge?")                                                                           \
    X(THREE_GPP, "3gg?")                                                                           \
    X(MP4, "M4V?")                                                                                 \
    X(MP4, "mp4?")                                                                                 \
    X(MP4, "iso?")                                                                                 \
    X(MP4, "avc1")                                                                                 \
    X(MP4, "av01")                                                                                 \
    X(MP4, "dash")                                                                                 \
    X(MP4, "MSNV")                                                                                 \
    X(MP4, "mmp4")                                                                                 \
    X(MP4, "f4v ")                                                                                 \
    X(MP4, "F4V ")                                                                                 \
    X(MP4, "XAVC")                                                                                 \
    X(MP4, "dby1")                                                                                 \
    X(MP4, "hvc1")                                                                                 \
    X(MP4, "cmf?")

/* --- what is known, and not taken --- */

/* What to do instead: X(ID, sentence). */
#define MEDIA_ADVICE(X)                                                                            \
    X(PHOTO, "Save it as a JPEG and send that.")                                                   \
    X(VIDEO, "Save it as an MP4 and send that.")                                                   \
    X(SOUND, "Save it as an MP3, M4A or WAV and send that.")                                       \
    X(LINK, "It only tells where something is: send the video or recording itself.")               \
    X(UNPACK, "Take the photos, videos and recordings out of it and send those.")                  \
    X(PROTECTED, "It is protected and plays only where it was bought.")                            \
    X(NONE, "Photos, videos and recordings are taken, whatever the file is called.")

/* X(bytes at the beginning, offset of the second, its bytes, name with its article, advice). In
 * order: the longer before what it begins with. RAW photos that are TIFF, icons and text are
 * told by structure (signature.h). */
#define MEDIA_REFUSED(X)                                                                           \
    X("", 4, "ftypcrx ", "a Canon RAW photo (CR3)", PHOTO)                                         \
    X("II*\0", 8, "CR\2", "a Canon RAW photo (CR2)", PHOTO)                                        \
    X("II\x1A\0\0\0HEAPCCDR", 0, "", "a Canon RAW photo (CRW)", PHOTO)                             \
    X("FUJIFILMCCD-RAW", 0, "", "a Fujifilm RAW photo (RAF)", PHOTO)                               \
    X("IIRO", 0, "", "an Olympus RAW photo (ORF)", PHOTO)                                          \
    X("IIRS", 0, "", "an Olympus RAW photo (ORF)", PHOTO)                                          \
    X("MMOR", 0, "", "an Olympus RAW photo (ORF)", PHOTO)                                          \
    X("IIU\0", 0, "", "a Panasonic or Leica RAW photo (RW2)", PHOTO)                               \
    X("\0MRM", 0, "", "a Minolta RAW photo (MRW)", PHOTO)                                          \
    X("FOVb", 0, "", "a Sigma RAW photo (X3F)", PHOTO)                                             \
    X("II*\0", 8, "IIII", "a Phase One RAW photo (IIQ)", PHOTO)                                    \
    X("8BPS\0", 0, "", "a Photoshop document (PSD)", PHOTO)                                        \
    X("gimp xcf", 0, "", "a GIMP picture (XCF)", PHOTO)                                            \
    X("\0\0\0\14JXL \r\n\x87\n", 0, "", "a JPEG XL picture", PHOTO)                                \
    X("\0\0\0\14jP  \r\n\x87\n", 0, "", "a JPEG 2000 picture", PHOTO)                              \
    X("\xFF\x4F\xFF\x51", 0, "", "a JPEG 2000 picture", PHOTO)                                     \
    X("\xFF\x0A", 0, "", "a JPEG XL picture", PHOTO)                                               \
    X("BM", 6, "\0\0\0\0", "a Windows bitmap (BMP)", PHOTO)                                        \
    X("\x76\x2F\x31\x01", 0, "", "an OpenEXR picture", PHOTO)                                      \
    X("II+\0", 0, "", "a BigTIFF picture", PHOTO)                                                  \
    X("MM\0+", 0, "", "a BigTIFF picture", PHOTO)                                                  \
    X("", 4, "ftypjp2 ", "a JPEG 2000 picture", PHOTO)                                             \
    X("", 4, "ftypmjp2", "a Motion JPEG 2000 video", VIDEO)                                        \
    X("", 4, "ftypaax", "an Audible audio book (AAX)", PROTECTED)                                  \
    X("", 4, "RED1", "a RED camera's RAW video (R3D)", VIDEO)                                      \
    X("", 4, "RED2", "a RED camera's RAW video (R3D)", VIDEO)                                      \
    X(".RMF", 0, "", "a RealMedia file", VIDEO)                                                    \
    X(".ra\xFD", 0, "", "a RealAudio recording", SOUND)                                            \
    X("FWS", 0, "", "a Flash animation (SWF)", VIDEO)                                              \
    X("CWS", 0, "", "a Flash animation (SWF)", VIDEO)                                              \
    X("ZWS", 0, "", "a Flash animation (SWF)", VIDEO)                                              \
    X("DHAV", 0, "", "a security camera's video (DAV)", VIDEO)                                     \
    X("YUV4MPEG2", 0, "", "an uncompressed video (Y4M)", VIDEO)                                    \
    X("nut/multimedia container", 0, "", "a NUT video", VIDEO)                                     \
    X("RIFF", 8, "CDXA", "a Video CD file", VIDEO)                                                 \
    X("RIFF", 8, "QLCM", "an old phone's recording (QCP)", SOUND)                                  \
    X("RIFF", 8, "RMID", "a MIDI file", SOUND)                                                     \
    X("MThd", 0, "", "a MIDI file", SOUND)                                                         \
    X("\2dss", 0, "", "a dictation (DSS)", SOUND)                                                  \
    X("\3ds2", 0, "", "a dictation (DS2)", SOUND)                                                  \
    X("MAC ", 0, "", "a Monkey's Audio file (APE)", SOUND)                                         \
    X("tBaK", 0, "", "a TAK recording", SOUND)                                                     \
    X("TTA1", 0, "", "a True Audio file (TTA)", SOUND)                                             \
    X("MPCK", 0, "", "a Musepack file", SOUND)                                                     \
    X("MP+", 0, "", "a Musepack file", SOUND)                                                      \
    X("DSD ", 0, "", "a DSD recording", SOUND)                                                     \
    X("FRM8", 12, "DSD ", "a DSD recording", SOUND)                                                \
    X("ea3\3", 0, "", "a Sony recording (OMA)", SOUND)                                             \
    X("ADIF", 0, "", "an AAC recording of an old kind (ADIF)", SOUND)                              \
    X("%PDF-", 0, "", "a PDF document", NONE)                                                      \
    X("{\\rtf", 0, "", "a text document", NONE)                                                    \
    X("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0, "", "a Microsoft Office document", NONE)              \
    X("SQLite format 3", 0, "", "a database", NONE)                                                \
    X("PK\3\4", 0, "", "a ZIP archive or an Office document", UNPACK)                              \
    X("PK\5\6", 0, "", "an empty ZIP archive", NONE)                                               \
    X("Rar!\x1A\7", 0, "", "a RAR archive", UNPACK)                                                \
    X("7z\xBC\xAF\x27\x1C", 0, "", "a 7z archive", UNPACK)                                         \
    X("\x1F\x8B\x08", 0, "", "a gzip archive", UNPACK)                                             \
    X("\xFD"                                                                                       \
      "7zXZ\0",                                                                                    \
      0, "", "an xz archive", UNPACK)                                                              \
    X("\x28\xB5\x2F\xFD", 0, "", "a zstd archive", UNPACK)                                         \
    X("BZh", 4, "1AY&SY", "a bzip2 archive", UNPACK)                                               \
    X("", 257, "ustar", "a tar archive", UNPACK)                                                   \
    X("", 32769, "CD001", "a disc image (ISO)", UNPACK)                                            \
    X("DVDVIDEO-V", 0, "", "a DVD's table of contents (IFO)", LINK)                                \
    X("MZ", 62, "\0\0", "a Windows program", NONE)                                                 \
    X("\x7F"                                                                                       \
      "ELF",                                                                                       \
      0, "", "a Linux program", NONE)                                                              \
    X("\xCF\xFA\xED\xFE", 0, "", "a macOS program", NONE)                                          \
    X("!<arch>\n", 0, "", "a program library or a package", NONE)                                  \
    X("\xCA\xFE\xBA\xBE", 0, "", "a program", NONE)                                                \
    X("#EXTM3U", 0, "", "a playlist", LINK)                                                        \
    X("[playlist]", 0, "", "a playlist", LINK)                                                     \
    X("WEBVTT", 0, "", "subtitles", NONE)

/* --- codecs --- */

/* X(the library's name, decoders that may see strangers' bytes, what people call it). Without a
 * decoder it is only named: what has no name of the library's is known by its four characters. */
#define MEDIA_VIDEO_CODECS(X)                                                                      \
    X("h264", "h264", "H.264")                                                                     \
    X("hevc", "hevc", "H.265")                                                                     \
    X("av1", "libdav1d,av1", "AV1")                                                                \
    X("vp3", "vp3", "VP3")                                                                         \
    X("vp4", "vp4", "VP4")                                                                         \
    X("vp5", "vp5", "VP5")                                                                         \
    X("vp6", "vp6", "VP6")                                                                         \
    X("vp6f", "vp6f", "Flash VP6")                                                                 \
    X("vp6a", "vp6a", "Flash VP6 with transparency")                                               \
    X("vp7", "vp7", "VP7")                                                                         \
    X("vp8", "vp8", "VP8")                                                                         \
    X("vp9", "vp9", "VP9")                                                                         \
    X("mpeg1video", "mpeg1video", "MPEG-1")                                                        \
    X("mpeg2video", "mpeg2video", "MPEG-2")                                                        \
    X("mpeg4", "mpeg4", "MPEG-4 (DivX, Xvid)")                                                     \
    X("msmpeg4v1", "msmpeg4v1", "Microsoft MPEG-4")                                                \
    X("msmpeg4v2", "msmpeg4v2", "Microsoft MPEG-4")                                                \
    X("msmpeg4v3", "msmpeg4", "DivX 3")                                                            \
    X("wmv1", "wmv1", "Windows Media Video 7")                                                     \
    X("wmv2", "wmv2", "Windows Media Video 8")                                                     \
    X("wmv3", "wmv3", "Windows Media Video 9")                                                     \
    X("vc1", "vc1", "VC-1")                                                                        \
    X("h261", "h261", "H.261")                                                                     \
    X("h263", "h263", "H.263")                                                                     \
    X("h263p", "h263p", "H.263+")                                                                  \
    X("h263i", "h263i", "Intel H.263")                                                             \
    X("flv1", "flv", "Flash video")                                                                \
    X("flashsv", "flashsv", "Flash screen video")                                                  \
    X("flashsv2", "flashsv2", "Flash screen video 2")                                              \
    X("theora", "theora", "Theora")                                                                \
    X("dirac", "dirac", "Dirac")                                                                   \
    X("mjpeg", "mjpeg", "Motion JPEG")                                                             \
    X("mjpegb", "mjpegb", "Motion JPEG B")                                                         \
    X("sp5x", "sp5x", "Sunplus JPEG")                                                              \
    X("mxpeg", "mxpeg", "MxPEG")                                                                   \
    X("jpeg2000", "jpeg2000,libopenjpeg", "JPEG 2000")                                             \
    X("png", "png", "PNG")                                                                         \
    X("dvvideo", "dvvideo", "DV")                                                                  \
    X("prores", "prores", "ProRes")                                                                \
    X("dnxhd", "dnxhd", "DNxHD")                                                                   \
    X("cfhd", "cfhd", "CineForm")                                                                  \
    X("hq_hqa", "hq_hqa", "Canopus HQ")                                                            \
    X("hqx", "hqx", "Canopus HQX")                                                                 \
    X("cllc", "cllc", "Canopus Lossless")                                                          \
    X("speedhq", "speedhq", "SpeedHQ")                                                             \
    X("hap", "hap", "Hap")                                                                         \
    X("dxv", "dxv", "DXV")                                                                         \
    X("huffyuv", "huffyuv", "HuffYUV")                                                             \
    X("ffvhuff", "ffvhuff", "HuffYUV of FFmpeg")                                                   \
    X("ffv1", "ffv1", "FFV1")                                                                      \
    X("utvideo", "utvideo", "Ut Video")                                                            \
    X("magicyuv", "magicyuv", "MagicYUV")                                                          \
    X("lagarith", "lagarith", "Lagarith")                                                          \
    X("fraps", "fraps", "Fraps")                                                                   \
    X("dxtory", "dxtory", "Dxtory")                                                                \
    X("tscc", "camtasia", "TechSmith screen video")                                                \
    X("tscc2", "tscc2", "TechSmith screen video 2")                                                \
    X("cscd", "camstudio", "CamStudio")                                                            \
    X("g2m", "g2m", "GoToMeeting")                                                                 \
    X("mss1", "mss1", "Microsoft screen video")                                                    \
    X("mss2", "mss2", "Microsoft screen video 2")                                                  \
    X("msa1", "msa1", "Microsoft ATC screen video")                                                \
    X("mts2", "mts2", "Microsoft screen video")                                                    \
    X("screenpresso", "screenpresso", "Screenpresso")                                              \
    X("rscc", "rscc", "innoHeim screen video")                                                     \
    X("scpr", "scpr", "ScreenPressor")                                                             \
    X("vmnc", "vmnc", "VMware screen video")                                                       \
    X("zmbv", "zmbv", "DOSBox screen video")                                                       \
    X("mszh", "mszh", "LCL MSZH")                                                                  \
    X("zlib", "zlib", "LCL ZLIB")                                                                  \
    X("mimic", "mimic", "MSN webcam video")                                                        \
    X("asv1", "asv1", "ASUS V1")                                                                   \
    X("asv2", "asv2", "ASUS V2")                                                                   \
    X("amv", "amv", "AMV")                                                                         \
    X("qtrle", "qtrle", "QuickTime Animation")                                                     \
    X("rpza", "rpza", "Apple Video")                                                               \
    X("smc", "smc", "QuickTime Graphics")                                                          \
    X("8bps", "8bps", "QuickTime 8BPS")                                                            \
    X("svq1", "svq1", "Sorenson Video")                                                            \
    X("svq3", "svq3", "Sorenson Video 3")                                                          \
    X("cinepak", "cinepak", "Cinepak")                                                             \
    X("indeo2", "indeo2", "Indeo 2")                                                               \
    X("indeo3", "indeo3", "Indeo 3")                                                               \
    X("indeo4", "indeo4", "Indeo 4")                                                               \
    X("indeo5", "indeo5", "Indeo 5")                                                               \
    X("msvideo1", "msvideo1", "Microsoft Video 1")                                                 \
    X("msrle", "msrle", "Microsoft RLE")                                                           \
    X("aasc", "aasc", "Autodesk RLE")                                                              \
    X("rawvideo", "rawvideo", "uncompressed video")                                                \
    X("v210", "v210", "uncompressed video (v210)")                                                 \
    X("v308", "v308", "uncompressed video (v308)")                                                 \
    X("v408", "v408", "uncompressed video (v408)")                                                 \
    X("v410", "v410", "uncompressed video (v410)")                                                 \
    X("y41p", "y41p", "uncompressed video (Y41P)")                                                 \
    X("yuv4", "yuv4", "uncompressed video (yuv4)")                                                 \
    X("r210", "r210", "uncompressed video (r210)")                                                 \
    X("r10k", "r10k", "uncompressed video (R10k)")                                                 \
    X("sheervideo", "sheervideo", "SheerVideo")                                                    \
    X("pixlet", "pixlet", "Apple Pixlet")                                                          \
    X("notchlc", "notchlc", "NotchLC")                                                             \
    X("aic", "aic", "Apple Intermediate Codec")                                                    \
    X("ylc", "ylc", "YUY2 Lossless")                                                               \
    X("hymt", "hymt", "HuffYUV MT")                                                                \
    X("loco", "loco", "LOCO")                                                                      \
    X("vble", "vble", "VBLE")                                                                      \
    X("avui", "avui", "Avid uncompressed")                                                         \
    X("avrn", "avrn", "Avid AVI")                                                                  \
    X("ayuv", "ayuv", "uncompressed video (AYUV)")                                                 \
    X("012v", "012v", "uncompressed video (012v)")                                                 \
    X("tdsc", "tdsc", "TDSC screen video")                                                         \
    X("fmvc", "fmvc", "FM screen video")                                                           \
    X("wcmv", "wcmv", "WinCAM screen video")                                                       \
    X("lscr", "lscr", "LEAD screen video")                                                         \
    X("mwsc", "mwsc", "MatchWare screen video")                                                    \
    X("mscc", "mscc", "Mandsoft screen video")                                                     \
    X("srgc", "srgc", "Screen Recorder Gold")                                                      \
    X("rasc", "rasc", "RemotelyAnywhere screen video")                                             \
    X("imm4", "imm4", "Infinity IMM4")                                                             \
    X("jpegls", "jpegls", "JPEG-LS")                                                               \
    X("targa", "targa", "Targa")                                                                   \
    X("tiff", "tiff", "TIFF")                                                                      \
    X("bmp", "bmp", "BMP")                                                                         \
    X("vvc", "", "H.266")                                                                          \
    X("evc", "", "MPEG-5 EVC")                                                                     \
    X("cavs", "", "AVS")                                                                           \
    X("avs2", "", "AVS2")                                                                          \
    X("avs3", "", "AVS3")                                                                          \
    X("rv10", "", "RealVideo 1")                                                                   \
    X("rv20", "", "RealVideo 2")                                                                   \
    X("rv30", "", "RealVideo 8")                                                                   \
    X("rv40", "", "RealVideo 9")                                                                   \
    X("vixl", "", "Miro Video XL")                                                                 \
    X("aprn", "", "ProRes RAW")                                                                    \
    X("aprh", "", "ProRes RAW HQ")                                                                 \
    X("brxq", "", "Blackmagic RAW")                                                                \
    X("brst", "", "Blackmagic RAW")                                                                \
    X("brvn", "", "Blackmagic RAW")                                                                \
    X("brs2", "", "Blackmagic RAW")                                                                \
    X("brlt", "", "Blackmagic RAW")                                                                \
    X("brhq", "", "Blackmagic RAW")

#define MEDIA_SOUND_CODECS(X)                                                                      \
    X("aac", "aac", "AAC")                                                                         \
    X("aac_latm", "aac_latm", "AAC")                                                               \
    X("mp1", "mp1float,mp1", "MPEG audio layer I")                                                 \
    X("mp2", "mp2float,mp2", "MPEG audio layer II")                                                \
    X("mp3", "mp3float,mp3", "MP3")                                                                \
    X("ac3", "ac3", "Dolby Digital")                                                               \
    X("eac3", "eac3", "Dolby Digital Plus")                                                        \
    X("truehd", "truehd", "Dolby TrueHD")                                                          \
    X("mlp", "mlp", "Meridian Lossless")                                                           \
    X("dts", "dca", "DTS")                                                                         \
    X("s302m", "s302m", "SMPTE 302M")                                                              \
    X("alac", "alac", "Apple Lossless")                                                            \
    X("flac", "flac", "FLAC")                                                                      \
    X("wavpack", "wavpack", "WavPack")                                                             \
    X("opus", "opus,libopus", "Opus")                                                              \
    X("vorbis", "vorbis,libvorbis", "Vorbis")                                                      \
    X("speex", "speex,libspeex", "Speex")                                                          \
    X("amr_nb", "amrnb", "AMR")                                                                    \
    X("amr_wb", "amrwb", "wideband AMR")                                                           \
    X("gsm", "gsm,libgsm", "GSM")                                                                  \
    X("gsm_ms", "gsm_ms,libgsm_ms", "GSM 6.10")                                                    \
    X("ilbc", "ilbc", "iLBC")                                                                      \
    X("qcelp", "qcelp", "QCELP")                                                                   \
    X("evrc", "evrc", "EVRC")                                                                      \
    X("g723_1", "g723_1", "G.723.1")                                                               \
    X("g729", "g729", "G.729")                                                                     \
    X("adpcm_g722", "g722", "G.722")                                                               \
    X("adpcm_g726", "g726", "G.726")                                                               \
    X("adpcm_g726le", "g726le", "G.726")                                                           \
    X("truespeech", "truespeech", "TrueSpeech")                                                    \
    X("nellymoser", "nellymoser", "Nellymoser")                                                    \
    X("siren", "siren", "Siren")                                                                   \
    X("msnsiren", "msnsiren", "MSN Siren")                                                         \
    X("wmav1", "wmav1", "Windows Media Audio")                                                     \
    X("wmav2", "wmav2", "Windows Media Audio")                                                     \
    X("wmapro", "wmapro", "Windows Media Audio Professional")                                      \
    X("wmavoice", "wmavoice", "Windows Media Voice")                                               \
    X("wmalossless", "wmalossless", "Windows Media Audio Lossless")                                \
    X("atrac3", "atrac3", "ATRAC3")                                                                \
    X("atrac3p", "atrac3plus", "ATRAC3plus")                                                       \
    X("qdm2", "qdm2", "QDesign Music 2")                                                           \
    X("qdmc", "qdmc", "QDesign Music")                                                             \
    X("mace3", "mace3", "MACE 3:1")                                                                \
    X("mace6", "mace6", "MACE 6:1")                                                                \
    X("imc", "imc", "Intel Music Coder")                                                           \
    X("iac", "iac", "Indeo Audio")                                                                 \
    X("adpcm_ima_wav", "adpcm_ima_wav", "IMA ADPCM")                                               \
    X("adpcm_ima_qt", "adpcm_ima_qt", "IMA ADPCM")                                                 \
    X("adpcm_ima_amv", "adpcm_ima_amv", "IMA ADPCM")                                               \
    X("adpcm_ima_dk3", "adpcm_ima_dk3", "IMA ADPCM")                                               \
    X("adpcm_ima_dk4", "adpcm_ima_dk4", "IMA ADPCM")                                               \
    X("adpcm_ima_oki", "adpcm_ima_oki", "Dialogic ADPCM")                                          \
    X("adpcm_ms", "adpcm_ms", "Microsoft ADPCM")                                                   \
    X("adpcm_swf", "adpcm_swf", "Flash ADPCM")                                                     \
    X("adpcm_yamaha", "adpcm_yamaha", "Yamaha ADPCM")                                              \
    X("adpcm_ct", "adpcm_ct", "Creative ADPCM")                                                    \
    X("adpcm_sbpro_2", "adpcm_sbpro_2", "Sound Blaster ADPCM")                                     \
    X("adpcm_sbpro_3", "adpcm_sbpro_3", "Sound Blaster ADPCM")                                     \
    X("dvaudio", "dvaudio", "DV sound")                                                            \
    X("adpcm_sbpro_4", "adpcm_sbpro_4", "Sound Blaster ADPCM")                                     \
    X("pcm_s8", "pcm_s8", "uncompressed sound")                                                    \
    X("pcm_u8", "pcm_u8", "uncompressed sound")                                                    \
    X("pcm_s16le", "pcm_s16le", "uncompressed sound")                                              \
    X("pcm_s16be", "pcm_s16be", "uncompressed sound")                                              \
    X("pcm_u16le", "pcm_u16le", "uncompressed sound")                                              \
    X("pcm_u16be", "pcm_u16be", "uncompressed sound")                                              \
    X("pcm_s24le", "pcm_s24le", "uncompressed sound")                                              \
    X("pcm_s24be", "pcm_s24be", "uncompressed sound")                                              \
    X("pcm_s32le", "pcm_s32le", "uncompressed sound")                                              \
    X("pcm_s32be", "pcm_s32be", "uncompressed sound")                                              \
    X("pcm_s64le", "pcm_s64le", "uncompressed sound")                                              \
    X("pcm_f32le", "pcm_f32le", "uncompressed sound")                                              \
    X("pcm_f32be", "pcm_f32be", "uncompressed sound")                                              \
    X("pcm_f64le", "pcm_f64le", "uncompressed sound")                                              \
    X("pcm_f64be", "pcm_f64be", "uncompressed sound")                                              \
    X("pcm_alaw", "pcm_alaw", "A-law sound")                                                       \
    X("pcm_mulaw", "pcm_mulaw", "mu-law sound")                                                    \
    X("pcm_bluray", "pcm_bluray", "Blu-ray sound")                                                 \
    X("pcm_dvd", "pcm_dvd", "DVD sound")                                                           \
    X("ac4", "", "Dolby AC-4")                                                                     \
    X("mpegh_3d_audio", "", "MPEG-H 3D Audio")                                                     \
    X("apac", "", "Apple spatial audio")                                                           \
    X("cook", "", "RealAudio")                                                                     \
    X("sipr", "", "RealAudio")                                                                     \
    X("ra_144", "", "RealAudio")                                                                   \
    X("ra_288", "", "RealAudio")                                                                   \
    X("ape", "", "Monkey's Audio")                                                                 \
    X("tak", "", "TAK")                                                                            \
    X("tta", "", "True Audio")

#define MEDIA_CODECS(X)                                                                            \
    MEDIA_VIDEO_CODECS(X)                                                                          \
    MEDIA_SOUND_CODECS(X)

/* --- lookups --- */

typedef enum MediaTypeId {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words) TYPE_##id,
    MEDIA_TYPES(X)
#undef X
        TYPE_COUNT,
    TYPE_NONE = TYPE_COUNT,
} MediaTypeId;

/* The library's demuxer for this type; "": it is a photo, or none. */
const char *media_types_demuxer(MediaTypeId id);

/* Lists with commas, as the library wants them: every demuxer of the table, every decoder. */
extern const char media_types_demuxers[];
extern const char media_types_decoders[];

/* What people call a codec with this name of the library's, or these four characters; the name
 * itself where it has no row. */
const char *media_types_codec(const char *name);
