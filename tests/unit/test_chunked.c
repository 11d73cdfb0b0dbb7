#include "tests/unit/unit.h"

#include "common/base/buffer.h"
#include "web/http/message/chunked.h"

#define TEXT(literal) literal, sizeof(literal) - 1
#define END           "0\r\n\r\n"

typedef enum Verdict { ENDED, GOES_ON, BROKEN } Verdict;

static const struct {
    const char *bytes;
    size_t length;
    Verdict verdict;
    const char *content; /* of which nobody speaks when it is broken */
    size_t behind;       /* bytes that are not the body's any more */
    const char *sentence;
} rows[] = {
    {TEXT(END), ENDED, "", 0, "an empty body"},
    {TEXT("3\r\nabc\r\n" END), ENDED, "abc", 0, "one chunk"},
    {TEXT("3\r\nabc\r\n1\r\nd\r\n2\r\nef\r\n" END), ENDED, "abcdef", 0, "several chunks"},
    {TEXT("a\r\n0123456789\r\nA\r\n0123456789\r\n" END), ENDED, "01234567890123456789", 0,
     "digits in either case"},
    {TEXT("1f\r\n0123456789012345678901234567890\r\n" END), ENDED,
     "0123456789012345678901234567890", 0, "two digits"},
    {TEXT("03\r\nabc\r\n000000000000001\r\nd\r\n000000000000000\r\n\r\n"), ENDED, "abcd", 0,
     "15 digits, most of them zeros"},
    {TEXT("00000000000000000000003\r\nabc\r\n" END), ENDED, "abc", 0, "zeros that say nothing"},
    {TEXT("4\r\n\r\n0\r\r\n5\r\n\r\n\r\n0\r\n" END), ENDED, "\r\n0\r\r\n\r\n0", 0,
     "content that looks like the end of a chunk"},
    {TEXT("3;a\r\nabc\r\n1;b=\"c d\";\t\x80\r\nd\r\n0;\r\n\r\n"), ENDED, "abcd", 0, "extensions"},
    {TEXT("1\r\na\r\n0\r\nA: a\r\nB:\t\x80\r\n\r\n"), ENDED, "a", 0, "trailers"},
    {TEXT("1\r\na\r\n" END "GET / HTTP/1.1\r\n"), ENDED, "a", 16, "what is behind the end stays"},
    {TEXT(END END), ENDED, "", 5, "another body is not this one's"},
    {TEXT("0\r\nA: a\r\n\r\n\r\n"), ENDED, "", 2, "an empty line behind the end"},
    {TEXT(END "\0"), ENDED, "", 1, "a NUL behind the end"},

    {TEXT(""), GOES_ON, "", 0, "nothing yet"},
    {TEXT("3"), GOES_ON, "", 0, "half a size"},
    {TEXT("3\r"), GOES_ON, "", 0, "half the end of a line"},
    {TEXT("3;a\r"), GOES_ON, "", 0, "the same behind an extension"},
    {TEXT("3\r\n"), GOES_ON, "", 0, "a size"},
    {TEXT("3\r\nab"), GOES_ON, "ab", 0, "half the content"},
    {TEXT("3\r\nabc"), GOES_ON, "abc", 0, "the content alone"},
    {TEXT("3\r\nabc\r"), GOES_ON, "abc", 0, "and half of what is behind it"},
    {TEXT("3\r\nabc\r\n"), GOES_ON, "abc", 0, "a chunk, but no last one"},
    {TEXT("0\r\n"), GOES_ON, "", 0, "the last chunk, but no empty line"},
    {TEXT("0\r\n\r"), GOES_ON, "", 0, "half of it"},
    {TEXT("0\r\nA: a"), GOES_ON, "", 0, "a trailer without an end"},
    {TEXT("0\r\nA: a\r\n"), GOES_ON, "", 0, "a trailer, but no empty line"},
    {TEXT("fffffffffffffff\r\nabc"), GOES_ON, "abc", 0, "the largest chunk that can be"},

    {TEXT("1000000000000003\r\nabc\r\n" END), BROKEN, NULL, 0, "16 digits"},
    {TEXT("0\r\nA\r\n\r\n"), BROKEN, NULL, 0, "a trailer without a colon"},
    {TEXT("0\r\n: a\r\n\r\n"), BROKEN, NULL, 0, "one without a name"},
    {TEXT("0\r\nA : a\r\n\r\n"), BROKEN, NULL, 0, "one with a blank behind its name"},
    {TEXT("fffffffffffffffff\r\nabc"), BROKEN, NULL, 0, "a size beyond 64 bits"},
    {TEXT("10000000000000003\r\nabc\r\n" END), BROKEN, NULL, 0, "one that would wrap around"},
    {TEXT("3\nabc\r\n" END), BROKEN, NULL, 0, "LF behind a size"},
    {TEXT("3\rabc\r\n" END), BROKEN, NULL, 0, "CR behind a size"},
    {TEXT("3\r\r\nabc\r\n" END), BROKEN, NULL, 0, "two CR behind a size"},
    {TEXT("3;a\nabc\r\n" END), BROKEN, NULL, 0, "LF behind an extension"},
    {TEXT("3;a\rb\r\nabc\r\n" END), BROKEN, NULL, 0, "CR in an extension"},
    {TEXT("3;a\r\r\nabc\r\n" END), BROKEN, NULL, 0, "two CR behind an extension"},
    {TEXT("3\r\nabc\n" END), BROKEN, NULL, 0, "LF behind the content"},
    {TEXT("3\r\nabc\r" END), BROKEN, NULL, 0, "CR behind the content"},
    {TEXT("0\n\r\n"), BROKEN, NULL, 0, "LF behind the last size"},
    {TEXT("0\r\n\n"), BROKEN, NULL, 0, "LF instead of the empty line"},
    {TEXT("0\r\n\rA"), BROKEN, NULL, 0, "CR instead of the empty line"},
    {TEXT("0\r\nA: a\n\r\n"), BROKEN, NULL, 0, "LF behind a trailer"},
    {TEXT("0\r\nA: a\rB: b\r\n\r\n"), BROKEN, NULL, 0, "CR behind a trailer"},
    {TEXT("0\r\nA: a\r\n\n"), BROKEN, NULL, 0, "LF behind the trailers"},
    {TEXT("\r\n3\r\nabc\r\n" END), BROKEN, NULL, 0, "an empty line in front"},
    {TEXT("3\r\nabc\r\n\r\n" END), BROKEN, NULL, 0, "an empty line between two chunks"},
    {TEXT(" 3\r\nabc\r\n" END), BROKEN, NULL, 0, "a blank before a size"},
    {TEXT("1\r\na\r\n\t3\r\nabc\r\n" END), BROKEN, NULL, 0, "a tab before a size"},
    {TEXT("3 \r\nabc\r\n" END), BROKEN, NULL, 0, "a blank behind a size"},
    {TEXT("3 \nabc\r\n" END), BROKEN, NULL, 0, "a blank instead of CR"},
    {TEXT("3 ;a\r\nabc\r\n" END), BROKEN, NULL, 0, "a blank before an extension"},
    {TEXT("1 0\r\n0123456789012345\r\n" END), BROKEN, NULL, 0, "a blank in a size"},
    {TEXT("\r\n\r\n"), BROKEN, NULL, 0, "no size"},
    {TEXT(";a\r\n\r\n"), BROKEN, NULL, 0, "an extension without a size"},
    {TEXT("1\r\na\r\n;b\r\n\r\n"), BROKEN, NULL, 0, "the same as the second"},
    {TEXT("+3\r\nabc\r\n" END), BROKEN, NULL, 0, "a plus"},
    {TEXT("-3\r\nabc\r\n" END), BROKEN, NULL, 0, "a minus"},
    {TEXT("0x3\r\nabc\r\n" END), BROKEN, NULL, 0, "0x"},
    {TEXT("3h\r\nabc\r\n" END), BROKEN, NULL, 0, "a letter that is no digit"},
    {TEXT("3,3\r\nabc\r\n" END), BROKEN, NULL, 0, "a list"},
    {TEXT("3\0\r\nabc\r\n" END), BROKEN, NULL, 0, "NUL behind a size"},
    {TEXT("3\r\nabc" END), BROKEN, NULL, 0, "nothing between the content and the next size"},
    {TEXT("3\r\nabcd\r\n" END), BROKEN, NULL, 0, "more content than was announced"},
    {TEXT("4\r\nabc\r\n" END), BROKEN, NULL, 0, "less"},
    {TEXT("3;a\0\r\nabc\r\n" END), BROKEN, NULL, 0, "NUL in an extension"},
    {TEXT("3;a\x7F\r\nabc\r\n" END), BROKEN, NULL, 0, "DEL in an extension"},
    {TEXT("0\r\n A: a\r\n\r\n"), BROKEN, NULL, 0, "a first trailer that is folded"},
    {TEXT("0\r\nA: a\r\n b\r\n\r\n"), BROKEN, NULL, 0, "a folded trailer"},
    {TEXT("0\r\nA: a\r\n\tb\r\n\r\n"), BROKEN, NULL, 0, "one folded by a tab"},
    {TEXT("0\r\nA: a\r\n \r\n\r\n"), BROKEN, NULL, 0, "a fold of a blank"},
    {TEXT("0\r\nA: \x01\r\n\r\n"), BROKEN, NULL, 0, "a control in a trailer"},
    {TEXT("0\r\n\x01: a\r\n\r\n"), BROKEN, NULL, 0, "a control at the beginning of one"},
};

/* What came of the bytes: `taken` of them are the body's. */
typedef struct Outcome {
    Verdict verdict;
    size_t taken, length;
    char content[2 * CHUNKED_EXTRA_MAX];
} Outcome;

/* One piece, in memory that is no longer than it is, so that a step beyond is seen. */
static void take_piece(Chunked *chunked, const char *bytes, size_t length, Outcome *outcome)
{
    _cleanup_free_ char *exact = base_calloc(MAX_OF(length, (size_t)1), 1);
    size_t used = 4711, content = 4711;
    Error error = {0};
    memcpy(exact, bytes, length);
    if (!chunked_decode(chunked, exact, length, &used, &content, &error)) {
        assert_int_equal(error.code, ERROR_BAD_REQUEST);
        assert_true(used == 4711 && content == 4711);
        outcome->verdict = BROKEN;
        return;
    }
    assert_true(content <= used && used <= length);
    assert_true(used == length || chunked->state == CHUNKED_END);
    assert_true(content <= sizeof outcome->content - outcome->length);
    memcpy(outcome->content + outcome->length, exact, content);
    outcome->length += content;
    outcome->taken += used;
    outcome->verdict = chunked->state == CHUNKED_END ? ENDED : GOES_ON;
}

/* `first` bytes of them come at once, and from then on so many with each step. */
typedef struct Pieces {
    size_t first, step;
} Pieces;

static void take(const char *bytes, size_t length, Pieces pieces, Outcome *outcome)
{
    Chunked chunked = {0};
    size_t piece = MIN_OF(pieces.first, length);
    *outcome = (Outcome){0};
    take_piece(&chunked, bytes, piece, outcome);
    for (size_t at = piece; outcome->verdict != BROKEN && at < length; at += piece) {
        piece = MIN_OF(pieces.step, length - at);
        take_piece(&chunked, bytes + at, piece, outcome);
    }
}

static void expect(size_t i, Pieces pieces)
{
    Outcome outcome;
    take(rows[i].bytes, rows[i].length, pieces, &outcome);
    unit_check(outcome.verdict == rows[i].verdict, rows[i].sentence);
    if (outcome.verdict == BROKEN)
        return;
    unit_check(outcome.taken == rows[i].length - rows[i].behind, rows[i].sentence);
    unit_check(outcome.length == strlen(rows[i].content) &&
                   memcmp(outcome.content, rows[i].content, outcome.length) == 0,
               rows[i].sentence);
}

static void bodies_are_taken_apart_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        expect(i, (Pieces){rows[i].length, 1});
}

static void it_does_not_matter_how_a_body_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        expect(i, (Pieces){0, 1});
        for (size_t cut = 0; cut < rows[i].length; cut++)
            expect(i, (Pieces){cut, rows[i].length});
    }
}

/* Puts the byte in the place of the @. */
static Verdict judge(const char *pattern, int byte)
{
    _cleanup_free_ char *bytes = base_strdup(pattern);
    size_t length = strlen(bytes);
    Outcome outcome;
    *strchr(bytes, '@') = (char)byte;
    take(bytes, length, (Pieces){length, 1}, &outcome);
    return outcome.verdict;
}

static bool is_accepted(const char *pattern, int byte)
{
    return judge(pattern, byte) == ENDED;
}

/* Where a size may become 0, what follows are trailers. */
static void every_byte_has_its_places(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool text = byte > ' ' && byte != 0x7F, blank = byte == ' ' || byte == '\t';
        bool ten = byte == 'a' || byte == 'A';
        bool digit = byte != '\0' && strchr("0123456789abcdefABCDEF", byte);
        bool ends = byte == ';' || byte == '\r';
        bool good = (judge("@", byte) == GOES_ON) == digit &&
                    (judge("1@", byte) == GOES_ON) == (digit || ends) &&
                    is_accepted("@\r\na\r\n" END, byte) == (byte == '1') &&
                    is_accepted("@\r\n0123456789\r\n" END, byte) == ten &&
                    is_accepted("1@\r\na\r\n" END, byte) == (byte == ';') &&
                    is_accepted("1;@\r\na\r\n" END, byte) == (text || blank) &&
                    is_accepted("1\r\n@\r\n" END, byte) &&
                    is_accepted("0@\r\n\r\n", byte) == (byte == '0' || byte == ';') &&
                    is_accepted("0\r\n@A: a\r\n\r\n", byte) == (text && byte != ':') &&
                    is_accepted("0\r\nA@A: a\r\n\r\n", byte) == text &&
                    is_accepted("0\r\nA:@\r\n\r\n", byte) == (text || blank);
        if (!good)
            fail_msg("the byte 0x%02X", (unsigned)byte);
    }
}

/* A body that has little more than extensions and trailers; bytes of each. */
typedef struct Extra {
    size_t chunks, extension;
    size_t trailers, trailer; /* at least two: a name and its colon */
} Extra;

static void append(Buffer *body, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        assert_true(buffer_append_text(body, text));
}

static void build(const Extra *extra, Buffer *body)
{
    for (size_t i = 0; i < extra->chunks; i++) {
        append(body, "1", 1);
        append(body, ";", extra->extension);
        append(body, "\r\na\r\n", 1);
    }
    append(body, "0\r\n", 1);
    for (size_t i = 0; i < extra->trailers; i++) {
        append(body, "t", extra->trailer - 1);
        append(body, ":\r\n", 1);
    }
    append(body, "\r\n", 1);
}

/* Counted without the ends of their lines; sizes and content do not count. */
static void extensions_and_trailers_have_a_limit_together(void **state)
{
    static const struct {
        Extra extra;
        Verdict verdict;
        const char *sentence;
    } cases[] = {
        {{1, CHUNKED_EXTRA_MAX, 0, 0}, ENDED, "one extension"},
        {{1, CHUNKED_EXTRA_MAX + 1, 0, 0}, BROKEN, "one that is too long"},
        {{CHUNKED_EXTRA_MAX, 1, 0, 0}, ENDED, "many extensions"},
        {{CHUNKED_EXTRA_MAX + 1, 1, 0, 0}, BROKEN, "too many"},
        {{CHUNKED_EXTRA_MAX + 1, 0, 0, 0}, ENDED, "as many chunks without one"},
        {{0, 0, 1, CHUNKED_EXTRA_MAX}, ENDED, "one trailer"},
        {{0, 0, 1, CHUNKED_EXTRA_MAX + 1}, BROKEN, "a trailer that is too long"},
        {{0, 0, CHUNKED_EXTRA_MAX / 2, 2}, ENDED, "many trailers"},
        {{0, 0, CHUNKED_EXTRA_MAX / 2 + 1, 2}, BROKEN, "too many trailers"},
        {{1, CHUNKED_EXTRA_MAX - 2, 1, 2}, ENDED, "both"},
        {{1, CHUNKED_EXTRA_MAX - 1, 1, 2}, BROKEN, "too much of both"},
    };
    static const size_t pieces[] = {1, 7, 4096, 1 << 20};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_buffer_ Buffer body = BUFFER(1 << 20);
        build(&cases[i].extra, &body);
        for (size_t k = 0; k < ARRAY_SIZE(pieces); k++) {
            Outcome outcome;
            take(body.data, body.length, (Pieces){pieces[k], pieces[k]}, &outcome);
            unit_check(outcome.verdict == cases[i].verdict, cases[i].sentence);
            if (outcome.verdict == ENDED)
                unit_check(outcome.length == cases[i].extra.chunks, cases[i].sentence);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_taken_apart_strictly),
        cmocka_unit_test(it_does_not_matter_how_a_body_comes),
        cmocka_unit_test(every_byte_has_its_places),
        cmocka_unit_test(extensions_and_trailers_have_a_limit_together),
    };
    return cmocka_run_group_tests_name("chunked", tests, NULL, NULL);
}
