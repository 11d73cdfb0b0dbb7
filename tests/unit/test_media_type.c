/* What a file is, by its content alone. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>

#include "web/library/files/media_type.h"

#define BYTES(text) text, sizeof text - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *wanted; /* NULL: none of ours */
    const char *sentence;
} rows[] = {
    {BYTES("\xFF\xD8\xFF\xE0\0\x10JFIF"), "image/jpeg", "JPEG"},
    {BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), "image/png", "PNG"},
    {BYTES("GIF89a\1\0\1\0"), "image/gif", "GIF"},
    {BYTES("RIFF\x10\0\0\0WEBPVP8 "), "image/webp", "WebP"},
    {BYTES("II*\0\10\0\0\0"), "image/tiff", "TIFF, little endian"},
    {BYTES("MM\0*\0\0\0\10"), "image/tiff", "TIFF, big endian"},
    {BYTES("\0\0\0\x18"
           "ftypheic\0\0\0\0mif1heic"),
     "image/heic", "HEIC"},
    {BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1heic"),
     "image/heic", "HEIC under a general brand"},
    {BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1avif"),
     "image/avif", "AVIF under a general brand"},
    {BYTES("\0\0\0\x14"
           "ftypmif1\0\0\0\0mif1"),
     "image/heif", "HEIF and no more"},
    {BYTES("\0\0\0\x1C"
           "ftypavif\0\0\0\0avifmif1miaf"),
     "image/avif", "AVIF"},
    {BYTES("\0\0\0\x18"
           "ftypisom\0\0\2\0isomavc1"),
     "video/mp4", "MP4"},
    {BYTES("\0\0\0\x18"
           "ftypmp42\0\0\0\0isommp42"),
     "video/mp4", "MP4 of a phone"},
    {BYTES("\0\0\0\x14"
           "ftypqt  \0\0\0\0qt  "),
     "video/quicktime", "QuickTime"},
    {BYTES("\0\0\0\x14"
           "ftypXXXX\0\0\0\0mp42"),
     "video/mp4", "a compatible brand we know"},
    {BYTES("\0\0\0\x14"
           "ftypXXXX\0\0\0\0YYYY"),
     NULL, "brands nobody knows"},
    {BYTES("\0\0\0\x18"
           "ftyp3gp4\0\0\0\0isom3gp4"),
     "video/3gpp", "3GP"},
    {BYTES("\0\0\0\x14"
           "ftypM4A \0\0\0\0mp42"),
     "audio/mp4", "M4A"},
    {BYTES("\0\0\0\x08wide\0\0\0\0mdat"), "video/quicktime", "QuickTime before ftyp"},
    {BYTES("\0\0\0\x6Cmoov"), "video/quicktime", "moov first"},
    {BYTES("\0\0\0\x04moov"), NULL, "an atom smaller than its header"},
    {BYTES("\x1A\x45\xDF\xA3\x9F\x42\x86\x81\1\x42\x82\x84webm"), "video/webm", "WebM"},
    {BYTES("\x1A\x45\xDF\xA3\x9F\x42\x82\x88matroska"), "video/x-matroska", "Matroska"},
    {BYTES("\x1A\x45\xDF\xA3\x9F\x42\x82\x88matryoshk"), NULL, "EBML of another kind"},
    {BYTES("RIFF\x10\0\0\0AVI LIST"), "video/x-msvideo", "AVI"},
    {BYTES("RIFF\x10\0\0\0WAVEfmt "), "audio/wav", "WAV"},
    {BYTES("RIFF\x10\0\0\0CDXAfmt "), NULL, "RIFF of another kind"},
    {BYTES("\0\0\1\xBA\x44\0\4\0\4\1\0\0\3\xF8\0\0\1\xBB\0\x12"), "video/mpeg",
     "MPEG programme stream"},
    {BYTES("\0\0\1\xBA"), "video/mpeg", "the beginning of one, and no more"},
    {BYTES("junk\0\0\1\xBA"), NULL, "the same behind something else"},
    {BYTES("\0\0\1\0\0\0\1\x20\0\xC4\x8D\x88\0\0\1\xB6\x10\x60"), "video/mp4v-es",
     "MPEG-4 that begins as an icon does"},
    {BYTES("FLV\1\5\0\0\0\11"), "video/x-flv", "FLV"},
    {BYTES("\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C"), "video/x-ms-wmv",
     "ASF"},
    {BYTES("#!AMR\n\x04"), "audio/amr", "AMR"},
    {BYTES("#!AMR-WB\n\x04"), "audio/amr-wb", "AMR wideband"},
    {BYTES("fLaC\0\0\0\x22"), "audio/flac", "FLAC"},
    {BYTES("caff\0\1\0\0"), "audio/x-caf", "CAF"},
    {BYTES("ID3\4\0\0"), "audio/mpeg", "MP3 with a tag"},
    {BYTES("OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x13OpusHead"), "audio/ogg", "Opus"},
    {BYTES("OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x2A\x80theora\3"), "video/ogg",
     "Theora"},
    {BYTES("#EXTM3U\n#EXT-X-TARGETDURATION:1\n"), NULL, "a playlist"},
    {BYTES("<?xml version=\"1.0\"?><MPD/>"), NULL, "a DASH manifest"},
    {BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\">"), NULL, "SVG"},
    {BYTES("<!DOCTYPE html><script>"), NULL, "HTML"},
    {BYTES("%PDF-1.7"), NULL, "PDF"},
    {BYTES("MATLAB 5.0 MAT-file"), NULL, "MATLAB"},
    {BYTES("This is text renamed .mp4\n"), NULL, "text"},
    {BYTES("\xFF"), NULL, "one byte"},
    {BYTES(""), NULL, "nothing"},
};

static const char *detect(const unsigned char *bytes, size_t length)
{
    const MediaType *type = media_type_detect(bytes, length, NULL);
    return type ? type->content_type : "";
}

static void tells_types_by_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const MediaType *type = media_type_detect(rows[i].bytes, rows[i].length, NULL);
        const char *got = type ? type->content_type : NULL;
        if (!got != !rows[i].wanted || (got && !streq(got, rows[i].wanted)))
            fail_msg("%s: got %s", rows[i].sentence, got ? got : "nothing");
    }
}

/* --- what is known, and refused in words --- */

/* TIFF as cameras write their RAW photos: entries of the first directory, which stands at 8. */
#define TIFF_LE(count, entries) "II*\0\10\0\0\0" count "\0" entries "\0\0\0\0"
#define TIFF_BE(count, entries) "MM\0*\0\0\0\10\0" count entries "\0\0\0\0"

static const struct {
    const char *bytes;
    size_t length;
    const char *sentence; /* how the answer begins */
} refused[] = {
    {BYTES("\0\0\0\x18"
           "ftypcrx \0\0\0\1crx isom"),
     "This is a Canon RAW photo (CR3), "},
    {BYTES("II*\0\x10\0\0\0CR\2\0\0\0\0\0"), "This is a Canon RAW photo (CR2), "},
    {BYTES("FUJIFILMCCD-RAW 0201"), "This is a Fujifilm RAW photo (RAF), "},
    {BYTES("IIRO\10\0\0\0"), "This is an Olympus RAW photo (ORF), "},
    {BYTES("IIU\0\x18\0\0\0"), "This is a Panasonic or Leica RAW photo (RW2), "},
    {BYTES(TIFF_LE("\1", "\x12\xC6\1\0\4\0\0\0\1\4\0\0")), "This is a RAW photo (DNG), "},
    {BYTES(TIFF_BE("\1", "\xC6\x12\0\1\0\0\0\4\1\4\0\0")), "This is a RAW photo (DNG), "},
    {BYTES(TIFF_BE("\3", "\0\xFE\0\4\0\0\0\1\0\0\0\1\1\x0F\0\2\0\0\0\6\0\0\0\x32"
                         "\1\x4A\0\4\0\0\0\1\0\0\0\0") "NIKON"),
     "This is a Nikon RAW photo (NEF), "},
    {BYTES(TIFF_LE("\3", "\xFE\0\4\0\1\0\0\0\1\0\0\0\x0F\1\2\0\5\0\0\0\x32\0\0\0"
                         "\x4A\1\4\0\1\0\0\0\0\0\0\0") "SONY"),
     "This is a Sony RAW photo (ARW), "},
    {BYTES(TIFF_LE("\2", "\3\1\3\0\1\0\0\0\xFF\xFF\0\0\x0F\1\2\0\1\0\0\0X\0\0\0")),
     "This is a camera's RAW photo, "},
    {BYTES("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0"), "This is a Windows icon (ICO), "},
    {BYTES(".RMF\0\0\0\x12"), "This is a RealMedia file, "},
    {BYTES("\0\0\2\0RED2\1\3"), "This is a RED camera's RAW video (R3D), "},
    {BYTES("MThd\0\0\0\6"), "This is a MIDI file, "},
    {BYTES("%PDF-1.7"), "This is a PDF document, "},
    {BYTES("PK\3\4\24\0"), "This is a ZIP archive or an Office document, "},
    {BYTES("FWS\10"), "This is a Flash animation (SWF), "},
    {BYTES("<!DOCTYPE html><script>"), "This is a web page, "},
    {BYTES("  <svg xmlns=\"http://www.w3.org/2000/svg\">"), "This is an SVG drawing, "},
    {BYTES("#EXTM3U\n#EXT-X-TARGETDURATION:1\n"), "This is a playlist, "},
    {BYTES("<?xml version=\"1.0\"?><MPD/>"), "This is a playlist, "},
    {BYTES("ID3 is what taggers write."), "This is a text document, "},
    {BYTES("\xFF\xFEH\0i\0"), "This is a text document, "},
    {BYTES("Gr\xC3\xBC\xC3\x9F"
           "e, G\xC3"),
     "This is a text document, "},
    {BYTES("\x01\x02\x03\x04"), "This is not a photo, video or recording that can be kept here."},
};

static void says_what_it_does_not_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        Error error = {0};
        assert_null(media_type_detect(refused[i].bytes, refused[i].length, &error));
        assert_int_equal(error.code, ERROR_MEDIA_TYPE);
        if (strncmp(error.detail, refused[i].sentence, strlen(refused[i].sentence)) != 0)
            fail_msg("not \"%s…\" but: %s", refused[i].sentence, error.detail);
        unit_check(error.detail[strlen(error.detail) - 1] == '.', error.detail);
    }
}

/* A picture from a scanner, or saved by a program, is no RAW photo, whoever made the camera. */
static void takes_pictures_in_tiff(void **state)
{
    static const char saved[] = TIFF_LE("\3", "\3\1\3\0\1\0\0\0\5\0\0\0\x0F\1\2\0\6\0\0\0\x32\0\0\0"
                                              "\x4A\1\4\0\1\0\0\0\0\0\0\0") "NIKON";
    static const char far[] = "II*\0\xF0\xFF\xFF\xFF";
    (void)state;
    assert_string_equal(detect((const unsigned char *)saved, sizeof saved), "image/tiff");
    assert_string_equal(detect((const unsigned char *)far, sizeof far - 1), "image/tiff");
}

/* Whatever is cut off, nothing beyond it is read: the sanitizer watches. */
static void reads_no_further_than_the_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t length = 0; length <= rows[i].length; length++) {
            _cleanup_free_ char *exact = malloc(length ? length : 1);
            assert_non_null(exact);
            memcpy(exact, rows[i].bytes, length);
            IGNORE_RESULT(media_type_detect(exact, length, NULL));
        }
}

static void wants_more_than_one_sync_byte(void **state)
{
    unsigned char bytes[2000] = {0};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        memcpy(bytes + 188 * i, "\x47\0\0\x10", 4);
    assert_string_equal(detect(bytes, sizeof bytes), "video/mp2t");
    assert_string_equal(detect(bytes, 200), "");
    memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < 5; i++)
        memcpy(bytes + 192 * i + 4, "\x47\0\0\x10", 4);
    assert_string_equal(detect(bytes, sizeof bytes), "video/mp2t");
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, "\xFF\xFB\x90\x00", 4); /* 128 kbit/s at 44.1 kHz: 417 bytes */
    assert_string_equal(detect(bytes, sizeof bytes), "");
    memcpy(bytes + 417, "\xFF\xFB\x90\x00", 4);
    assert_string_equal(detect(bytes, sizeof bytes), "audio/mpeg");
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, "\xFF\xF1\x50\x80\x20\x1F\xFC", 7); /* 256 bytes */
    assert_string_equal(detect(bytes, sizeof bytes), "");
    memcpy(bytes + 256, "\xFF\xF1\x50\x80\x20\x1F\xFC", 7);
    assert_string_equal(detect(bytes, sizeof bytes), "audio/aac");
}

static void lets_the_client_decide_only_what_is_open(void **state)
{
    (void)state;
    const MediaType *mp4 = media_type_find("video/mp4"), *jpeg = media_type_find("image/jpeg");
    assert_string_equal(media_type_refine(mp4, "audio/mp4")->content_type, "audio/mp4");
    assert_string_equal(media_type_refine(mp4, "audio")->content_type, "audio/mp4");
    assert_ptr_equal(media_type_refine(mp4, "audiophile"), mp4);
    assert_ptr_equal(media_type_refine(mp4, "image/png"), mp4);
    assert_ptr_equal(media_type_refine(mp4, ""), mp4);
    assert_ptr_equal(media_type_refine(jpeg, "audio"), jpeg);
}

static void has_a_row_for_every_variant(void **state)
{
    static const char *const types[] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words) content_type,
        MEDIA_TYPES(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const MediaType *type = media_type_find(types[i]);
        assert_non_null(type);
        if (type->audio_variant)
            assert_int_equal(media_type_refine(type, "audio")->kind, MEDIA_AUDIO);
    }
}

/* They are served, and taken from nobody. */
static void knows_what_is_made_of_uploads(void **state)
{
    static const struct {
        const char *type, *content, *name;
    } made[] = {
        {"text/vtt; charset=utf-8", "WEBVTT\n\n", "clip.vtt"},
        {"application/json", "{\"version\":2}", "clip.json"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        char out[FILE_NAME_MAX + 1];
        const MediaType *type = media_type_find(made[i].type);
        assert_non_null(type);
        assert_true(type->inline_safe);
        assert_string_equal(detect((const unsigned char *)made[i].content, strlen(made[i].content)),
                            "");
        media_type_name(type, "clip.mov", out);
        assert_string_equal(out, made[i].name);
    }
}

static void gives_downloads_a_fitting_name(void **state)
{
    static const struct {
        const char *type, *name, *wanted, *sentence;
    } names[] = {
        {"image/jpeg", "a.JPG", "a.JPG", "a fitting extension stays as it is"},
        {"image/jpeg", "a.png", "a.jpg", "another type's is replaced"},
        {"video/mp4", "a.mov", "a.mp4", "the prepared video of a QuickTime file"},
        {"video/x-ms-wmv", "a.wma", "a.wma", "sound that nobody called sound when it was sent"},
        {"video/mp4", "trip.2024", "trip.2024.mp4", "what is no extension of ours stays"},
        {"image/png", "photo", "photo.png", "a missing one is added"},
    };
    char out[FILE_NAME_MAX + 1];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        media_type_name(media_type_find(names[i].type), names[i].name, out);
        if (!streq(out, names[i].wanted))
            fail_msg("%s: got %s", names[i].sentence, out);
    }
}

static void keeps_long_names_within_bounds(void **state)
{
    char name[FILE_NAME_MAX + 1], out[FILE_NAME_MAX + 1];
    (void)state;
    memset(name, 'x', FILE_NAME_MAX);
    name[FILE_NAME_MAX] = '\0';
    media_type_name(media_type_find("image/jpeg"), name, out);
    assert_int_equal(strlen(out), FILE_NAME_MAX);
    assert_string_equal(out + FILE_NAME_MAX - 4, ".jpg");
}

/* --- what people are told is taken --- */

static char *read_text(const char *path)
{
    static char text[64 * 1024];
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s could not be opened", path);
    ssize_t length = read(fd, text, sizeof text - 1);
    assert_true(length > 0);
    text[length] = '\0';
    return text;
}

static const struct {
    const char *content_type, *extensions, *words;
    MediaKind kind;
} table[] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words)                      \
    {content_type, extensions, words, MEDIA_##kind},
    MEDIA_TYPES(X)
#undef X
};

/* Each row as a line of the documentation: its words, content type and extensions. */
static void the_documentation_names_all_of_it(void **state)
{
    const char *text = read_text("docs/http-api.md");
    char line[300];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        snprintf(line, sizeof line, "| %s | `%s` | %s |\n", table[i].words, table[i].content_type,
                 table[i].extensions);
        if (!strstr(text, line))
            fail_msg("docs/http-api.md lacks the line %s", line);
    }
}

/* Whether the text holds the word between two characters that belong to no word. */
static bool text_names(const char *text, char before, const char *word, const char *after)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if (at > text && at[-1] == before && strchr(after, at[length]))
            return true;
    return false;
}

/* The page offers what systems do not know as pictures, films or sound, and guesses the kind of a
 * file by its name: with the usual extension of each row, and of no other. */
static void the_page_offers_what_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        char usual[16];
        snprintf(usual, sizeof usual, "%.*s", (int)strcspn(table[i].extensions, " "),
                 table[i].extensions);
        if (!text_names(read_text("web/ui/src/components/chooser.js"), '.', usual, ",'"))
            fail_msg("the page does not offer .%s", usual);
        bool named = text_names(read_text("web/ui/src/state.js"), '\'', usual, "'");
        bool elsewhere = false; /* the same extension belongs to a film */
        for (size_t j = 0; j < i; j++)
            elsewhere = elsewhere || strstr(table[j].extensions, usual);
        if (named != (table[i].kind != MEDIA_VIDEO) && !elsewhere)
            fail_msg("the page is wrong about .%s", usual);
    }
}

/* --- public files, where the machine has them --- */

static const char *corpus(void)
{
    const char *given = getenv("REELKEEP_CORPUS");
    return given ? given : "../shared/corpus";
}

/* 200 kB of rubbish before its first frame: more than anybody should look through. */
#define NOT_TAKEN "garbage_prefix.mp3"

static void check_folder(const char *name, MediaKind kind)
{
    static unsigned char head[MEDIA_TYPE_HEAD];
    char path[4096];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s", corpus(), name);
    DIR *folder = opendir(path);
    if (!folder)
        skip();
    for (struct dirent *entry; (entry = readdir(folder));) {
        _cleanup_close_ int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t length = entry->d_name[0] == '.' ? 0 : read(fd, head, sizeof head);
        if (length <= 0)
            continue;
        const MediaType *type = media_type_detect(head, (size_t)length, NULL);
        if (streq(entry->d_name, NOT_TAKEN)) {
            assert_null(type);
            continue;
        }
        if (!type || type->kind != kind)
            fail_msg("%s/%s: got %s", name, entry->d_name, type ? type->content_type : "nothing");
        count++;
    }
    closedir(folder);
    assert_true(count > 0);
}

static void knows_public_photos(void **state)
{
    (void)state;
    check_folder("image", MEDIA_PHOTO);
}

static void knows_public_videos(void **state)
{
    (void)state;
    check_folder("video", MEDIA_VIDEO);
}

static void knows_public_recordings(void **state)
{
    (void)state;
    check_folder("audio", MEDIA_AUDIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_types_by_content),
        cmocka_unit_test(says_what_it_does_not_take),
        cmocka_unit_test(takes_pictures_in_tiff),
        cmocka_unit_test(reads_no_further_than_the_head),
        cmocka_unit_test(wants_more_than_one_sync_byte),
        cmocka_unit_test(lets_the_client_decide_only_what_is_open),
        cmocka_unit_test(has_a_row_for_every_variant),
        cmocka_unit_test(knows_what_is_made_of_uploads),
        cmocka_unit_test(gives_downloads_a_fitting_name),
        cmocka_unit_test(keeps_long_names_within_bounds),
        cmocka_unit_test(the_documentation_names_all_of_it),
        cmocka_unit_test(the_page_offers_what_is_taken),
        cmocka_unit_test(knows_public_photos),
        cmocka_unit_test(knows_public_videos),
        cmocka_unit_test(knows_public_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
