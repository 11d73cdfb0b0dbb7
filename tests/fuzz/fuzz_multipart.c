/*
 * A form read piece by piece: however its bytes are cut, the same parts with the same content come
 * of it, and the same error. The first line is the Content-Type, the second says by its bytes how
 * long the pieces are; the rest is the body.
 */
#include "common/base/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "web/http/message/multipart.h"

#define TOLD_MAX (1 << 20)

/* All that the sink of a form asks of a request. */
struct Request {
    const Route *route;
    const char *content_type;
    Buffer *told; /* what came of the form, as text */
};

const Route *request_route(const Request *request)
{
    return request->route;
}

const char *request_header(const Request *request, const char *name)
{
    REQUIRE(streq(name, "Content-Type"));
    return request->content_type;
}

static void *tell_open(Request *request, Error *error)
{
    (void)error;
    return request->told;
}

static bool tell_part(void *form, const FormPart *part, Error *error)
{
    (void)error;
    REQUIRE(strlen(part->name) <= MULTIPART_HEADER_MAX);
    return buffer_append_format(form, "<part %s|%s|%s>", part->name,
                                part->file_name ? part->file_name : "", part->content_type);
}

static bool tell_data(void *form, const void *bytes, size_t length, Error *error)
{
    (void)error;
    REQUIRE(length > 0);
    return buffer_append(form, bytes, length);
}

static bool tell_end(void *form, Error *error)
{
    (void)error;
    return buffer_append_text(form, "</part>");
}

/* An answer that nobody looks into. */
static Response *tell_finish(void *form, Request *request, Error *error)
{
    (void)error;
    REQUIRE(form == request->told && buffer_append_text(form, "good"));
    return form;
}

static void tell_close(void *form)
{
    REQUIRE(buffer_append_text(form, ", closed"));
}

static const FormHandler teller = {tell_open, tell_part,   tell_data,
                                   tell_end,  tell_finish, tell_close};
static const Route route = {.form = &teller};

/* Gives the body in pieces of these lengths, again and again; "" for one piece. Each stands in
 * memory of its own, so that a step beyond is seen. False where it is no form at all. */
static bool read_form(const char *type, const char *lengths, const Buffer *body, Buffer *told)
{
    Request request = {&route, type, told};
    Error error = {0};
    void *form = multipart_sink.open(&request, &error);
    bool good = true;
    if (!form) {
        REQUIRE(error.code == ERROR_MEDIA_TYPE && told->length == 0);
        return false;
    }
    for (size_t i = 0, given = 0; good && given < body->length; i++) {
        size_t left = body->length - given;
        size_t step = *lengths ? (unsigned char)lengths[i % strlen(lengths)] : left;
        FuzzInput piece = {body->data + given, MIN_OF(step, left)};
        _cleanup_free_ char *bytes = fuzz_bytes(&piece, &step);
        good = multipart_sink.data(form, bytes, step, &error);
        given += step;
    }
    if (!good || !multipart_sink.finish(form, &request, &error))
        REQUIRE(error.code == ERROR_BAD_REQUEST && buffer_append_text(told, error.detail));
    multipart_sink.close(form);
    return true;
}

static bool same(const Buffer *a, const Buffer *b)
{
    return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_buffer_ Buffer body = BUFFER(TOLD_MAX), whole = BUFFER(TOLD_MAX);
    _cleanup_buffer_ Buffer pieces = BUFFER(TOLD_MAX), bytes = BUFFER(TOLD_MAX);
    _cleanup_free_ char *type = fuzz_line(&input), *lengths = fuzz_line(&input);
    if (!buffer_append(&body, input.at, input.left) || !read_form(type, "", &body, &whole))
        return 0;
    REQUIRE(read_form(type, lengths, &body, &pieces) && same(&whole, &pieces));
    REQUIRE(read_form(type, "\x01", &body, &bytes) && same(&whole, &bytes));
    return 0;
}
