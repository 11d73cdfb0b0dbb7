#include "tests/unit/unit.h"
#include "transcoder/plan.h"

static const EncoderPolicy policy = {.max_short_side = 1080, .crf = 23, .preset = "medium"};

static MediaStream picture(int width, int height)
{
    return (MediaStream){.kind = MEDIA_VIDEO,
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
    return (MediaStream){.kind = MEDIA_AUDIO,
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
    MediaStream data = {.kind = MEDIA_OTHER, .is_default = true};
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
        {{9, 14, 9, false}, {9, 14, 1, false}, 1080, false, "the matrix of bt2020 is converted"},
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

static void what_cannot_become_a_video_is_refused_with_a_reason(void **state)
{
    MediaStream unknown = picture(640, 480), cover = picture(640, 480);
    unknown.decodable = false;
    cover.is_still = true;
    const struct {
        MediaStream streams[2];
        size_t count;
        const char *reason;
    } rows[] = {
        {{{.kind = MEDIA_OTHER}}, 1, "The file holds no moving picture."},
        {{sound(2, 48000)}, 1, "The file holds sound but no moving picture."},
        {{sound(2, 48000), cover}, 2, "The file holds sound but no moving picture."},
        {{unknown}, 1, "The video is in a format that cannot be decoded here (h264)."},
        {{picture(0, 0)}, 1, "The size of the picture could not be found out."},
        {{picture(16000, 16000)}, 1, "The picture is too large: 16000 by 16000 pixels."},
        {{picture(65536, 2)}, 1, "The picture is too large: 65536 by 2 pixels."},
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

static void filters_end_in_what_the_encoder_wants(void **state)
{
    char text[PLAN_FILTERS_MAX];
    (void)state;
    MediaStream stream = picture(3840, 2160);
    stream.orientation = MEDIA_ROTATE_90;
    stream.interlaced = true;
    PlanVideo plan = plan_of(&stream, 1, "interlaced").video;
    plan_video_filters(&plan, text);
    assert_string_equal(text, "yadif=mode=send_frame:deint=interlaced,scale=w=1920:h=1080:"
                              "flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,"
                              "transpose=clock,setsar=1");
    stream.colour.transfer = MEDIA_TRANSFER_PQ;
    plan = plan_of(&stream, 1, "HDR").video;
    plan_video_filters(&plan, text);
    assert_non_null(strstr(text, "tonemap=hable:desat=0:peak=10,"));
    assert_non_null(strstr(text, "format=yuv420p,transpose=clock,setsar=1"));
    const MediaStream streams[] = {picture(640, 480), sound(6, 44100)};
    plan_audio_filters(&(PlanAudio){.sample_rate = 44100, .channels = 2}, 7, text);
    assert_string_equal(text, "aresample=44100:async=1:min_hard_comp=0.030:first_pts=7,"
                              "aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo");
    assert_int_equal(plan_of(streams, 2, "surround").audio.channels, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_fits_the_limit_and_has_even_sides),
        cmocka_unit_test(the_film_is_chosen_and_not_its_stills),
        cmocka_unit_test(the_best_decodable_sound_becomes_stereo_at_most),
        cmocka_unit_test(colour_is_told_in_words_that_browsers_know),
        cmocka_unit_test(rates_are_capped),
        cmocka_unit_test(what_cannot_become_a_video_is_refused_with_a_reason),
        cmocka_unit_test(filters_end_in_what_the_encoder_wants),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
