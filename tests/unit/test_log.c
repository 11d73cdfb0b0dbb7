#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>

#include "common/base/buffer.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/log.h"

/* Stands in for stdout while a test runs, so that the test sees what is logged. */
typedef struct Capture {
    int real; /* the real stdout */
    int reader;
    Buffer text; /* what was read */
    pthread_t thread;
} Capture;

static void *read_all(void *argument)
{
    Capture *capture = argument;
    char block[4096];
    ssize_t got;
    while ((got = read(capture->reader, block, sizeof block)) > 0)
        REQUIRE(buffer_append(&capture->text, block, (size_t)got));
    return NULL;
}

static void capture_begin(Capture *capture)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    *capture = (Capture){.real = dup(STDOUT_FILENO), .reader = ends[0], .text = BUFFER(16 << 20)};
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
}

static void capture_read(Capture *capture)
{
    assert_int_equal(pthread_create(&capture->thread, NULL, read_all, capture), 0);
}

static void capture_end(Capture *capture)
{
    dup2(capture->real, STDOUT_FILENO);
    close(capture->real);
    pthread_join(capture->thread, NULL);
    close(capture->reader);
}

static void an_event_is_one_json_line(void **state)
{
    Capture capture;
    Error error = {0};
    (void)state;
    log_init("test", LOG_JSON, LOG_INFO);
    capture_begin(&capture);
    {
        LOG_CONTEXT(.request_id = "r1", .job_id = "j1");
        log_debug("not at this level");
        log_warning("two\nlines and \xFF");
    }
    capture_read(&capture);
    capture_end(&capture);
    assert_int_equal(capture.text.data[capture.text.length - 1], '\n');
    _cleanup_json_ json_t *line = json_parse_object(capture.text.data, capture.text.length, &error);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
    assert_string_equal(json_string_value(json_object_get(line, "message")),
                        "two lines and \xEF\xBF\xBD");
    assert_string_equal(json_string_value(json_object_get(line, "request_id")), "r1");
    assert_string_equal(json_string_value(json_object_get(line, "job_id")), "j1");
    buffer_release(&capture.text);
}

/* Nobody reads: a writer that waited would never come to the end of the loop. */
static void a_stalled_reader_holds_up_nobody(void **state)
{
    Capture capture;
    (void)state;
    log_init("test", LOG_TEXT, LOG_INFO);
    capture_begin(&capture);
    log_start();
    for (int i = 0; i < 3 * LOG_QUEUE_MAX; i++)
        log_info("line %d", i);
    capture_read(&capture);
    log_stop();
    capture_end(&capture);
    assert_non_null(strstr(capture.text.data, "line 0\n"));
    assert_non_null(strstr(capture.text.data, "lines of the log were dropped"));
    buffer_release(&capture.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_json_line),
        cmocka_unit_test(a_stalled_reader_holds_up_nobody),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
