/* One table for both programs: what it says is taken is told, opened by its demuxer and encoded;
 * what stands in front of a file, as taggers, cutters and recorders leave it, hides nothing. */
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <sys/stat.h>

#include "common/media/media_choice.h"
#include "common/media/media_detect.h"
#include "common/media/media_input.h"
#include "common/media/media_probe.h"
#include "tests/unit/encoding.h"

#define PICTURE "-f lavfi -i testsrc=s=176x144:r=25:d=1 "
#define SOUND   "-f lavfi -i sine=d=1 "
#define BOTH    PICTURE SOUND
#define PAL     "-f lavfi -i testsrc=s=720x576:r=25:d=1 -f lavfi -i sine=d=1 "
#define SAMPLE  "/sample"

static const char *const type_names[] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words) [TYPE_##id] = words,
    MEDIA_TYPES(X)
#undef X
        [TYPE_NONE] = "nothing",
};

/* --- files --- */

typedef struct Bytes {
    unsigned char *data;
    size_t length;
} Bytes;

static void bytes_release(Bytes *bytes)
{
    free(bytes->data);
}
#define _cleanup_bytes_ _cleanup_(bytes_release)

static Bytes bytes_read(const char *path)
{
    struct stat status;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        fail_msg("%s could not be opened", path);
    Bytes out = {base_calloc(1, (size_t)status.st_size + 1), (size_t)status.st_size};
    assert_int_equal(read(fd, out.data, out.length), status.st_size);
    return out;
}

/* A file of several parts; its path lives until the next call. */
static const char *bytes_write(const Bytes *parts, size_t count)
{
    static char path[ENCODING_PATH];
    snprintf(path, sizeof path, "%s/edited", encoded_folder());
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(write(fd, parts[i].data, parts[i].length), (ssize_t)parts[i].length);
    return path;
}

static const char *bytes_behind(const void *prefix, size_t length, const char *source, size_t cut)
{
    _cleanup_bytes_ Bytes rest = bytes_read(source);
    assert_true(cut < rest.length);
    const Bytes parts[] = {{(unsigned char *)prefix, length}, {rest.data + cut, rest.length - cut}};
    return bytes_write(parts, 2);
}

/* Bytes that look like nothing, the same in every run. */
static void fill_with_junk(unsigned char *out, size_t length, uint32_t seed)
{
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (unsigned char)(seed >> 24);
    }
}

static size_t read_file(void *context, uint64_t offset, void *out, size_t length)
{
    ssize_t got = pread(*(int *)context, out, length, (off_t)offset);
    assert_true(got >= 0);
    return (size_t)got;
}

static MediaTypeId detect(const char *path)
{
    MediaRefusal refusal;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return media_detect_file(&(MediaReader){read_file, &fd}, &refusal);
}

/* --- one sample --- */

static void check_opened(const char *path, const char *demuxer, const char *sentence)
{
    _cleanup_media_input_ MediaInput *input = NULL;
    Error error = {0};
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!media_input_open(fd, &input, &error))
        fail_msg("%s: %s", sentence, error.detail);
    const char *name = media_input_format(input)->iformat->name;
    if (av_match_list(demuxer, name, ',') <= 0)
        fail_msg("%s: opened as %s", sentence, name);
}

static void check_encoded(const char *path, MediaTypeId type, double seconds, const char *sentence)
{
    Made made = {0};
    const char *words = type_names[type];
    if (!encoding_try(path, 1080, &made))
        fail_msg("%s (%s): %s", sentence, words, made.error.detail);
    if (!(made.result.duration > seconds * 0.9 && made.result.duration < seconds * 1.15 + 0.1))
        fail_msg("%s (%s): %f seconds", sentence, words, made.result.duration);
}

/* Told as this type, opened by its demuxer, and made playable at its full length. */
static void check(const char *path, MediaTypeId type, double seconds, const char *sentence)
{
    MediaTypeId got = detect(path);
    if (got != type)
        fail_msg("%s: told as %s", sentence, type_names[got]);
    check_opened(path, media_types_demuxer(type), sentence);
    check_encoded(path, type, seconds, sentence);
}

/* --- containers --- */

static const struct {
    MediaTypeId type;
    const char *name, *arguments;
} samples[] = {
    {TYPE_MP4, "a.mp4", BOTH "-c:v mpeg4 -c:a aac"},
    {TYPE_QUICKTIME, "a.mov", BOTH "-c:v mjpeg -c:a pcm_s16le"},
    {TYPE_THREE_GPP, "a.3gp", BOTH "-c:v h263 -c:a aac"},
    {TYPE_THREE_GPP2, "a.3g2", BOTH "-c:v h263 -c:a aac"},
    {TYPE_WEBM, "a.webm", BOTH "-c:v libvpx -c:a libvorbis"},
    {TYPE_MATROSKA, "a.mkv", BOTH "-c:v ffv1 -c:a flac"},
    {TYPE_OGG_VIDEO, "a.ogv", BOTH "-c:v libtheora -c:a libvorbis"},
    {TYPE_AVI, "a.avi", BOTH "-c:v mjpeg -c:a pcm_u8"},
    {TYPE_AVI, "a.amv",
     "-f lavfi -i testsrc=s=160x112:r=10:d=1 " SOUND
     "-c:v amv -c:a adpcm_ima_amv -ar 22050 -ac 1 -block_size 2205"},
    {TYPE_MPEG_TS, "a.ts", BOTH "-c:v mpeg2video -c:a mp2"},
    {TYPE_MPEG_TS, "a.m2ts", BOTH "-c:v libx264 -c:a ac3 -mpegts_m2ts_mode 1"},
    {TYPE_MPEG_PS, "a.mpg", BOTH "-c:v mpeg1video -c:a mp2"},
    {TYPE_MPEG_PS, "a.vob", BOTH "-c:v mpeg2video -c:a mp2"},
    {TYPE_MPEG_ES, "a.m1v", PICTURE "-f mpeg1video"},
    {TYPE_MPEG_ES, "a.m2v", PICTURE "-bf 2 -f mpeg2video"},
    {TYPE_MPEG4_ES, "a.mp4v", PICTURE "-c:v mpeg4 -f m4v"},
    {TYPE_MPEG4_ES, "b.mp4v", PICTURE "-c:v mpeg4 -bf 2 -f m4v"},
    {TYPE_H264_ES, "a.h264", PICTURE "-c:v libx264 -bf 0 -f h264"},
    {TYPE_H264_ES, "b.h264", PICTURE "-c:v libx264 -bf 3 -f h264"},
    {TYPE_HEVC_ES, "a.h265", PICTURE "-c:v libx265 -x265-params log-level=none -f hevc"},
    {TYPE_FLV, "a.flv", BOTH "-c:v flv -c:a libmp3lame"},
    {TYPE_ASF, "a.wmv", BOTH "-c:v wmv2 -c:a wmav2"},
    {TYPE_MXF, "a.mxf", PAL "-c:v mpeg2video -c:a pcm_s16le -ar 48000"},
    {TYPE_DV, "a.dv", PAL "-target pal-dv"},
    {TYPE_DV, "b.dv", PAL "-target ntsc-dv"},
    {TYPE_WTV, "a.wtv", BOTH "-c:v mpeg2video -c:a mp2"},
    {TYPE_IVF, "a.ivf", PICTURE "-c:v libvpx"},
    {TYPE_M4A, "a.m4a", SOUND "-c:a aac"},
    {TYPE_MP3, "a.mp3", SOUND "-c:a libmp3lame"},
    {TYPE_MP3, "a.mp2", SOUND "-c:a mp2"},
    {TYPE_AAC, "a.aac", SOUND "-c:a aac"},
    {TYPE_WAV, "a.wav", SOUND "-c:a pcm_s16le"},
    {TYPE_WAV, "b.wav", SOUND "-c:a pcm_s24le -rf64 always"},
    {TYPE_W64, "a.w64", SOUND},
    {TYPE_AIFF, "a.aiff", SOUND},
    {TYPE_AU, "a.au", SOUND "-c:a pcm_mulaw"},
    {TYPE_FLAC, "a.flac", SOUND},
    {TYPE_OGG_AUDIO, "a.opus", SOUND "-c:a libopus"},
    {TYPE_OGG_AUDIO, "a.spx", SOUND "-c:a libspeex -ar 16000"},
    {TYPE_CAF, "a.caf", SOUND},
    {TYPE_GSM, "a.gsm", SOUND "-c:a libgsm -ar 8000"},
    {TYPE_AC3, "a.ac3", SOUND},
    {TYPE_EAC3, "a.eac3", SOUND},
    {TYPE_DTS, "a.dts", SOUND "-c:a dca -strict -2"},
    {TYPE_WAVPACK, "a.wv", SOUND},
    {TYPE_VOC, "a.voc", SOUND "-c:a pcm_u8"},
};

static void what_the_table_takes_is_told_opened_and_encoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
        check(encoding_source(samples[i].name, samples[i].arguments), samples[i].type, 1,
              samples[i].name);
}

/* No encoder of these is at hand: frames of 20 ms with whatever in them. */
static void recordings_of_phones_are_taken(void **state)
{
    static const struct {
        MediaTypeId type;
        const char *magic;
        unsigned char head;
        size_t size;
    } rows[] = {{TYPE_AMR, "#!AMR\n", 0x3C, 32}, {TYPE_AMR_WB, "#!AMR-WB\n", 0x44, 61}};
    unsigned char frames[50 * 61];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fill_with_junk(frames, sizeof frames, 1);
        for (size_t frame = 0; frame < 50; frame++)
            frames[frame * rows[i].size] = rows[i].head;
        const Bytes parts[] = {{(unsigned char *)rows[i].magic, strlen(rows[i].magic)},
                               {frames, 50 * rows[i].size}};
        check(bytes_write(parts, 2), rows[i].type, 1, rows[i].magic);
    }
}

/* As big-endian machines wrote it. */
static void wav_may_be_big_endian(void **state)
{
    static const char head[] = "RIFX\0\0\x3E\xA4WAVEfmt \0\0\0\x10\0\1\0\1\0\0\x1F\x40\0\0\x3E\x80"
                               "\0\2\0\x10"
                               "data\0\0\x3E\x80";
    unsigned char sound[16000];
    (void)state;
    fill_with_junk(sound, sizeof sound, 3);
    const Bytes parts[] = {{(unsigned char *)head, sizeof head - 1}, {sound, sizeof sound}};
    check(bytes_write(parts, 2), TYPE_WAV, 1, "RIFX");
}

/* Each row of the table but photos has a sample above, or is what the client's word makes of one.
 */
static void no_row_is_without_a_sample(void **state)
{
    static const struct {
        const char *content_type, *variant, *demuxer;
    } types[] = {
#define X(id, content_type, kind, shown, extensions, variant, demuxer, words)                      \
    [TYPE_##id] = {content_type, variant, demuxer},
        MEDIA_TYPES(X)
#undef X
    };
    (void)state;
    for (size_t type = 0; type < TYPE_COUNT; type++) {
        bool tried = !*types[type].demuxer || type == TYPE_AMR || type == TYPE_AMR_WB;
        for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
            const char *variant = types[samples[i].type].variant;
            tried = tried || samples[i].type == type ||
                    (variant && streq(variant, types[type].content_type));
        }
        if (!tried)
            fail_msg("no sample of a %s", type_names[type]);
    }
}

static void the_library_has_what_the_table_names(void **state)
{
    static const char *const codecs[][2] = {
#define X(name, decoders, words) {name, decoders},
        MEDIA_CODECS(X)
#undef X
    };
    (void)state;
    for (size_t type = 0; type < TYPE_COUNT; type++) {
        const char *demuxer = media_types_demuxer(type);
        if (*demuxer && !av_find_input_format(demuxer))
            fail_msg("there is no demuxer %s", demuxer);
    }
    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        const AVCodecDescriptor *codec = avcodec_descriptor_get_by_name(codecs[i][0]);
        if (!*codecs[i][1])
            continue;
        if (!codec)
            fail_msg("the library knows no codec %s", codecs[i][0]);
        const AVCodec *decoder = avcodec_find_decoder(codec->id);
        if (!decoder || av_match_list(decoder->name, codecs[i][1], ',') <= 0)
            fail_msg("%s is decoded by %s", codecs[i][0], decoder ? decoder->name : "nothing");
    }
}

/* --- codecs --- */

static void what_people_recorded_with_is_decoded(void **state)
{
    static const struct {
        const char *name, *arguments;
    } rows[] = {
        {"utvideo.avi", PICTURE "-c:v utvideo"},
        {"magicyuv.avi", PICTURE "-c:v magicyuv"},
        {"cineform.mov", PICTURE "-c:v cfhd"},
        {"hap.mov", PICTURE "-c:v hap"},
        {"v210.mov", PICTURE "-c:v v210"},
        {"v308.mov", PICTURE "-c:v v308"},
        {"v408.mov", PICTURE "-c:v v408"},
        {"v410.mov", PICTURE "-c:v v410"},
        {"r210.mov", PICTURE "-c:v r210"},
        {"r10k.mov", PICTURE "-c:v r10k"},
        {"yuv4.mov", PICTURE "-c:v yuv4"},
        {"y41p.avi", PICTURE "-c:v y41p"},
        {"jpeg2000.mov", PICTURE "-c:v jpeg2000"},
        {"qtrle.mov", PICTURE "-c:v qtrle"},
        {"rpza.mov", PICTURE "-c:v rpza"},
        {"smc.mov", PICTURE "-c:v smc"},
        {"svq1.mov", PICTURE "-c:v svq1"},
        {"cinepak.avi", PICTURE "-c:v cinepak"},
        {"msvideo1.avi", PICTURE "-c:v msvideo1"},
        {"zmbv.avi", PICTURE "-c:v zmbv"},
        {"lcl.avi", PICTURE "-c:v zlib"},
        {"asv1.avi", PICTURE "-c:v asv1"},
        {"asv2.avi", PICTURE "-c:v asv2"},
        {"h261.avi", PICTURE "-c:v h261"},
        {"flashsv.flv", PICTURE "-c:v flashsv"},
        {"flashsv2.flv", PICTURE "-c:v flashsv2"},
        {"targa.mov", PICTURE "-c:v targa"},
        {"jpegls.avi", PICTURE "-c:v jpegls"},
        {"tiff.mov", PICTURE "-c:v tiff"},
        {"avui.mov", PAL "-c:v avui -an -strict -2"},
        {"dirac.mkv", PICTURE "-c:v vc2 -strict -2"},
        {"gsm.wav", SOUND "-c:a libgsm_ms -ar 8000"},
        {"g722.wav", SOUND "-c:a g722 -ar 16000"},
        {"g726.wav", SOUND "-c:a g726 -ar 8000"},
        {"g723.wav", SOUND "-c:a g723_1 -ar 8000 -b:a 6.3k"},
        {"mulaw.wav", SOUND "-c:a pcm_mulaw"},
        {"yamaha.wav", SOUND "-c:a adpcm_yamaha"},
        {"float64.wav", SOUND "-c:a pcm_f64le"},
        {"float64.au", SOUND "-c:a pcm_f64be"},
        {"nellymoser.flv", SOUND "-c:a nellymoser -ar 22050"},
        {"flash.flv", SOUND "-c:a adpcm_swf -ar 22050"},
        {"speex.flv", SOUND "-c:a libspeex -ar 16000"},
        {"wavpack.mkv", SOUND "-c:a wavpack"},
        {"truehd.mkv", SOUND "-c:a truehd -strict -2"},
        {"s302m.ts", BOTH "-c:v mpeg2video -c:a s302m -ar 48000 -ac 2 -strict -2"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *path = encoding_source(rows[i].name, rows[i].arguments);
        check_encoded(path, detect(path), 1, rows[i].name);
    }
}

/* By its name in words, where people may know it by that. */
static void what_cannot_be_decoded_is_called_by_its_name(void **state)
{
    MediaFacts facts = {.stream_count = 1,
                        .streams = {{.kind = STREAM_VIDEO, .codec = "rv40", .width = 2}}};
    MediaChoice choice;
    Error error = {0};
    (void)state;
    assert_false(media_choose(&facts, &choice, &error));
    assert_non_null(strstr(error.detail, "(RealVideo 9)"));
    base_copy(facts.streams[0].codec, sizeof facts.streams[0].codec, "nobody");
    assert_false(media_choose(&facts, &choice, &error));
    assert_non_null(strstr(error.detail, "(nobody)"));
    encoding_refused(encoding_source("snow.avi", PICTURE "-c:v snow -strict -2"), "(snow)");
    /* What the library has no name for either is known by its four characters. */
    const char *path = encoding_source("raw.mov", PICTURE "-c:v mjpeg -tag:v jpeg");
    _cleanup_bytes_ Bytes bytes = bytes_read(path);
    unsigned char *tag = memmem(bytes.data, bytes.length, "jpeg\0\0\0\0\0\0\0\1", 12);
    assert_non_null(tag);
    memcpy(tag, "brst", 4);
    encoding_refused(bytes_write(&bytes, 1), "(Blackmagic RAW)");
}

/* --- what stands in front --- */

/* Cut anywhere: somebody recorded a broadcast. */
static void a_transport_stream_may_begin_inside_a_packet(void **state)
{
    static const struct {
        const char *name, *arguments;
        size_t step;
    } rows[] = {
        {"a.ts", "-f lavfi -i testsrc=s=176x144:r=25:d=4 -c:v mpeg2video -g 5", 188},
        {"a.m2ts",
         "-f lavfi -i testsrc=s=176x144:r=25:d=4 -c:v mpeg2video -g 5 -mpegts_m2ts_mode 1", 192},
    };
    static const size_t cuts[] = {1, 5, 100, 187, 188 + 7, 191};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        for (size_t cut = 0; cut < ARRAY_SIZE(cuts); cut++) {
            const char *path = bytes_behind("", 0, source, cuts[cut]);
            check(path, TYPE_MPEG_TS, 4, rows[i].name);
        }
    }
}

/* Packets as a receiver's hardware writes them, 16 bytes of parity behind each. */
static void packets_may_carry_their_parity(void **state)
{
    const char *source =
        encoding_source("a.ts", "-f lavfi -i testsrc=s=176x144:r=25:d=4 -c:v mpeg2video -g 5");
    _cleanup_bytes_ Bytes bytes = bytes_read(source);
    size_t packets = bytes.length / 188;
    Bytes wide = {base_calloc(packets, 204), packets * 204};
    (void)state;
    for (size_t i = 0; i < packets; i++) {
        memcpy(wide.data + 204 * i, bytes.data + 188 * i, 188);
        fill_with_junk(wide.data + 204 * i + 188, 16, (uint32_t)i);
    }
    check(bytes_write(&wide, 1), TYPE_MPEG_TS, 4, "204 bytes");
    const Bytes cut = {wide.data + 77, wide.length - 77};
    check(bytes_write(&cut, 1), TYPE_MPEG_TS, 4, "204 bytes, cut");
    bytes_release(&wide);
}

/* Heads as other programs than FFmpeg write them: wide sizes, NULs behind the text, no size. */
static void sizes_of_ebml_may_be_written_in_any_width(void **state)
{
#define ROW(text) text, sizeof text - 1
    static const struct {
        const char *head;
        size_t length;
        const char *sentence;
    } rows[] = {
        {ROW("\x1A\x45\xDF\xA3\x40\x08\x42\x82\x40\x04webm"), "two bytes of size"},
        {ROW("\x1A\x45\xDF\xA3\x01\0\0\0\0\0\0\x0E\x42\x82\x01\0\0\0\0\0\0\x04webm"),
         "eight bytes of size"},
        {ROW("\x1A\x45\xDF\xA3\x88\x42\x82\x85webm\0"), "a NUL behind the text"},
        {ROW("\x1A\x45\xDF\xA3\x8B\x42\x82\x88webm\0\0\0\0"), "four NULs"},
        {ROW("\x1A\x45\xDF\xA3\x8C\xEC\x83"
             "abc\x42\x82\x84webm"),
         "something void before it"},
    };
#undef ROW
    const char *source = encoding_source("a.webm", BOTH "-c:v libvpx -c:a libvorbis");
    _cleanup_bytes_ Bytes bytes = bytes_read(source);
    const unsigned char *segment = memmem(bytes.data, bytes.length, "\x18\x53\x80\x67", 4);
    (void)state;
    assert_non_null(segment);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        unsigned char *head = (unsigned char *)rows[i].head;
        const char *path = NULL;
        _cleanup_bytes_ Bytes fixed = {base_calloc(1, rows[i].length), rows[i].length};
        memcpy(fixed.data, head, rows[i].length);
        /* The size of the head is that of what follows it, whatever the row says. */
        size_t width = (size_t)__builtin_clz(fixed.data[4]) - 23;
        fixed.data[4 + width - 1] =
            (unsigned char)((width == 1 ? 0x80 : 0) | (rows[i].length - 4 - width));
        const Bytes parts[] = {
            fixed, {(unsigned char *)segment, bytes.length - (size_t)(segment - bytes.data)}};
        path = bytes_write(parts, 2);
        check(path, TYPE_WEBM, 1, rows[i].sentence);
    }
}

/* An empty ID3v2 tag of this many bytes, head included. */
static Bytes id3(size_t length)
{
    size_t rest = length - 10;
    Bytes tag = {base_calloc(1, length), length};
    memcpy(tag.data, "ID3\4\0\0", 6);
    for (size_t i = 0; i < 4; i++)
        tag.data[6 + i] = (unsigned char)(rest >> (21 - 7 * i) & 127);
    return tag;
}

static void tags_hide_nothing(void **state)
{
    static const struct {
        MediaTypeId type;
        const char *name, *arguments;
        size_t first, second; /* bytes of tags; 0: none */
        const char *sentence;
    } rows[] = {
        {TYPE_FLAC, "a.flac", SOUND, 200, 0, "FLAC behind a tag"},
        {TYPE_FLAC, "a.flac", SOUND, 300, 5000, "FLAC behind two"},
        {TYPE_FLAC, "a.flac", SOUND, 3 << 20, 0, "FLAC behind a large picture"},
        {TYPE_FLAC, "a.flac", SOUND, 3 << 20, 90000, "FLAC behind two"},
        {TYPE_AAC, "a.aac", SOUND, 200, 0, "AAC behind a tag"},
        {TYPE_AAC, "a.aac", SOUND, 300, 5000, "AAC behind two"},
        {TYPE_AAC, "a.aac", SOUND, 2 << 20, 0, "AAC behind a large picture"},
        {TYPE_MP3, "a.mp3", SOUND, 200, 5000, "MP3 behind two"},
        {TYPE_MP3, "a.mp3", SOUND, 3 << 20, 0, "MP3 behind a large picture"},
        {TYPE_WAV, "a.wav", SOUND, 200, 0, "WAV behind a tag"},
        {TYPE_AIFF, "a.aiff", SOUND, 200, 0, "AIFF behind a tag"},
        {TYPE_OGG_AUDIO, "a.opus", SOUND, 200, 0, "Opus behind a tag"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        _cleanup_bytes_ Bytes first = id3(rows[i].first);
        _cleanup_bytes_ Bytes second = rows[i].second ? id3(rows[i].second) : (Bytes){0};
        _cleanup_bytes_ Bytes sound = bytes_read(source);
        const Bytes parts[] = {first, second, sound};
        const char *path = bytes_write(parts, 3);
        check(path, rows[i].type, 1, rows[i].sentence);
    }
}

/* Taggers leave room behind their tag, and what is looked through begins anew behind it. */
static void room_behind_a_tag_hides_nothing(void **state)
{
    (void)state;
    _cleanup_bytes_ Bytes tag = id3(40000);
    _cleanup_bytes_ Bytes room = {base_calloc(1, 40000), 40000};
    _cleanup_bytes_ Bytes sound = bytes_read(encoding_source("a.mp3", SOUND));
    const Bytes parts[] = {tag, room, sound};
    check(bytes_write(parts, 3), TYPE_MP3, 1, "MP3 behind a tag and room for more");
}

/* As id3() has it; more than is looked through for the first frame. */
static void tags_of_ape_hide_nothing(void **state)
{
    static unsigned char tag[100000] = "APETAGEX\xD0\7\0\0\x80\x86\1\0\0\0\0\0\0\0\0\xA0";
    static const struct {
        MediaTypeId type;
        const char *name;
    } rows[] = {{TYPE_MP3, "a.mp3"}, {TYPE_AAC, "a.aac"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, SOUND "-id3v2_version 0");
        check(bytes_behind(tag, sizeof tag, source, 0), rows[i].type, 1, rows[i].name);
    }
}

/* Rubbish of recorders, downloads cut at their beginning. */
static void rubbish_hides_nothing(void **state)
{
    static const struct {
        MediaTypeId type;
        const char *name, *arguments;
        double seconds;
    } rows[] = {
        {TYPE_MP3, "a.mp3", "-f lavfi -i sine=d=5 -write_xing 0 -id3v2_version 0", 5},
        {TYPE_AAC, "a.aac", "-f lavfi -i sine=d=5", 5},
        {TYPE_MPEG_PS, "a.mpg", PICTURE "-c:v mpeg2video", 1},
        {TYPE_MXF, "a.mxf", PAL "-c:v mpeg2video -c:a pcm_s16le -ar 48000", 1},
    };
    static const size_t lengths[] = {1, 100, 3000, 50000};
    unsigned char junk[50000];
    (void)state;
    fill_with_junk(junk, sizeof junk, 7);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *source = encoding_source(rows[i].name, rows[i].arguments);
        for (size_t length = 0; length < ARRAY_SIZE(lengths); length++)
            check(bytes_behind(junk, lengths[length], source, 0), rows[i].type, rows[i].seconds,
                  rows[i].name);
    }
}

/* Brands that nobody has heard of, and a film behind them. */
static void an_unknown_brand_hides_no_film(void **state)
{
    const char *source = encoding_source("a.mp4", BOTH "-c:v mpeg4 -c:a aac");
    _cleanup_bytes_ Bytes bytes = bytes_read(source);
    size_t size = (size_t)bytes.data[3];
    (void)state;
    for (size_t offset = 8; offset < size; offset += 4)
        memcpy(bytes.data + offset, "zzz9", 4);
    check(bytes_write(&bytes, 1), TYPE_MP4, 1, "MP4 of unknown brands");
}

/* --- what must never be taken for a recording --- */

static void rubbish_alone_is_nothing(void **state)
{
    static unsigned char junk[MEDIA_DETECT_HEAD];
    MediaRefusal refusal;
    (void)state;
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        fill_with_junk(junk, sizeof junk, seed * 2654435761u);
        junk[0] |= 0x80; /* no magic, and no text */
        MediaTypeId type = media_detect(junk, sizeof junk, &refusal);
        if (type != TYPE_NONE)
            fail_msg("rubbish %u is a %s", seed, type_names[type]);
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(junk, (int)byte, sizeof junk);
        MediaTypeId type = media_detect(junk, sizeof junk, &refusal);
        if (type != TYPE_NONE)
            fail_msg("bytes 0x%02X are a %s", byte, type_names[type]);
    }
    /* Colours of a picture, words of a program: heads of frames and packets, again and again. */
    static const char patterns[][5] = {"\xFF\xE4\xE4\xE4", "\xFF\xFF\x8B\x8B", "\xFF\xFB\x94\x64",
                                       "\xFF\xF1\x50\x80", "\x47\x40\x00\x10", "\x1F\x07\x00\x3F",
                                       "\xD1\xD2\xD3\xC4", "\x00\x00\x01\xB3"};
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        for (size_t at = 0; at < sizeof junk; at++)
            junk[at] = (unsigned char)patterns[i][at % 4];
        MediaTypeId type = media_detect(junk, sizeof junk, &refusal);
        if (type != TYPE_NONE)
            fail_msg("pattern %zu is a %s", i, type_names[type]);
    }
}

/* A recording inside of something else is something else. */
static void what_only_holds_a_recording_is_none(void **state)
{
#define ROW(text) text, sizeof text - 1
    static const struct {
        const char *bytes;
        size_t length;
        const char *name;
    } rows[] = {
        {ROW("PK\3\4\24\0\0\0\0\0"), "a ZIP archive or an Office document"},
        {ROW("%PDF-1.7\n"), "a PDF document"},
        {ROW("\x7F"
             "ELF\2\1\1\0"),
         "a Linux program"},
        {ROW(".RMF\0\0\0\x12"), "a RealMedia file"},
    };
#undef ROW
    const char *source = encoding_source("a.mp3", "-f lavfi -i sine=d=5");
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaRefusal refusal;
        _cleanup_bytes_ Bytes bytes =
            bytes_read(bytes_behind(rows[i].bytes, rows[i].length, source, 0));
        assert_int_equal(media_detect(bytes.data, bytes.length, &refusal), TYPE_NONE);
        assert_string_equal(refusal.name, rows[i].name);
    }
}

/* --- files from the field, where the machine has them --- */

static void files_from_the_field_play(void **state)
{
    static const struct {
        const char *name;
        MediaTypeId type;
    } rows[] = {
        {"field/04_whammy.webm", TYPE_WEBM},
        {"field/09_ts_cut_front.ts", TYPE_MPEG_TS},
        {"field/11_voicemail_gsm.wav", TYPE_WAV},
        {"field/11b_voice.spx", TYPE_OGG_AUDIO},
        {"field/16_obs_lossless_utvideo.avi", TYPE_AVI},
        {"field/ft_fixture-id3v2.flac", TYPE_FLAC},
        {"field/ft_fixture-null.webm", TYPE_WEBM},
        {"field/ft_fixture.mpg", TYPE_MPEG_ES},
        {"field/ft_fixture.cr3", TYPE_NONE},
    };
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("field", path))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Made made = {0};
        assert_true(encoding_corpus(rows[i].name, path));
        MediaTypeId type = detect(path);
        if (type != rows[i].type)
            fail_msg("%s is told as %s", rows[i].name, type_names[type]);
        if (type == TYPE_NONE)
            continue;
        if (!encoding_try(path, 1080, &made))
            fail_msg("%s: %s", rows[i].name, made.error.detail);
        unit_check(encoding_is_whole(&made.result), rows[i].name);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_table_takes_is_told_opened_and_encoded),
        cmocka_unit_test(recordings_of_phones_are_taken),
        cmocka_unit_test(wav_may_be_big_endian),
        cmocka_unit_test(no_row_is_without_a_sample),
        cmocka_unit_test(the_library_has_what_the_table_names),
        cmocka_unit_test(what_people_recorded_with_is_decoded),
        cmocka_unit_test(what_cannot_be_decoded_is_called_by_its_name),
        cmocka_unit_test(a_transport_stream_may_begin_inside_a_packet),
        cmocka_unit_test(packets_may_carry_their_parity),
        cmocka_unit_test(sizes_of_ebml_may_be_written_in_any_width),
        cmocka_unit_test(tags_hide_nothing),
        cmocka_unit_test(room_behind_a_tag_hides_nothing),
        cmocka_unit_test(tags_of_ape_hide_nothing),
        cmocka_unit_test(rubbish_hides_nothing),
        cmocka_unit_test(an_unknown_brand_hides_no_film),
        cmocka_unit_test(rubbish_alone_is_nothing),
        cmocka_unit_test(what_only_holds_a_recording_is_none),
        cmocka_unit_test(files_from_the_field_play),
    };
    return encoding_run("types", tests, ARRAY_SIZE(tests), argc, argv);
}
