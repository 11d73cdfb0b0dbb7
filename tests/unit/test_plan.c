#include "tests/unit/unit.h"
#include "transcoder/pipeline/allowance.h"
#include "transcoder/plan/plan.h"

static const EncoderPolicy policy = {.max_short_side = 1080,
                                     .crf = 23,
                                     .remux_bit_rate = 8000000,
                                     .max_pixels = MEDIA_PIXELS_MAX,
                                     .max_streams = 4,
                                     .preset = "medium"};

static MediaStream picture(int width, int height)
{
    return (MediaStream){.kind = STREAM_VIDEO,
                         .codec = "h264",
                         .decodable = true,
                         .width = width,
                         .height = height,
                         .orientation = MEDIA_UPRIGHT,
                         .colour = {MEDIA_COLOUR_UNSPECIFIED, MEDIA_COLOUR_UNSPECIFIED,
                                    MEDIA_COLOUR_UNSPECIFIED, false},
                         .frame_rate = {30, 1},
                         .duration = 10};
}

static MediaStream sound(int channels, int rate)
{
    return (MediaStream){.kind = STREAM_AUDIO,
                         .codec = "aac",
                         .decodable = true,
                         .channels = channels,
                         .sample_rate = rate};
}

static MediaFacts facts_of(const MediaStream *streams, size_t count)
{
    MediaFacts facts = {.duration = 10, .stream_count = count};
    for (size_t i = 0; i < count; i++) {
        facts.streams[i] = streams[i];
        facts.streams[i].index = (int)i;
    }
    return facts;
}

static EncodePlan plan_of(const MediaStream *streams, size_t count, const char *sentence)
{
    MediaFacts facts = facts_of(streams, count);
    EncodePlan plan = {0};
    Error error = {0};
    unit_check(plan_make(&facts, &policy, &plan, &error), sentence);
    return plan;
}

static void the_picture_fits_the_limit_and_has_even_sides(void **state)
{
    static const struct {
        int width, height;
        MediaRatio aspect;
        MediaOrientation orientation;
        int made_width, made_height;
        const char *sentence;
    } rows[] = {
        {1920, 1080, {1, 1}, MEDIA_UPRIGHT, 1920, 1080, "a picture within the limit is kept"},
        {640, 480, {0, 1}, MEDIA_UPRIGHT, 640, 480, "a small picture is never enlarged"},
        {3840, 2160, {1, 1}, MEDIA_UPRIGHT, 1920, 1080, "4K becomes 1080p"},
        {3840, 2160, {1, 1}, MEDIA_ROTATE_90, 1080, 1920, "a turned phone stays upright"},
        {3840, 2160, {1, 1}, MEDIA_ROTATE_180, 1920, 1080, "upside down keeps its shape"},
        {1080, 720, {1, 1}, MEDIA_TRANSPOSE, 720, 1080, "mirrored and turned exchanges the sides"},
        {2704, 1520, {1, 1}, MEDIA_UPRIGHT, 1920, 1080, "an action camera's odd result is rounded"},
        {2532, 1170, {1, 1}, MEDIA_UPRIGHT, 2336, 1080, "a phone's screen recording is rounded"},
        {2796, 1290, {1, 1}, MEDIA_ROTATE_270, 1080, 2340, "so is a larger one, turned"},
        {161, 121, {1, 1}, MEDIA_UPRIGHT, 160, 120, "odd sides lose a line"},
        {1, 1, {1, 1}, MEDIA_UPRIGHT, 2, 2, "a single pixel still encodes"},
        {1440, 1080, {4, 3}, MEDIA_UPRIGHT, 1920, 1080, "wide pixels are squared"},
        {720, 576, {64, 45}, MEDIA_ROTATE_90, 576, 1024, "before the picture is turned"},
        {640, 480, {1000, 1}, MEDIA_UPRIGHT, 640, 480, "an absurd pixel shape is ignored"},
        {7680, 4320, {1, 1}, MEDIA_UPRIGHT, 1920, 1080, "8K too"},
        {16000, 1000, {1, 1}, MEDIA_UPRIGHT, 4096, 256, "a ribbon fits a phone's decoder"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = picture(rows[i].width, rows[i].height);
        stream.pixel_aspect = rows[i].aspect;
        stream.orientation = rows[i].orientation;
        EncodePlan plan = plan_of(&stream, 1, rows[i].sentence);
        unit_check(plan.video.width == rows[i].made_width, rows[i].sentence);
        unit_check(plan.video.height == rows[i].made_height, rows[i].sentence);
        unit_check(plan.audio.stream == -1, "no sound is normal");
    }
}

static void the_film_is_chosen_and_not_its_stills(void **state)
{
    (void)state;
    MediaStream cover = picture(3000, 3000);
    cover.is_still = true;
    MediaStream data = {.kind = STREAM_OTHER, .is_default = true};
    MediaStream film = picture(1024, 768), photo = picture(2048, 1536);
    photo.duration = 0.467;
    photo.frame_rate = (MediaRatio){6000, 2801};
    film.is_default = photo.is_default = true;
    MediaStream unknown = picture(4000, 3000), standard = picture(640, 480);
    unknown.decodable = false;
    standard.is_default = true;

    const MediaStream with_cover[] = {data, cover, picture(640, 480)};
    assert_int_equal(plan_of(with_cover, 3, "cover art is skipped").video.stream, 2);
    const MediaStream motion_photo[] = {photo, film};
    assert_int_equal(plan_of(motion_photo, 2, "a motion photo plays").video.stream, 1);
    const MediaStream sizes[] = {picture(640, 480), picture(1280, 720)};
    assert_int_equal(plan_of(sizes, 2, "the larger wins").video.stream, 1);
    const MediaStream defaults[] = {picture(1280, 720), standard};
    assert_int_equal(plan_of(defaults, 2, "the default wins over size").video.stream, 1);
    const MediaStream decodable[] = {unknown, picture(640, 480)};
    assert_int_equal(plan_of(decodable, 2, "what decodes wins").video.stream, 1);
}

static void the_best_decodable_sound_becomes_stereo_at_most(void **state)
{
    static const struct {
        int channels, rate, made_channels, made_rate, bit_rate;
        const char *sentence;
    } rows[] = {
        {2, 48000, 2, 48000, 160000, "stereo stays"},
        {1, 44100, 1, 44100, 96000, "mono stays mono at its rate"},
        {6, 48000, 2, 48000, 160000, "surround becomes stereo"},
        {2, 96000, 2, 48000, 160000, "a studio's rate comes down"},
        {1, 8000, 1, 8000, 24000, "a telephone's rate is legal and needs few bits"},
        {1, 9000, 1, 11025, 33075, "an illegal rate goes up to the next"},
        {2, 12000, 2, 12000, 72000, "a slow-motion clip's rate is legal"},
        {1, 4000, 1, 7350, 22050, "the lowest legal rate is the floor"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const MediaStream streams[] = {picture(640, 480), sound(rows[i].channels, rows[i].rate)};
        PlanAudio made = plan_of(streams, 2, rows[i].sentence).audio;
        unit_check(made.stream == 1, rows[i].sentence);
        unit_check(made.channels == rows[i].made_channels, rows[i].sentence);
        unit_check(made.sample_rate == rows[i].made_rate, rows[i].sentence);
        unit_check(made.bit_rate == rows[i].bit_rate, rows[i].sentence);
    }
    MediaStream spatial = sound(4, 48000);
    spatial.decodable = false;
    spatial.bit_rate = 700000;
    const MediaStream phone[] = {picture(640, 480), spatial, sound(2, 48000)};
    assert_int_equal(plan_of(phone, 3, "a spatial track is passed over").audio.stream, 2);
    const MediaStream deaf[] = {picture(640, 480), spatial};
    assert_int_equal(plan_of(deaf, 2, "without another, it is silent").audio.stream, -1);
}

static void two_microphones_are_left_and_right(void **state)
{
    static const struct {
        int field, value; /* of the second; 0: nothing is changed */
        bool paired;
        const char *sentence;
    } rows[] = {
        {0, 0, true, "two microphones of one camera belong together"},
        {offsetof(MediaStream, channels), 2, false, "a voice does not belong to stereo"},
        {offsetof(MediaStream, sample_rate), 44100, false, "other clocks are other recordings"},
        {offsetof(MediaStream, language), 'd', false, "languages are a choice"},
        {offsetof(MediaStream, codec), 'a', false, "recorders do not mix formats"},
        {offsetof(MediaStream, decodable), 0, false, "what cannot be heard is no half"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream streams[] = {picture(640, 480), sound(1, 48000), sound(1, 48000)};
        streams[1].copyable = streams[2].copyable = true;
        if (rows[i].field)
            memcpy((char *)&streams[2] + rows[i].field, &rows[i].value,
                   rows[i].field == offsetof(MediaStream, decodable) ? 1 : sizeof(int));
        PlanAudio made = plan_of(streams, 3, rows[i].sentence).audio;
        unit_check((made.right >= 0) == rows[i].paired, rows[i].sentence);
        if (rows[i].paired)
            unit_check(made.stream == 1 && made.right == 2 && !made.copy && made.channels == 2 &&
                           made.bit_rate == 160000,
                       rows[i].sentence);
    }
    MediaStream main = sound(1, 48000), short_one = sound(1, 48000);
    main.duration = 10;
    short_one.duration = 8.9;
    const MediaStream apart[] = {main, short_one};
    const MediaStream three[] = {main, main, main};
    MediaStream first = main;
    first.is_default = true;
    const MediaStream offered[] = {main, first};
    assert_int_equal(plan_of(apart, 2, "lengths that differ").audio.right, -1);
    assert_int_equal(plan_of(three, 3, "three microphones").audio.right, -1);
    assert_int_equal(plan_of(offered, 2, "one is the default").audio.right, -1);
    assert_int_equal(plan_of(offered, 2, "and is taken").audio.stream, 1);
    const MediaStream same[] = {main, main};
    assert_int_equal(plan_of(same, 2, "without a picture too").audio.right, 1);
}

static void colour_is_told_in_words_that_browsers_know(void **state)
{
    enum { none = MEDIA_COLOUR_UNSPECIFIED };
    static const struct {
        MediaColour source, target;
        int height;
        bool tone_map;
        const char *sentence;
    } rows[] = {
        {{1, 1, 1, true}, {1, 1, 1, false}, 1080, false, "full range becomes limited"},
        {{none, none, none, false}, {1, 1, 1, false}, 1080, false, "untold and large is bt709"},
        {{none, none, none, false}, {6, 6, 6, false}, 480, false, "untold and small is bt601"},
        {{5, 6, 5, true}, {5, 6, 5, false}, 1080, false, "a told bt601 stays, however large"},
        {{9, 14, 9, false}, {1, 1, 1, false}, 1080, false, "bt2020 is converted"},
        {{none, none, 9, false}, {1, 1, 1, false}, 480, false, "its matrix alone tells it"},
        {{9, none, none, false}, {1, 1, 1, false}, 480, false, "so do its primaries"},
        {{none, none, 10, true}, {1, 1, 1, false}, 480, false, "in whichever form"},
        {{9, 16, 9, false}, {1, 1, 1, false}, 1080, true, "PQ is tone-mapped"},
        {{none, 18, none, false}, {1, 1, 1, false}, 1080, true, "HLG is known by its transfer"},
        {{none, none, 0, true}, {1, 1, 1, false}, 1080, false, "RGB becomes bt709"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = picture(1920, rows[i].height);
        stream.colour = rows[i].source;
        PlanVideo made = plan_of(&stream, 1, rows[i].sentence).video;
        unit_check(made.tone_map == rows[i].tone_map, rows[i].sentence);
        unit_check(made.target.primaries == rows[i].target.primaries, rows[i].sentence);
        unit_check(made.target.transfer == rows[i].target.transfer, rows[i].sentence);
        unit_check(made.target.matrix == rows[i].target.matrix, rows[i].sentence);
        unit_check(!made.target.full_range, rows[i].sentence);
    }
}

static void rates_are_capped(void **state)
{
    static const struct {
        MediaRatio rate, made;
        const char *sentence;
    } rows[] = {
        {{30000, 1001}, {30000, 1001}, "the usual rate is kept exactly"},
        {{60, 1}, {60, 1}, "sixty is allowed"},
        {{240, 1}, {60, 1}, "slow motion is capped"},
        {{0, 1}, {30, 1}, "an unknown rate is taken for the usual one"},
        {{1, 10}, {1, 1}, "a time lapse is not planned below one frame a second"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = picture(640, 480);
        stream.frame_rate = rows[i].rate;
        PlanVideo made = plan_of(&stream, 1, rows[i].sentence).video;
        unit_check(made.frame_rate.num == rows[i].made.num, rows[i].sentence);
        unit_check(made.frame_rate.den == rows[i].made.den, rows[i].sentence);
    }
}

static void what_cannot_be_played_is_refused_with_a_reason(void **state)
{
    MediaStream unknown = picture(640, 480), cover = picture(640, 480), strange = sound(2, 48000);
    MediaStream cut = sound(0, 0), silent = sound(2, 48000), blank = picture(0, 0);
    unknown.decodable = strange.decodable = false;
    silent.silent = true;
    cover.is_still = true;
    const struct {
        MediaStream streams[5];
        size_t count;
        const char *reason;
    } rows[] = {
        {{{.kind = STREAM_OTHER}}, 1, "The file holds neither a moving picture nor sound."},
        {{cover}, 1, "The file holds neither a moving picture nor sound."},
        {{strange, cover}, 2, "The sound is in a format that cannot be decoded here (AAC)."},
        {{cut},
         1,
         "The file is incomplete or damaged: there is no sound in it that could be decoded (AAC)."},
        {{silent, cover},
         2,
         "The file is incomplete or damaged: there is no sound in it that could be decoded (AAC)."},
        {{unknown}, 1, "The video is in a format that cannot be decoded here (H.264)."},
        {{unknown, sound(2, 48000)},
         2,
         "The video is in a format that cannot be decoded here (H.264)."},
        {{blank},
         1,
         "The file is incomplete or damaged: the size of its picture (H.264) is not told."},
        {{picture(16000, 16000)}, 1, "The picture is too large: 16000 by 16000 pixels."},
        {{picture(65536, 2)}, 1, "The picture is too large: 65536 by 2 pixels."},
        {{picture(64, 64)}, 5, "The file holds 5 tracks; up to 4 are allowed."},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaFacts facts = facts_of(rows[i].streams, rows[i].count);
        EncodePlan plan;
        Error error = {0};
        unit_check(!plan_make(&facts, &policy, &plan, &error), rows[i].reason);
        assert_int_equal(error.code, ERROR_MEDIA);
        assert_string_equal(error.detail, rows[i].reason);
    }
}

/* As phones and web sites make it. */
static MediaStream ready_picture(void)
{
    MediaStream stream = picture(1920, 1080);
    stream.profile = 100;
    stream.copyable = true;
    stream.pixel_aspect = (MediaRatio){1, 1};
    base_copy(stream.pixel_format, sizeof stream.pixel_format, "yuv420p");
    stream.bit_rate = 7900000;
    return stream;
}

static MediaStream ready_sound(void)
{
    MediaStream stream = sound(2, 48000);
    stream.profile = 2;
    stream.copyable = true;
    stream.frame_size = 1024;
    return stream;
}

static void what_every_browser_plays_is_copied(void **state)
{
    static const struct {
        int field; /* offset of the int that is changed, 0: none */
        int value;
        bool copied;
        const char *sentence;
    } rows[] = {
        {0, 0, true, "a web-ready picture is copied"},
        {offsetof(MediaStream, profile), 66, true, "so is the Baseline profile"},
        {offsetof(MediaStream, profile), 77, true, "and the Main profile"},
        {offsetof(MediaStream, profile), 110, false, "High 10 plays in no browser"},
        {offsetof(MediaStream, profile), 0, false, "an unknown profile is no promise"},
        {offsetof(MediaStream, width), 1918, true, "an unusual width is fine"},
        {offsetof(MediaStream, width), 1919, false, "an odd side is encoded anew"},
        {offsetof(MediaStream, height), 1082, false, "what is too large is made smaller"},
        {offsetof(MediaStream, width), 4098, false, "a ribbon too long for phones also"},
        {offsetof(MediaStream, orientation), MEDIA_ROTATE_90, false, "a turned picture is encoded"},
        {offsetof(MediaStream, orientation), MEDIA_MIRROR, false, "a mirrored one too"},
        {offsetof(MediaStream, pixel_aspect), 2, false, "wide pixels are squared"},
        {offsetof(MediaStream, pixel_aspect), 0, true, "an untold pixel shape is square"},
        {offsetof(MediaStream, colour.matrix), MEDIA_MATRIX_BT2020_NCL, false,
         "wide colours are brought to those of the web"},
        {offsetof(MediaStream, colour.primaries), MEDIA_PRIMARIES_BT2020, false, "however told"},
        {offsetof(MediaStream, colour.transfer), MEDIA_TRANSFER_HLG, false, "HLG is no SDR"},
        {offsetof(MediaStream, colour.transfer), MEDIA_TRANSFER_PQ, false, "nor is PQ"},
        {offsetof(MediaStream, frame_rate), 60, true, "sixty frames a second are fine"},
        {offsetof(MediaStream, frame_rate), 61, false, "more are not"},
        {offsetof(MediaStream, frame_rate), 0, false, "an unknown frame rate is no promise"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream streams[] = {ready_picture(), ready_sound()};
        streams[0].frame_rate.den = 1;
        if (rows[i].field)
            memcpy((char *)&streams[0] + rows[i].field, &rows[i].value, sizeof(int));
        EncodePlan plan = plan_of(streams, 2, rows[i].sentence);
        unit_check(plan.video.copy == rows[i].copied, rows[i].sentence);
        unit_check(!plan.video.why == rows[i].copied, rows[i].sentence);
        unit_check(plan.audio.copy, "the sound does not care");
        unit_check(plan.operation == (rows[i].copied ? PLAN_REMUX : PLAN_ENCODE_VIDEO),
                   rows[i].sentence);
    }
}

static void pixels_that_are_nearly_square_are_copied(void **state)
{
    static const struct {
        MediaRatio aspect;
        bool copied;
        const char *sentence;
    } rows[] = {
        {{0, 1}, true, "an untold shape"},
        {{5000, 5000}, true, "a square told in other words"},
        {{4081, 4080}, true, "what rounding a size leaves"},
        {{100, 101}, true, "a hundredth"},
        {{102, 100}, false, "two hundredths"},
        {{98, 100}, false, "as many the other way"},
        {{16, 15}, false, "PAL"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream streams[] = {ready_picture(), ready_sound()};
        streams[0].pixel_aspect = rows[i].aspect;
        unit_check(plan_of(streams, 2, rows[i].sentence).video.copy == rows[i].copied,
                   rows[i].sentence);
    }
}

static MediaStream changed_picture(const char *codec, const char *pixels, int64_t bit_rate)
{
    MediaStream stream = ready_picture();
    base_copy(stream.codec, sizeof stream.codec, codec);
    base_copy(stream.pixel_format, sizeof stream.pixel_format, pixels);
    stream.bit_rate = bit_rate;
    return stream;
}

static void what_speaks_against_copying_a_picture_is_told(void **state)
{
    MediaStream full = ready_picture(), fields = ready_picture(), bare = ready_picture();
    MediaStream small = ready_picture();
    full.colour.full_range = true;
    fields.interlaced = true;
    bare.copyable = false;
    small.width = 960;
    small.height = 540;
    small.bit_rate = 2000001;
    const struct {
        MediaStream stream;
        const char *why;
    } rows[] = {
        {changed_picture("hevc", "yuv420p", 0), "the picture is not H.264 of a usual profile"},
        {changed_picture("h264", "yuv422p", 0), "the picture is not 8-bit 4:2:0 in limited range"},
        {changed_picture("h264", "yuvj420p", 0), "the picture is not 8-bit 4:2:0 in limited range"},
        {full, "the picture is not 8-bit 4:2:0 in limited range"},
        {fields, "the picture is interlaced"},
        {bare, "the packets cannot be taken as they are"},
        {changed_picture("h264", "yuv420p", 8000001), "the bit rate is too high"},
        {small, "the bit rate is too high"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        EncodePlan plan = plan_of(&rows[i].stream, 1, rows[i].why);
        unit_check(!plan.video.copy && plan.operation == PLAN_ENCODE, rows[i].why);
        assert_string_equal(plan.video.why, rows[i].why);
    }
    MediaFacts facts = facts_of(&rows[0].stream, 1);
    EncoderPolicy none = policy;
    EncodePlan plan;
    facts.streams[0] = changed_picture("h264", "yuv420p", 0);
    facts.bit_rate = 8000001;
    assert_true(plan_make(&facts, &policy, &plan, NULL));
    unit_check(!plan.video.copy, "where the stream's bit rate is untold, the file's counts");
    none.remux_bit_rate = 0;
    facts.bit_rate = 1;
    assert_true(plan_make(&facts, &none, &plan, NULL));
    assert_string_equal(plan.video.why, "copying is switched off");
}

static void plain_sound_is_copied_with_or_without_a_picture(void **state)
{
    MediaStream film = picture(640, 480), alone = ready_sound();
    MediaStream efficient = ready_sound(), surround = ready_sound(), fast = ready_sound();
    MediaStream lossless = ready_sound(), bare = ready_sound(), odd = ready_sound();
    efficient.profile = 5;
    surround.channels = 6;
    fast.sample_rate = 96000;
    base_copy(lossless.codec, sizeof lossless.codec, "alac");
    bare.copyable = false;
    odd.frame_size = 960;
    const struct {
        MediaStream stream;
        PlanOperation with_ready, with_film, without;
        const char *why, *sentence;
    } rows[] = {
        {alone, PLAN_REMUX, PLAN_ENCODE_VIDEO, PLAN_REMUX, NULL, "AAC-LC in stereo is copied"},
        {efficient, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE, "the sound is not AAC-LC",
         "HE-AAC is not"},
        {lossless, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE, "the sound is not AAC-LC",
         "ALAC is not"},
        {surround, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE,
         "the sound is neither mono nor stereo", "surround becomes stereo"},
        {fast, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE, "the sample rate is unusual",
         "a studio's rate comes down"},
        {bare, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE,
         "the packets cannot be taken as they are", "without a configuration"},
        {odd, PLAN_ENCODE_AUDIO, PLAN_ENCODE, PLAN_ENCODE,
         "the packets cannot be taken as they are", "with short frames"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const MediaStream ready[] = {ready_picture(), rows[i].stream};
        const MediaStream made[] = {film, rows[i].stream};
        EncodePlan plan = plan_of(&rows[i].stream, 1, rows[i].sentence);
        unit_check(plan.video.stream == -1 && !plan.video.copy, "there is no picture");
        unit_check(plan.operation == rows[i].without, rows[i].sentence);
        unit_check(plan_of(ready, 2, rows[i].sentence).operation == rows[i].with_ready,
                   rows[i].sentence);
        unit_check(plan_of(made, 2, rows[i].sentence).operation == rows[i].with_film,
                   rows[i].sentence);
        unit_check(plan.audio.copy == !rows[i].why, rows[i].sentence);
        if (rows[i].why)
            assert_string_equal(plan.audio.why, rows[i].why);
    }
}

static void the_bit_rate_has_a_ceiling_by_size_and_rate(void **state)
{
    static const struct {
        int width, height;
        MediaRatio rate;
        int64_t ceiling;
        const char *sentence;
    } rows[] = {
        {1920, 1080, {30, 1}, 12000000, "full HD"},
        {1920, 1080, {25, 1}, 12000000, "a lower rate does not need less"},
        {1920, 1080, {60, 1}, 18000000, "twice the pictures, half as much again"},
        {1280, 720, {30, 1}, 5333333, "by area"},
        {160, 120, {30, 1}, 1500000, "but never starved"},
        {3840, 2160, {30, 1}, 12000000, "of what is made, not of what came"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = picture(rows[i].width, rows[i].height);
        stream.frame_rate = rows[i].rate;
        unit_check(plan_of(&stream, 1, rows[i].sentence).video.max_bit_rate == rows[i].ceiling,
                   rows[i].sentence);
    }
}

static void allowances_are_counted(void **state)
{
    EncoderPolicy short_one = {.max_seconds = 90, .max_cpu_ratio = 10};
    EncoderPolicy long_one = {.max_seconds = 43200};
    Error error = {0};
    (void)state;
    assert_true(allowance_seconds(&short_one, "video", 90, &error));
    assert_false(allowance_seconds(&short_one, "video", 90.1, &error));
    assert_string_equal(error.detail, "The video lasts longer than 90 seconds.");
    assert_false(allowance_seconds(&long_one, "sound", 1e9, &error));
    assert_string_equal(error.detail, "The sound lasts longer than 12 hours.");
    unit_check(allowance_cpu(&short_one, 600, 0, &error), "every file may compute ten minutes");
    unit_check(!allowance_cpu(&short_one, 601, 0, &error), "and not longer");
    unit_check(allowance_cpu(&short_one, 700, 10, &error), "unless it lasts");
    assert_false(allowance_cpu(&short_one, 701, 10, &error));
    assert_int_equal(error.code, ERROR_MEDIA);
    assert_string_equal(error.detail, "The file takes more computing than is allowed: 701 seconds "
                                      "for 10.0 seconds of media.");
}

static void other_shapes_are_fitted_in_with_bars(void **state)
{
    static const struct {
        double wider;
        MediaOrientation orientation;
        const char *scale, *pad;
        const char *sentence;
    } rows[] = {
        {1, MEDIA_UPRIGHT, "scale=w=640:h=360:", NULL, "the same shape"},
        {1.009, MEDIA_UPRIGHT, "scale=w=640:h=360:", NULL, "a difference nobody sees"},
        {0.5, MEDIA_UPRIGHT, "scale=w=320:h=360:", "pad=w=640:h=360:x=160:y=0", "narrower"},
        {2, MEDIA_UPRIGHT, "scale=w=640:h=180:", "pad=w=640:h=360:x=0:y=90", "wider"},
        {0.3164, MEDIA_UPRIGHT, "scale=w=202:h=360:", "pad=w=640:h=360:x=218:y=0", "turned"},
        {0.5, MEDIA_ROTATE_90, "scale=w=320:h=360:", "pad=w=640:h=360:x=160:y=0,transpose=clock",
         "before it is turned"},
        {0.0001, MEDIA_UPRIGHT, "scale=w=2:h=360:", "pad=w=640:h=360:x=318:y=0", "a line"},
    };
    char text[PLAN_FILTERS_MAX];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        MediaStream stream = picture(640, 360);
        stream.orientation = rows[i].orientation;
        PlanVideo plan = plan_of(&stream, 1, rows[i].sentence).video;
        plan_video_filters(&plan, rows[i].wider, text);
        unit_check(strstr(text, rows[i].scale), rows[i].sentence);
        unit_check(rows[i].pad ? strstr(text, rows[i].pad) != NULL : !strstr(text, "pad="),
                   rows[i].sentence);
    }
}

static void filters_end_in_what_the_encoder_wants(void **state)
{
    char text[PLAN_FILTERS_MAX];
    (void)state;
    MediaStream stream = picture(3840, 2160);
    stream.orientation = MEDIA_ROTATE_90;
    stream.interlaced = true;
    PlanVideo plan = plan_of(&stream, 1, "interlaced").video;
    plan_video_filters(&plan, 1, text);
    assert_string_equal(text, "yadif=mode=send_frame:deint=interlaced,scale=w=1920:h=1080:"
                              "flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,"
                              "transpose=clock,setsar=1");
    stream.colour.transfer = MEDIA_TRANSFER_PQ;
    plan = plan_of(&stream, 1, "HDR").video;
    plan_video_filters(&plan, 1, text);
    assert_string_equal(text, "yadif=mode=send_frame:deint=interlaced,scale=w=1920:h=1080:"
                              "flags=bicubic:out_range=tv,format=yuv420p10,"
                              "transpose=clock,setsar=1");
    stream.colour.matrix = 0;
    plan = plan_of(&stream, 1, "HDR in red, green and blue").video;
    plan_video_filters(&plan, 1, text);
    assert_non_null(strstr(text, "out_range=tv,zscale=tin=16:pin=9:min=0:t=16:p=9:m=9:r=tv,"));
    const MediaStream streams[] = {picture(640, 480), sound(6, 44100)};
    plan_audio_filters(&(PlanAudio){.sample_rate = 44100, .channels = 2}, 7, text);
    assert_string_equal(
        text,
        "aresample=44100:async=1:min_hard_comp=0.030:first_pts=7:"
        "rematrix_maxval=1,aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo");
    assert_int_equal(plan_of(streams, 2, "surround").audio.channels, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_fits_the_limit_and_has_even_sides),
        cmocka_unit_test(the_film_is_chosen_and_not_its_stills),
        cmocka_unit_test(the_best_decodable_sound_becomes_stereo_at_most),
        cmocka_unit_test(two_microphones_are_left_and_right),
        cmocka_unit_test(colour_is_told_in_words_that_browsers_know),
        cmocka_unit_test(pixels_that_are_nearly_square_are_copied),
        cmocka_unit_test(rates_are_capped),
        cmocka_unit_test(what_cannot_be_played_is_refused_with_a_reason),
        cmocka_unit_test(what_every_browser_plays_is_copied),
        cmocka_unit_test(what_speaks_against_copying_a_picture_is_told),
        cmocka_unit_test(plain_sound_is_copied_with_or_without_a_picture),
        cmocka_unit_test(the_bit_rate_has_a_ceiling_by_size_and_rate),
        cmocka_unit_test(allowances_are_counted),
        cmocka_unit_test(other_shapes_are_fitted_in_with_bars),
        cmocka_unit_test(filters_end_in_what_the_encoder_wants),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
