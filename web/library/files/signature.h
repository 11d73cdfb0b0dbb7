/* Recognising formats whose first bytes alone do not tell: each looks at a little structure. Pure,
 * never reads beyond the head; any thread. */
#pragma once

#include "common/base/base.h"

/* The first bytes of a file. */
typedef struct Head {
    const unsigned char *bytes; /* borrowed */
    size_t length;
} Head;

bool head_has(Head head, size_t offset, const char *bytes, size_t length);
uint32_t head_u32(Head head, size_t offset); /* big endian; 0 beyond the end */

/* A QuickTime file from before ftyp: begins with one of the classic atoms. */
bool signature_quicktime(Head head);

/* An EBML head (RFC 8794 §11.2) with this DocType. */
bool signature_ebml(Head head, const char *doc_type);

/* An Ogg page (RFC 3533 §6), and whether one of the first streams is Theora. */
bool signature_ogg(Head head);
bool signature_ogg_theora(Head head);

/* Sync bytes of MPEG transport packets of 188 bytes, or of 192 with a time stamp in front. */
bool signature_mpeg_ts(Head head);

/* AAC frames with ADTS headers (ISO/IEC 13818-7 §6.2), two in a row. */
bool signature_adts(Head head);

/* MPEG audio frames (ISO/IEC 11172-3 §2.4.1.3): two in a row at the start, or three anywhere in
 * the head behind rubbish. */
bool signature_mpeg_audio(Head head);
