/* Recognising formats whose first bytes alone do not tell: each looks at a little structure, and
 * those that may begin behind something else search for it, no further than the head and in time
 * that grows with its length alone. Pure, never reads beyond the head; any thread. */
#pragma once

#include "common/base/base.h"

/* The first bytes of a file. */
typedef struct Head {
    const unsigned char *bytes; /* borrowed */
    size_t length;
} Head;

bool head_has(Head head, size_t offset, const char *bytes, size_t length);
unsigned head_u8(Head head, size_t offset);  /* 0 beyond the end, as the next */
uint32_t head_u32(Head head, size_t offset); /* big endian */
Head head_from(Head head, size_t offset);    /* the rest, possibly nothing */

/* --- signature.c: containers --- */

/* Bytes of the tag that begins the head, as taggers put it before any sound: ID3v2 (id3.org, ID3
 * 2.4.0 §3) or APEv2. It may be longer than the head. 0: none. */
size_t signature_tag(Head head);

/* A QuickTime file from before ftyp: begins with one of the classic atoms. */
bool signature_quicktime(Head head);

/* An EBML head (RFC 8794 §11.2) with this DocType: sizes of any width, NULs behind the text. */
bool signature_ebml(Head head, const char *doc_type);

/* An Ogg page (RFC 3533 §6), and whether one of the first streams is Theora. */
bool signature_ogg(Head head);
bool signature_ogg_theora(Head head);

/* MPEG transport packets (ISO/IEC 13818-1 §2.4.3.2) of 188 bytes, 192 with a time stamp or 204 with
 * parity, that may begin anywhere in the head. */
bool signature_mpeg_ts(Head head);

/* A pack header (ISO/IEC 13818-1 §2.5.3.3, 11172-1 §2.4.3.2) followed by another start code,
 * anywhere in the head. */
bool signature_mpeg_ps(Head head);

/* A header partition's key (SMPTE ST 377-1 §6.2), behind a run-in at most. */
bool signature_mxf(Head head);

/* A frame of DV (IEC 61834-2 §11): header, subcode and VAUX blocks in their places. */
bool signature_dv(Head head);

/* --- signature_video.c: pictures without a container --- */

/* A sequence header (ISO/IEC 11172-2 §2.4.2.3, 13818-2 §6.2.2.1), a picture and a slice. */
bool signature_mpeg_video(Head head);

/* The head of a visual object, its layer and a picture (ISO/IEC 14496-2 §6.2). */
bool signature_mpeg4_video(Head head);

/* The parameter sets of a byte stream (ITU-T H.264, H.265 Annex B) and a picture. */
bool signature_h264(Head head);
bool signature_hevc(Head head);

/* --- signature_sound.c: frames of sound in a row --- */

/* AAC with ADTS headers (ISO/IEC 13818-7 §6.2): two at the start, or several behind rubbish. */
bool signature_adts(Head head);

/* MPEG audio frames (ISO/IEC 11172-3 §2.4.1.3), likewise. */
bool signature_mpeg_audio(Head head);

/* Dolby Digital and its Plus (ETSI TS 102 366 §4.3, annex E), three at the start. */
bool signature_ac3(Head head);
bool signature_eac3(Head head);

/* DTS core frames (ETSI TS 102 114 §5.3), two at the start. */
bool signature_dts(Head head);

/* GSM 06.10 as toast and telephone systems write it: frames of 33 bytes and nothing else. */
bool signature_gsm(Head head);

/* --- signature_photo.c --- */

/* What a RAW photo is called that looks like TIFF, with its article: "a Nikon RAW photo (NEF)".
 * NULL: it is none. */
const char *signature_raw_photo(Head head);

/* A Windows icon: its first bytes are a start code of MPEG too, so the count of its pictures counts
 * (0 in MPEG-4, more than 255 in MPEG-1 and 2). */
bool signature_icon(Head head);
