#include "tests/unit/unit.h"
#include "transcoder/pipeline/join.h"

#define RATE  100
#define FRAME 10

typedef struct Heard {
    float samples[JOIN_SIDES][RATE * 60];
    int count, ends;
} Heard;

static bool hear(void *context, AVFrame *frame, Error *error)
{
    Heard *heard = context;
    (void)error;
    heard->ends += !frame;
    for (int side = 0; frame && side < JOIN_SIDES; side++)
        memcpy(&heard->samples[side][heard->count], frame->extended_data[side],
               (size_t)frame->nb_samples * sizeof(float));
    heard->count += frame ? frame->nb_samples : 0;
    return true;
}

/* `count` samples, numbered from `first`. */
static void give(Join *join, JoinSide side, int first, int count)
{
    _cleanup_frame_ AVFrame *frame = av_frame_alloc();
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = RATE;
    frame->nb_samples = count;
    av_channel_layout_default(&frame->ch_layout, 1);
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    for (int i = 0; i < count; i++)
        ((float *)(void *)frame->extended_data[0])[i] = (float)(first + i);
    assert_true(join_take(join, side, frame, NULL));
}

static Join *begin(Heard *heard)
{
    Join *join;
    JoinSpec spec = {.sample_rate = RATE, .frame_size = FRAME, .sink = {hear, heard}};
    memset(heard, 0, sizeof *heard);
    join_open(&spec, &join);
    return join;
}

static Heard heard;

static void end(Join *join, int count)
{
    assert_true(join_take(join, JOIN_LEFT, NULL, NULL) && heard.ends == 0);
    assert_true(join_take(join, JOIN_RIGHT, NULL, NULL));
    unit_check(heard.ends == 1, "the end is told once");
    assert_int_equal(heard.count, count);
    join_free(&join);
}

static void both_sides_stay_together_however_they_come(void **state)
{
    (void)state;
    Join *join = begin(&heard);
    give(join, JOIN_LEFT, 1, 95);
    unit_check(heard.count == 0, "who is ahead waits");
    give(join, JOIN_RIGHT, 1, 7);
    unit_check(heard.count == 0, "until there is a frame of both");
    give(join, JOIN_RIGHT, 8, 70);
    assert_int_equal(heard.count, 70);
    end(join, 95);
    for (int i = 0; i < 95; i++) {
        unit_check(heard.samples[JOIN_LEFT][i] == (float)(i + 1), "the left is all there");
        unit_check(heard.samples[JOIN_RIGHT][i] == (i < 77 ? (float)(i + 1) : 0),
                   "and the right, silent where it has ended");
    }
}

static void a_side_that_stays_out_is_silent_and_does_not_come_late(void **state)
{
    (void)state;
    Join *join = begin(&heard);
    give(join, JOIN_LEFT, 1, RATE * 30 + 25);
    assert_int_equal(heard.count, 30);
    give(join, JOIN_RIGHT, 1, 50);
    assert_int_equal(heard.count, 50);
    end(join, RATE * 30 + 25);
    unit_check(heard.samples[JOIN_RIGHT][29] == 0, "it is silent where it was missing");
    unit_check(heard.samples[JOIN_RIGHT][30] == 31, "and in its place where it comes");
    unit_check(heard.samples[JOIN_LEFT][RATE * 30] == RATE * 30 + 1, "the other has no gap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_stay_together_however_they_come),
        cmocka_unit_test(a_side_that_stays_out_is_silent_and_does_not_come_late),
    };
    return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
