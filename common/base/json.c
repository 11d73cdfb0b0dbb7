#include "common/base/json.h"

#include <errno.h>

#include "common/base/utf8.h"

/* The library may go on without memory and lose a character of a text. Every text here is small and
 * bounded: without that memory the program cannot go on. */
static void *json_allocate(size_t size)
{
    void *memory = malloc(size);
    REQUIRE(memory);
    return memory;
}

/* Before anybody can have made a value. */
__attribute__((constructor)) static void json_set_up(void)
{
    json_set_alloc_funcs(json_allocate, free);
}

void json_cleanup(json_t **value)
{
    json_decref(*value);
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    _cleanup_free_ char *repaired = utf8_repair(text, strlen(text));
    value = json_string(repaired);
    REQUIRE(value);
    return value;
}

json_t *json_parse_object(const char *text, size_t length, Error *error)
{
    json_error_t fault;
    if (length > TRANSFER_JSON_MAX) {
        error_set(error, ERROR_BAD_REQUEST, "The JSON text is longer than %d bytes.",
                  TRANSFER_JSON_MAX);
        return NULL;
    }
    _cleanup_json_ json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (!value) {
        error_set(error, ERROR_BAD_REQUEST, "The JSON text is malformed at line %d: %s.",
                  fault.line, fault.text);
        return NULL;
    }
    if (!json_is_object(value)) {
        error_set(error, ERROR_BAD_REQUEST, "The JSON text must be an object.");
        return NULL;
    }
    return TAKE_PTR(value);
}

char *json_print(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    REQUIRE(text);
    return text;
}

void json_write_line(int fd, const json_t *value)
{
    _cleanup_free_ char *text = json_print(value);
    size_t length = strlen(text), written = 0;
    text[length++] = '\n'; /* in the place of the NUL: only the length counts from here */
    while (written < length) {
        ssize_t count = write(fd, text + written, length - written);
        if (count < 0 && errno != EINTR)
            return;
        written += count > 0 ? (size_t)count : 0;
    }
}

static bool json_wrong_type(const json_t *value, const char *field, const char *wanted,
                            Error *error)
{
    if (!value || json_is_null(value))
        return error_add_field(error, ERROR_INVALID, field, "The field %s is missing.", field);
    return error_add_field(error, ERROR_INVALID, field, "The field %s must be %s.", field, wanted);
}

bool json_get_string(const json_t *object, const char *field, const char **out, Error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_string(value))
        return json_wrong_type(value, field, "a text", error);
    *out = json_string_value(value);
    return true;
}

bool json_copy_string(const json_t *object, const char *field, char *out, size_t size, Error *error)
{
    const char *text = NULL;
    if (!json_get_string(object, field, &text, error))
        return false;
    if (strlen(text) >= size)
        return error_add_field(error, ERROR_INVALID, field,
                               "The field %s is longer than %zu bytes.", field, size - 1);
    return base_copy(out, size, text);
}

bool json_get_integer(const json_t *object, const char *field, int64_t *out, Error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_integer(value))
        return json_wrong_type(value, field, "a whole number", error);
    *out = json_integer_value(value);
    return true;
}

bool json_get_number(const json_t *object, const char *field, double *out, Error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_number(value))
        return json_wrong_type(value, field, "a number", error);
    *out = json_number_value(value);
    return true;
}

bool json_get_flag(const json_t *object, const char *field, bool *out, Error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_boolean(value))
        return json_wrong_type(value, field, "true or false", error);
    *out = json_is_true(value);
    return true;
}

bool json_get_object(const json_t *object, const char *field, const json_t **out, Error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_object(value))
        return json_wrong_type(value, field, "an object", error);
    *out = value;
    return true;
}
