#include "tests/unit/unit.h"
#include "web/http/message/framing.h"

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        name, sizeof(name) - 1, value, sizeof(value) - 1                                           \
    }

static const struct {
    const char *version;
    HeaderField fields[4];
    ErrorCode code;
    Framing framing;
    const char *sentence;
} rows[] = {
    {"HTTP/1.1", {FIELD("Host", "a")}, ERROR_NONE, {0}, "a plain request has no body"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("content-length", "12")},
     ERROR_NONE,
     {true, false, 12},
     "the length counts, whatever its case"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Transfer-Encoding", "Chunked")},
     ERROR_NONE,
     {true, true, UINT64_MAX},
     "chunked is the one encoding"},
    {"HTTP/1.0", {FIELD("Content-Length", "0")}, ERROR_NONE, {0}, "HTTP/1.0 needs no Host"},
    {"HTTP/1.1", {FIELD("Accept", "*/*")}, ERROR_BAD_REQUEST, {0}, "HTTP/1.1 needs a Host"},
    {"HTTP/1.1", {FIELD("Host", "a"), FIELD("Host", "a")}, ERROR_BAD_REQUEST, {0}, "two Hosts"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "1"), FIELD("Content-Length", "1")},
     ERROR_BAD_REQUEST,
     {0},
     "two lengths, even equal ones"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "1"), FIELD("Transfer-Encoding", "chunked")},
     ERROR_BAD_REQUEST,
     {0},
     "a length and an encoding"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length ", "1")},
     ERROR_BAD_REQUEST,
     {0},
     "a space before the colon"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "+1")},
     ERROR_BAD_REQUEST,
     {0},
     "a sign in the length"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "1, 1")},
     ERROR_BAD_REQUEST,
     {0},
     "a list as length"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "")},
     ERROR_BAD_REQUEST,
     {0},
     "an empty length"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Content-Length", "1234567890123456789")},
     ERROR_BAD_REQUEST,
     {0},
     "a length beyond 18 digits"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Transfer-Encoding", "gzip, chunked")},
     ERROR_BAD_REQUEST,
     {0},
     "an encoding on top"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("Transfer-Encoding", "identity")},
     ERROR_BAD_REQUEST,
     {0},
     "an unknown encoding"},
    {"HTTP/1.0",
     {FIELD("Transfer-Encoding", "chunked")},
     ERROR_BAD_REQUEST,
     {0},
     "HTTP/1.0 with an encoding"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("X(Y)", "1")},
     ERROR_BAD_REQUEST,
     {0},
     "a name that is no token"},
    {"HTTP/1.1",
     {FIELD("Host", "a"), FIELD("X", "a\nb")},
     ERROR_BAD_REQUEST,
     {0},
     "a control in a value"},
    {"HTTP/2.0", {FIELD("Host", "a")}, ERROR_BAD_REQUEST, {0}, "another version"},
};

static void framing_leaves_no_room_for_smuggling(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Framing framing = {0};
        Error error = {0};
        size_t count = 0;
        while (count < ARRAY_SIZE(rows[i].fields) && rows[i].fields[count].name)
            count++;
        bool good = framing_check(rows[i].version, rows[i].fields, count, &framing, &error);
        unit_check(good == (rows[i].code == ERROR_NONE), rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        unit_check(framing.has_body == rows[i].framing.has_body &&
                       framing.chunked == rows[i].framing.chunked &&
                       framing.length == rows[i].framing.length,
                   rows[i].sentence);
    }
}

#define FIELDS_MAX 8

/* Cuts a head up in its place as a lenient parser does: any LF ends a line and takes the CR before
 * it along, and what is folded or empty is passed over. */
static bool place_is_good(const char *text)
{
    _cleanup_free_ char *head = base_strdup(text);
    size_t size = strlen(head), count = 0;
    HeaderField fields[FIELDS_MAX];
    HeadPlace place = {.method = head, .size = size};
    char *blank = strchr(head, ' '), *last = blank;
    Error error = {0};
    for (char *line = head, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (end > line && end[-1] == '\r')
            end[-1] = '\0';
        char *colon = strchr(line, ':');
        if (line == head)
            last = strrchr(line, ' ');
        else if (colon && *line != ' ') {
            char *value = colon + 1 + strspn(colon + 1, " \t");
            *colon = '\0';
            fields[count++] = (HeaderField){line, strlen(line), value, strlen(value)};
        }
    }
    *blank = *last = '\0';
    _cleanup_free_ char *sent = base_strdup(blank + 1);
    place.target = blank + 1;
    place.version = last + 1;
    place.sent_target = sent;
    if (framing_check_place(&place, fields, count, &error))
        return true;
    assert_int_equal(error.code, ERROR_BAD_REQUEST);
    return false;
}

static void the_parts_of_a_head_fill_it(void **state)
{
    static const struct {
        const char *head;
        bool good;
        const char *sentence;
    } places[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, "a plain head"},
        {"GET / HTTP/1.0\r\n\r\n", true, "no field"},
        {"GET / HTTP/1.1\r\nA:\r\nB: \t \r\nC:c \r\n\r\n", true, "empty values, and blanks"},
        {"GET / HTTP/1.1\r\nA: a\r\n b\r\n\r\n", false, "a fold"},
        {"GET / HTTP/1.1\r\nA: a\r\n \r\nB: b\r\n\r\n", false, "a fold of a blank"},
        {"GET / HTTP/1.1\r\n a\r\nB: b\r\n\r\n", false, "a fold of the first line"},
        {"GET / HTTP/1.1\nA: a\r\n\r\n", false, "LF behind the first line"},
        {"GET / HTTP/1.1\r\nA: a\nB: b\r\n\r\n", false, "LF behind a field"},
        {"GET / HTTP/1.1\r\nA: a\r\nB: b\n\r\n", false, "LF behind the last field"},
        {"GET / HTTP/1.1\r\nA: a\r\n\n", false, "LF at the end"},
        {"GET / HTTP/1.1\r\nnothing\r\nA: a\r\n\r\n", false, "a line that was passed over"},
        {"GET / HTTP/1.1\r\nA: a\r\n\r\n\r\n", false, "an end behind the end"},
        {"GET  / HTTP/1.1\r\nA: a\r\n\r\n", false, "two blanks before the target"},
        {"GET /  HTTP/1.1\r\nA: a\r\n\r\n", false, "two blanks behind it"},
        {"GET /a b HTTP/1.1\r\nA: a\r\n\r\n", false, "a blank in the target"},
        {"GET /a\rb HTTP/1.1\r\nA: a\r\n\r\n", false, "a CR in the target"},
        {"GET /\x7F HTTP/1.1\r\nA: a\r\n\r\n", false, "a control in the target"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        unit_check(place_is_good(places[i].head) == places[i].good, places[i].sentence);
}

static void too_many_fields_are_refused(void **state)
{
    HeaderField fields[HTTP_HEADER_COUNT_MAX + 1];
    Framing framing;
    Error error = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        fields[i] = (HeaderField)FIELD("X", "1");
    assert_false(framing_check("HTTP/1.1", fields, ARRAY_SIZE(fields), &framing, &error));
    assert_int_equal(error.code, ERROR_HEADERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_leaves_no_room_for_smuggling),
        cmocka_unit_test(the_parts_of_a_head_fill_it),
        cmocka_unit_test(too_many_fields_are_refused),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
