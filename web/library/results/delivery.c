#include "web/library/results/delivery.h"

#include "common/base/log.h"
#include "web/library/results/delivery_accept.h"
#include "web/library/results/delivery_part.h"
#include "web/library/results/mp4.h"

_Static_assert(TRANSIT_PATHS_MAX >= TRANSFER_FILE_COUNT, "a result's paths are reserved at once");

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
    DeliveryPart parts[TRANSFER_FILE_COUNT];
    DeliveryPart *current; /* the file that comes now */
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
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        delivery_part_release(&delivery->parts[i]);
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

static Admission admission_of(const Delivery *delivery, int64_t now)
{
    JobSpeaker speaker = {delivery->job_id, delivery->lease_token, now};
    return (Admission){.media_id = delivery->media_id, .holder = jobs_holder(&speaker)};
}

static bool check_admission(const Delivery *delivery, Error *error)
{
    if (!delivery->job_id[0] || !delivery->media_id[0] || !delivery->lease_token[0])
        return true;
    Admission admission = admission_of(delivery, delivery->now);
    return store_read(delivery->library->store, delivery_admit, &admission, error);
}

/* --- the files --- */

bool delivery_file_begin(Delivery *delivery, TransferFile which, const char *content_type,
                         Error *error)
{
    delivery->current = &delivery->parts[which];
    return (check_admission(delivery, error) &&
            delivery_part_begin(delivery->current, which, content_type, &delivery->reservation,
                                error)) ||
           delivery_refuse(delivery, error);
}

bool delivery_append(Delivery *delivery, const void *bytes, size_t length, Error *error)
{
    return delivery_part_append(delivery->current, bytes, length, error) ||
           delivery_refuse(delivery, error);
}

static bool receive(Delivery *delivery, ReceivedFile files[TRANSFER_FILE_COUNT], Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (!delivery_part_finish(&delivery->parts[i], &files[i], error))
            return false;
    return true;
}

/* --- finish --- */

static void require_field(bool there, const char *field, Error *error)
{
    if (!there)
        error_add_field(error, ERROR_INVALID, field, "The field %s is missing.", field);
}

/* Either a video or sound alone. */
static void require_main_file(const Delivery *delivery, Error *error)
{
    bool video = delivery->parts[TRANSFER_VIDEO].present;
    bool audio = delivery->parts[TRANSFER_AUDIO].present;
    const char *field = transfer_file_kinds[TRANSFER_VIDEO].field;
    const char *other = transfer_file_kinds[TRANSFER_AUDIO].field;
    if (!video && !audio)
        error_add_field(error, ERROR_INVALID, field, "Either %s or %s is needed.", field, other);
    if (video && audio)
        error_add_field(error, ERROR_INVALID, other, "Send either %s or %s, not both.", field,
                        other);
}

static bool check_complete(const Delivery *delivery, Error *error)
{
    Error found = {0};
    require_field(delivery->media_id[0], TRANSFER_FIELD_MEDIA, &found);
    require_field(delivery->job_id[0], TRANSFER_FIELD_JOB, &found);
    require_field(delivery->lease_token[0], TRANSFER_FIELD_LEASE, &found);
    require_field(delivery->has_metadata, TRANSFER_FIELD_METADATA, &found);
    require_main_file(delivery, &found);
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}

/* The file that came, whatever metadata says. */
static TransferFile main_file(const Delivery *delivery)
{
    return delivery->parts[TRANSFER_AUDIO].present ? TRANSFER_AUDIO : TRANSFER_VIDEO;
}

/* Whether it plays, found out by playing: in a child, which may only read. */
static bool verify(const Delivery *delivery, const StoredFile *file, Error *error)
{
    const TransferResult *result = &delivery->result;
    DecoderExpectation expected = {
        .kind = main_file(delivery) == TRANSFER_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO,
        .width = result->width,
        .height = result->height,
        .duration = result->duration,
        .has_audio = result->has_audio,
    };
    int fd = stored_file_lend_fd(file, error);
    return fd >= 0 && delivery->library->verify(fd, &expected, delivery->library->stop, error);
}

/* The cheap look first. */
static bool check_playable(const Delivery *delivery, Error *error)
{
    Error fault = {0};
    TransferFile which = main_file(delivery);
    _cleanup_stored_file_ StoredFile *file = staging_view(delivery->parts[which].staging, &fault);
    if (file && mp4_check(file, &fault) && verify(delivery, file, &fault))
        return true;
    if (fault.code == ERROR_MEDIA)
        return error_add_field(error, ERROR_INVALID, transfer_file_kinds[which].field, "%s",
                               fault.detail);
    *error = fault;
    return false;
}

/* What web found in the original itself counts more than what a transcoder says of it. */
static void doubt(Delivery *delivery, const MediaRow *original)
{
    if (delivery_is_cut(&delivery->result, original->duration))
        delivery->result.whole = false;
}

/* A fresh id for each delivery: two of one job never meet under one name. */
static void describe(DeliveryAccept *accept, const ReceivedFile files[TRANSFER_FILE_COUNT])
{
    const MediaRow *media = &accept->admission.media;
    char uuid[UUID_SIZE];
    NamePath path = {media->collection, media->entry, uuid, media->name, NULL};
    id_uuid(uuid);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const PublishedAs *form = delivery_published_as(i, files[i].type);
        FileRow *row = &accept->files[i];
        if (!files[i].present)
            continue;
        *row = (FileRow){.role = form->role,
                         .size = (int64_t)files[i].size,
                         .blake2b = files[i].digest,
                         .created_at = accept->admission.holder.now};
        base_copy(row->media_id, UUID_SIZE, media->id);
        base_copy(row->content_type, sizeof row->content_type, form->content_type);
        path.suffix = form->suffix;
        REQUIRE(name_build_path(&path, row->path));
    }
}

/* Text refers to the storyboard's picture by its published name, in the same folder. */
static bool rewrite_texts(Delivery *delivery, DeliveryAccept *accept, Error *error)
{
    const char *path = accept->files[TRANSFER_STORYBOARD].path, *slash = strrchr(path, '/');
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (!delivery_part_rewrite(&delivery->parts[i], slash ? slash + 1 : path,
                                   &delivery->reservation, &accept->files[i], error))
            return false;
    return true;
}

static bool publish(const Delivery *delivery, const DeliveryAccept *accept, Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (delivery->parts[i].present &&
            !storage_publish(&delivery->library->storage, delivery->parts[i].staging,
                             accept->files[i].path, error))
            return false;
    return true;
}

/* Files before rows, and all rows at once. */
static bool keep(const Delivery *delivery, DeliveryAccept *accept, Error *error)
{
    const Library *library = delivery->library;
    TransitPaths paths = {0};
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        base_copy(paths.path[i], sizeof paths.path[i], accept->files[i].path);
    if (!transit_reserve(library->transit, &paths, error))
        return false;
    bool kept = publish(delivery, accept, error) &&
                store_write(library->store, delivery_accept, accept, error);
    if (!kept || accept->out->repeated)
        transit_abandon(library->transit, &paths);
    return kept;
}

static bool finish(Delivery *delivery, int64_t now, Delivered *out, Error *error)
{
    Store *store = delivery->library->store;
    ReceivedFile files[TRANSFER_FILE_COUNT];
    DeliveryAccept accept = {.library = delivery->library,
                             .result = &delivery->result,
                             .admission = admission_of(delivery, now),
                             .out = out};
    if (!store_read(store, delivery_admit, &accept.admission, error) ||
        !receive(delivery, files, error))
        return false;
    if (delivery_is_repeat(&accept.admission, &files[main_file(delivery)].digest))
        return store_write(store, delivery_repeat, &accept, error);
    if (accept.admission.job.state == JOB_DONE)
        return error_set(error, ERROR_GONE, "The job is done: another result was accepted.");
    if (!delivery_check(&delivery->result, files, error))
        return false;
    doubt(delivery, &accept.admission.media);
    describe(&accept, files);
    return rewrite_texts(delivery, &accept, error) && check_playable(delivery, error) &&
           keep(delivery, &accept, error);
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
