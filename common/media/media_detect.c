#include "common/media/media_detect.h"

#include "common/base/utf8.h"
#include "common/media/signature.h"

#define TEXT_LOOKED_AT 1024 /* bytes that must be text */
#define TAGS_MAX       16   /* in a row, before one file's sound */
#define TOO_LITTLE     4096 /* bytes behind tags: they cannot be judged */
#define MAGIC_STRONG   4    /* bytes: shorter magic proves little, and comes last */

#define MAGIC(bytes) (bytes), sizeof(bytes) - 1

typedef struct Magic {
    const char *first;
    size_t first_length, second_offset;
    const char *second;
    size_t second_length;
} Magic;

static bool media_has_magic(Head head, const Magic *magic)
{
    return head_has(head, 0, magic->first, magic->first_length) &&
           head_has(head, magic->second_offset, magic->second, magic->second_length);
}

static MediaTypeId media_detect_magic(Head head)
{
    static const struct {
        MediaTypeId type;
        Magic magic;
    } rows[] = {
#define X(id, bytes, offset, second) {TYPE_##id, {MAGIC(bytes), offset, MAGIC(second)}},
        MEDIA_MAGIC(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (media_has_magic(head, &rows[i].magic))
            return rows[i].type;
    return TYPE_NONE;
}

/* --- the ISO base media format --- */

static bool media_is_photo(MediaTypeId id)
{
    return !*media_types_demuxer(id);
}

static MediaTypeId media_detect_brand(Head head, size_t offset)
{
    static const struct {
        MediaTypeId type;
        const char *brand;
    } brands[] = {
#define X(id, brand) {TYPE_##id, brand},
        MEDIA_BRANDS(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_SIZE(brands); i++)
        if (head_has(head, offset, brands[i].brand, strcspn(brands[i].brand, "?")))
            return brands[i].type;
    return TYPE_NONE;
}

/* A general image brand first, or one we do not know: the compatible brands say more, and behind
 * brands that nobody knows the boxes of a film. */
static MediaTypeId media_detect_brands(Head head)
{
    size_t size = head_u32(head, 0), end = MIN_OF(size, head.length);
    bool image = head_has(head, 8, "mif1", 4) || head_has(head, 8, "msf1", 4);
    if (!head_has(head, 4, "ftyp", 4) || size < 16)
        return TYPE_NONE;
    MediaTypeId type = media_detect_brand(head, 8);
    if (type != TYPE_NONE)
        return type;
    for (size_t offset = 16; offset + 4 <= end; offset += 4) {
        type = media_detect_brand(head, offset);
        if (type != TYPE_NONE && (!image || media_is_photo(type)))
            return type;
    }
    if (image)
        return TYPE_HEIF;
    return signature_quicktime(head_from(head, size)) ? TYPE_MP4 : TYPE_NONE;
}

/* --- what is refused --- */

static const char *const advice[] = {
#define X(id, sentence) sentence,
    MEDIA_ADVICE(X)
#undef X
};

enum {
#define X(id, sentence) ADVICE_##id,
    MEDIA_ADVICE(X)
#undef X
};

static bool media_refuse(MediaRefusal *out, const char *name, int what)
{
    *out = (MediaRefusal){name, advice[what]};
    return true;
}

/* By the table; of two passes the first looks at strong magic only. */
static bool media_refuse_magic(Head head, bool strong, MediaRefusal *out)
{
    static const struct {
        Magic magic;
        const char *name;
        int advice;
    } rows[] = {
#define X(bytes, offset, second, name, what)                                                       \
    {{MAGIC(bytes), offset, MAGIC(second)}, name, ADVICE_##what},
        MEDIA_REFUSED(X)
#undef X
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const Magic *magic = &rows[i].magic;
        bool is_strong = magic->first_length + magic->second_length >= MAGIC_STRONG;
        if (is_strong == strong && media_has_magic(head, magic))
            return media_refuse(out, rows[i].name, rows[i].advice);
    }
    return false;
}

static bool media_refuse_photo(Head head, MediaRefusal *out)
{
    const char *name = signature_icon(head) ? "a Windows icon (ICO)" : signature_raw_photo(head);
    return name && media_refuse(out, name, ADVICE_PHOTO);
}

/* Text holds no control characters but these; what is cut off at the end is left out. */
static bool media_is_text(Head head)
{
    size_t length = MIN_OF(head.length, TEXT_LOOKED_AT);
    for (size_t i = 0; i < length; i++)
        if (head.bytes[i] < 0x20 && !memchr("\t\n\f\r\x1B", head.bytes[i], 5))
            return false;
    for (size_t cut = 0; cut < 4 && cut < length; cut++)
        if (utf8_valid((const char *)head.bytes, length - cut))
            return true;
    return false;
}

static bool media_refuse_text(Head head, MediaRefusal *out)
{
    char text[TEXT_LOOKED_AT + 1];
    bool wide = head_has(head, 0, "\xFF\xFE", 2) || head_has(head, 0, "\xFE\xFF", 2);
    if (wide && head.length >= 4 && (head.bytes[2] == 0) != (head.bytes[3] == 0))
        return media_refuse(out, "a text document", ADVICE_NONE);
    if (!media_is_text(head))
        return false;
    size_t length = MIN_OF(head.length, TEXT_LOOKED_AT);
    memcpy(text, head.bytes, length);
    text[length] = '\0';
    if (strcasestr(text, "<svg"))
        return media_refuse(out, "an SVG drawing", ADVICE_PHOTO);
    if (strcasestr(text, "<html") || strcasestr(text, "<!doctype html"))
        return media_refuse(out, "a web page", ADVICE_LINK);
    if (strcasestr(text, "<MPD") || strcasestr(text, "<asx") || strcasestr(text, "<smil"))
        return media_refuse(out, "a playlist", ADVICE_LINK);
    return media_refuse(out, "a text document", ADVICE_NONE);
}

/* --- all of it --- */

static MediaTypeId media_detect_behind_tags(Head head)
{
    switch (media_detect_magic(head)) {
    case TYPE_FLAC:
        return TYPE_FLAC;
    case TYPE_WAV:
        return TYPE_WAV;
    case TYPE_AIFF:
        return TYPE_AIFF;
    default:
        break;
    }
    if (signature_ogg(head))
        return TYPE_OGG_AUDIO;
    if (signature_adts(head))
        return TYPE_AAC;
    return head.length < TOO_LITTLE || signature_mpeg_audio(head) ? TYPE_MP3 : TYPE_NONE;
}

/* Sound behind tags, or within one whose length is wrong. */
static MediaTypeId media_detect_tagged(Head head)
{
    Head rest = head;
    size_t tag;
    for (int i = 0; i < TAGS_MAX && (tag = signature_tag(rest)); i++)
        rest = head_from(rest, tag);
    MediaTypeId type = media_detect_behind_tags(rest);
    return type == TYPE_NONE && signature_mpeg_audio(head) ? TYPE_MP3 : type;
}

/* By structure at the beginning, and then by what may stand anywhere: the rarer to be met by chance
 * first. */
static MediaTypeId media_search(Head head)
{
    static const struct {
        bool (*has)(Head);
        MediaTypeId type;
    } rows[] = {
        {signature_eac3, TYPE_EAC3},
        {signature_ac3, TYPE_AC3},
        {signature_dts, TYPE_DTS},
        {signature_gsm, TYPE_GSM},
        {signature_mpeg_ts, TYPE_MPEG_TS},
        {signature_mxf, TYPE_MXF},
        {signature_dv, TYPE_DV},
        {signature_mpeg_ps, TYPE_MPEG_PS},
        {signature_hevc, TYPE_HEVC_ES},
        {signature_h264, TYPE_H264_ES},
        {signature_mpeg_video, TYPE_MPEG_ES},
        {signature_mpeg4_video, TYPE_MPEG4_ES},
        {signature_adts, TYPE_AAC},
        {signature_mpeg_audio, TYPE_MP3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].has(head))
            return rows[i].type;
    return TYPE_NONE;
}

MediaTypeId media_detect(const void *bytes, size_t length, MediaRefusal *refusal)
{
    Head head = {bytes, MIN_OF(length, MEDIA_DETECT_HEAD)};
    *refusal = (MediaRefusal){0};
    if (media_refuse_magic(head, true, refusal) || media_refuse_photo(head, refusal))
        return TYPE_NONE;
    MediaTypeId type = media_detect_magic(head);
    if (type == TYPE_NONE)
        type = media_detect_brands(head);
    if (type != TYPE_NONE)
        return type;
    if (signature_quicktime(head))
        return TYPE_QUICKTIME;
    if (signature_ebml(head, "webm"))
        return TYPE_WEBM;
    if (signature_ebml(head, "matroska"))
        return TYPE_MATROSKA;
    if (signature_ogg(head))
        return signature_ogg_theora(head) ? TYPE_OGG_VIDEO : TYPE_OGG_AUDIO;
    if (signature_tag(head))
        return media_detect_tagged(head);
    if (media_refuse_text(head, refusal))
        return TYPE_NONE;
    type = media_search(head);
    if (type == TYPE_NONE)
        IGNORE_RESULT(media_refuse_magic(head, false, refusal));
    return type;
}

MediaTypeId media_detect_file(const MediaReader *reader, MediaRefusal *refusal)
{
    _cleanup_free_ unsigned char *bytes = base_calloc(1, MEDIA_DETECT_HEAD);
    Head head = {bytes, reader->read(reader->context, 0, bytes, MEDIA_DETECT_HEAD)};
    MediaTypeId type = media_detect(head.bytes, head.length, refusal);
    uint64_t offset = 0;
    size_t tag;
    if (type != TYPE_MP3 && type != TYPE_NONE)
        return type;
    for (int i = 0; i < TAGS_MAX && (tag = signature_tag(head)); i++) {
        offset += tag;
        head.length = reader->read(reader->context, offset, bytes, MEDIA_DETECT_HEAD);
    }
    MediaTypeId behind = offset ? media_detect_behind_tags(head) : type;
    return behind != TYPE_NONE ? behind : type;
}
