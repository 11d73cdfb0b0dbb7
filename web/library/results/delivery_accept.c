#include "web/library/results/delivery_accept.h"

static bool delivery_is_holder(const JobRow *job, const JobHolder *holder)
{
    return job->has_lease_hash && digest_equal(&job->lease_hash, &holder->lease_hash);
}

bool delivery_admit(StoreConnection *connection, void *admission, Error *error)
{
    Admission *self = CAST_OBJECT(Admission, admission, ADMISSION_MAGIC);
    if (!store_job_get(connection, self->holder.job_id, &self->job, error))
        return false;
    if (!streq(self->job.media_id, self->media_id))
        return error_add_field(error, ERROR_INVALID, TRANSFER_FIELD_MEDIA,
                               "The job belongs to another item.");
    if (!delivery_is_holder(&self->job, &self->holder))
        return jobs_explain(connection, self->holder.job_id, error);
    return store_media_get(connection, self->media_id, &self->media, error);
}

bool delivery_is_repeat(const Admission *admission, const Digest *main_file)
{
    const JobRow *job = &admission->job;
    return job->state == JOB_DONE && delivery_is_holder(job, &admission->holder) &&
           digest_equal(&job->video_digest, main_file);
}

/* Writes the job's journal and reads what is answered. */
static bool delivery_conclude(StoreConnection *connection, DeliveryAccept *self,
                              DeliveryOutcome outcome, Error *error)
{
    const Admission *admission = &self->admission;
    DeliveryRow row = {.outcome = outcome};
    self->repeated = outcome == DELIVERY_REPEATED;
    return store_delivery_insert(connection, admission->holder.job_id, admission->holder.now, &row,
                                 error) &&
           store_media_get(connection, admission->media_id, &self->media, error) &&
           store_file_paths(connection, admission->media_id, &self->paths, error);
}

bool delivery_repeat(StoreConnection *connection, void *accept, Error *error)
{
    DeliveryAccept *self = CAST_OBJECT(DeliveryAccept, accept, DELIVERY_ACCEPT_MAGIC);
    return delivery_conclude(connection, self, DELIVERY_REPEATED, error);
}

/* The job did not change: this very result is there already, or it is not this sender's to end. */
static bool delivery_explain(StoreConnection *connection, DeliveryAccept *self,
                             const Digest *main_file, Error *error)
{
    Admission *admission = &self->admission;
    if (!store_job_get(connection, admission->holder.job_id, &admission->job, error))
        return false;
    return delivery_is_repeat(admission, main_file)
               ? delivery_conclude(connection, self, DELIVERY_REPEATED, error)
               : jobs_explain(connection, admission->holder.job_id, error);
}

bool delivery_accept(StoreConnection *connection, void *accept, Error *error)
{
    DeliveryAccept *self = CAST_OBJECT(DeliveryAccept, accept, DELIVERY_ACCEPT_MAGIC);
    const TransferResult *result = self->result;
    const char *media_id = self->admission.media_id;
    const JobHolder *holder = &self->admission.holder;
    const Digest *main_file = &self->files[transfer_main_file(result)].blake2b;
    bool sound = transfer_main_file(result) == TRANSFER_AUDIO, changed;
    if (!store_job_deliver(connection, holder, main_file, &changed, error))
        return false;
    if (!changed)
        return delivery_explain(connection, self, main_file, error);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (self->files[i].path[0] && !store_file_insert(connection, &self->files[i], error))
            return false;
    /* What the item is turns out when it is prepared. */
    MediaResult known = {
        .kind = sound ? MEDIA_AUDIO : MEDIA_VIDEO,
        .width = result->width,
        .height = result->height,
        .duration = result->duration,
        .thumbhash = result->thumbhash,
        .captured_at = result->captured_at,
        .title = result->title,
        .losses = result->losses,
    };
    if (!store_media_set_result(connection, media_id, &known, error))
        return false;
    /* The one place where an original goes: what the result lacks is nowhere else. Recordings are
     * small, and their originals are what a court or a band wants. */
    bool stays = self->retention == RETENTION_ALL ||
                 retention_reasons(self->retention, result->losses) || sound ||
                 self->admission.media.kind == MEDIA_AUDIO;
    if (!stays && !store_file_delete(connection, media_id, FILE_ORIGINAL, error))
        return false;
    return delivery_conclude(connection, self, DELIVERY_ACCEPTED, error);
}
