/*
 * A form read piece by piece: however its bytes are cut, the same parts with the same content come
 * of it, the same error, and never more is kept than the header promises; as the sink of a route,
 * too. The first line is the Content-Type, the second says by its bytes how long the pieces are;
 * the rest is the body.
 */
#include "common/base/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/multipart.h"

#define TOLD_MAX (1 << 20)
#define KEPT_MAX (MULTIPART_HEADER_MAX + 100)

static bool tell_part(void *form, const FormPart *part, Error *error)
{
    (void)error;
    REQUIRE(strlen(part->name) <= MULTIPART_HEADER_MAX);
    REQUIRE(buffer_append_format(form, "<part %s|%s|%s>", part->name,
                                 part->file_name ? part->file_name : "", part->content_type));
    return true;
}

static bool tell_data(void *form, const void *bytes, size_t length, Error *error)
{
    (void)error;
    REQUIRE(length > 0 && buffer_append(form, bytes, length));
    return true;
}

static bool tell_end(void *form, Error *error)
{
    (void)error;
    return buffer_append_text(form, "</part>");
}

/* --- the form as a route's sink reads it: there is no server behind, and this is the request ---
 */

static const char *request_type;
static Buffer *request_told;

static void *tell_open(Request *request, Error *error)
{
    (void)request, (void)error;
    return request_told;
}

static Response *tell_finish(void *form, Request *request, Error *error)
{
    (void)request, (void)error;
    REQUIRE(buffer_append_text(form, "good"));
    return NULL;
}

static void tell_close(void *form)
{
    REQUIRE(form == request_told);
}

static const FormHandler teller = {tell_open, tell_part,   tell_data,
                                   tell_end,  tell_finish, tell_close};

const Route *request_route(const Request *request)
{
    static const Route route = {.form = &teller};
    (void)request;
    return &route;
}

const char *request_header(const Request *request, const char *name)
{
    (void)request;
    REQUIRE(streq(name, "Content-Type"));
    return request_type;
}

/* Gives the body to the sink in pieces of these lengths. */
static void read_sink(const char *type, const char *lengths, const Buffer *body, Buffer *told)
{
    Error error = {0};
    bool good = true;
    request_type = type;
    request_told = told;
    void *form = multipart_sink.open(NULL, &error);
    REQUIRE(form);
    for (size_t i = 0, given = 0; good && given < body->length; i++) {
        size_t step = *lengths ? (unsigned char)lengths[i % strlen(lengths)] : body->length;
        step = MIN_OF(step, body->length - given);
        good = multipart_sink.data(form, body->data + given, step, &error);
        given += step;
    }
    if (good)
        multipart_sink.finish(form, NULL, &error);
    multipart_sink.close(form);
    if (error.code != ERROR_NONE)
        REQUIRE(error.code == ERROR_BAD_REQUEST && buffer_append_text(told, error.detail));
}

/* Gives the body in pieces of these lengths, again and again; "" for one piece. What is not taken
 * stands in memory of its own, so that a step beyond is seen. */
static void read_form(const char *boundary, const char *lengths, const Buffer *body, Buffer *told)
{
    Error error = {0};
    size_t given = 0, taken = 0;
    bool good = true;
    Multipart *multipart = multipart_new(boundary, &teller, told);
    for (size_t i = 0; good && given < body->length; i++) {
        size_t step = *lengths ? (unsigned char)lengths[i % strlen(lengths)] : body->length, used;
        given += MIN_OF(step, body->length - given);
        char *piece = base_calloc(1, given - taken);
        memcpy(piece, body->data + taken, given - taken);
        good = multipart_feed(multipart, piece, given - taken, &used, &error);
        free(piece);
        if (!good)
            break;
        taken += used;
        REQUIRE(taken <= given && given - taken < KEPT_MAX);
    }
    good = good && multipart_end(multipart, &error);
    multipart_free(multipart);
    REQUIRE(good || error.code == ERROR_BAD_REQUEST);
    REQUIRE(buffer_append_text(told, good ? "good" : error.detail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    _cleanup_buffer_ Buffer body = BUFFER(TOLD_MAX), whole = BUFFER(TOLD_MAX);
    _cleanup_buffer_ Buffer pieces = BUFFER(TOLD_MAX), bytes = BUFFER(TOLD_MAX);
    _cleanup_buffer_ Buffer sunk = BUFFER(TOLD_MAX);
    _cleanup_free_ char *type = fuzz_line(&input), *lengths = fuzz_line(&input);
    if (!multipart_boundary(type, boundary) || !buffer_append(&body, input.at, input.left))
        return 0;
    REQUIRE(strlen(boundary) > 0 && strlen(boundary) <= MULTIPART_BOUNDARY_MAX);
    read_form(boundary, "", &body, &whole);
    read_form(boundary, lengths, &body, &pieces);
    read_form(boundary, "\x01", &body, &bytes);
    REQUIRE(whole.length == pieces.length && memcmp(whole.data, pieces.data, whole.length) == 0);
    REQUIRE(whole.length == bytes.length && memcmp(whole.data, bytes.data, whole.length) == 0);
    read_sink(type, lengths, &body, &sunk);
    REQUIRE(whole.length == sunk.length && memcmp(whole.data, sunk.data, whole.length) == 0);
    return 0;
}
