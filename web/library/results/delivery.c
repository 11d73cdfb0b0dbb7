#include "web/library/results/delivery.h"
#include "web/library/files/transit.h"

#include <strings.h>

#include "common/base/log.h"
#include "common/metrics/metrics.h"
#include "web/library/results/delivery_accept.h"
#include "web/library/results/delivery_check.h"
#include "web/library/results/mp4.h"
#include "web/library/results/storyboard.h"
#include "web/library/results/waveform.h"

_Static_assert(TRANSIT_PATHS_MAX >= TRANSFER_FILE_COUNT, "a result's paths are reserved at once");

/* The first bytes of a result tell its type; no transcoder writes anything in front. */
#define DELIVERY_HEAD 4096

/* One file on its way in. Media go to the disk as they come; text stays in memory, as what is
 * stored of it is written anew. */
typedef struct DeliveryPart {
    bool present;
    Staging *staging; /* NULL for text that was not written yet */
    Buffer text;
    unsigned char head[DELIVERY_HEAD];
    size_t head_length;
} DeliveryPart;

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
    TransferFile current; /* the file that comes now */
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

#define DELIVERY_ENTRY_MAGIC 0x44454e54u /* "DENT" */

typedef struct DeliveryEntry {
    unsigned magic;
    const char *job_id;
    int64_t now;
    DeliveryRow row;
} DeliveryEntry;

static bool delivery_write_entry(StoreConnection *connection, void *argument, Error *error)
{
    const DeliveryEntry *entry = CAST_OBJECT(DeliveryEntry, argument, DELIVERY_ENTRY_MAGIC);
    return store_delivery_insert(connection, entry->job_id, entry->now, &entry->row, error);
}

/* Once for a delivery whose job is known. The refusal itself is what matters: a journal that cannot
 * be written changes nothing. */
bool delivery_refuse(Delivery *delivery, const Error *error)
{
    DeliveryEntry entry = {.magic = DELIVERY_ENTRY_MAGIC,
                           .job_id = delivery->job_id,
                           .now = delivery->now,
                           .row.outcome = DELIVERY_REFUSED};
    if (delivery->journaled || !delivery->job_id[0])
        return false;
    delivery->journaled = true;
    LOG_CONTEXT(.job_id = delivery->job_id);
    log_warning("Delivery refused: %s", error->detail);
    base_copy_truncated(entry.row.detail, sizeof entry.row.detail, error->detail);
    IGNORE_RESULT(store_write(delivery->library->store, delivery_write_entry, &entry, NULL));
    return false;
}

void delivery_free(Delivery *delivery)
{
    static const Error cut_off = {.detail = "It was cut off before its end."};
    if (!delivery)
        return;
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        staging_free(delivery->parts[i].staging);
        buffer_release(&delivery->parts[i].text);
    }
    reservation_release(&delivery->reservation);
    delivery_refuse(delivery, &cut_off);
    free(delivery);
}

/* --- fields --- */

static bool delivery_read_field(Delivery *delivery, const char *field, const char *value,
                                Error *error)
{
    bool job = streq(field, TRANSFER_FIELD_JOB);
    if (job || streq(field, TRANSFER_FIELD_MEDIA)) {
        if (!id_uuid_valid(value))
            return error_add_field(error, ERROR_INVALID, field, "The field %s must be a UUID.",
                                   field);
        return base_copy(job ? delivery->job_id : delivery->media_id, UUID_SIZE, value);
    }
    if (streq(field, TRANSFER_FIELD_LEASE)) {
        if (!*value || !base_copy(delivery->lease_token, TOKEN_SIZE, value))
            return error_add_field(error, ERROR_INVALID, field,
                                   "The field lease_token is not a token of ours.");
    } else if (streq(field, TRANSFER_FIELD_METADATA)) {
        Error fault = {0};
        _cleanup_json_ json_t *json = json_parse_object(value, strlen(value), &fault);
        delivery->has_metadata = json && transfer_result_decode(json, &delivery->result, &fault);
        if (!delivery->has_metadata)
            return error_add_field(error, ERROR_INVALID, field, "%s", fault.detail);
    }
    return true;
}

bool delivery_set(Delivery *delivery, const char *field, const char *value, Error *error)
{
    Error fault = {0};
    if (delivery_read_field(delivery, field, value, &fault))
        return true;
    if (error)
        *error = fault;
    return delivery_refuse(delivery, &fault);
}

static Admission delivery_admission(const Delivery *delivery)
{
    JobSpeaker speaker = {delivery->job_id, delivery->lease_token, delivery->now};
    return (Admission){
        .magic = ADMISSION_MAGIC, .media_id = delivery->media_id, .holder = jobs_holder(&speaker)};
}

/* --- files --- */

static bool delivery_is_text(TransferFile which)
{
    return which == TRANSFER_STORYBOARD_VTT || which == TRANSFER_WAVEFORM;
}

/* Nothing, bytes of any kind, or what the file has to be (RFC 9110 §8.3.1). */
static bool delivery_type_possible(const TransferFileKind *kind, const char *content_type)
{
    static const char any[] = "application/octet-stream";
    size_t length = strcspn(content_type, "; \t");
    return length == 0 || strncasecmp(content_type, kind->family, strlen(kind->family)) == 0 ||
           (length == strlen(any) && strncasecmp(content_type, any, length) == 0);
}

static bool delivery_open_file(Delivery *delivery, TransferFile which, const char *content_type,
                               Error *error)
{
    const TransferFileKind *kind = &transfer_file_kinds[which];
    DeliveryPart *part = &delivery->parts[which];
    if (delivery->job_id[0] && delivery->media_id[0] && delivery->lease_token[0]) {
        Admission admission = delivery_admission(delivery);
        if (!store_read(delivery->library->store, delivery_admit, &admission, error))
            return false;
    }
    if (part->present)
        return error_add_field(error, ERROR_INVALID, kind->field, "There is more than one %s.",
                               kind->field);
    if (!delivery_type_possible(kind, content_type))
        return error_add_field(error, ERROR_INVALID, kind->field,
                               "The file %s is announced as %.60s, which it cannot be.",
                               kind->field, content_type);
    delivery->current = which;
    part->text = BUFFER(TRANSFER_TEXT_MAX);
    if (!delivery_is_text(which))
        part->staging = staging_new(&delivery->reservation, error);
    part->present = delivery_is_text(which) || part->staging;
    return part->present;
}

bool delivery_file_begin(Delivery *delivery, TransferFile which, const char *content_type,
                         Error *error)
{
    return delivery_open_file(delivery, which, content_type, error) ||
           delivery_refuse(delivery, error);
}

bool delivery_append(Delivery *delivery, const void *bytes, size_t length, Error *error)
{
    const TransferFileKind *kind = &transfer_file_kinds[delivery->current];
    DeliveryPart *part = &delivery->parts[delivery->current];
    uint64_t size = part->staging ? staging_size(part->staging) : part->text.length;
    size_t kept = MIN_OF(DELIVERY_HEAD - part->head_length, length);
    memcpy(part->head + part->head_length, bytes, kept);
    part->head_length += kept;
    if (size + length > (uint64_t)kind->size_max) {
        error_add_field(error, ERROR_TOO_LARGE, kind->field, "The file %s is larger than %lld KiB.",
                        kind->field, (long long)(kind->size_max / (int64_t)KIB));
        return delivery_refuse(delivery, error);
    }
    if (part->staging)
        return staging_append(part->staging, bytes, length, error) ||
               delivery_refuse(delivery, error);
    REQUIRE(buffer_append(&part->text, bytes, length));
    return true;
}

/* No more bytes come: what was received. */
static bool delivery_receive(Delivery *delivery, ReceivedFile files[TRANSFER_FILE_COUNT],
                             Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        DeliveryPart *part = &delivery->parts[i];
        files[i] = (ReceivedFile){.present = part->present};
        if (part->staging) {
            files[i].size = staging_size(part->staging);
            files[i].type = media_type_detect(part->head, part->head_length, NULL);
            if (!staging_finish(part->staging, &files[i].digest, NULL, error))
                return false;
        } else if (part->present) {
            DigestState state;
            files[i].size = part->text.length;
            digest_init(&state, DIGEST_BLAKE2B);
            digest_update(&state, part->text.data, part->text.length);
            digest_final(&state, &files[i].digest);
        }
    }
    return true;
}

/* --- finish --- */

/* Every field, and either a video or sound alone. */
static bool delivery_check_complete(const Delivery *delivery, Error *error)
{
    const char *video = transfer_file_kinds[TRANSFER_VIDEO].field;
    const char *audio = transfer_file_kinds[TRANSFER_AUDIO].field;
    bool has_video = delivery->parts[TRANSFER_VIDEO].present;
    bool has_audio = delivery->parts[TRANSFER_AUDIO].present;
    const struct {
        bool there;
        const char *field;
    } fields[] = {
        {delivery->media_id[0], TRANSFER_FIELD_MEDIA},
        {delivery->job_id[0], TRANSFER_FIELD_JOB},
        {delivery->lease_token[0], TRANSFER_FIELD_LEASE},
        {delivery->has_metadata, TRANSFER_FIELD_METADATA},
    };
    Error found = {0};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (!fields[i].there)
            error_add_field(&found, ERROR_INVALID, fields[i].field, "The field %s is missing.",
                            fields[i].field);
    if (!has_video && !has_audio)
        error_add_field(&found, ERROR_INVALID, video, "Either %s or %s is needed.", video, audio);
    if (has_video && has_audio)
        error_add_field(&found, ERROR_INVALID, audio, "Send either %s or %s, not both.", video,
                        audio);
    if (found.code == ERROR_NONE)
        return true;
    *error = found;
    return false;
}

/* The file that came, whatever metadata says. */
static TransferFile delivery_main_file(const Delivery *delivery)
{
    return delivery->parts[TRANSFER_AUDIO].present ? TRANSFER_AUDIO : TRANSFER_VIDEO;
}

/* A fresh id for each delivery: two of one job never meet under one name. */
static void delivery_describe(DeliveryAccept *accept, const ReceivedFile files[TRANSFER_FILE_COUNT])
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

/* Writes each text as it is stored. It refers to the storyboard's picture by its published name, in
 * the same folder. */
static bool delivery_rewrite_texts(Delivery *delivery, DeliveryAccept *accept, Error *error)
{
    const char *path = accept->files[TRANSFER_STORYBOARD].path, *slash = strrchr(path, '/');
    const char *sheet = slash ? slash + 1 : path;
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        DeliveryPart *part = &delivery->parts[i];
        FileRow *row = &accept->files[i];
        _cleanup_buffer_ Buffer text = BUFFER(TRANSFER_TEXT_MAX);
        Error fault = {0};
        if (!part->present || !delivery_is_text(i))
            continue;
        bool good = i == TRANSFER_WAVEFORM ? waveform_rewrite(&part->text, &text, &fault)
                                           : storyboard_rewrite(&part->text, sheet, &text, &fault);
        if (!good)
            return error_add_field(error, ERROR_INVALID, transfer_file_kinds[i].field, "%s",
                                   fault.detail);
        part->staging = staging_new(&delivery->reservation, error);
        if (!part->staging || !staging_append(part->staging, text.data, text.length, error) ||
            !staging_finish(part->staging, &row->blake2b, NULL, error))
            return false;
        row->size = (int64_t)text.length;
    }
    return true;
}

/* Whether it plays: after a cheap look, found out by playing it, in a child that may only read. */
static bool delivery_check_playable(const Delivery *delivery, Error *error)
{
    const Library *library = delivery->library;
    const TransferResult *result = &delivery->result;
    TransferFile which = delivery_main_file(delivery);
    DecoderExpectation expected = {
        .kind = which == TRANSFER_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO,
        .width = result->width,
        .height = result->height,
        .duration = result->duration,
        .has_audio = result->has_audio,
    };
    Error fault = {0};
    int fd;
    _cleanup_stored_file_ StoredFile *file = staging_view(delivery->parts[which].staging, &fault);
    if (file && mp4_check(file, &fault) && (fd = stored_file_lend_fd(file, &fault)) >= 0 &&
        library->verify(fd, &expected, library->stop, &fault))
        return true;
    if (fault.code == ERROR_MEDIA)
        return error_add_field(error, ERROR_MEDIA, transfer_file_kinds[which].field,
                               "What was made of the file does not play. %s", fault.detail);
    *error = fault;
    return false;
}

/* Files before rows, and all rows at once. */
static bool delivery_keep(const Delivery *delivery, DeliveryAccept *accept, Error *error)
{
    const Library *library = delivery->library;
    TransitPaths paths = {0};
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        base_copy(paths.path[i], sizeof paths.path[i], accept->files[i].path);
    if (!transit_reserve(library->transit, &paths, error))
        return false;
    bool kept = true;
    for (size_t i = 0; kept && i < TRANSFER_FILE_COUNT; i++)
        if (delivery->parts[i].present)
            kept = storage_publish(&library->storage, delivery->parts[i].staging, paths.path[i],
                                   error);
    kept = kept && store_write(library->store, delivery_accept, accept, error);
    if (!kept || accept->repeated)
        transit_abandon(library->transit, &paths);
    return kept;
}

/* Who brings it, whether it was accepted before, what it is, whether it plays; then it is kept. */
static bool delivery_judge(Delivery *delivery, DeliveryAccept *accept, Error *error)
{
    Store *store = delivery->library->store;
    Admission *admission = &accept->admission;
    ReceivedFile files[TRANSFER_FILE_COUNT];
    if (!delivery_check_complete(delivery, error) ||
        !store_read(store, delivery_admit, admission, error) ||
        !delivery_receive(delivery, files, error))
        return false;
    if (delivery_is_repeat(admission, &files[delivery_main_file(delivery)].digest))
        return store_write(store, delivery_repeat, accept, error);
    if (admission->job.state == JOB_DONE)
        return error_set(error, ERROR_GONE, "The job is done: another result was accepted.");
    if (!delivery_check(&delivery->result, files, error))
        return false;
    /* What web found in the original itself counts more than what a transcoder says of it. */
    if (delivery_is_cut(&delivery->result, admission->media.duration))
        delivery->result.losses |= LOSSES(LOSS_PART);
    delivery_describe(accept, files);
    return delivery_rewrite_texts(delivery, accept, error) &&
           delivery_check_playable(delivery, error) && delivery_keep(delivery, accept, error);
}

/* The original of a recording stays whatever is lost. Somebody should look at a result in doubt;
 * what the policy keeps is no news. */
static void delivery_log_reasons(const DeliveryAccept *accept)
{
    TransferLosses reasons = retention_reasons(accept->retention, accept->result->losses);
    char words[TRANSFER_LOSSES_TEXT_MAX + 1];
    if (!reasons || accept->media.kind != MEDIA_VIDEO)
        return;
    transfer_losses_format(reasons, words);
    log_write(retention_reasons(RETENTION_NONE, reasons) ? LOG_WARNING : LOG_INFO,
              "The original of item %s stays, because the result lacks: %s.", accept->media.id,
              words);
}

bool delivery_finish(Delivery *delivery, int64_t now, Delivered *out, Error *error)
{
    delivery->now = now;
    DeliveryAccept accept = {.magic = DELIVERY_ACCEPT_MAGIC,
                             .result = &delivery->result,
                             .retention = delivery->library->keep_original_videos,
                             .admission = delivery_admission(delivery)};
    if (!delivery_judge(delivery, &accept, error))
        return delivery_refuse(delivery, error);
    delivery->journaled = true;
    *out = (Delivered){.files = accept.paths,
                       .width = accept.media.width,
                       .height = accept.media.height,
                       .duration = accept.media.duration,
                       .repeated = accept.repeated};
    base_copy(out->media_id, UUID_SIZE, accept.media.id);
    metrics_add(METRIC_DELIVERIES,
                out->repeated ? METRIC_DELIVERY_REPEATED : METRIC_DELIVERY_ACCEPTED, 0, 1);
    LOG_CONTEXT(.job_id = delivery->job_id);
    log_info("Delivery %s: %s of item %s.", out->repeated ? "repeated" : "accepted",
             delivery->result.operation, out->media_id);
    if (!out->repeated)
        delivery_log_reasons(&accept);
    return true;
}
