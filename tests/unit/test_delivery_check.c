/* The checks of a result that look at nothing but the result. */
#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "web/library/results/delivery_check.h"
#include "web/library/results/mp4.h"

static TransferResult video_result(void)
{
    return (TransferResult){.duration = 1,
                            .source_duration = 1,
                            .width = 2,
                            .height = 2,
                            .files = {[TRANSFER_VIDEO] = {.present = true, .size = 1}}};
}

/* As if its one byte had come. */
static bool check_video(const TransferResult *result)
{
    Error error = {0};
    ReceivedFile files[TRANSFER_FILE_COUNT] = {
        [TRANSFER_VIDEO] = {.present = true, .size = 1, .type = media_type_find("video/mp4")}};
    return delivery_check(result, files, &error);
}

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
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
        TransferResult result = video_result();
        result.duration = durations[i].duration;
        result.source_duration = durations[i].source;
        unit_check(check_video(&result) == durations[i].good, durations[i].sentence);
    }
}

static void takes_only_times_that_exist(void **state)
{
    static const struct {
        const char *time;
        bool good;
    } rows[] = {
        {"", true},
        {"2024-06-01T12:34:56Z", true},
        {"2024-02-29T00:00:00Z", true},
        {"2000-02-29T23:59:59Z", true},
        {"2023-02-29T00:00:00Z", false},
        {"1900-02-29T00:00:00Z", false},
        {"2024-00-01T00:00:00Z", false},
        {"2024-13-01T00:00:00Z", false},
        {"2024-04-31T00:00:00Z", false},
        {"2024-04-00T00:00:00Z", false},
        {"2024-04-01T24:00:00Z", false},
        {"2024-04-01T00:60:00Z", false},
        {"2024-04-01T00:00:60Z", false},
        {"2024-04-01T00:00:00", false},
        {"2024-04-01T00:00:00+00:00", false},
        {"2024-04-01T00:00:00.5Z", false},
        {"2024-04-01 00:00:00Z", false},
        {"2024-4-1T00:00:00Z", false},
        {"2024-04-01T00:00:00Zx", false},
        {"2024", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        TransferResult result = video_result();
        base_copy(result.captured_at, sizeof result.captured_at, rows[i].time);
        unit_check(check_video(&result) == rows[i].good, rows[i].time);
    }
}

static void takes_only_thumbhashes(void **state)
{
    static const struct {
        const char *hash;
        bool good;
        const char *sentence;
    } rows[] = {
        {"", true, "none"},
        {"AAAAAAA=", true, "five bytes"},
        {"AAAAAA==", false, "four bytes"},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", true, "25 bytes"},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false, "26 bytes"},
        {"3OcRJYB4d3h/iIeHeEh3eIhw+j3A", true, "a usual one"},
        {"3OcRJYB4d3h_iIeHeEh3eIhw-j3A", false, "the alphabet of URLs"},
        {"AAAAAAA", false, "no padding"},
        {"AAAAAAB=", false, "bits behind the last byte"},
        {"AAAAAA\"=", false, "a quote"},
        {"AAAA AAA=", false, "a blank"},
        {"3OcRJYB4d3h/iIeHeEh3eIhw+ÁA", false, "a letter beyond ASCII"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        TransferResult result = video_result();
        base_copy(result.thumbhash, sizeof result.thumbhash, rows[i].hash);
        unit_check(check_video(&result) == rows[i].good, rows[i].sentence);
    }
}

static void takes_only_titles_without_controls(void **state)
{
    static const struct {
        const char *title;
        bool good;
        const char *sentence;
    } rows[] = {
        {"Der Riß – 裂缝", true, "letters of anywhere"},
        {"\"><script>", true, "what is harmless as text"},
        {"\xC2\xA0", true, "a no-break space"},
        {"a\tb", false, "a tab"},
        {"a\x7F", false, "delete"},
        {"a\xC2\x85", false, "next line"},
        {"a\xC2", false, "half a character"},
        {"a\xFF", false, "a byte of no character"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        TransferResult result = video_result();
        base_copy(result.title, sizeof result.title, rows[i].title);
        unit_check(check_video(&result) == rows[i].good, rows[i].sentence);
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

static void write_boxes(int fd, const TestBox *boxes)
{
    for (; boxes->type; boxes++) {
        unsigned char bytes[64] = {0};
        put_big_endian(bytes, boxes->size, 4);
        memcpy(bytes + 4, boxes->type, 4);
        if (boxes->size == 1)
            put_big_endian(bytes + 8, boxes->long_size, 8);
        assert_int_equal(write(fd, bytes, boxes->bytes), boxes->bytes);
    }
}

static void walks_boxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        Error error = {0};
        int fd = memfd_create("boxes", MFD_CLOEXEC);
        write_boxes(fd, files[i].boxes);
        _cleanup_stored_file_ StoredFile *file = stored_file_adopt(fd, "boxes", &error);
        unit_check(mp4_check(file, &error) == files[i].good, files[i].sentence);
        unit_check(files[i].good || error.code == ERROR_MEDIA, files[i].sentence);
    }
}

/* A file of nothing but tiny boxes costs no more than a bounded number of reads. */
static void gives_up_on_endless_boxes(void **state)
{
    static const TestBox ftyp[] = {{"ftyp", 24, 0, 24}, {0}}, tiny[] = {{"free", 8, 0, 8}, {0}};
    static const TestBox rest[] = {{"moov", 16, 0, 16}, {"mdat", 40, 0, 40}, {0}};
    Error error = {0};
    int fd = memfd_create("boxes", MFD_CLOEXEC);
    (void)state;
    write_boxes(fd, ftyp);
    for (int i = 0; i < 1000; i++)
        write_boxes(fd, tiny);
    write_boxes(fd, rest);
    _cleanup_stored_file_ StoredFile *file = stored_file_adopt(fd, "boxes", &error);
    assert_false(mp4_check(file, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tolerates_rounding_and_damaged_frames),
        cmocka_unit_test(takes_only_times_that_exist),
        cmocka_unit_test(takes_only_thumbhashes),
        cmocka_unit_test(takes_only_titles_without_controls),
        cmocka_unit_test(walks_boxes),
        cmocka_unit_test(gives_up_on_endless_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
