#include "common/base/error.h"

#include <errno.h>
#include <stdarg.h>

static const struct {
    const char *word;
    int status;
    RetryClass retry;
    const char *title;
} errors[ERROR_COUNT] = {[ERROR_NONE] = {"none", 200, RETRY_NEVER, "No error"},
#define X(code, word, status, retry, title) [code] = {word, status, retry, title},
                         ERROR_TABLE(X)
#undef X
};

/* The text is cut at the field's end: these sentences are for people, and never parsed. */
_printf_(3, 0) static void error_format(char *field, size_t size, const char *format,
                                        va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    base_copy_truncated(field, size, text);
}

bool error_set(Error *error, ErrorCode code, const char *format, ...)
{
    va_list arguments;
    if (!error)
        return false;
    error->code = code;
    error->retry_seconds = 0;
    error->field_count = 0;
    error->file[0] = '\0';
    va_start(arguments, format);
    error_format(error->detail, sizeof error->detail, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_errno(Error *error, int errnum, const char *format, ...)
{
    bool full = errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG;
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    error_format(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, full ? ERROR_NO_SPACE : ERROR_IO, "%s: %s.", text, strerror(errnum));
}

bool error_add_field(Error *error, ErrorCode code, const char *field, const char *format, ...)
{
    char text[sizeof error->fields[0].detail];
    va_list arguments;
    va_start(arguments, format);
    error_format(text, sizeof text, format, arguments);
    va_end(arguments);
    if (error->code == ERROR_NONE || error->field_count == 0)
        error_set(error, code, "%s", text);
    if (error->field_count == ERROR_FIELDS_MAX)
        return false;
    ErrorField *added = &error->fields[error->field_count++];
    base_copy_truncated(added->name, sizeof added->name, field);
    base_copy_truncated(added->detail, sizeof added->detail, text);
    return false;
}

const char *error_word(ErrorCode code)
{
    return errors[code].word;
}

int error_http_status(ErrorCode code)
{
    return errors[code].status;
}

RetryClass error_retry_class(ErrorCode code)
{
    return errors[code].retry;
}

const char *error_title(ErrorCode code)
{
    return errors[code].title;
}
