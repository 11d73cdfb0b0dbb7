#include "tests/unit/unit.h"

#include "common/base/buffer.h"
#include "web/http/message/head.h"

#define TEXT(literal) literal, sizeof(literal) - 1
#define GET           "GET / HTTP/1.1\r\n"

/* What came of the bytes. `told` is METHOD|TARGET|VERSION and |NAME=VALUE for each field. */
typedef struct Outcome {
    HeadEnd end;
    ErrorCode code;
    char *told; /* NULL where it was not accepted */
} Outcome;

static const struct {
    const char *bytes;
    size_t length;
    HeadEnd end;
    const char *told; /* NULL: a whole head is refused */
    const char *sentence;
} rows[] = {
    {TEXT(GET "\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1", "no field"},
    {TEXT("GET / HTTP/1.0\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.0", "the older version"},
    {TEXT("GET / HTTP/1.2\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.2", "a later one of its kind"},
    {TEXT(GET "Host: a\r\nAccept: */*\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1|Host=a|Accept=*/*",
     "a plain head"},
    {TEXT("\r\n\r\n" GET "Host: a\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1|Host=a",
     "empty lines before the first do not count"},
    {TEXT(GET "A:\r\nB: \t \r\nC:c \r\nD:\t d\t e \t\r\n\r\n"), HEAD_WHOLE,
     "GET|/|HTTP/1.1|A=|B=|C=c|D=d\t e", "blanks around a value are cut off, those within are not"},
    {TEXT(GET "A: b: \"c\"\r\nB::\r\n\r\n"), HEAD_WHOLE,
     "GET|/|HTTP/1.1|A=b: \"c\"|B=:", "only the first colon ends a name"},
    {TEXT(GET "A: \x80\xC3\xA9\xFF\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1|A=\x80\xC3\xA9\xFF",
     "bytes beyond ASCII in a value"},
    {TEXT("GET /caf\xC3\xA9 HTTP/1.1\r\n\r\n"), HEAD_WHOLE, "GET|/caf\xC3\xA9|HTTP/1.1",
     "bytes beyond ASCII in a target"},
    {TEXT(GET "A: 1\r\na: 2\r\nA: 1\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1|A=1|a=2|A=1",
     "fields of one name stay apart, in their order and case"},
    {TEXT("!#$%&'*+-.^_`|~09AZaz / HTTP/1.1\r\n!#$%&'*+-.^_`|~09AZaz: a\r\n\r\n"), HEAD_WHOLE,
     "!#$%&'*+-.^_`|~09AZaz|/|HTTP/1.1|!#$%&'*+-.^_`|~09AZaz=a", "all that a token may hold"},
    {TEXT("options * HTTP/1.1\r\n\r\n"), HEAD_WHOLE, "options|*|HTTP/1.1",
     "a method and a target stay as they were sent"},
    {TEXT("GET http://a/b?c#d HTTP/1.1\r\n\r\n"), HEAD_WHOLE, "GET|http://a/b?c#d|HTTP/1.1",
     "the form of a target is the router's matter"},
    {TEXT(GET "Host: a\r\n\r\n\nGET\0 / \x01\r\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1|Host=a",
     "what is behind the end is not looked at"},
    {TEXT(GET "\r\n" GET "Host: a\r\n\r\n"), HEAD_WHOLE, "GET|/|HTTP/1.1",
     "the head behind is another one"},

    {TEXT(""), HEAD_PARTIAL, NULL, "nothing yet"},
    {TEXT("G"), HEAD_PARTIAL, NULL, "a letter"},
    {TEXT("\r"), HEAD_PARTIAL, NULL, "half an empty line"},
    {TEXT("\r\n\r\n"), HEAD_PARTIAL, NULL, "empty lines end no head that has not begun"},
    {TEXT("GET / HTTP/1.1\r"), HEAD_PARTIAL, NULL, "half the end of the first line"},
    {TEXT(GET), HEAD_PARTIAL, NULL, "the first line"},
    {TEXT(GET "Host: a\r\n"), HEAD_PARTIAL, NULL, "no empty line yet"},
    {TEXT(GET "Host: a\r\n\r"), HEAD_PARTIAL, NULL, "half of it"},

    {TEXT("GET / HTTP/1.1\nA: a\r\n\r\n"), HEAD_MALFORMED, NULL, "LF behind the first line"},
    {TEXT(GET "A: a\nB: b\r\n\r\n"), HEAD_MALFORMED, NULL, "LF behind a field"},
    {TEXT(GET "A: a\r\nB: b\n\r\n"), HEAD_MALFORMED, NULL, "LF behind the last field"},
    {TEXT(GET "A: a\r\n\n"), HEAD_MALFORMED, NULL, "LF at the end"},
    {TEXT(GET "A: a\n\n"), HEAD_MALFORMED, NULL, "two LF at the end"},
    {TEXT(GET "A: a\n\r\n\r\n"), HEAD_MALFORMED, NULL, "LF CR"},
    {TEXT(GET "A: a\0\n\r\n"), HEAD_MALFORMED, NULL, "NUL and LF"},
    {TEXT(GET "A: a\nb\r\n\r\n"), HEAD_MALFORMED, NULL, "LF in a value"},
    {TEXT("GET /\n HTTP/1.1\r\n\r\n"), HEAD_MALFORMED, NULL, "LF in the target"},
    {TEXT("\n" GET "\r\n"), HEAD_MALFORMED, NULL, "LF before the first line"},
    {TEXT("\r\n\n" GET "\r\n"), HEAD_MALFORMED, NULL, "the same behind an empty one"},
    {TEXT(" " GET "\r\n"), HEAD_MALFORMED, NULL, "a blank before the method"},
    {TEXT("\r\n " GET "\r\n"), HEAD_MALFORMED, NULL, "a blank behind an empty line"},
    {TEXT("\t" GET "\r\n"), HEAD_MALFORMED, NULL, "a tab before the method"},
    {TEXT("\0" GET "\r\n"), HEAD_MALFORMED, NULL, "a NUL before the method"},
    {TEXT("\x16\x03\x01\x02"), HEAD_MALFORMED, NULL, "the greeting of TLS"},
    {TEXT("\r\n\x16\x03\x01\x02"), HEAD_MALFORMED, NULL, "the same behind an empty line"},
    {TEXT("\xEF\xBB\xBF" GET "\r\n"), HEAD_MALFORMED, NULL, "a byte order mark"},
    {TEXT("/ HTTP/1.1\r\n\r\n"), HEAD_MALFORMED, NULL, "no method"},

    {TEXT("\r" GET "\r\n"), HEAD_WHOLE, NULL, "CR before the method"},
    {TEXT("\r\r\n" GET "\r\n"), HEAD_WHOLE, NULL, "CR before an empty line"},
    {TEXT("GET / HTTP/1.1\r\r\n\r\n"), HEAD_WHOLE, NULL, "two CR behind the first line"},
    {TEXT("GET /a\rb HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "CR in the target"},
    {TEXT("GET\r/ HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "CR instead of a blank"},
    {TEXT(GET "A: a\rb\r\n\r\n"), HEAD_WHOLE, NULL, "CR in a value"},
    {TEXT(GET "A: a\rB: b\r\n\r\n"), HEAD_WHOLE, NULL, "CR between two fields"},
    {TEXT(GET "A: a\r\r\n\r\n"), HEAD_WHOLE, NULL, "two CR behind a value"},
    {TEXT(GET "A:\r\r\n\r\n"), HEAD_WHOLE, NULL, "CR as a value"},
    {TEXT(GET "A\r: a\r\n\r\n"), HEAD_WHOLE, NULL, "CR in a name"},
    {TEXT(GET "\rA: a\r\n\r\n"), HEAD_WHOLE, NULL, "CR before a name"},
    {TEXT(GET "\r\r\n\r\n"), HEAD_WHOLE, NULL, "a line of CR"},

    {TEXT("G\0T / HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "NUL in the method"},
    {TEXT("GET\0 / HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "NUL behind the method"},
    {TEXT("GET /\0 HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "NUL in the target"},
    {TEXT("GET / HTTP/1.1\0\r\n\r\n"), HEAD_WHOLE, NULL, "NUL behind the version"},
    {TEXT("GET / HTTP/1.1\0 x\r\n\r\n"), HEAD_WHOLE, NULL, "more behind it"},
    {TEXT(GET "A\0: a\r\n\r\n"), HEAD_WHOLE, NULL, "NUL in a name"},
    {TEXT(GET "A: a\0b\r\n\r\n"), HEAD_WHOLE, NULL, "NUL in a value"},
    {TEXT(GET "A: a\0\r\n\r\n"), HEAD_WHOLE, NULL, "NUL behind a value"},
    {TEXT(GET "A:\0\r\n\r\n"), HEAD_WHOLE, NULL, "NUL as a value"},

    {TEXT(GET "A: a\r\n b\r\n\r\n"), HEAD_WHOLE, NULL, "a fold"},
    {TEXT(GET "A: a\r\n\tb\r\n\r\n"), HEAD_WHOLE, NULL, "a fold by a tab"},
    {TEXT(GET "A: a\r\n b: c\r\n\r\n"), HEAD_WHOLE, NULL, "a fold that looks like a field"},
    {TEXT(GET "A:\r\n a\r\n\r\n"), HEAD_WHOLE, NULL, "a fold of all the value"},
    {TEXT(GET "A: a\r\n \r\nB: b\r\n\r\n"), HEAD_WHOLE, NULL, "a fold of a blank"},
    {TEXT(GET "A: a\r\n\t\r\n\r\n"), HEAD_WHOLE, NULL, "a fold of a tab at the end"},
    {TEXT(GET " A: a\r\nB: b\r\n\r\n"), HEAD_WHOLE, NULL, "a fold of the first line"},
    {TEXT(GET " \r\n\r\n"), HEAD_WHOLE, NULL, "the same, of a blank"},
    {TEXT("GET /\r\n HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a fold within the first line"},

    {TEXT(GET "A : a\r\n\r\n"), HEAD_WHOLE, NULL, "a blank before the colon"},
    {TEXT(GET "A\t: a\r\n\r\n"), HEAD_WHOLE, NULL, "a tab before the colon"},
    {TEXT(GET ": a\r\n\r\n"), HEAD_WHOLE, NULL, "an empty name"},
    {TEXT(GET "nothing\r\nA: a\r\n\r\n"), HEAD_WHOLE, NULL, "a line without a colon"},
    {TEXT(GET "A B: a\r\n\r\n"), HEAD_WHOLE, NULL, "a blank in a name"},
    {TEXT(GET "X(Y): a\r\n\r\n"), HEAD_WHOLE, NULL, "a name that is no token"},
    {TEXT(GET "caf\xC3\xA9: a\r\n\r\n"), HEAD_WHOLE, NULL, "a name beyond ASCII"},
    {TEXT(GET "A: a\x01\r\n\r\n"), HEAD_WHOLE, NULL, "a control in a value"},
    {TEXT(GET "A: a\x0Bz\r\n\r\n"), HEAD_WHOLE, NULL, "a vertical tab is no blank"},
    {TEXT(GET "A: \x7F\r\n\r\n"), HEAD_WHOLE, NULL, "DEL in a value"},

    {TEXT("GET /a\x01 HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a control in the target"},
    {TEXT("GET /\x7F HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "DEL in the target"},
    {TEXT("GET /a\tb HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a tab in the target"},
    {TEXT("GET /a b HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a blank in the target"},
    {TEXT("GET  / HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "two blanks before the target"},
    {TEXT("GET /  HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "two blanks behind it"},
    {TEXT("GET / HTTP/1.1 \r\n\r\n"), HEAD_WHOLE, NULL, "a blank at the end"},
    {TEXT("GET\t/\tHTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "tabs instead of blanks"},
    {TEXT("GET\r\n\r\n"), HEAD_WHOLE, NULL, "a method alone"},
    {TEXT("GET  HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "no target"},
    {TEXT("GET HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "not even a place for it"},
    {TEXT("G(T / HTTP/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a method that is no token"},
    {TEXT("GET /\r\n\r\n"), HEAD_WHOLE, NULL, "no version, as in HTTP/0.9"},
    {TEXT("GET / \r\n\r\n"), HEAD_WHOLE, NULL, "an empty version"},
    {TEXT("GET / HTTP/0.9\r\n\r\n"), HEAD_WHOLE, NULL, "HTTP/0.9"},
    {TEXT("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), HEAD_WHOLE, NULL, "HTTP/2.0"},
    {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HEAD_WHOLE, NULL, "the greeting of HTTP/2"},
    {TEXT("GET / http/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "a version in lower case"},
    {TEXT("GET / HTTP/1.10\r\n\r\n"), HEAD_WHOLE, NULL, "a digit too many"},
    {TEXT("GET / HTTP/1.\r\n\r\n"), HEAD_WHOLE, NULL, "a digit too few"},
    {TEXT("GET / HTTP/01.1\r\n\r\n"), HEAD_WHOLE, NULL, "a digit in front"},
    {TEXT("GET / HTTPS/1.1\r\n\r\n"), HEAD_WHOLE, NULL, "another protocol"},
};

/* Bytes in memory that is no longer than they are, so that a step beyond is seen. */
static char *copy(const char *bytes, size_t length)
{
    char *exact = base_calloc(MAX_OF(length, (size_t)1), 1);
    memcpy(exact, bytes, length);
    return exact;
}

static char *tell(const Head *head)
{
    Buffer told = BUFFER(2 * HTTP_HEAD_MAX);
    assert_true(buffer_append_format(&told, "%s|%s|%s", head->method, head->target, head->version));
    for (size_t i = 0; i < head->count; i++) {
        const HeadField *field = &head->fields[i];
        const char *name = head->bytes + field->name, *value = head->bytes + field->value;
        assert_int_equal(strlen(name), field->name_length);
        assert_int_equal(strlen(value), field->value_length);
        assert_true(buffer_append_format(&told, "|%s=%s", name, value));
    }
    return told.data;
}

static Outcome parse(const char *bytes, const HeadScan *scan)
{
    _cleanup_free_ char *exact = copy(bytes, scan->size);
    _cleanup_free_ HeadField *fields = base_calloc(scan->fields + 1, sizeof *fields);
    Outcome outcome = {.end = HEAD_WHOLE};
    Head head = {.count = 4711};
    Error error = {0};
    if (head_parse(exact, scan, fields, &head, &error)) {
        assert_int_equal(head.count, scan->fields);
        outcome.told = tell(&head);
    } else {
        assert_true(head.count == 4711 && !head.method);
        outcome.code = error.code;
    }
    return outcome;
}

/* `first` bytes of them come at once, and from then on so many with each step. */
typedef struct Pieces {
    size_t first, step;
} Pieces;

static Outcome receive(const char *bytes, size_t length, Pieces pieces)
{
    HeadScan scan = {0};
    for (size_t come = pieces.first;; come += pieces.step) {
        come = MIN_OF(come, length);
        _cleanup_free_ char *exact = copy(bytes, come);
        HeadEnd end = head_scan(&scan, exact, come);
        if (end == HEAD_WHOLE) {
            const char *begin = bytes + scan.start;
            const char *empty = memmem(begin, length - scan.start, "\r\n\r\n", 4);
            assert_ptr_equal(bytes + scan.size, empty + 4);
            return parse(bytes, &scan);
        }
        if (end == HEAD_MALFORMED || come == length)
            return (Outcome){.end = end};
    }
}

static void expect(size_t i, Pieces pieces)
{
    Outcome outcome = receive(rows[i].bytes, rows[i].length, pieces);
    bool refused = rows[i].end == HEAD_WHOLE && !rows[i].told;
    unit_check(outcome.end == rows[i].end, rows[i].sentence);
    unit_check(outcome.code == (refused ? ERROR_BAD_REQUEST : ERROR_NONE), rows[i].sentence);
    unit_check(!outcome.told == !rows[i].told, rows[i].sentence);
    if (outcome.told)
        unit_check(streq(outcome.told, rows[i].told), rows[i].sentence);
    free(outcome.told);
}

static void heads_are_cut_up_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        expect(i, (Pieces){rows[i].length, 1});
}

static void it_does_not_matter_how_a_head_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        expect(i, (Pieces){0, 1});
        for (size_t cut = 0; cut < rows[i].length; cut++)
            expect(i, (Pieces){cut, rows[i].length});
    }
}

/* What RFC 9110 §5.6.2 says of a token, in other words than head.c. */
static bool in_token(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

/* Puts the byte in the place of the @. */
static bool is_accepted(const char *pattern, int byte)
{
    _cleanup_free_ char *bytes = base_strdup(pattern);
    size_t length = strlen(bytes);
    *strchr(bytes, '@') = (char)byte;
    Outcome outcome = receive(bytes, length, (Pieces){length, 1});
    bool accepted = outcome.told != NULL;
    free(outcome.told);
    return accepted;
}

static void every_byte_has_its_places(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool text = byte > ' ' && byte != 0x7F, blank = byte == ' ' || byte == '\t';
        bool good = is_accepted("@ET / HTTP/1.1\r\n\r\n", byte) == in_token(byte) &&
                    is_accepted("GE@ / HTTP/1.1\r\n\r\n", byte) == in_token(byte) &&
                    is_accepted("GET /@ HTTP/1.1\r\n\r\n", byte) == text &&
                    is_accepted("GET / HTTP/1@1\r\n\r\n", byte) == (byte == '.') &&
                    is_accepted("GET / HTTP/1.@\r\n\r\n", byte) == (byte >= '0' && byte <= '9') &&
                    is_accepted(GET "@a: b\r\n\r\n", byte) == in_token(byte) &&
                    is_accepted(GET "a@b: c\r\n\r\n", byte) == (in_token(byte) || byte == ':') &&
                    is_accepted(GET "a:@\r\n\r\n", byte) == (text || blank) &&
                    is_accepted(GET "a: b@c\r\n\r\n", byte) == (text || blank);
        if (!good)
            fail_msg("the byte 0x%02X", (unsigned)byte);
    }
}

static void too_many_fields_are_refused(void **state)
{
    _cleanup_buffer_ Buffer bytes = BUFFER(HTTP_HEAD_MAX);
    (void)state;
    assert_true(buffer_append_text(&bytes, GET));
    for (int i = 1; i <= HTTP_HEADER_COUNT_MAX + 1; i++) {
        assert_true(buffer_append_text(&bytes, "X: 1\r\n"));
        if (i < HTTP_HEADER_COUNT_MAX)
            continue;
        size_t length = bytes.length;
        assert_true(buffer_append_text(&bytes, "\r\n"));
        Outcome outcome = receive(bytes.data, bytes.length, (Pieces){0, 1});
        bytes.length = length;
        assert_int_equal(outcome.end, HEAD_WHOLE);
        assert_int_equal(outcome.code, i > HTTP_HEADER_COUNT_MAX ? ERROR_HEADERS : ERROR_NONE);
        assert_int_equal(outcome.told != NULL, i <= HTTP_HEADER_COUNT_MAX);
        free(outcome.told);
    }
}

/* The empty lines in front count too. The last field is the one with the highest places. */
static void a_head_may_be_as_long_as_the_limit(void **state)
{
    static const char begin[] = "\r\n" GET "A: ", end[] = "\r\nLast: \t z\r\n\r\n";
    static const Pieces pieces[] = {{HTTP_HEAD_MAX, 1},
                                    {HTTP_HEAD_MAX - 1, 1},
                                    {HTTP_HEAD_READ, HTTP_HEAD_READ},
                                    {1, HTTP_HEAD_READ},
                                    {HTTP_HEAD_MAX - 20, 1}};
    _cleanup_free_ char *bytes = base_calloc(1, HTTP_HEAD_MAX);
    (void)state;
    memset(bytes, 'x', HTTP_HEAD_MAX);
    memcpy(bytes, begin, strlen(begin));
    memcpy(bytes + HTTP_HEAD_MAX - strlen(end), end, strlen(end));
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        Outcome outcome = receive(bytes, HTTP_HEAD_MAX, pieces[i]);
        assert_non_null(outcome.told);
        assert_int_equal(strspn(strchr(outcome.told, '=') + 1, "x"),
                         HTTP_HEAD_MAX - strlen(begin) - strlen(end));
        assert_string_equal(strstr(outcome.told, "|Last"), "|Last=z");
        free(outcome.told);
    }
}

static void the_first_field_of_a_name_is_found(void **state)
{
    static const struct {
        const char *name, *value, *sentence;
    } cases[] = {
        {"Host", "a", "a name as it was sent"},      {"hOST", "a", "a name in another case"},
        {"Accept", "1", "the first of two"},         {"Empty", "", "an empty value is there"},
        {"Hos", NULL, "a name cut short"},           {"Hosts", NULL, "a longer one"},
        {"a", NULL, "a value is no name"},           {"", NULL, "no name"},
        {"Absent", NULL, "a name that nobody sent"},
    };
    char bytes[] = GET "Host: a\r\naccept: 1\r\nEmpty:\r\nACCEPT: 2\r\n\r\n";
    HeadField fields[4];
    HeadScan scan = {0};
    Head head;
    (void)state;
    assert_int_equal(head_scan(&scan, bytes, strlen(bytes)), HEAD_WHOLE);
    assert_int_equal(scan.fields, ARRAY_SIZE(fields));
    assert_int_equal(scan.size, sizeof bytes - 1);
    assert_true(head_parse(bytes, &scan, fields, &head, NULL));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *value = head_field(&head, cases[i].name);
        unit_check(!value == !cases[i].value, cases[i].sentence);
        if (value)
            unit_check(streq(value, cases[i].value), cases[i].sentence);
    }
    head.count = 0;
    assert_null(head_field(&head, "Host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_cut_up_strictly),
        cmocka_unit_test(it_does_not_matter_how_a_head_comes),
        cmocka_unit_test(every_byte_has_its_places),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(a_head_may_be_as_long_as_the_limit),
        cmocka_unit_test(the_first_field_of_a_name_is_found),
    };
    return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
