#include "web/library/results/delivery_accept.h"

#include "web/library/results/delivery_check.h"

static bool holds(const JobRow *job, const JobHolder *holder)
{
    return job->has_lease_hash && digest_equal(&job->lease_hash, &holder->lease_hash);
}

bool delivery_admit(StoreConnection *connection, void *admission, Error *error)
{
    Admission *self = admission;
    if (!store_job_get(connection, self->holder.job_id, &self->job, error))
        return false;
    if (!streq(self->job.media_id, self->media_id))
        return error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_MEDIA,
                               "The job belongs to another item.");
    if (!holds(&self->job, &self->holder))
        return jobs_explain(connection, self->holder.job_id, error);
    return store_media_get(connection, self->media_id, &self->media, error);
}

bool delivery_is_repeat(const Admission *admission, const Digest *main_file)
{
    const JobRow *job = &admission->job;
    return job->state == JOB_DONE && holds(job, &admission->holder) &&
           digest_equal(&job->video_digest, main_file);
}

/* What was accepted, as it is stored: the same for the first and for every repeated delivery. */
static bool tell(StoreConnection *connection, const char *media_id, Delivered *out, Error *error)
{
    MediaRow media;
    if (!store_media_get(connection, media_id, &media, error) ||
        !store_file_paths(connection, media_id, &out->files, error))
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

bool delivery_repeat(StoreConnection *connection, void *accept, Error *error)
{
    DeliveryAccept *self = accept;
    self->out->repeated = true;
    return note(connection, &self->admission, DELIVERY_REPEATED, error) &&
           tell(connection, self->admission.media_id, self->out, error);
}

static const FileRow *main_file(const DeliveryAccept *self)
{
    return &self->files[transfer_main_file(self->result)];
}

static bool insert_files(StoreConnection *connection, const DeliveryAccept *self, Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (self->files[i].path[0] && !store_file_insert(connection, &self->files[i], error))
            return false;
    return true;
}

/* What the item is turns out when it is prepared. */
static bool set_media(StoreConnection *connection, const DeliveryAccept *self, Error *error)
{
    const TransferResult *result = self->result;
    MediaResult known = {
        .kind = transfer_main_file(result) == TRANSFER_AUDIO ? MEDIA_AUDIO : MEDIA_VIDEO,
        .width = result->width,
        .height = result->height,
        .duration = result->duration,
        .thumbhash = result->thumbhash,
        .captured_at = result->captured_at,
        .title = result->title,
    };
    return store_media_set_result(connection, self->admission.media_id, &known, error);
}

/* Recordings are small, and their originals are what a court or a band wants. */
static bool keeps_original(const DeliveryAccept *self)
{
    return self->library->keep_original_videos || !self->result->whole ||
           self->admission.media.kind == MEDIA_AUDIO ||
           transfer_main_file(self->result) == TRANSFER_AUDIO;
}

/* The one place where an original goes: what the result lacks is nowhere else. */
static bool remove_original(StoreConnection *connection, const DeliveryAccept *self, Error *error)
{
    if (keeps_original(self))
        return true;
    return store_file_delete(connection, self->admission.media_id, FILE_ORIGINAL, error);
}

/* The job did not change: this very result is there already, or it is not this sender's to end. */
static bool explain(StoreConnection *connection, DeliveryAccept *self, Error *error)
{
    Admission *admission = &self->admission;
    if (!store_job_get(connection, admission->holder.job_id, &admission->job, error))
        return false;
    return delivery_is_repeat(admission, &main_file(self)->blake2b)
               ? delivery_repeat(connection, self, error)
               : jobs_explain(connection, admission->holder.job_id, error);
}

bool delivery_accept(StoreConnection *connection, void *accept, Error *error)
{
    DeliveryAccept *self = accept;
    const JobHolder *holder = &self->admission.holder;
    AttemptEnd end = {.job_id = holder->job_id, .now = holder->now, .outcome = ATTEMPT_DELIVERED};
    bool changed;
    if (!store_job_deliver(connection, holder, &main_file(self)->blake2b, &changed, error))
        return false;
    if (!changed)
        return explain(connection, self, error);
    return insert_files(connection, self, error) && set_media(connection, self, error) &&
           store_attempt_end(connection, &end, error) &&
           note(connection, &self->admission, DELIVERY_ACCEPTED, error) &&
           remove_original(connection, self, error) &&
           tell(connection, self->admission.media_id, self->out, error);
}
