#include "web/decoder/decoder.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/flag.h"
#include "common/metrics/metrics.h"
#include "common/sandbox/task.h"

#define ANSWER_MAX 4096 /* bytes of the line, its end included */
#define SLICE_MS   100  /* between two looks at `stop` */
#define LINGER_MS  5000 /* for a child that has closed its pipe */

/* Beyond these the disk is to blame: computing alone ends earlier. */
#define PROBE_WALL_MS  90000
#define VERIFY_WALL_MS 240000

#define QUESTION_MAGIC 0x51554553u /* "QUES" */

typedef struct Question {
    unsigned magic;
    const char *task;
    const char *photo; /* its content type; NULL: anything else */
    Profile profile;
    MetricTask counted;
    MetricEnd end; /* until it is known: killed, because nobody waited for it */
    int64_t wall_ms, ends_ms;
    const atomic_bool *stop; /* NULL: never */
    bool started, answered;
    DecoderMessage answer;
} Question;

#define CRASHED "The file could not be read: the decoder crashed."

/* One that has ended, and whose end is not told in time, was on a machine that is too busy. */
static const TaskFault faults[TASK_END_COUNT] = {
    [TASK_DAMAGED] = {ERROR_MEDIA,
                      "The file could not be read: the decoder gave a damaged answer."},
    [TASK_LINGERED] = {ERROR_UNAVAILABLE, "The decoder did not end in time."},
    [TASK_LOST] = {ERROR_UNAVAILABLE, "The decoder was lost."},
    [TASK_KILLED] = {ERROR_UNAVAILABLE,
                     "The decoder was ended from outside, perhaps for lack of memory."},
    [TASK_FORBIDDEN] = {ERROR_MEDIA, CRASHED},
    [TASK_OVERTIME] = {ERROR_MEDIA,
                       "The file could not be read: it takes more computing than is allowed."},
    [TASK_OVERSIZE] = {ERROR_MEDIA, CRASHED},
    [TASK_CRASHED] = {ERROR_MEDIA, CRASHED},
};

static bool decoder_line(void *context, const char *line, size_t length, Error *error)
{
    Question *question = CAST_OBJECT(Question, context, QUESTION_MAGIC);
    if (question->answered ||
        !decoder_message_read(line, length, question->photo, &question->answer))
        return task_fault(faults, TASK_DAMAGED, error);
    question->answered = true;
    return true;
}

/* True, with *error, when the program is being stopped. */
static bool decoder_stopped(const atomic_bool *stop, Error *error)
{
    return stop && atomic_load(stop) &&
           !error_set(error, ERROR_CANCELLED, "The program is being stopped.");
}

static bool decoder_slice(void *context, Error *error)
{
    Question *question = CAST_OBJECT(Question, context, QUESTION_MAGIC);
    question->started = true;
    if (decoder_stopped(question->stop, error))
        return false;
    return clock_monotonic_ms() < question->ends_ms ||
           error_set(error, ERROR_UNAVAILABLE,
                     "Looking into the file took too long; the storage may be slow.");
}

static bool decoder_ended(void *context, const TaskExit *exit, Error *error)
{
    Question *question = CAST_OBJECT(Question, context, QUESTION_MAGIC);
    if (exit->end == TASK_FORBIDDEN)
        question->end = METRIC_END_FORBIDDEN;
    if (exit->end == TASK_LOST)
        question->end = METRIC_END_LOST;
    if (exit->end != TASK_DONE)
        return task_fault(faults, exit->end, error);
    if (!question->answered || exit->cut)
        return task_fault(faults, TASK_DAMAGED, error);
    bool refused = !question->answer.good && question->answer.error.code == ERROR_MEDIA;
    question->end = refused ? METRIC_END_REFUSED : METRIC_END_DONE;
    if (!question->answer.good)
        *error = question->answer.error;
    return question->answer.good;
}

static bool decoder_ask(Question *question, int fd, DecoderFacts *out, Error *error)
{
    const char *arguments[] = {question->task, question->photo, NULL};
    TaskSpec spec = {.child = {.arguments = arguments,
                               .fds = &fd,
                               .fd_count = 1,
                               .reads_first = true,
                               .order = {.profile = question->profile}},
                     .not_started = "The decoder could not be started",
                     .faults = faults,
                     .line_max = ANSWER_MAX,
                     .slice_ms = SLICE_MS,
                     .linger_ms = LINGER_MS,
                     .context = question,
                     .line = decoder_line,
                     .slice = decoder_slice,
                     .ended = decoder_ended};
    question->magic = QUESTION_MAGIC;
    question->end = METRIC_END_KILLED;
    question->ends_ms = clock_monotonic_ms() + question->wall_ms;
    bool good = task_run(&spec, error);
    if (question->started)
        metrics_child_ended(question->counted, question->end);
    if (!good)
        return false;
    *out = question->answer.facts;
    return true;
}

bool decoder_probe(int fd, const atomic_bool *stop, DecoderFacts *out, Error *error)
{
    Question question = {.task = DECODER_TASK_PROBE,
                         .profile = PROFILE_PROBE,
                         .counted = METRIC_TASK_PROBE,
                         .wall_ms = PROBE_WALL_MS,
                         .stop = stop};
    Error fault = {0}; /* error may be NULL, but the answer is copied */
    return decoder_ask(&question, fd, out, &fault) ||
           error_set(error, fault.code, "%s", fault.detail);
}

bool decoder_photo(int fd, const char *content_type, const atomic_bool *stop, Error *error)
{
    Question question = {.task = DECODER_TASK_PHOTO,
                         .photo = content_type,
                         .profile = PROFILE_PROBE,
                         .counted = METRIC_TASK_PHOTO,
                         .wall_ms = PROBE_WALL_MS,
                         .stop = stop};
    DecoderFacts nothing_more;
    Error fault = {0};
    return decoder_ask(&question, fd, &nothing_more, &fault) ||
           error_set(error, fault.code, "%s", fault.detail);
}

/* --- turns: many transcoders may finish at once, and a child may take much memory --- */

/* One who waits to play a result; lives on its stack. */
typedef struct Turn {
    Flag come; /* raised under the lock */
    struct Turn *next;
} Turn;

static struct {
    pthread_mutex_t lock;
    size_t playing, waiting; /* guarded by the lock, as the list, in the order in which they came */
    Turn *first;
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Waits until it is one's turn. Whoever was called off and given his turn at once has it. */
static bool decoder_await_turn(const atomic_bool *stop, Error *error)
{
    Turn turn = {0}, **link = &turns.first;
    FlagSet come = {{&turn.come}};
    pthread_mutex_lock(&turns.lock);
    bool free_now = turns.playing < DECODER_VERIFY_MAX, full = turns.waiting == DECODER_WAITING_MAX;
    turns.playing += free_now;
    if (free_now || full) {
        pthread_mutex_unlock(&turns.lock);
        return free_now || error_set(error, ERROR_UNAVAILABLE,
                                     "Too many results are being looked into. Please try again.");
    }
    flag_init(&turn.come);
    while (*link)
        link = &(*link)->next;
    *link = &turn;
    turns.waiting++;
    metrics_add(METRIC_VERIFY_WAITING, 0, 0, 1);
    pthread_mutex_unlock(&turns.lock);

    while (!flag_set_wait(&come, SLICE_MS) && !decoder_stopped(stop, error))
        ;
    pthread_mutex_lock(&turns.lock);
    bool given = flag_raised(&turn.come);
    for (link = &turns.first; !given && *link; link = &(*link)->next)
        if (*link == &turn) {
            *link = turn.next;
            turns.waiting--;
            metrics_add(METRIC_VERIFY_WAITING, 0, 0, -1);
            break;
        }
    pthread_mutex_unlock(&turns.lock);
    flag_release(&turn.come);
    return given;
}

/* Hands the turn on to who has waited longest. */
static void decoder_end_turn(void)
{
    pthread_mutex_lock(&turns.lock);
    Turn *next = turns.first;
    if (next) {
        turns.first = next->next;
        turns.waiting--;
        metrics_add(METRIC_VERIFY_WAITING, 0, 0, -1);
        flag_raise(&next->come);
    } else
        turns.playing--;
    pthread_mutex_unlock(&turns.lock);
}

static bool decoder_compare(const DecoderFacts *found, const DecoderExpectation *expected,
                            Error *error)
{
    bool video = expected->kind == MEDIA_VIDEO;
    double difference = fabs(found->duration - expected->duration);
    if (found->kind != expected->kind)
        return error_set(error, ERROR_MEDIA, "It holds %s.",
                         video ? "no moving picture" : "a moving picture, not sound alone");
    if (video && (found->width != expected->width || found->height != expected->height))
        return error_set(error, ERROR_MEDIA, "Its pictures have %d by %d pixels, not %lld by %lld.",
                         found->width, found->height, (long long)expected->width,
                         (long long)expected->height);
    if (video && found->has_audio != expected->has_audio)
        return error_set(error, ERROR_MEDIA, "It holds %s.",
                         found->has_audio ? "sound that it should not" : "no sound");
    return difference <= 1 || difference <= expected->duration * 0.05 ||
           error_set(error, ERROR_MEDIA, "It plays %.1f seconds, not the %.1f that it should.",
                     found->duration, expected->duration);
}

bool decoder_verify(int fd, const DecoderExpectation *expected, const atomic_bool *stop,
                    Error *error)
{
    Question question = {.task = DECODER_TASK_VERIFY,
                         .profile = PROFILE_VERIFY,
                         .counted = METRIC_TASK_VERIFY,
                         .wall_ms = VERIFY_WALL_MS,
                         .stop = stop};
    DecoderFacts found;
    Error fault = {0};
    if (!decoder_await_turn(stop, error))
        return false;
    bool played = decoder_ask(&question, fd, &found, &fault);
    decoder_end_turn();
    return (played && decoder_compare(&found, expected, &fault)) ||
           error_set(error, fault.code, "%s", fault.detail);
}
