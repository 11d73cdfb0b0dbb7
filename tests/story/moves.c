#include "tests/story/moves.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "tests/story/inspect.h"
#include "tests/story/made_media.h"

/* --- uploads --- */

Answer upload_ask(Story *story, const char *path, const char *file_name)
{
    return ask(story, &(Ask){.path = "/api/uploads",
                             .form = {{.name = "collection", .value = "log_entries"},
                                      {.name = "entry", .value = "42"},
                                      {.name = "file", .file = path, .file_name = file_name}}});
}

Answer upload_state(Story *story, const Upload *upload)
{
    char path[100];
    snprintf(path, sizeof path, "/api/uploads/%s", upload->id);
    return ask(story, &(Ask){.path = path, .may_fail = true});
}

static bool was_looked_at(Story *story, void *context)
{
    _cleanup_answer_ Answer answer = upload_state(story, context);
    return answer.status == 200 && !streq(answer_text(story, &answer, "status"), "validating");
}

Upload upload_file(Story *story, const char *path, const char *file_name)
{
    Upload upload = {0};
    _cleanup_answer_ Answer answer = upload_ask(story, path, file_name);
    expect_answer(story, &answer, 201, NULL, file_name);
    story_expect(story,
                 base_copy(upload.id, sizeof upload.id, answer_text(story, &answer, "id")) &&
                     id_uuid_valid(upload.id),
                 "the answer to an upload names its id: %s", answer.body);
    story_until(story, was_looked_at, &upload, "web to look at the upload");
    return upload;
}

typedef struct Awaited {
    const Upload *upload;
    const char *status;
} Awaited;

static bool upload_has_status(Story *story, void *context)
{
    const Awaited *awaited = context;
    _cleanup_answer_ Answer answer = upload_state(story, awaited->upload);
    if (answer.status == 0 || answer.status == 503)
        return false; /* web may be away at the moment */
    expect_answer(story, &answer, 200, NULL, "asking for an upload's state");
    const char *status = answer_text(story, &answer, "status");
    if (streq(status, "failed") && !streq(awaited->status, "failed"))
        story_fail(story, "the upload failed: %s", answer.body);
    return streq(status, awaited->status);
}

void upload_await(Story *story, const Upload *upload, const char *status)
{
    char what[100];
    Awaited awaited = {.upload = upload, .status = status};
    snprintf(what, sizeof what, "the upload to be %s", status);
    story_until(story, upload_has_status, &awaited, what);
}

void upload_url(Story *story, const Upload *upload, const char *field, char url[MEDIA_URL_SIZE])
{
    _cleanup_answer_ Answer answer = upload_state(story, upload);
    const char *text = answer_text(story, &answer, field);
    const char *path = strstr(text, "/media/");
    story_expect(story, path && base_copy(url, MEDIA_URL_SIZE, path), "%s should be an address: %s",
                 field, answer.body);
}

void fetch_to_file(Story *story, const char *url, const char *name, char *path, size_t size)
{
    _cleanup_answer_ Answer answer = ask(story, &(Ask){.path = url});
    expect_answer(story, &answer, 200, NULL, url);
    story_path(story, name, path, size);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    REQUIRE(fd >= 0 && write(fd, answer.body, answer.length) == (ssize_t)answer.length);
}

/* --- playing transcoder --- */

bool play_claim(Story *story, int wait_seconds, TransferJob *job)
{
    Error error = {0};
    _cleanup_answer_ Answer answer = ask(
        story,
        &(Ask){.path = TRANSFER_PATH_CLAIM,
               .as_transcoder = true,
               .json = json_pack("{s:s, s:i}", "worker", "a story", "wait_seconds", wait_seconds)});
    if (answer.status == 204)
        return false;
    expect_answer(story, &answer, 200, NULL, "a claim");
    story_expect(story, transfer_job_decode(answer_json(story, &answer), job, &error),
                 "the claim's answer cannot be read: %s %s", error.detail, answer.body);
    return true;
}

/* POSTs to a job's address; takes the body over. */
static Answer play(Story *story, const char *format, const TransferJob *job, json_t *body)
{
    char path[200];
    const char *id = strstr(format, "%s");
    snprintf(path, sizeof path, "%.*s%s%s", (int)(id - format), format, job->job_id, id + 2);
    json_object_set_new(body, "lease_token", json_string(job->lease_token));
    return ask(story, &(Ask){.path = path, .as_transcoder = true, .json = body});
}

Answer play_progress(Story *story, const TransferJob *job, const char *stage, double percent)
{
    return play(story, TRANSFER_PATH_PROGRESS, job,
                json_pack("{s:s, s:f}", "stage", stage, "percent", percent));
}

Answer play_release(Story *story, const TransferJob *job)
{
    return play(story, TRANSFER_PATH_RELEASE, job,
                json_pack("{s:s}", "reason", "The story gives it back."));
}

Answer play_fail(Story *story, const TransferJob *job, const char *error, bool retryable)
{
    return play(story, TRANSFER_PATH_FAIL, job,
                json_pack("{s:s, s:b}", "error", error, "retryable", (int)retryable));
}

static Digest digest_of(const char *path, int64_t *size)
{
    Digest digest;
    struct stat status;
    Error error = {0};
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && fstat(fd, &status) == 0);
    REQUIRE(digest_file(fd, DIGEST_BLAKE2B, &digest, &error));
    *size = status.st_size;
    return digest;
}

static void tell_shape(TransferResult *result, const char *video)
{
    bool turned = streq(video, made_media(MADE_ROTATED));
    result->width = turned ? 240 : 320;
    result->height = turned ? 320 : 240;
    base_copy(result->thumbhash, sizeof result->thumbhash, PLAYED_THUMBHASH);
    base_copy(result->captured_at, sizeof result->captured_at, PLAYED_CAPTURED_AT);
    base_copy(result->title, sizeof result->title, PLAYED_TITLE);
}

char *play_metadata(Story *story, const PlayedFiles *files)
{
    const char *video = files->of[TRANSFER_VIDEO];
    const char *played = video ? video : files->of[TRANSFER_AUDIO];
    double duration = probe_duration(played);
    TransferResult result = {.duration = duration,
                             .source_duration = duration,
                             .has_audio = true,
                             .operation = "encode"};
    story_expect(story, duration > 0, "%s is no media file for ffprobe", played);
    if (video)
        tell_shape(&result, video);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        TransferMade *made = &result.files[i];
        made->present = files->of[i];
        if (made->present)
            made->digest = digest_of(files->of[i], &made->size);
    }
    _cleanup_json_ json_t *value = transfer_result_encode(&result);
    return json_print(value);
}

static void add_field(Ask *request, const Delivery *delivery, const Field *field)
{
    size_t count = 0;
    if (delivery->leave_out && streq(delivery->leave_out, field->name))
        return;
    while (request->form[count].name)
        count++;
    REQUIRE(count + 1 < ASK_FIELDS_MAX);
    request->form[count] = *field;
}

static const char *or_else(const char *given, const char *right)
{
    return given ? given : right;
}

static void add_files(Ask *request, const Delivery *delivery)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const TransferFileKind *kind = &transfer_file_kinds[i];
        if (delivery->files.of[i])
            add_field(request, delivery,
                      &(Field){.name = kind->field,
                               .file = delivery->files.of[i],
                               .file_name = kind->name,
                               .type = or_else(delivery->type[i], kind->content_type)});
    }
}

Answer play_deliver(Story *story, const Delivery *delivery)
{
    const TransferJob *job = delivery->job;
    _cleanup_free_ char *metadata = delivery->metadata ? base_strdup(delivery->metadata)
                                                       : play_metadata(story, &delivery->files);
    Ask request = {.path = TRANSFER_PATH_UPLOAD,
                   .as_transcoder = !delivery->without_token,
                   .port = delivery->port};
    const Field fields[] = {
        {.name = TRANSFER_FIELD_MEDIA, .value = or_else(delivery->media_id, job->media_id)},
        {.name = TRANSFER_FIELD_JOB, .value = or_else(delivery->job_id, job->job_id)},
        {.name = TRANSFER_FIELD_LEASE, .value = or_else(delivery->lease_token, job->lease_token)},
        {.name = TRANSFER_FIELD_METADATA, .value = metadata},
    };
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        add_field(&request, delivery, &fields[i]);
    add_files(&request, delivery);
    return ask(story, &request);
}

bool job_state_is(Story *story, void *context)
{
    _cleanup_free_ char *state = inspect_text(story, "SELECT state FROM job");
    return state && streq(state, context);
}
