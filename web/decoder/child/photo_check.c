#include "web/decoder/child/photo_check.h"

#include <errno.h>
#include <sys/stat.h>

#include "web/decoder/decoder_message.h"

#define WINDOW_SIZE ((size_t)16384)
#define IFDS_MAX    64    /* directories of a TIFF file; a scanned paper has one for each page */
#define STRIPS_MAX  65536 /* of a file; those behind are not looked at */

/* Where the walk stands, and a part of the file in memory. */
typedef struct Walk {
    int fd;
    uint64_t whole;        /* bytes of the file */
    uint64_t size, offset; /* where the walk must end; offset <= size */
    uint64_t start;        /* of the window */
    size_t length;
    unsigned char window[WINDOW_SIZE];
    bool ended;  /* more was asked for than there is */
    bool failed; /* the disk did, and *error says how */
    Error *error;
} Walk;

static void walk_fill(Walk *walk)
{
    ssize_t count;
    walk->start = walk->offset;
    do
        count = pread(walk->fd, walk->window, WINDOW_SIZE, (off_t)walk->start);
    while (count < 0 && errno == EINTR);
    walk->length = count > 0 ? (size_t)count : 0;
    if (count < 0) {
        error_set_errno(walk->error, errno, "A photo could not be read");
        walk->failed = true;
    }
}

/* The bytes at the walk's offset; *got tells how many, 0 at the end of the file. */
static const unsigned char *walk_look(Walk *walk, size_t *got)
{
    *got = 0;
    if (walk->failed || walk->offset >= walk->size)
        return NULL;
    if (walk->offset < walk->start || walk->offset - walk->start >= walk->length)
        walk_fill(walk);
    size_t at = (size_t)(walk->offset - walk->start);
    *got = (size_t)MIN_OF((uint64_t)(walk->length - at), walk->size - walk->offset);
    return *got ? walk->window + at : NULL;
}

static bool walk_skip(Walk *walk, uint64_t bytes)
{
    walk->ended = walk->ended || bytes > walk->size - walk->offset;
    walk->offset += MIN_OF(bytes, walk->size - walk->offset);
    return !walk->ended;
}

/* Takes `length` bytes. */
static bool walk_take(Walk *walk, void *bytes, size_t length)
{
    for (unsigned char *to = bytes; length > 0;) {
        size_t got;
        const unsigned char *from = walk_look(walk, &got);
        if (!from) {
            walk->ended = true;
            return false;
        }
        got = MIN_OF(got, length);
        memcpy(to, from, got);
        to += got;
        length -= got;
        walk->offset += got;
    }
    return true;
}

static uint64_t walk_integer(const unsigned char *bytes, size_t count, bool little)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[little ? count - 1 - i : i];
    return value;
}

/* --- JPEG (ITU-T T.81, annex B) --- */

/* The next marker; like every decoder, whatever is between segments is passed over, and so are the
 * coded bytes of a scan with the markers that belong to it (00 is none, D0 to D7 are restarts). */
static bool photo_next_marker(Walk *walk, unsigned char *marker)
{
    for (;;) {
        size_t got;
        const unsigned char *at = walk_look(walk, &got);
        const unsigned char *found = at ? memchr(at, 0xFF, got) : NULL;
        if (!at)
            return false;
        walk->offset += found ? (size_t)(found - at) : got;
        if (!found)
            continue;
        do
            if (!walk_take(walk, marker, 1))
                return false;
        while (*marker == 0xFF);
        if (*marker != 0x00 && *marker != 0x01 && (*marker < 0xD0 || *marker > 0xD7))
            return true;
    }
}

static bool photo_walk_jpeg(Walk *walk)
{
    enum { SOF_FIRST = 0xC0, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF_LAST = 0xCF };
    enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA };
    bool frame = false, scan = false;
    unsigned char marker, length[2];
    while (photo_next_marker(walk, &marker)) {
        if (marker == EOI)
            return frame && scan;
        if (marker == SOI || !walk_take(walk, length, sizeof length))
            return false;
        uint64_t segment = walk_integer(length, sizeof length, false);
        if (segment < sizeof length || !walk_skip(walk, segment - sizeof length))
            return false;
        frame = frame || (marker >= SOF_FIRST && marker <= SOF_LAST && marker != DHT &&
                          marker != JPG && marker != DAC);
        scan = scan || marker == SOS;
    }
    walk->ended = true;
    return false;
}

/* --- PNG (W3C PNG, §5.3) --- */

static uint32_t photo_crc(uint32_t crc, const unsigned char *bytes, size_t length)
{
    static const uint32_t nibbles[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                         0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                         0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                         0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return crc;
}

/* The CRC over a chunk's type and data, which the walk is taken past. */
static bool photo_chunk_crc(Walk *walk, const unsigned char type[4], uint64_t left, uint32_t *crc)
{
    *crc = photo_crc(0xFFFFFFFF, type, 4);
    while (left > 0) {
        size_t got;
        const unsigned char *at = walk_look(walk, &got);
        if (!at)
            return walk_skip(walk, left);
        got = (size_t)MIN_OF((uint64_t)got, left);
        *crc = photo_crc(*crc, at, got);
        walk->offset += got;
        left -= got;
    }
    *crc ^= 0xFFFFFFFF;
    return true;
}

static bool photo_walk_png(Walk *walk)
{
    unsigned char head[8], sum[4];
    bool header = false, data = false;
    while (walk_take(walk, head, sizeof head)) {
        uint64_t length = walk_integer(head, 4, false);
        const unsigned char *type = head + 4;
        bool critical = !(type[0] & 0x20); /* a wrong CRC elsewhere hides no part of the picture */
        uint32_t crc = 0;
        if (length > INT32_MAX || (!header && memcmp(type, "IHDR", 4) != 0))
            return false;
        if (!(critical ? photo_chunk_crc(walk, type, length, &crc) : walk_skip(walk, length)) ||
            !walk_take(walk, sum, sizeof sum) ||
            (critical && walk_integer(sum, sizeof sum, false) != crc))
            return false;
        header = true;
        data = data || memcmp(type, "IDAT", 4) == 0;
        if (memcmp(type, "IEND", 4) == 0)
            return data;
    }
    return false;
}

/* --- GIF (GIF89a, §15 to §27) --- */

/* Sub-blocks up to the empty one. */
static bool photo_skip_blocks(Walk *walk)
{
    unsigned char length;
    while (walk_take(walk, &length, 1) && walk_skip(walk, length))
        if (length == 0)
            return true;
    return false;
}

static uint64_t photo_colors(unsigned char flags)
{
    return flags & 0x80 ? (uint64_t)3 << ((flags & 7) + 1) : 0;
}

static bool photo_walk_gif(Walk *walk)
{
    unsigned char screen[7], introducer, image[9];
    bool seen = false;
    if (!walk_take(walk, screen, sizeof screen) || !walk_skip(walk, photo_colors(screen[4])))
        return false;
    while (walk_take(walk, &introducer, 1)) {
        bool good = false;
        if (introducer == 0x3B) /* the trailer */
            return seen;
        if (introducer == 0x21) /* an extension: its label, and blocks */
            good = walk_skip(walk, 1) && photo_skip_blocks(walk);
        if (introducer == 0x2C) /* an image: colours, the size of a code, and blocks */
            good = seen = walk_take(walk, image, sizeof image) &&
                          walk_skip(walk, photo_colors(image[8])) && walk_skip(walk, 1) &&
                          photo_skip_blocks(walk);
        if (!good)
            return false;
    }
    return false;
}

/* --- WebP (RFC 9649, §2.3 to §2.7) --- */

static bool photo_walk_webp(Walk *walk)
{
    static const char *const pictures[] = {"VP8 ", "VP8L", "ANMF"};
    unsigned char head[8];
    bool picture = false;
    if (!walk_take(walk, head, sizeof head))
        return false;
    uint64_t end = 8 + walk_integer(head, 4, true);
    walk->ended = end > walk->size;
    while (!walk->ended && walk->offset + sizeof head <= end) {
        if (!walk_take(walk, head, sizeof head))
            return false;
        uint64_t length = walk_integer(head + 4, 4, true);
        if (length > end - walk->offset || !walk_skip(walk, length))
            return false;
        for (size_t i = 0; i < ARRAY_SIZE(pictures); i++)
            picture = picture || memcmp(head, pictures[i], 4) == 0;
        walk->offset += walk->offset < end && length % 2; /* the last one may lack its padding */
    }
    return !walk->ended && picture;
}

/* --- HEIF and AVIF (ISO/IEC 14496-12, §4.2; 23008-12) --- */

/* A number of up to eight bytes; 0 for none. */
static bool photo_take_number(Walk *walk, size_t width, uint64_t *value)
{
    unsigned char bytes[8];
    if (width > sizeof bytes || !walk_take(walk, bytes, width))
        return false;
    *value = walk_integer(bytes, width, false);
    return true;
}

/* One item of an iloc box (14496-12, §8.11.3): where its parts lie, all within the file. */
static bool photo_walk_item(Walk *walk, unsigned version, const unsigned char widths[4])
{
    uint64_t size = walk->whole;
    uint64_t id, method = 0, reference, base, extents, index, offset, length;
    if (!photo_take_number(walk, version < 2 ? 2 : 4, &id) ||
        (version > 0 && !photo_take_number(walk, 2, &method)) ||
        !photo_take_number(walk, 2, &reference) || !photo_take_number(walk, widths[2], &base) ||
        !photo_take_number(walk, 2, &extents))
        return false;
    for (; extents > 0 && widths[0] + widths[1] > 0; extents--) {
        if ((version > 0 && !photo_take_number(walk, widths[3], &index)) ||
            !photo_take_number(walk, widths[0], &offset) ||
            !photo_take_number(walk, widths[1], &length))
            return false;
        bool here = reference == 0 && (method & 15) == 0;
        walk->ended =
            here && (base > size || offset > size - base || length > size - base - offset);
        if (walk->ended)
            return false;
    }
    return true;
}

/* All of them; no further than the box goes, or many boxes could each lead through the whole file.
 */
static bool photo_walk_iloc(Walk *walk, uint64_t end)
{
    unsigned char head[6] = {0};
    uint64_t items = 0, size = walk->size;
    walk->size = end;
    bool good =
        walk_take(walk, head, sizeof head) && photo_take_number(walk, head[0] < 2 ? 2 : 4, &items);
    const unsigned char widths[4] = {head[4] >> 4, head[4] & 15, head[5] >> 4, head[5] & 15};
    for (; good && items > 0; items--)
        good = photo_walk_item(walk, head[0], widths);
    walk->size = size;
    return good;
}

typedef struct PhotoBox {
    char type[5];
    uint64_t start, size;
    bool plausible; /* what follows a picture need not be a box */
} PhotoBox;

/* A size of 1 means a longer one behind the type, 0 the rest of the file. */
static bool photo_take_box(Walk *walk, PhotoBox *box)
{
    *box = (PhotoBox){.start = walk->offset, .plausible = true};
    uint64_t header = 8;
    if (!photo_take_number(walk, 4, &box->size) || !walk_take(walk, box->type, 4))
        return false;
    if (box->size == 0)
        box->size = walk->size - box->start;
    if (box->size == 1 && !photo_take_number(walk, header, &box->size))
        return false;
    for (size_t i = 0; i < 4; i++)
        box->plausible = box->plausible && box->type[i] >= 0x20 && box->type[i] < 0x7F;
    box->plausible = box->plausible && box->size >= walk->offset - box->start;
    return true;
}

/* What an index says of where the items lie, for media may reach to the end of whatever is left. */
static bool photo_walk_meta(Walk *walk, uint64_t end)
{
    PhotoBox box;
    if (!walk_skip(walk, 4))
        return false;
    while (walk->offset + 8 <= end) {
        if (!photo_take_box(walk, &box) || !box.plausible || box.size > end - box.start ||
            (streq(box.type, "iloc") && !photo_walk_iloc(walk, box.start + box.size)))
            return false;
        walk->offset = box.start + box.size;
    }
    return true;
}

static bool photo_walk_boxes(Walk *walk)
{
    bool index = false, data = false;
    while (walk->offset < walk->size) {
        PhotoBox box;
        if (index && data && walk->size - walk->offset < 8)
            return true;
        if (!photo_take_box(walk, &box))
            return false;
        if (!box.plausible)
            return index && data;
        bool meta = streq(box.type, "meta");
        index = index || meta || streq(box.type, "moov");
        data = data || streq(box.type, "mdat");
        uint64_t inside = walk->offset;
        walk->offset = box.start;
        if (!walk_skip(walk, box.size))
            return false;
        uint64_t end = walk->offset;
        walk->offset = inside;
        if (meta && !photo_walk_meta(walk, end))
            return false;
        walk->offset = end;
    }
    walk->ended = !index || !data;
    return !walk->ended;
}

/* --- TIFF (revision 6.0, §2) --- */

typedef struct TiffArray {
    uint64_t offset, count;
    size_t width; /* bytes of one value */
} TiffArray;

static bool photo_tiff_value(Walk *walk, const TiffArray *array, uint64_t index, bool little,
                             uint64_t *value)
{
    unsigned char bytes[8];
    walk->offset = array->offset + index * array->width;
    if (!walk_take(walk, bytes, array->width))
        return false;
    *value = walk_integer(bytes, array->width, little);
    return true;
}

/* Every strip or tile lies within the file; *left is how many more are looked at. */
static bool photo_tiff_strips(Walk *walk, const TiffArray arrays[2], bool little, uint64_t *left)
{
    uint64_t count = MIN_OF(MIN_OF(arrays[0].count, arrays[1].count), *left);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset, length;
        if (!photo_tiff_value(walk, &arrays[0], i, little, &offset) ||
            !photo_tiff_value(walk, &arrays[1], i, little, &length))
            return false;
        walk->offset = 0;
        if (!walk_skip(walk, offset) || !walk_skip(walk, length))
            return false;
    }
    *left -= count;
    return true;
}

/* One directory: its entries and its strips are there; *next gets where the following one is. */
static bool photo_tiff_directory(Walk *walk, bool little, uint64_t *left, uint64_t *next)
{
    static const unsigned char widths[] = {[3] = 2, [4] = 4}; /* the types of what is looked at */
    enum { STRIP_OFFSETS = 273, STRIP_LENGTHS = 279, TILE_OFFSETS = 324, TILE_LENGTHS = 325 };
    unsigned char entry[12];
    TiffArray arrays[2] = {0};
    if (!walk_take(walk, entry, 2))
        return false;
    for (uint64_t entries = walk_integer(entry, 2, little); entries > 0; entries--) {
        if (!walk_take(walk, entry, sizeof entry))
            return false;
        uint64_t tag = walk_integer(entry, 2, little), type = walk_integer(entry + 2, 2, little);
        size_t width = type < ARRAY_SIZE(widths) ? widths[type] : 0;
        bool offsets = tag == STRIP_OFFSETS || tag == TILE_OFFSETS;
        if (width == 0 || (!offsets && tag != STRIP_LENGTHS && tag != TILE_LENGTHS))
            continue;
        TiffArray array = {walk->offset - 4, walk_integer(entry + 4, 4, little), width};
        if (array.count * width > 4)
            array.offset = walk_integer(entry + 8, 4, little);
        arrays[!offsets] = array;
    }
    if (!walk_take(walk, entry, 4))
        return false;
    *next = walk_integer(entry, 4, little);
    return photo_tiff_strips(walk, arrays, little, left);
}

static bool photo_walk_tiff(Walk *walk)
{
    unsigned char head[8];
    uint64_t left = STRIPS_MAX, next;
    if (!walk_take(walk, head, sizeof head))
        return false;
    bool little = head[0] == 'I';
    next = walk_integer(head + 4, 4, little);
    for (int count = 0; next != 0 && count < IFDS_MAX; count++) {
        walk->offset = 0;
        if (!walk_skip(walk, next) || !photo_tiff_directory(walk, little, &left, &next))
            return false;
    }
    return left < STRIPS_MAX;
}

bool photo_check(int fd, const char *content_type, Error *error)
{
    static const struct {
        const char *content_type;
        uint64_t signature; /* bytes that were looked at already */
        bool (*walk)(Walk *walk);
    } formats[] = {
        {"image/jpeg", 2, photo_walk_jpeg},  {"image/png", 8, photo_walk_png},
        {"image/gif", 6, photo_walk_gif},    {"image/webp", 4, photo_walk_webp},
        {"image/avif", 0, photo_walk_boxes}, {"image/heic", 0, photo_walk_boxes},
        {"image/heif", 0, photo_walk_boxes}, {"image/tiff", 0, photo_walk_tiff},
    };
    Walk walk = {.fd = fd, .error = error};
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set_errno(error, errno, "A photo could not be read");
    walk.whole = walk.size = (uint64_t)status.st_size;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (!streq(formats[i].content_type, content_type))
            continue;
        if (walk_skip(&walk, formats[i].signature) && formats[i].walk(&walk) && !walk.failed)
            return true;
        if (walk.failed)
            return false;
        return error_set(error, ERROR_MEDIA, "%s",
                         walk.ended ? DECODER_PHOTO_CUT : DECODER_PHOTO_DAMAGED);
    }
    UNREACHABLE();
}
