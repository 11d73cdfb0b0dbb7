/* POST /api/uploads takes a file and keeps it; GET /api/uploads/{id} tells how it fares. */
#include "common/base/clock.h"
#include "web/api/api.h"
#include "web/library/intake/upload.h"
#include "web/library/retention.h"

#define UPLOAD_FORM_MAGIC 0x5546524du /* "UFRM" */

typedef struct UploadForm {
    unsigned magic;
    Allowance *under_way;
    struct in6_addr client;
    uint64_t length; /* announced */
    Upload *upload;
    FormField field;
    bool hint_given; /* by the field media_type, which counts more than the part's own header */
    bool taken;      /* the file has begun */
    bool blank;      /* an input for files came in which none was chosen */
} UploadForm;

static void upload_form_close(void *form)
{
    UploadForm *self = CAST_OBJECT(UploadForm, form, UPLOAD_FORM_MAGIC);
    upload_free(self->upload);
    allowance_give_back(self->under_way, &self->client, self->length);
    form_field_release(&self->field);
    self->magic = 0;
    free(self);
}

static void *upload_form_open(Request *request, Error *error)
{
    const App *app = app_of(request);
    Allowance *under_way = app->access.under_way;
    struct in6_addr client = request_address(request);
    uint64_t length;
    if (!api_declared_length(request, &length, error) ||
        !allowance_take(under_way, &client, length, error))
        return NULL;
    Upload *upload = upload_begin(&app->library, length, error);
    if (!upload) {
        allowance_give_back(under_way, &client, length);
        return NULL;
    }
    UploadForm *self = NEW(UploadForm);
    *self = (UploadForm){.magic = UPLOAD_FORM_MAGIC,
                         .under_way = under_way,
                         .client = client,
                         .length = length,
                         .upload = upload};
    return self;
}

static bool upload_form_begin_file(UploadForm *self, const char *name, Error *error)
{
    if (!streq(self->field.name, "file"))
        return error_add_field(error, ERROR_INVALID, "file",
                               "The file must come in the field file, not in %s.",
                               self->field.name);
    if (!self->hint_given &&
        !upload_set(self->upload, UPLOAD_HINT, self->field.content_type, error))
        return false;
    self->taken = true;
    return upload_file_begin(self->upload, name, error);
}

static bool upload_form_part(void *form, const FormPart *part, Error *error)
{
    UploadForm *self = CAST_OBJECT(UploadForm, form, UPLOAD_FORM_MAGIC);
    form_field_begin(&self->field, part);
    if (!self->field.is_file && streq(self->field.name, "file"))
        return error_add_field(error, ERROR_INVALID, "file", "The field file must be a file.");
    return !self->field.is_file || self->field.is_nameless ||
           upload_form_begin_file(self, part->file_name, error);
}

static bool upload_form_data(void *form, const void *bytes, size_t length, Error *error)
{
    UploadForm *self = CAST_OBJECT(UploadForm, form, UPLOAD_FORM_MAGIC);
    if (!self->field.is_file)
        return form_field_append(&self->field, bytes, length, error);
    if (self->field.is_nameless && !upload_form_begin_file(self, "", error))
        return false;
    self->field.is_nameless = false;
    return upload_append(self->upload, bytes, length, error);
}

static bool upload_form_part_end(void *form, Error *error)
{
    static const struct {
        const char *name;
        UploadField field;
    } fields[] = {
        {"collection", UPLOAD_COLLECTION},
        {"entry", UPLOAD_ENTRY},
        {"caption", UPLOAD_CAPTION},
        {"media_type", UPLOAD_HINT},
    };
    UploadForm *self = CAST_OBJECT(UploadForm, form, UPLOAD_FORM_MAGIC);
    self->blank = self->blank || self->field.is_nameless;
    if (self->field.is_file)
        return self->field.is_nameless || upload_file_end(self->upload, error);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (streq(fields[i].name, self->field.name)) {
            const char *value = form_field_value(&self->field);
            self->hint_given = self->hint_given || (fields[i].field == UPLOAD_HINT && *value);
            return upload_set(self->upload, fields[i].field, value, error);
        }
    return true;
}

/* --- the state of an upload --- */

static json_t *text_or_null(const char *text)
{
    return *text ? json_text(text) : json_null();
}

static json_t *integer_or_null(int64_t value)
{
    return value > 0 ? json_integer(value) : json_null();
}

/* A photo has no job: it is complete as it was sent. The error of an earlier attempt is no news
 * while the next one runs or waits. */
static void describe_progress(json_t *value, const UploadView *view)
{
    static const char *const words[] = {
        [JOB_VALIDATING] = "validating", [JOB_QUEUED] = "pending", [JOB_LEASED] = "processing",
        [JOB_DONE] = "completed",        [JOB_FAILED] = "failed",  [JOB_CANCELLED] = "failed",
    };
    bool completed = !view->has_job || view->job_state == JOB_DONE;
    const char *error = "";
    if (view->has_job && view->job_state == JOB_FAILED)
        error = view->error;
    if (view->has_job && view->job_state == JOB_CANCELLED)
        error = "This item was deleted.";
    json_object_set_new(value, "status",
                        json_string(view->has_job ? words[view->job_state] : "completed"));
    json_object_set_new(value, "progress_percentage",
                        json_integer(completed ? 100 : (int)view->percent));
    json_object_set_new(value, "queue_position", integer_or_null(view->queue_position));
    json_object_set_new(value, "stage", text_or_null(view->stage));
    json_object_set_new(value, "error", text_or_null(error));
}

/* Why the original of a film stays that would else be gone. */
static TransferLosses kept_for(const UploadView *view)
{
    bool prepared = view->has_job && view->job_state == JOB_DONE;
    bool film = prepared && view->media.kind == MEDIA_VIDEO && view->files.of[FILE_ORIGINAL][0];
    return film ? retention_reasons(RETENTION_AUTO, view->media.losses) : 0;
}

static json_t *describe_upload(const App *app, const char *id, const UploadView *view)
{
    const MediaRow *media = &view->media;
    const char *original = view->files.of[FILE_ORIGINAL];
    json_t *value = json_object();
    json_object_set_new(value, "id", json_string(id));
    describe_progress(value, view);
    json_object_set_new(value, "media_id", json_string(media->id));
    api_set_made_urls(app, value, &view->files);
    if (!view->has_job)
        json_object_set_new(value, "media_url", api_media_url(app, original));
    json_object_set_new(value, "original_url", api_media_url(app, original));
    json_object_set_new(value, "kind", json_string(media_kind_words[media->kind]));
    json_object_set_new(value, "collection", json_string(media->collection));
    json_object_set_new(value, "entry", json_string(media->entry));
    json_object_set_new(value, "caption", json_text(media->caption));
    json_object_set_new(value, "name", json_text(media->name));
    json_object_set_new(value, "size", json_integer(media->size));
    json_object_set_new(value, "content_type", json_string(media->content_type));
    json_object_set_new(value, "width", integer_or_null(media->width));
    json_object_set_new(value, "height", integer_or_null(media->height));
    json_object_set_new(value, "duration",
                        media->duration > 0 ? json_real(media->duration) : json_null());
    json_object_set_new(value, "thumbhash", text_or_null(media->thumbhash));
    json_object_set_new(value, "captured_at", text_or_null(media->captured_at));
    json_object_set_new(value, "title", text_or_null(media->title));
    json_object_set_new(value, "losses", transfer_losses_encode(media->losses));
    json_object_set_new(value, "kept_for", transfer_losses_encode(kept_for(view)));
    json_object_set_new(value, "original_width", integer_or_null(media->original_width));
    json_object_set_new(value, "original_height", integer_or_null(media->original_height));
    json_object_set_new(value, "created_at", json_integer(media->created_at));
    return value;
}

static Response *upload_form_finish(void *form, Request *request, Error *error)
{
    UploadForm *self = CAST_OBJECT(UploadForm, form, UPLOAD_FORM_MAGIC);
    const App *app = app_of(request);
    char id[UUID_SIZE], path[sizeof "/api/uploads/" + UUID_SIZE], location[API_LINK_SIZE];
    if (self->blank && !self->taken) {
        error_add_field(error, ERROR_INVALID, "file", "No file was chosen.");
        return NULL;
    }
    if (!upload_finish(self->upload, clock_wall_ms(), id, error))
        return NULL;
    UploadView committed = upload_committed(self->upload);
    Response *response = response_json(201, describe_upload(app, id, &committed));
    snprintf(path, sizeof path, "/api/uploads/%s", id);
    api_link(app, path, location);
    response_header(response, "Location", location);
    return response;
}

static Response *get_upload(Request *request, Error *error)
{
    const App *app = app_of(request);
    const char *id = request_param(request, 0);
    UploadView view;
    if (!id_uuid_valid(id)) {
        error_set(error, ERROR_NOT_FOUND, "There is no such upload.");
        return NULL;
    }
    if (!upload_view(&app->library, id, &view, error))
        return NULL;
    return response_json(200, describe_upload(app, id, &view));
}

/* A form is read whole before the kind of its file is known. */
static uint64_t upload_max(const void *app)
{
    return upload_form_max(&CAST_OBJECT(const App, app, APP_MAGIC)->library);
}

const FormHandler api_upload_form = {
    .open = upload_form_open,
    .part = upload_form_part,
    .data = upload_form_data,
    .part_end = upload_form_part_end,
    .finish = upload_form_finish,
    .close = upload_form_close,
};

const Route api_upload_routes[] = {
    {HTTP_POST, "/api/uploads", "uploads.create", ACCESS_UPLOAD, BODY_FORM, POOL_TRANSFER,
     .form = &api_upload_form, .body_max = upload_max},
    {HTTP_GET, "/api/uploads/{}", "uploads.status", ACCESS_PUBLIC, BODY_NONE, POOL_API,
     .handle = get_upload},
    {0},
};
