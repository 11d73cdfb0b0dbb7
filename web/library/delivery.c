#include "web/library/delivery.h"

#include <strings.h>

#include "common/log.h"
#include "web/library/delivery_check.h"
#include "web/library/mp4.h"
#include "web/store/store_file.h"
#include "web/volume/staging.h"

typedef struct Part {
    Staging *staging; /* NULL before it comes */
    unsigned char head[MEDIA_TYPE_HEAD];
    size_t head_length;
} Part;

struct Delivery {
    const Library *library;
    Reservation reservation;
    int64_t now;            /* when it came */
    bool journaled;         /* its outcome has been told */
    char job_id[UUID_SIZE]; /* "" until it came, as the next two */
    char media_id[UUID_SIZE];
    char lease_token[TOKEN_SIZE];
    bool has_metadata;
    TransferResult result;
    Part parts[DELIVERY_FILE_COUNT];
    Part *current; /* the file that comes now */
};

static const char *const file_fields[] = {
    [DELIVERY_VIDEO] = "video_file",
    [DELIVERY_POSTER] = "poster_file",
};

Delivery *delivery_begin(const Library *library, uint64_t declared, int64_t now, Error *error)
{
    Delivery *delivery = NEW(Delivery);
    delivery->library = library;
    delivery->now = now;
    if (!volume_reserve_result(library->volume, declared, &delivery->reservation, error)) {
        free(delivery);
        return NULL;
    }
    return delivery;
}

/* --- the journal --- */

typedef struct Entry {
    const char *job_id;
    int64_t now;
    DeliveryRow row;
} Entry;

static bool write_entry(StoreConnection *connection, void *argument, Error *error)
{
    const Entry *self = argument;
    return store_delivery_insert(connection, self->job_id, self->now, &self->row, error);
}

/* Once for a delivery whose job is known. The refusal itself is what matters: a journal that cannot
 * be written changes nothing. */
bool delivery_refuse(Delivery *delivery, const Error *error)
{
    Entry entry = {
        .job_id = delivery->job_id, .now = delivery->now, .row.outcome = DELIVERY_REFUSED};
    if (delivery->journaled || !delivery->job_id[0])
        return false;
    delivery->journaled = true;
    LOG_CONTEXT(.job_id = delivery->job_id);
    log_warning("Delivery refused: %s", error->detail);
    base_copy_truncated(entry.row.detail, sizeof entry.row.detail, error->detail);
    store_write(delivery->library->store, write_entry, &entry, NULL);
    return false;
}

void delivery_free(Delivery *delivery)
{
    static const Error cut_off = {.detail = "It was cut off before its end."};
    if (!delivery)
        return;
    for (size_t i = 0; i < DELIVERY_FILE_COUNT; i++)
        staging_free(delivery->parts[i].staging);
    reservation_release(&delivery->reservation);
    delivery_refuse(delivery, &cut_off);
    free(delivery);
}

/* --- what comes --- */

static bool set_uuid(char *out, const char *field, const char *value, Error *error)
{
    if (!id_uuid_valid(value))
        return error_add_field(error, ERROR_INVALID, field, "The field %s must be a UUID.", field);
    return base_copy(out, UUID_SIZE, value);
}

static bool set_token(Delivery *delivery, const char *value, Error *error)
{
    if (!*value || !base_copy(delivery->lease_token, TOKEN_SIZE, value))
        return error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_LEASE,
                               "The field lease_token is not a token of ours.");
    return true;
}

static bool set_metadata(Delivery *delivery, const char *value, Error *error)
{
    Error fault = {0};
    _cleanup_json_ json_t *json = json_parse_object(value, strlen(value), &fault);
    delivery->has_metadata = json && transfer_result_decode(json, &delivery->result, &fault);
    return delivery->has_metadata ||
           error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_METADATA, "%s", fault.detail);
}

static bool set_field(Delivery *delivery, const char *field, const char *value, Error *error)
{
    if (streq(field, TRANSFER_FIELD_JOB))
        return set_uuid(delivery->job_id, field, value, error);
    if (streq(field, TRANSFER_FIELD_MEDIA))
        return set_uuid(delivery->media_id, field, value, error);
    if (streq(field, TRANSFER_FIELD_LEASE))
        return set_token(delivery, value, error);
    if (streq(field, TRANSFER_FIELD_METADATA))
        return set_metadata(delivery, value, error);
    return true;
}

bool delivery_set(Delivery *delivery, const char *field, const char *value, Error *error)
{
    Error fault = {0};
    if (set_field(delivery, field, value, &fault))
        return true;
    if (error)
        *error = fault;
    return delivery_refuse(delivery, &fault);
}

/* --- who may deliver --- */

typedef struct Admission {
    const char *media_id;
    JobHolder holder;
    JobRow job;
    MediaRow media;
} Admission;

static bool holds(const JobRow *job, const JobHolder *holder)
{
    return job->has_lease_hash && digest_equal(&job->lease_hash, &holder->lease_hash);
}

static bool admit(StoreConnection *connection, void *argument, Error *error)
{
    Admission *self = argument;
    if (!store_job_get(connection, self->holder.job_id, &self->job, error))
        return false;
    if (!streq(self->job.media_id, self->media_id))
        return error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_MEDIA,
                               "The job belongs to another item.");
    if (!holds(&self->job, &self->holder))
        return jobs_explain(connection, self->holder.job_id, error);
    return store_media_get(connection, self->media_id, &self->media, error);
}

static Admission admission_of(const Delivery *delivery, int64_t now)
{
    JobSpeaker speaker = {delivery->job_id, delivery->lease_token, now};
    return (Admission){.media_id = delivery->media_id, .holder = jobs_holder(&speaker)};
}

/* --- the files --- */

static bool check_admission(const Delivery *delivery, Error *error)
{
    if (!delivery->job_id[0] || !delivery->media_id[0] || !delivery->lease_token[0])
        return true;
    Admission admission = admission_of(delivery, delivery->now);
    return store_read(delivery->library->store, admit, &admission, error);
}

/* Nothing, bytes of any kind, or what the file has to be (RFC 9110 §8.3.1). */
static bool may_be(DeliveryFile which, const char *content_type)
{
    const char *family = which == DELIVERY_VIDEO ? "video/" : "image/";
    size_t length = strcspn(content_type, "; \t");
    return length == 0 || strncasecmp(content_type, family, strlen(family)) == 0 ||
           (length == strlen("application/octet-stream") &&
            strncasecmp(content_type, "application/octet-stream", length) == 0);
}

static bool begin_file(Delivery *delivery, DeliveryFile which, const char *content_type,
                       Error *error)
{
    Part *part = &delivery->parts[which];
    const char *field = file_fields[which];
    if (part->staging)
        return error_add_field(error, ERROR_INVALID, field, "There is more than one %s.", field);
    if (!check_admission(delivery, error))
        return false;
    if (!may_be(which, content_type))
        return error_add_field(error, ERROR_INVALID, field,
                               "The file %s is announced as %.60s, which it cannot be.", field,
                               content_type);
    part->staging = staging_new(delivery->library->volume, &delivery->reservation, error);
    delivery->current = part;
    return part->staging != NULL;
}

bool delivery_file_begin(Delivery *delivery, DeliveryFile which, const char *content_type,
                         Error *error)
{
    return begin_file(delivery, which, content_type, error) || delivery_refuse(delivery, error);
}

static bool append(Delivery *delivery, const void *bytes, size_t length, Error *error)
{
    Part *part = delivery->current;
    size_t kept = MIN_OF(MEDIA_TYPE_HEAD - part->head_length, length);
    memcpy(part->head + part->head_length, bytes, kept);
    part->head_length += kept;
    if (part == &delivery->parts[DELIVERY_POSTER] &&
        staging_size(part->staging) + length > TRANSFER_POSTER_MAX)
        return error_add_field(error, ERROR_TOO_LARGE, transfer_file_kinds[TRANSFER_POSTER].field,
                               "The poster is larger than %d MB.", TRANSFER_POSTER_MAX >> 20);
    return staging_append(part->staging, bytes, length, error);
}

bool delivery_append(Delivery *delivery, const void *bytes, size_t length, Error *error)
{
    return append(delivery, bytes, length, error) || delivery_refuse(delivery, error);
}

static bool receive(Part *part, ReceivedFile *out, Error *error)
{
    if (!part->staging)
        return true;
    out->present = true;
    out->size = staging_size(part->staging);
    out->type = media_type_detect(part->head, part->head_length);
    return staging_finish(part->staging, &out->digest, error);
}

/* --- acceptance --- */

typedef struct Accept {
    const Delivery *delivery;
    Admission admission;
    FileRow video, poster; /* no poster: its path is "" */
    Delivered *out;
} Accept;

static bool file_path(StoreConnection *connection, const char *media_id, FileRole role, char *out,
                      Error *error)
{
    FileRow file;
    Error missing = {0};
    out[0] = '\0';
    if (store_file_of_media(connection, media_id, role, &file, &missing))
        return base_copy(out, MEDIA_PATH_MAX + 1, file.path);
    if (missing.code == ERROR_NOT_FOUND)
        return true;
    *error = missing;
    return false;
}

/* What was accepted, as it is stored: the same for the first and for every repeated delivery. */
static bool tell(StoreConnection *connection, const char *media_id, Delivered *out, Error *error)
{
    MediaRow media;
    if (!store_media_get(connection, media_id, &media, error) ||
        !file_path(connection, media_id, FILE_VIDEO, out->video_path, error) ||
        !file_path(connection, media_id, FILE_POSTER, out->poster_path, error))
        return false;
    out->width = media.width;
    out->height = media.height;
    out->duration = media.duration;
    return base_copy(out->media_id, UUID_SIZE, media_id);
}

static bool note(StoreConnection *connection, const Admission *admission, DeliveryOutcome outcome,
                 Error *error)
{
    DeliveryRow row = {.outcome = outcome};
    return store_delivery_insert(connection, admission->holder.job_id, admission->holder.now, &row,
                                 error);
}

static bool repeat(StoreConnection *connection, void *argument, Error *error)
{
    Accept *self = argument;
    self->out->repeated = true;
    return note(connection, &self->admission, DELIVERY_REPEATED, error) &&
           tell(connection, self->admission.media_id, self->out, error);
}

static bool is_repeat(const JobRow *job, const JobHolder *holder, const Digest *video)
{
    return job->state == JOB_DONE && holds(job, holder) && digest_equal(&job->video_digest, video);
}

static bool insert_files(StoreConnection *connection, const Accept *self, Error *error)
{
    const TransferResult *result = &self->delivery->result;
    MediaShape shape = {result->width, result->height, result->duration};
    return store_file_insert(connection, &self->video, error) &&
           (!self->poster.path[0] || store_file_insert(connection, &self->poster, error)) &&
           store_media_set_shape(connection, self->admission.media_id, &shape, error);
}

static bool keeps_original(const Delivery *delivery)
{
    return delivery->library->keep_original_videos || !delivery->result.whole;
}

/* The one place where an original goes: what the result lacks is nowhere else. */
static bool remove_original(StoreConnection *connection, const Accept *self, Error *error)
{
    if (keeps_original(self->delivery))
        return true;
    return store_file_delete(connection, self->admission.media_id, FILE_ORIGINAL, error);
}

static bool accept_result(StoreConnection *connection, void *argument, Error *error)
{
    Accept *self = argument;
    const JobHolder *holder = &self->admission.holder;
    AttemptEnd end = {.job_id = holder->job_id, .now = holder->now, .outcome = ATTEMPT_DELIVERED};
    bool changed;
    if (!store_job_deliver(connection, holder, &self->video.blake2b, &changed, error))
        return false;
    if (!changed) {
        JobRow job;
        if (!store_job_get(connection, holder->job_id, &job, error))
            return false;
        return is_repeat(&job, holder, &self->video.blake2b)
                   ? repeat(connection, self, error)
                   : jobs_explain(connection, holder->job_id, error);
    }
    return insert_files(connection, self, error) && store_attempt_end(connection, &end, error) &&
           note(connection, &self->admission, DELIVERY_ACCEPTED, error) &&
           remove_original(connection, self, error) &&
           tell(connection, self->admission.media_id, self->out, error);
}

/* --- finish --- */

static void require_field(bool there, const char *field, Error *error)
{
    if (!there)
        error_add_field(error, ERROR_INVALID, field, "The field %s is missing.", field);
}

static bool check_complete(const Delivery *delivery, Error *error)
{
    Error found = {0};
    require_field(delivery->media_id[0], TRANSFER_FIELD_MEDIA, &found);
    require_field(delivery->job_id[0], TRANSFER_FIELD_JOB, &found);
    require_field(delivery->lease_token[0], TRANSFER_FIELD_LEASE, &found);
    require_field(delivery->has_metadata, TRANSFER_FIELD_METADATA, &found);
    require_field(delivery->parts[DELIVERY_VIDEO].staging,
                  transfer_file_kinds[TRANSFER_VIDEO].field, &found);
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}

static bool check_structure(const Delivery *delivery, Error *error)
{
    Error fault = {0};
    const Staging *video = delivery->parts[DELIVERY_VIDEO].staging;
    if (mp4_check(staging_fd(video), staging_size(video), &fault))
        return true;
    if (fault.code == ERROR_MEDIA)
        return error_add_field(error, ERROR_INVALID, transfer_file_kinds[TRANSFER_VIDEO].field,
                               "%s", fault.detail);
    *error = fault;
    return false;
}

/* A fresh id for each delivery: two of one job never meet under one name. */
static void describe(Accept *accept, const ReceivedFile *video, const ReceivedFile *poster)
{
    const MediaRow *media = &accept->admission.media;
    int64_t now = accept->admission.holder.now;
    char uuid[UUID_SIZE];
    NamePath path = {media->collection, media->entry, uuid, media->name, ".mp4"};
    id_uuid(uuid);
    accept->video = (FileRow){.role = FILE_VIDEO,
                              .content_type = "video/mp4",
                              .size = (int64_t)video->size,
                              .blake2b = video->digest,
                              .created_at = now};
    base_copy(accept->video.media_id, UUID_SIZE, media->id);
    REQUIRE(name_build_path(&path, accept->video.path));
    if (!poster->present)
        return;
    accept->poster = (FileRow){.role = FILE_POSTER,
                               .size = (int64_t)poster->size,
                               .blake2b = poster->digest,
                               .created_at = now};
    base_copy(accept->poster.media_id, UUID_SIZE, media->id);
    base_copy(accept->poster.content_type, sizeof accept->poster.content_type,
              poster->type->content_type);
    path.suffix = delivery_poster_suffix(poster->type);
    REQUIRE(name_build_path(&path, accept->poster.path));
}

static bool publish(const Delivery *delivery, const Accept *accept, Error *error)
{
    const Part *parts = delivery->parts;
    return staging_publish(parts[DELIVERY_VIDEO].staging, accept->video.path, error) &&
           (!accept->poster.path[0] ||
            staging_publish(parts[DELIVERY_POSTER].staging, accept->poster.path, error));
}

/* Files before rows, and all rows at once. */
static bool keep(const Delivery *delivery, Accept *accept, Error *error)
{
    const Library *library = delivery->library;
    DoomedPaths paths = {0};
    base_copy(paths.path[0], sizeof paths.path[0], accept->video.path);
    base_copy(paths.path[1], sizeof paths.path[1], accept->poster.path);
    if (!doomed_reserve(library->doomed, &paths, error))
        return false;
    bool kept = publish(delivery, accept, error) &&
                store_write(library->store, accept_result, accept, error);
    if (!kept || accept->out->repeated)
        doomed_abandon(library->doomed, &paths);
    return kept;
}

static bool finish(Delivery *delivery, int64_t now, Delivered *out, Error *error)
{
    Accept accept = {.delivery = delivery, .admission = admission_of(delivery, now), .out = out};
    ReceivedFile video = {0}, poster = {0};
    if (!store_read(delivery->library->store, admit, &accept.admission, error) ||
        !receive(&delivery->parts[DELIVERY_VIDEO], &video, error) ||
        !receive(&delivery->parts[DELIVERY_POSTER], &poster, error))
        return false;
    const Admission *admission = &accept.admission;
    if (is_repeat(&admission->job, &admission->holder, &video.digest))
        return store_write(delivery->library->store, repeat, &accept, error);
    if (admission->job.state == JOB_DONE)
        return error_set(error, ERROR_GONE, "The job is done: another result was accepted.");
    if (!delivery_check(&delivery->result, &video, &poster, error) ||
        !check_structure(delivery, error))
        return false;
    describe(&accept, &video, &poster);
    return keep(delivery, &accept, error);
}

bool delivery_finish(Delivery *delivery, int64_t now, Delivered *out, Error *error)
{
    Delivered delivered = {0};
    delivery->now = now;
    if (!check_complete(delivery, error) || !finish(delivery, now, &delivered, error))
        return delivery_refuse(delivery, error);
    delivery->journaled = true;
    *out = delivered;
    LOG_CONTEXT(.job_id = delivery->job_id);
    log_info("Delivery %s: %s of item %s.", out->repeated ? "repeated" : "accepted",
             delivery->result.operation, out->media_id);
    if (!out->repeated && !delivery->result.whole)
        log_warning("The result is not whole: the original of item %s stays.", out->media_id);
    return true;
}
