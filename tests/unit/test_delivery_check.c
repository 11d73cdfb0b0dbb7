/* The checks of a result that look at nothing but the result. */
#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "web/library/delivery_check.h"
#include "web/library/mp4.h"

static void tolerates_rounding_and_damaged_frames(void **state)
{
    static const struct {
        double duration, source;
        bool good;
        const char *sentence;
    } durations[] = {
        {0.3, 0.3, true, "the same"},      {0.1, 1.0, true, "short ones within a second"},
        {99, 100, true, "a second less"},  {95.1, 100, true, "within five per cent"},
        {94.9, 100, false, "beyond them"}, {105.1, 100, false, "too long"},
        {-1, 0.5, false, "negative"},      {0.0 / 0.0, 10, false, "not a number"},
        {10, 0.0 / 0.0, false, "unknown"}, {1.0 / 0.0, 1.0 / 0.0, false, "infinite"},
    };
    Digest digest = {0};
    ReceivedFile video = {true, 1, digest, media_type_find("video/mp4")}, poster = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
        Error error = {0};
        TransferResult result = {.duration = durations[i].duration,
                                 .source_duration = durations[i].source,
                                 .width = 2,
                                 .height = 2,
                                 .files = {[TRANSFER_VIDEO] = {.present = true, .size = 1}}};
        unit_check(delivery_check(&result, &video, &poster, &error) == durations[i].good,
                   durations[i].sentence);
    }
}

/* Boxes by type and declared size; 64: a long size in the eight bytes behind the type. */
typedef struct TestBox {
    const char *type;
    uint32_t size;
    uint64_t long_size;
    size_t bytes; /* that are really there */
} TestBox;

static const struct {
    TestBox boxes[5];
    bool good;
    const char *sentence;
} files[] = {
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 40, 0, 40}}, true, "the usual order"},
    {{{"ftyp", 24, 0, 24}, {"mdat", 40, 0, 40}, {"moov", 16, 0, 16}}, true, "the index last"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 1, 40, 40}}, true, "a long size"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 0, 0, 40}}, true, "the rest of the file"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 41, 0, 40}}, false, "a byte is missing"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 1, UINT64_MAX, 40}}, false, "absurd size"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 1, 8, 40}},
     false,
     "smaller than its head"},
    {{{"ftyp", 24, 0, 24}, {"moov", 7, 0, 16}, {"mdat", 40, 0, 40}}, false, "size below eight"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}, {"mdat", 40, 0, 40}, {"free", 8, 0, 3}},
     false,
     "three bytes of a box"},
    {{{"moov", 16, 0, 16}, {"mdat", 40, 0, 40}}, false, "no ftyp"},
    {{{"moov", 16, 0, 16}, {"ftyp", 24, 0, 24}, {"mdat", 40, 0, 40}}, false, "ftyp not first"},
    {{{"ftyp", 24, 0, 24}, {"mdat", 40, 0, 40}}, false, "no index"},
    {{{"ftyp", 24, 0, 24}, {"moov", 16, 0, 16}}, false, "nothing to play"},
    {{{"ftyp", 1, 24, 10}}, false, "cut off within a long size"},
    {{{0}}, false, "nothing"},
};

static void put_big_endian(unsigned char *at, uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at[i] = (unsigned char)(value >> (8 * (count - 1 - i)));
}

static uint64_t write_boxes(int fd, const TestBox *boxes)
{
    uint64_t size = 0;
    for (; boxes->type; boxes++) {
        unsigned char bytes[64] = {0};
        put_big_endian(bytes, boxes->size, 4);
        memcpy(bytes + 4, boxes->type, 4);
        if (boxes->size == 1)
            put_big_endian(bytes + 8, boxes->long_size, 8);
        assert_int_equal(write(fd, bytes, boxes->bytes), boxes->bytes);
        size += boxes->bytes;
    }
    return size;
}

static void walks_boxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        Error error = {0};
        _cleanup_close_ int fd = memfd_create("boxes", MFD_CLOEXEC);
        uint64_t size = write_boxes(fd, files[i].boxes);
        unit_check(mp4_check(fd, size, &error) == files[i].good, files[i].sentence);
        unit_check(files[i].good || error.code == ERROR_MEDIA, files[i].sentence);
    }
}

/* A file of nothing but tiny boxes costs no more than a bounded number of reads. */
static void gives_up_on_endless_boxes(void **state)
{
    static const TestBox ftyp[] = {{"ftyp", 24, 0, 24}, {0}}, tiny[] = {{"free", 8, 0, 8}, {0}};
    static const TestBox rest[] = {{"moov", 16, 0, 16}, {"mdat", 40, 0, 40}, {0}};
    Error error = {0};
    _cleanup_close_ int fd = memfd_create("boxes", MFD_CLOEXEC);
    uint64_t size = write_boxes(fd, ftyp);
    (void)state;
    for (int i = 0; i < 1000; i++)
        size += write_boxes(fd, tiny);
    size += write_boxes(fd, rest);
    assert_false(mp4_check(fd, size, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tolerates_rounding_and_damaged_frames),
        cmocka_unit_test(walks_boxes),
        cmocka_unit_test(gives_up_on_endless_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
