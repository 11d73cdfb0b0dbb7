/* POST /api/transcoding/upload/: a transcoder brings its result. */
#include "web/api/api.h"

#include "common/base/clock.h"
#include "web/library/intake/upload.h"
#include "web/library/results/delivery.h"

#define DELIVERY_FORM_MAGIC 0x4446524du /* "DFRM" */

typedef struct DeliveryForm {
    unsigned magic;
    Delivery *delivery;
    FormField field;
    bool skipping; /* a file under a name we do not know */
} DeliveryForm;

static void delivery_form_close(void *form)
{
    DeliveryForm *self = CAST_OBJECT(DeliveryForm, form, DELIVERY_FORM_MAGIC);
    delivery_free(self->delivery);
    form_field_release(&self->field);
    self->magic = 0;
    free(self);
}

static void *delivery_form_open(Request *request, Error *error)
{
    const App *app = app_of(request);
    uint64_t length;
    if (!api_declared_length(request, &length, error))
        return NULL;
    Delivery *delivery = delivery_begin(&app->library, length, clock_wall_ms(), error);
    if (!delivery)
        return NULL;
    DeliveryForm *self = NEW(DeliveryForm);
    self->magic = DELIVERY_FORM_MAGIC;
    self->delivery = delivery;
    return self;
}

static bool delivery_form_part(void *form, const FormPart *part, Error *error)
{
    DeliveryForm *self = CAST_OBJECT(DeliveryForm, form, DELIVERY_FORM_MAGIC);
    TransferFile which = 0;
    while (which < TRANSFER_FILE_COUNT && !streq(part->name, transfer_file_kinds[which].field))
        which++;
    form_field_begin(&self->field, part);
    self->skipping = which == TRANSFER_FILE_COUNT;
    if (self->field.is_file)
        return self->skipping ||
               delivery_file_begin(self->delivery, which, part->content_type, error);
    if (self->skipping)
        return true;
    error_add_field(error, ERROR_INVALID, self->field.name, "The field %s must be a file.",
                    self->field.name);
    return delivery_refuse(self->delivery, error);
}

static bool delivery_form_data(void *form, const void *bytes, size_t length, Error *error)
{
    DeliveryForm *self = CAST_OBJECT(DeliveryForm, form, DELIVERY_FORM_MAGIC);
    if (!self->field.is_file)
        return form_field_append(&self->field, bytes, length, error) ||
               delivery_refuse(self->delivery, error);
    return self->skipping || delivery_append(self->delivery, bytes, length, error);
}

static bool delivery_form_part_end(void *form, Error *error)
{
    DeliveryForm *self = CAST_OBJECT(DeliveryForm, form, DELIVERY_FORM_MAGIC);
    return self->field.is_file ||
           delivery_set(self->delivery, self->field.name, form_field_value(&self->field), error);
}

static Response *delivery_form_finish(void *form, Request *request, Error *error)
{
    DeliveryForm *self = CAST_OBJECT(DeliveryForm, form, DELIVERY_FORM_MAGIC);
    Delivered delivered;
    if (!delivery_finish(self->delivery, clock_wall_ms(), &delivered, error))
        return NULL;
    json_t *media = json_object();
    json_object_set_new(media, "id", json_string(delivered.media_id));
    api_set_made_urls(app_of(request), media, &delivered.files);
    json_object_set_new(media, "width", json_integer(delivered.width));
    json_object_set_new(media, "height", json_integer(delivered.height));
    json_object_set_new(media, "duration", json_real(delivered.duration));
    return response_json(200, json_pack("{s:b, s:o}", "success", 1, "media", media));
}

/* Room for a result as large as the largest upload, and for all that may come beside it. */
uint64_t api_delivery_max(const void *app)
{
    uint64_t size = upload_form_max(&CAST_OBJECT(const App, app, APP_MAGIC)->library), beside = 0;
    for (TransferFile i = TRANSFER_POSTER; i < TRANSFER_FILE_COUNT; i++)
        beside += (uint64_t)transfer_file_kinds[i].size_max;
    return size + MIN_OF(beside, UINT64_MAX - size);
}

const FormHandler api_delivery_form = {
    .open = delivery_form_open,
    .part = delivery_form_part,
    .data = delivery_form_data,
    .part_end = delivery_form_part_end,
    .finish = delivery_form_finish,
    .close = delivery_form_close,
};
