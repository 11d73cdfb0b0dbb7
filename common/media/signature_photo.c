#include "common/media/signature.h"

#include <strings.h>

/* Tags of a TIFF directory (TIFF 6.0 §2, TIFF/EP, DNG 1.6). */
enum {
    TIFF_SUBFILE = 0x00FE,
    TIFF_COMPRESSION = 0x0103,
    TIFF_MAKE = 0x010F,
    TIFF_SUB_DIRECTORIES = 0x014A,
    TIFF_DNG_VERSION = 0xC612,
};

#define TIFF_ENTRIES_MAX 256

typedef struct TiffHead {
    Head head;
    bool big; /* endian */
    bool reduced, has_sub_directories, is_dng;
    unsigned compression;
    size_t make; /* offset of the maker's name; 0: none */
} TiffHead;

static uint32_t tiff_u32(const TiffHead *tiff, size_t offset)
{
    uint32_t value = head_u32(tiff->head, offset);
    return tiff->big ? value : __builtin_bswap32(value);
}

static unsigned tiff_u16(const TiffHead *tiff, size_t offset)
{
    unsigned first = head_u8(tiff->head, offset), second = head_u8(tiff->head, offset + 1);
    return tiff->big ? first << 8 | second : second << 8 | first;
}

static void tiff_read_entry(TiffHead *tiff, size_t entry)
{
    switch (tiff_u16(tiff, entry)) {
    case TIFF_SUBFILE:
        tiff->reduced = tiff_u32(tiff, entry + 8) & 1;
        break;
    case TIFF_COMPRESSION:
        tiff->compression = tiff_u16(tiff, entry + 8);
        break;
    case TIFF_MAKE:
        tiff->make = tiff_u32(tiff, entry + 4) > 4 ? tiff_u32(tiff, entry + 8) : entry + 8;
        break;
    case TIFF_SUB_DIRECTORIES:
        tiff->has_sub_directories = true;
        break;
    case TIFF_DNG_VERSION:
        tiff->is_dng = true;
        break;
    default:
        break;
    }
}

/* The first directory, as far as it lies in the head. */
static bool tiff_read(Head head, TiffHead *out)
{
    *out = (TiffHead){.head = head, .big = head_has(head, 0, "MM\0*", 4)};
    if (!out->big && !head_has(head, 0, "II*\0", 4))
        return false;
    size_t directory = tiff_u32(out, 4);
    size_t count = MIN_OF(tiff_u16(out, directory), TIFF_ENTRIES_MAX);
    for (size_t i = 0; i < count; i++)
        tiff_read_entry(out, directory + 2 + 12 * i);
    return true;
}

/* Compressions that only cameras write: Sony, Nikon, Samsung, Pentax. */
static bool tiff_is_camera_compression(unsigned compression)
{
    return compression == 32767 || compression == 34713 || compression == 32769 ||
           compression == 32770 || compression == 65535;
}

const char *signature_raw_photo(Head head)
{
    static const struct {
        const char *make, *words;
    } makers[] = {
        {"NIKON", "a Nikon RAW photo (NEF)"},     {"SONY", "a Sony RAW photo (ARW)"},
        {"PENTAX", "a Pentax RAW photo (PEF)"},   {"RICOH", "a Pentax RAW photo (PEF)"},
        {"SAMSUNG", "a Samsung RAW photo (SRW)"}, {"Hasselblad", "a Hasselblad RAW photo (3FR)"},
        {"EASTMAN", "a Kodak RAW photo (DCR)"},   {"KODAK", "a Kodak RAW photo (DCR)"},
        {"EPSON", "an Epson RAW photo (ERF)"},    {"Mamiya", "a Mamiya RAW photo (MEF)"},
        {"Leaf", "a Leaf RAW photo (MOS)"},       {"Canon", "a Canon RAW photo (CR2)"},
    };
    TiffHead tiff;
    if (!tiff_read(head, &tiff))
        return NULL;
    if (tiff.is_dng)
        return "a RAW photo (DNG)";
    bool preview = tiff.has_sub_directories && (tiff.reduced || tiff.compression == 6);
    if (!tiff.make || !(preview || tiff_is_camera_compression(tiff.compression)))
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
        size_t length = strlen(makers[i].make);
        if (tiff.make <= head.length && head.length - tiff.make >= length &&
            strncasecmp((const char *)head.bytes + tiff.make, makers[i].make, length) == 0)
            return makers[i].words;
    }
    return "a camera's RAW photo";
}

bool signature_icon(Head head)
{
    return head_has(head, 0, "\0\0\1\0", 4) && head_u8(head, 4) && head_has(head, 5, "\0", 1);
}
