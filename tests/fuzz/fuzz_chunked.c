/*
 * Content in chunks: however its bytes are cut, the same content comes of it, ends in the same
 * place, and is as good or as broken. The first line says by its bytes how long the pieces are; the
 * rest is the body, and whatever is behind it.
 */
#include "common/base/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/chunked.h"

typedef enum Verdict { ENDED, GOES_ON, BROKEN } Verdict;

typedef struct Reading {
    Verdict verdict;
    Chunked chunked;
    size_t taken; /* bytes of the body */
    Buffer content;
} Reading;

static void reading_release(Reading *reading)
{
    buffer_release(&reading->content);
}

/* Takes one piece, in memory of its own, so that a step beyond is seen. */
static void take_piece(Reading *reading, const char *bytes, size_t length)
{
    _cleanup_free_ char *piece = malloc(length);
    size_t used = 4711, content = 4711;
    Error error = {0};
    REQUIRE(piece);
    memcpy(piece, bytes, length);
    if (!chunked_decode(&reading->chunked, piece, length, &used, &content, &error)) {
        REQUIRE(error.code == ERROR_BAD_REQUEST && used == 4711 && content == 4711);
        reading->verdict = BROKEN;
        return;
    }
    bool ended = reading->chunked.state == CHUNKED_END;
    REQUIRE(content <= used && used <= length && (ended || used == length));
    REQUIRE(buffer_append(&reading->content, piece, content));
    reading->taken += used;
    reading->verdict = ended ? ENDED : GOES_ON;
}

/* Takes pieces of these lengths, again and again; "" for one piece. */
static Reading read_body(const char *lengths, const Buffer *body)
{
    Reading reading = {.verdict = GOES_ON, .content = BUFFER(1 << 20)};
    for (size_t i = 0, given = 0; reading.verdict == GOES_ON && given < body->length; i++) {
        size_t left = body->length - given;
        size_t step = *lengths ? (unsigned char)lengths[i % strlen(lengths)] : left;
        step = MIN_OF(step, left);
        take_piece(&reading, body->data + given, step);
        given += step;
    }
    return reading;
}

static bool same_content(const Reading *a, const Reading *b)
{
    return a->content.length == b->content.length &&
           (a->content.length == 0 ||
            memcmp(a->content.data, b->content.data, a->content.length) == 0);
}

/* Of what is broken only that counts. */
static bool same(const Reading *a, const Reading *b)
{
    const Chunked *x = &a->chunked, *y = &b->chunked;
    return a->verdict == b->verdict &&
           (a->verdict == BROKEN ||
            (x->state == y->state && x->digits == y->digits && x->left == y->left &&
             x->extra == y->extra && a->taken == b->taken && same_content(a, b)));
}

/* Behind its end nothing is taken, and before it the body had not ended. */
static void look_at_end(Reading *reading, const Buffer *body)
{
    Buffer less = {.data = body->data, .length = reading->taken - 1};
    _cleanup_(reading_release) Reading shorter = read_body("", &less);
    REQUIRE(reading->taken >= strlen("0\r\n\r\n"));
    REQUIRE(memcmp(body->data + reading->taken - 2, "\r\n", 2) == 0);
    REQUIRE(shorter.verdict == GOES_ON && same_content(&shorter, reading));
    size_t taken = reading->taken;
    take_piece(reading, body->data, body->length);
    REQUIRE(reading->verdict == ENDED && reading->taken == taken);
    REQUIRE(same_content(&shorter, reading));
}

/* The same content as one chunk. */
static void look_at_content(const Reading *reading)
{
    _cleanup_buffer_ Buffer body = BUFFER(1 << 20);
    const Buffer *content = &reading->content;
    if (content->length > 0)
        REQUIRE(buffer_append_format(&body, "%zX\r\n", content->length) &&
                buffer_append(&body, content->data, content->length) &&
                buffer_append_text(&body, "\r\n"));
    REQUIRE(buffer_append_text(&body, "0\r\n\r\n"));
    _cleanup_(reading_release) Reading again = read_body("", &body);
    REQUIRE(again.verdict == ENDED && again.taken == body.length);
    REQUIRE(again.chunked.extra == 0 && same_content(&again, reading));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_buffer_ Buffer body = BUFFER(1 << 20);
    _cleanup_free_ char *lengths = fuzz_line(&input);
    if (input.left == 0 || !buffer_append(&body, input.at, input.left))
        return 0;
    _cleanup_(reading_release) Reading whole = read_body("", &body);
    _cleanup_(reading_release) Reading pieces = read_body(lengths, &body);
    _cleanup_(reading_release) Reading bytes = read_body("\x01", &body);
    REQUIRE(same(&whole, &pieces) && same(&whole, &bytes));
    if (whole.verdict == BROKEN)
        return 0;
    REQUIRE(whole.content.length <= whole.taken && whole.taken <= body.length);
    REQUIRE(whole.chunked.extra <= CHUNKED_EXTRA_MAX);
    if (whole.verdict == ENDED)
        look_at_end(&whole, &body);
    look_at_content(&whole);
    return 0;
}
