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

bool media_error_is_about(const char *words)
{
    pthread_mutex_lock(&complaint_lock);
    bool found = strstr(complaint, words) != NULL;
    pthread_mutex_unlock(&complaint_lock);
    return found;
}

/* What people are told of the library's numbers; "" for one that tells nothing of the file. */
static const char *media_error_cause(int number)
{
    static const struct {
        int number;
        const char *words;
    } causes[] = {
        {AVERROR_INVALIDDATA, ": the data is damaged or incomplete"},
        {AVERROR_EOF, ": the file ends too early"},
        {AVERROR(ENOMEM), ": it takes more memory than there is"},
        {AVERROR(ENOSYS), ": it is of a kind that is not known here"},
        {AVERROR_PATCHWELCOME, ": it is of a kind that is not known here"},
        {AVERROR_DECODER_NOT_FOUND, ": it is of a kind that is not known here"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
        if (causes[i].number == number)
            return causes[i].words;
    return "";
}

/* A fault of the machine is for the log, which gets all that the library said. */
static bool media_error_of_machine(Error *error, ErrorCode code, int number, const char *sentence)
{
    char cause[MEDIA_LOG_LINE];
    pthread_mutex_lock(&complaint_lock);
    memcpy(cause, complaint, sizeof cause);
    pthread_mutex_unlock(&complaint_lock);
    if (!cause[0])
        av_strerror(number, cause, sizeof cause);
    return error_set(error, code, "%s (%s).", sentence, cause);
}

bool media_error_set(Error *error, int number, const char *format, ...)
{
    char sentence[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (number == AVERROR(ENOSPC) || number == AVERROR(EDQUOT) || number == AVERROR(EFBIG))
        return media_error_of_machine(error, ERROR_NO_SPACE, number, sentence);
    if (number == AVERROR(EIO))
        return media_error_of_machine(error, ERROR_IO, number, sentence);
    return error_set(error, ERROR_MEDIA, "%s%s.", sentence, media_error_cause(number));
}
