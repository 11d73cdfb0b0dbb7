#include "web/api/api.h"

void form_field_begin(FormField *field, const FormPart *part)
{
    buffer_release(&field->value);
    field->value = BUFFER(MULTIPART_FIELD_MAX);
    base_copy_truncated(field->name, sizeof field->name, part->name);
    base_copy_truncated(field->content_type, sizeof field->content_type, part->content_type);
    field->is_file = part->file_name != NULL;
    field->is_nameless = field->is_file && !*part->file_name;
}

bool form_field_append(FormField *field, const void *bytes, size_t length, Error *error)
{
    if (memchr(bytes, '\0', length))
        return error_add_field(error, ERROR_INVALID, field->name, "A field may not hold NUL.");
    if (!buffer_append(&field->value, bytes, length))
        return error_add_field(error, ERROR_INVALID, field->name,
                               "The field is longer than %d bytes.", MULTIPART_FIELD_MAX);
    return true;
}

const char *form_field_value(const FormField *field)
{
    return field->value.data ? field->value.data : "";
}

void form_field_release(FormField *field)
{
    buffer_release(&field->value);
}

bool api_declared_length(const Request *request, uint64_t *length, Error *error)
{
    uint64_t declared = request_length(request);
    if (declared == UINT64_MAX)
        return error_set(error, ERROR_LENGTH_REQUIRED,
                         "Say how long the request is (Content-Length), so that room can be set "
                         "aside for it.");
    *length = declared;
    return true;
}
