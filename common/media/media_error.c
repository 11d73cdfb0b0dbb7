#include "common/media/media_error.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdarg.h>

#include "common/media/media_limits.h"

static pthread_mutex_t complaint_lock = PTHREAD_MUTEX_INITIALIZER;
static char complaint[MEDIA_LOG_LINE]; /* guarded by complaint_lock */

_printf_(3, 0) static void media_error_keep(void *context, int level, const char *format,
                                            va_list arguments)
{
    char line[MEDIA_LOG_LINE];
    (void)context;
    if (level > AV_LOG_ERROR)
        return;
    vsnprintf(line, sizeof line, format, arguments);
    /* One line without control characters: it may quote the file. */
    line[strcspn(line, "\r\n")] = '\0';
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    pthread_mutex_lock(&complaint_lock);
    memcpy(complaint, line, sizeof complaint);
    pthread_mutex_unlock(&complaint_lock);
}

void media_error_init(void)
{
    av_log_set_callback(media_error_keep);
}

void media_error_forget(void)
{
    pthread_mutex_lock(&complaint_lock);
    complaint[0] = '\0';
    pthread_mutex_unlock(&complaint_lock);
}

bool media_error_set(Error *error, int number, const char *format, ...)
{
    char sentence[200], cause[MEDIA_LOG_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&complaint_lock);
    memcpy(cause, complaint, sizeof cause);
    pthread_mutex_unlock(&complaint_lock);
    if (!cause[0])
        av_strerror(number, cause, sizeof cause);
    bool full = number == AVERROR(ENOSPC) || number == AVERROR(EDQUOT) || number == AVERROR(EFBIG);
    ErrorCode code = full ? ERROR_NO_SPACE : number == AVERROR(EIO) ? ERROR_IO : ERROR_MEDIA;
    return error_set(error, code, "%s (%s).", sentence, cause);
}
