#include "web/http/message/multipart.h"

#include "common/base/buffer.h"
#include "web/http/message/field.h"

typedef enum MultipartState {
    STATE_PREAMBLE,  /* before the first delimiter */
    STATE_DELIMITER, /* behind a delimiter: CRLF or the closing "--" */
    STATE_HEADER,
    STATE_CONTENT,
    STATE_EPILOGUE, /* behind the closing delimiter: ignored */
} MultipartState;

struct Multipart {
    const FormHandler *handler;
    void *form;
    MultipartState state;
    char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CR LF - - boundary */
    size_t delimiter_length;
    size_t preamble; /* bytes passed over before the first delimiter */
    size_t parts;
    bool content_begun; /* the CRLF between a part's header and its content is behind us */
};

/* What one step did. */
typedef enum StepResult { STEP_GO_ON, STEP_NEED_MORE, STEP_FAILED } StepResult;

/* Mail's gateways are what RFC 2046 spares with its short list of characters; clients take others
 * too, and they are as good in HTTP. */
bool multipart_boundary(const char *content_type, char *boundary)
{
    char value[MULTIPART_BOUNDARY_MAX + 1];
    if (!content_type || !field_is(content_type, "multipart/form-data") ||
        !field_parameter(content_type, "boundary", value, sizeof value))
        return false;
    size_t length = strlen(value);
    if (length == 0 || value[length - 1] == ' ')
        return false;
    for (const char *c = value; *c; c++)
        if (*c < 0x20 || *c >= 0x7F)
            return false;
    return base_copy(boundary, MULTIPART_BOUNDARY_MAX + 1, value);
}

Multipart *multipart_new(const char *boundary, const FormHandler *handler, void *form)
{
    Multipart *multipart = NEW(Multipart);
    multipart->handler = handler;
    multipart->form = form;
    multipart->delimiter_length =
        (size_t)snprintf(multipart->delimiter, sizeof multipart->delimiter, "\r\n--%s", boundary);
    REQUIRE(multipart->delimiter_length < sizeof multipart->delimiter);
    return multipart;
}

void multipart_free(Multipart *multipart)
{
    free(multipart);
}

static StepResult multipart_malformed(Error *error, const char *what)
{
    error_set(error, ERROR_BAD_REQUEST, "The form is malformed: %s.", what);
    return STEP_FAILED;
}

/* The first delimiter may stand at the very start, without its CRLF; what else is before it does
 * not count (RFC 2046 §5.1.1). */
static StepResult multipart_step_preamble(Multipart *multipart, const char *data, size_t length,
                                          size_t *used, Error *error)
{
    const char *delimiter = multipart->delimiter;
    size_t delimiter_length = multipart->delimiter_length, mark_length = delimiter_length - 2;
    if (length < mark_length)
        return STEP_NEED_MORE;
    bool at_start = multipart->preamble == 0 && memcmp(data, delimiter + 2, mark_length) == 0;
    const char *end = at_start ? data : memmem(data, length, delimiter, delimiter_length);
    size_t passed = end                         ? (size_t)(end - data)
                    : length > delimiter_length ? length - delimiter_length
                                                : 0;
    multipart->preamble += passed;
    if (multipart->preamble > MULTIPART_PREAMBLE_MAX)
        return multipart_malformed(error, "its first boundary does not come soon enough");
    *used = passed;
    if (!end)
        return STEP_NEED_MORE;
    *used += at_start ? mark_length : delimiter_length;
    multipart->state = STATE_DELIMITER;
    return STEP_GO_ON;
}

static StepResult multipart_step_delimiter(Multipart *multipart, const char *data, size_t length,
                                           size_t *used, Error *error)
{
    size_t padding = 0;
    while (padding < length && padding < 16 && (data[padding] == ' ' || data[padding] == '\t'))
        padding++;
    if (length < padding + 2)
        return STEP_NEED_MORE;
    if (padding == 0 && memcmp(data, "--", 2) == 0) {
        multipart->state = STATE_EPILOGUE;
        return STEP_GO_ON;
    }
    if (memcmp(data + padding, "\r\n", 2) != 0)
        return multipart_malformed(error, "there is something behind a boundary");
    if (++multipart->parts > MULTIPART_PARTS_MAX)
        return multipart_malformed(error, "it has too many parts");
    *used = padding; /* the CRLF stays: an empty header then ends like any other */
    multipart->state = STATE_HEADER;
    return STEP_GO_ON;
}

/* Finds "Name: value" in a header block that begins with CRLF; the value goes to `out`, empty when
 * there is none. */
static bool multipart_header_value(const char *block, size_t length, const char *name, char *out,
                                   size_t size)
{
    const char *line = block, *end = block + length;
    size_t name_length = strlen(name);
    out[0] = '\0';
    while (line < end) {
        line += 2;
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        if (!stop)
            stop = end;
        if ((size_t)(stop - line) > name_length && line[name_length] == ':' &&
            strncasecmp(line, name, name_length) == 0) {
            const char *value = line + name_length + 1;
            while (value < stop && (*value == ' ' || *value == '\t'))
                value++;
            if ((size_t)(stop - value) >= size || memchr(value, '\0', (size_t)(stop - value)))
                return false;
            memcpy(out, value, (size_t)(stop - value));
            out[stop - value] = '\0';
            return true;
        }
        line = stop;
    }
    return true;
}

static StepResult multipart_step_header(Multipart *multipart, const char *data, size_t length,
                                        size_t *used, Error *error)
{
    enum { SIZE = MULTIPART_HEADER_MAX + 1 };
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    /* Without its end, three bytes of which may be there already, it is at least so long. */
    size_t block = end ? (size_t)(end - data) : length - MIN_OF(length, 3u);
    if (block > MULTIPART_HEADER_MAX)
        return multipart_malformed(error, "the header of a part is too long");
    if (!end)
        return STEP_NEED_MORE;
    _cleanup_free_ char *texts = base_calloc(4, SIZE);
    char *disposition = texts, *type = texts + SIZE, *name = texts + 2 * SIZE,
         *file = texts + 3 * SIZE;
    if (!multipart_header_value(data, block, "Content-Disposition", disposition, SIZE) ||
        !multipart_header_value(data, block, "Content-Type", type, SIZE) ||
        !field_is(disposition, "form-data") || !field_parameter(disposition, "name", name, SIZE))
        return multipart_malformed(error, "a part has no usable Content-Disposition");
    bool is_file = field_file_name(disposition, file, SIZE);
    FormPart part = {.name = name, .file_name = is_file ? file : NULL, .content_type = type};
    if (!multipart->handler->part(multipart->form, &part, error))
        return STEP_FAILED;
    *used = block + 2; /* the last CRLF stays: the delimiter of an empty part begins with it */
    multipart->state = STATE_CONTENT;
    multipart->content_begun = false;
    return STEP_GO_ON;
}

/* Content begins with the CRLF left over from its header, which is not part of it. */
static StepResult multipart_step_content(Multipart *multipart, const char *data, size_t length,
                                         size_t *used, Error *error)
{
    size_t skip = multipart->content_begun ? 0 : 2;
    const char *end = memmem(data, length, multipart->delimiter, multipart->delimiter_length);
    size_t content = end                                    ? (size_t)(end - data)
                     : length > multipart->delimiter_length ? length - multipart->delimiter_length
                                                            : 0;
    if (!end && content <= skip)
        return STEP_NEED_MORE;
    if (content > skip &&
        !multipart->handler->data(multipart->form, data + skip, content - skip, error))
        return STEP_FAILED;
    multipart->content_begun = true;
    *used = content;
    if (!end)
        return STEP_GO_ON;
    *used += multipart->delimiter_length;
    multipart->state = STATE_DELIMITER;
    return multipart->handler->part_end(multipart->form, error) ? STEP_GO_ON : STEP_FAILED;
}

bool multipart_feed(Multipart *multipart, const char *data, size_t length, size_t *consumed,
                    Error *error)
{
    StepResult result = STEP_GO_ON;
    size_t done = 0;
    while (result == STEP_GO_ON) {
        const char *rest = data + done;
        size_t left = length - done, used = 0;
        switch (multipart->state) {
        case STATE_PREAMBLE:
            result = multipart_step_preamble(multipart, rest, left, &used, error);
            break;
        case STATE_DELIMITER:
            result = multipart_step_delimiter(multipart, rest, left, &used, error);
            break;
        case STATE_HEADER:
            result = multipart_step_header(multipart, rest, left, &used, error);
            break;
        case STATE_CONTENT:
            result = multipart_step_content(multipart, rest, left, &used, error);
            break;
        case STATE_EPILOGUE:
            used = left;
            result = STEP_NEED_MORE;
            break;
        }
        done += used;
    }
    if (result == STEP_FAILED)
        return false;
    *consumed = done;
    return true;
}

bool multipart_end(const Multipart *multipart, Error *error)
{
    if (multipart->state == STATE_EPILOGUE)
        return true;
    return error_set(error, ERROR_BAD_REQUEST,
                     multipart->state == STATE_PREAMBLE
                         ? "The form is malformed: the boundary of its Content-Type is not in it."
                         : "The form ends before its closing boundary.");
}

/* --- as the sink of a body --- */

#define REST_MAX             (2 * (MULTIPART_HEADER_MAX + 100))
#define MULTIPART_BODY_MAGIC 0x4d554c54u /* "MULT" */

typedef struct MultipartBody {
    unsigned magic;
    const FormHandler *handler;
    void *form;
    Multipart *parser;
    Buffer rest; /* what could not be decided without what follows */
} MultipartBody;

static void *multipart_sink_open(Request *request, Error *error)
{
    const FormHandler *handler = request_route(request)->form;
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    if (!multipart_boundary(request_header(request, "Content-Type"), boundary)) {
        error_set(error, ERROR_MEDIA_TYPE,
                  "This address takes multipart/form-data with a boundary of 1 to %d characters of "
                  "ASCII, the last of which is no blank.",
                  MULTIPART_BOUNDARY_MAX);
        return NULL;
    }
    void *form = handler->open(request, error);
    if (!form)
        return NULL;
    MultipartBody *body = NEW(MultipartBody);
    *body = (MultipartBody){.magic = MULTIPART_BODY_MAGIC,
                            .handler = handler,
                            .form = form,
                            .parser = multipart_new(boundary, handler, form),
                            .rest = BUFFER(REST_MAX)};
    return body;
}

static bool multipart_sink_data(void *object, const void *bytes, size_t length, Error *error)
{
    MultipartBody *body = CAST_OBJECT(MultipartBody, object, MULTIPART_BODY_MAGIC);
    const char *data = bytes;
    size_t consumed = 0;
    /* What was left over comes first, with as much behind it as it takes to decide it. */
    while (body->rest.length > 0 && length > 0) {
        size_t held = body->rest.length, added = MIN_OF(length, REST_MAX - held);
        REQUIRE(added > 0 && buffer_append(&body->rest, data, added));
        if (!multipart_feed(body->parser, body->rest.data, body->rest.length, &consumed, error))
            return false;
        size_t taken = consumed >= held ? consumed - held : added;
        buffer_consume(&body->rest, consumed >= held ? body->rest.length : consumed);
        data += taken;
        length -= taken;
    }
    if (length == 0)
        return true;
    if (!multipart_feed(body->parser, data, length, &consumed, error))
        return false;
    REQUIRE(buffer_append(&body->rest, data + consumed, length - consumed));
    return true;
}

static Response *multipart_sink_finish(void *object, Request *request, Error *error)
{
    MultipartBody *body = CAST_OBJECT(MultipartBody, object, MULTIPART_BODY_MAGIC);
    return multipart_end(body->parser, error) ? body->handler->finish(body->form, request, error)
                                              : NULL;
}

static void multipart_sink_close(void *object)
{
    MultipartBody *body = CAST_OBJECT(MultipartBody, object, MULTIPART_BODY_MAGIC);
    body->handler->close(body->form);
    multipart_free(body->parser);
    buffer_release(&body->rest);
    body->magic = 0;
    free(body);
}

const BodySink multipart_sink = {multipart_sink_open, multipart_sink_data, multipart_sink_finish,
                                 multipart_sink_close};
