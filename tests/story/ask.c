#include "tests/story/ask.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/base/buffer.h"
#include "common/base/clock.h"

#define ANSWER_MAX     (64 << 20)
#define RAW_TIMEOUT_MS 15000

/* --- gates --- */

void gate_await(Gate *gate, int bodies)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->reached < bodies)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void gate_change(Gate *gate, bool cut)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    gate->cut = cut;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(Gate *gate)
{
    gate_change(gate, false);
}

void gate_cut(Gate *gate)
{
    gate_change(gate, true);
}

/* Whether the body goes on. */
static bool gate_pass(Gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->reached++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    bool on = !gate->cut;
    pthread_mutex_unlock(&gate->lock);
    return on;
}

/* --- forms --- */

/* One part being read by libcurl: the content, then the head of a "free" box, then zeros. */
typedef struct Part {
    const Field *field;
    char *content; /* owned */
    uint64_t content_length, position, total;
    unsigned char box[8];
} Part;

static void part_init(Part *part, const Field *field)
{
    size_t length = field->value ? strlen(field->value) : field->length;
    *part = (Part){.field = field};
    if (field->file)
        part->content = story_read_file(field->file, &length);
    else
        part->content = memcpy(base_calloc(1, length + 1),
                               field->value   ? (const void *)field->value
                               : field->bytes ? field->bytes
                                              : "",
                               length);
    REQUIRE(part->content && (field->padding == 0 || field->padding >= sizeof part->box));
    part->content_length = length;
    part->total = length + field->padding;
    for (int i = 0; i < 4; i++)
        part->box[i] = (unsigned char)(field->padding >> (24 - 8 * i));
    memcpy(part->box + 4, "free", 4);
}

static size_t part_read(char *out, size_t size, size_t count, void *context)
{
    Part *part = context;
    const Gate *gate = part->field->gate;
    uint64_t end = part->total, length = size * count;
    if (gate && part->position < part->field->gate_at)
        end = MIN_OF(part->field->gate_at, end);
    else if (gate && part->position == part->field->gate_at && !gate_pass(part->field->gate))
        return CURL_READFUNC_ABORT;
    length = MIN_OF(length, end - part->position);
    for (uint64_t i = 0; i < length; i++) {
        uint64_t at = part->position + i;
        if (at >= part->content_length + sizeof part->box) {
            memset(out + i, 0, length - i);
            break;
        }
        out[i] = at < part->content_length ? part->content[at]
                                           : (char)part->box[at - part->content_length];
    }
    part->position += length;
    return length;
}

static void part_free(void *context)
{
    Part *part = context;
    free(part->content);
    free(part);
}

static curl_mime *make_form(CURL *curl, const Field *fields)
{
    curl_mime *mime = curl_mime_init(curl);
    for (const Field *field = fields; field->name; field++) {
        Part *part = NEW(Part);
        curl_mimepart *target = curl_mime_addpart(mime);
        part_init(part, field);
        curl_mime_name(target, field->name);
        curl_mime_data_cb(target, (curl_off_t)part->total, part_read, NULL, part_free, part);
        if (field->file_name)
            curl_mime_filename(target, field->file_name);
        if (field->type)
            curl_mime_type(target, field->type);
    }
    return mime;
}

/* --- requests --- */

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    return buffer_append(context, bytes, size * count) ? size * count : 0;
}

static size_t collect_header(char *bytes, size_t size, size_t count, void *context)
{
    Buffer *headers = context;
    if (size * count > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        buffer_clear(headers); /* of a 100 before it */
    return collect(bytes, size, count, context);
}

static struct curl_slist *make_headers(Story *story, const Ask *request)
{
    char bearer[100];
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < ASK_HEADERS_MAX && request->headers[i]; i++)
        list = curl_slist_append(list, request->headers[i]);
    if (request->json)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (request->as_transcoder) {
        snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", story->token);
        list = curl_slist_append(list, bearer);
    }
    return list;
}

static void set_body(CURL *curl, const void *body, size_t length)
{
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body);
}

static void set_method(CURL *curl, const char *method)
{
    if (method && streq(method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

Answer ask(Story *story, const Ask *request)
{
    char url[8200];
    Answer answer = {0};
    _cleanup_buffer_ Buffer body = BUFFER(ANSWER_MAX), headers = BUFFER(65536);
    _cleanup_json_ json_t *json = request->json;
    _cleanup_free_ char *text = json ? json_print(json) : NULL;
    CURL *curl = curl_easy_init();
    struct curl_slist *list = make_headers(story, request);
    curl_mime *mime = request->form[0].name ? make_form(curl, request->form) : NULL;
    long status = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", request->port ? request->port : story->port,
             request->path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     (long)(request->timeout_ms ? request->timeout_ms : 60000));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, collect_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
    if (mime)
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
    else if (text || request->body)
        set_body(curl, text ? text : request->body, text ? strlen(text) : request->length);
    set_method(curl, request->method);
    int64_t started = clock_monotonic_ms();
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_off_t took = 0;
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &took);
    curl_easy_cleanup(curl);
    curl_mime_free(mime);
    curl_slist_free_all(list);
    if (code != CURLE_OK && !request->may_fail)
        story_fail(story, "%s could not be asked: %s (after %lld ms)", request->path,
                   curl_easy_strerror(code), (long long)(clock_monotonic_ms() - started));
    REQUIRE(buffer_append(&body, "", 0));
    answer.status = code == CURLE_OK || status >= 400 ? (int)status : 0;
    answer.took_us = (int64_t)took;
    answer.length = body.length;
    answer.body = body.data ? TAKE_PTR(body.data) : base_strdup("");
    answer.headers = headers.data ? TAKE_PTR(headers.data) : base_strdup("");
    return answer;
}

/* --- raw --- */

int ask_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    return TAKE_FD(fd);
}

/* Whether the text holds a whole answer: its header, and the body that Content-Length declares. */
static bool answer_complete(const Buffer *text)
{
    const char *end = text->length ? strstr(text->data, "\r\n\r\n") : NULL;
    const char *length = end ? strcasestr(text->data, "\r\nContent-Length:") : NULL;
    if (!length || length > end)
        return false;
    return text->length >= (size_t)(end + 4 - text->data) + strtoul(length + 17, NULL, 10);
}

Answer ask_raw(Story *story, const void *bytes, size_t length)
{
    Answer answer = {.headers = base_strdup(""), .body = base_strdup("")};
    _cleanup_close_ int fd = ask_connect(story->port);
    _cleanup_buffer_ Buffer text = BUFFER(ANSWER_MAX);
    int64_t deadline = clock_monotonic_ms() + RAW_TIMEOUT_MS;
    story_expect(story, fd >= 0, "web does not listen any more");
    for (size_t sent = 0; sent < length;) {
        ssize_t put = send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (put <= 0)
            break; /* refused on the way: the answer may still be there */
        sent += (size_t)put;
    }
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    while (!answer_complete(&text)) {
        char *room = buffer_reserve(&text, 65536);
        int64_t left = deadline - clock_monotonic_ms();
        story_expect(story, left > 0 && poll(&waiting, 1, (int)left) == 1,
                     "web neither answered nor closed within %d ms: %.60s", RAW_TIMEOUT_MS,
                     (const char *)bytes);
        ssize_t got = room ? recv(fd, room, 65535, 0) : -1;
        if (got <= 0)
            break;
        text.length += (size_t)got;
        text.data[text.length] = '\0';
    }
    char *end = text.length ? strstr(text.data, "\r\n\r\n") : NULL;
    if (!end)
        return answer;
    answer_release(&answer);
    answer.body = base_strdup(end + 4);
    answer.length = strlen(answer.body);
    end[2] = '\0';
    answer.headers = base_strdup(text.data);
    answer.status = (int)strtol(answer.headers + strcspn(answer.headers, " "), NULL, 10);
    return answer;
}

/* --- threads --- */

static void *run(void *context)
{
    AskThread *under_way = context;
    under_way->answer = ask(under_way->story, &under_way->request);
    return NULL;
}

void ask_start(AskThread *under_way, Story *story, const Ask *request)
{
    *under_way = (AskThread){.story = story, .request = *request};
    under_way->request.may_fail = true; /* a thread cannot fail the test */
    REQUIRE(pthread_create(&under_way->thread, NULL, run, under_way) == 0);
}

Answer ask_finish(AskThread *under_way)
{
    pthread_join(under_way->thread, NULL);
    return under_way->answer;
}

/* --- answers --- */

void answer_release(Answer *answer)
{
    free(answer->headers);
    free(answer->body);
    json_decref(answer->json);
    *answer = (Answer){0};
}

const char *answer_header(const Answer *answer, const char *name)
{
    static _Thread_local char value[4096];
    size_t length = strlen(name);
    for (const char *line = answer->headers; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r\n"), line);
            return value;
        }
    }
    return NULL;
}

const json_t *answer_json(Story *story, Answer *answer)
{
    if (!answer->json)
        answer->json = json_loadb(answer->body, answer->length, 0, NULL);
    story_expect(story, json_is_object(answer->json), "expected a JSON object, got %d: %.300s",
                 answer->status, answer->body);
    return answer->json;
}

const char *answer_text(Story *story, Answer *answer, const char *field)
{
    const char *text = json_string_value(json_object_get(answer_json(story, answer), field));
    return text ? text : "";
}

static void expect_problem(Story *story, Answer *answer, const char *code, const char *what)
{
    const char *type = answer_header(answer, "Content-Type");
    story_expect(story, type && strncmp(type, "application/problem+json", 24) == 0,
                 "%s: an error is application/problem+json, not %s", what, type ? type : "nothing");
    story_expect(story, !code || streq(answer_text(story, answer, "code"), code),
                 "%s: code should be %s: %s", what, code, answer->body);
    const char *detail = answer_text(story, answer, "detail");
    story_expect(story, strlen(detail) > 10 && strchr(".!?", detail[strlen(detail) - 1]),
                 "%s: detail should be a sentence: %s", what, answer->body);
    story_expect(story,
                 json_integer_value(json_object_get(answer_json(story, answer), "status")) ==
                     answer->status,
                 "%s: the document's status differs: %s", what, answer->body);
}

void expect_answer(Story *story, Answer *answer, int status, const char *code, const char *what)
{
    story_expect(story, answer->status == status, "%s: expected %d, got %d: %.600s", what, status,
                 answer->status, answer->body ? answer->body : "");
    story_expect(story, answer_header(answer, "X-Request-Id"), "%s: X-Request-Id is missing", what);
    if (status >= 400)
        expect_problem(story, answer, code, what);
}
