#include "common/media/media_input.h"

#include <errno.h>
#include <fcntl.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>
#include <sys/stat.h>

#include "common/media/media_detect.h"
#include "common/media/media_error.h"
#include "common/media/media_limits.h"

/* What can be found behind rubbish, and what may be guessed therefore. */
#define GUESSED "mp3,aac,mpegts,mpeg"

#define MEDIA_INPUT_MAGIC 0x4d494e50u /* "MINP" */

struct MediaInput {
    unsigned magic;
    int fd; /* borrowed */
    int64_t size;
    int64_t offset;   /* of the next byte to read */
    int64_t furthest; /* byte read so far */
    int fault;        /* errno of the first read that failed; 0: none */
    AVIOContext *bytes;
    AVFormatContext *format;
};

static int media_input_read(void *opaque, uint8_t *buffer, int length)
{
    MediaInput *input = CAST_OBJECT(MediaInput, opaque, MEDIA_INPUT_MAGIC);
    ssize_t got;
    if (input->offset >= input->size)
        return AVERROR_EOF;
    do
        got = pread(input->fd, buffer, (size_t)length, input->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        input->fault = input->fault ? input->fault : errno;
        return AVERROR(errno);
    }
    if (got == 0)
        return AVERROR_EOF;
    input->offset += got;
    input->furthest = MAX_OF(input->furthest, input->offset);
    return (int)got;
}

static int64_t media_input_seek(void *opaque, int64_t offset, int whence)
{
    MediaInput *input = CAST_OBJECT(MediaInput, opaque, MEDIA_INPUT_MAGIC);
    int64_t base = 0;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE)
        return input->size;
    if (whence == SEEK_CUR)
        base = input->offset;
    else if (whence == SEEK_END)
        base = input->size;
    if (__builtin_add_overflow(base, offset, &base) || base < 0)
        return AVERROR(EINVAL);
    return input->offset = base;
}

static int media_input_refuse_open(AVFormatContext *format, AVIOContext **out, const char *url,
                                   int flags, AVDictionary **options)
{
    (void)format, (void)url, (void)flags, (void)options;
    *out = NULL;
    return AVERROR(EACCES);
}

static void media_input_prepare(MediaInput *input)
{
    uint8_t *block = av_malloc(MEDIA_IO_BLOCK);
    AVFormatContext *format = avformat_alloc_context();
    REQUIRE(block && format);
    input->bytes = avio_alloc_context(block, MEDIA_IO_BLOCK, 0, input, media_input_read, NULL,
                                      media_input_seek);
    REQUIRE(input->bytes);
    format->pb = input->bytes;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->io_open = media_input_refuse_open;
    format->format_whitelist = av_strdup(media_types_demuxers);
    format->codec_whitelist = av_strdup(media_types_decoders);
    format->protocol_whitelist = av_strdup("");
    format->max_streams = MEDIA_STREAMS_MAX;
    format->max_index_size = MEDIA_INDEX_BYTES;
    format->probesize = MEDIA_PROBE_BYTES;
    format->max_analyze_duration = (int64_t)MEDIA_PROBE_SECONDS * AV_TIME_BASE;
    REQUIRE(format->format_whitelist && format->codec_whitelist && format->protocol_whitelist);
    input->format = format;
}

bool media_input_check(const MediaInput *input, Error *error)
{
    return !input->fault || error_set_errno(error, input->fault, "The original could not be read");
}

static size_t media_input_look(void *context, uint64_t offset, void *out, size_t length)
{
    MediaInput *input = CAST_OBJECT(MediaInput, context, MEDIA_INPUT_MAGIC);
    size_t filled = 0;
    int got;
    input->offset = (int64_t)MIN_OF(offset, (uint64_t)input->size);
    while (filled < length &&
           (got = media_input_read(input, (uint8_t *)out + filled, (int)(length - filled))) > 0)
        filled += (size_t)got;
    input->offset = input->furthest = 0;
    return filled;
}

/* The demuxer of the table's row. Of a file that none fits, sound may still begin behind more
 * rubbish than is looked through, which the library searches for. NULL: it is nothing for us. */
static const AVInputFormat *media_input_demuxer(MediaInput *input)
{
    const MediaReader reader = {media_input_look, input};
    const AVInputFormat *guess = NULL;
    MediaRefusal refusal;
    MediaTypeId type = media_detect_file(&reader, &refusal);
    if (type != TYPE_NONE)
        return av_find_input_format(media_types_demuxer(type));
    if (av_probe_input_buffer2(input->bytes, &guess, "", NULL, 0, 0) < 0)
        return NULL;
    /* Bytes in front of MPEG audio look like AMR without a head to the library, and MPEG audio may
     * begin after any garbage. Recorders write the head (RFC 4867 §5). */
    if (streq(guess->name, "amrnb") || streq(guess->name, "amrwb"))
        return av_find_input_format("mp3");
    return av_match_list(guess->name, GUESSED, ',') > 0 ? guess : NULL;
}

/* On failure the library frees the format and clears the pointer. */
static int media_input_begin(MediaInput *input, const AVInputFormat *container, bool unled)
{
    AVDictionary *options = NULL;
    /* AVI's index is not read where it could not be gone back from. */
    if (unled && streq(container->name, "avi"))
        input->bytes->seekable = 0;
    if (unled)
        REQUIRE(av_dict_set(&options, "ignore_editlist", "1", 0) >= 0);
    int number = avformat_open_input(&input->format, NULL, container, &options);
    av_dict_free(&options); /* what other containers do not know */
    return number;
}

static bool media_input_open_as(int fd, bool unled, MediaInput **out, Error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set_errno(error, errno, "The file could not be read");
    if (status.st_size == 0)
        return error_set(error, ERROR_MEDIA, "The file is empty.");
    _cleanup_media_input_ MediaInput *input = NEW(MediaInput);
    *input = (MediaInput){.magic = MEDIA_INPUT_MAGIC, .fd = fd, .size = status.st_size};
    media_input_prepare(input);
    media_error_forget();
    const AVInputFormat *container = media_input_demuxer(input);
    int number = container ? media_input_begin(input, container, unled) : AVERROR(EINVAL);
    if (!media_input_check(input, error))
        return false;
    if (number == AVERROR(EINVAL))
        return error_set(error, ERROR_MEDIA, "The file is no video or recording of a known kind.");
    if (number < 0 && media_error_is_about("moov atom not found"))
        return error_set(error, ERROR_MEDIA,
                         "The file is incomplete: its index (moov) is missing, as in one that was "
                         "cut off.");
    if (number < 0)
        return media_error_set(error, number,
                               "The file is no video or recording, or it cannot be read");
    *out = TAKE_PTR(input);
    return true;
}

bool media_input_open(int fd, MediaInput **out, Error *error)
{
    return media_input_open_as(fd, false, out, error);
}

bool media_input_open_unled(int fd, MediaInput **out, Error *error)
{
    return media_input_open_as(fd, true, out, error);
}

struct AVFormatContext *media_input_format(MediaInput *input)
{
    return input->format;
}

int64_t media_input_size(const MediaInput *input)
{
    return input->size;
}

double media_input_position(const MediaInput *input)
{
    return MIN_OF((double)input->furthest / (double)input->size, 1.0);
}

void media_input_free(MediaInput **pointer)
{
    MediaInput *input = TAKE_PTR(*pointer);
    if (!input)
        return;
    avformat_close_input(&input->format);
    if (input->bytes)
        av_freep(&input->bytes->buffer);
    avio_context_free(&input->bytes);
    input->magic = 0;
    free(input);
}
