#include "transcoder/pipeline/output.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/media/media_compat.h"
#include "common/media/media_limits.h"

#define OUTPUT_MAGIC 0x4f555450u /* "OUTP" */

typedef struct Output {
    unsigned magic;
    int fd; /* borrowed */
    int64_t offset;
    int64_t size_max; /* bytes */
    bool full;
} Output;

static int output_read_bytes(void *opaque, uint8_t *buffer, int length)
{
    Output *output = CAST_OBJECT(Output, opaque, OUTPUT_MAGIC);
    ssize_t got;
    do
        got = pread(output->fd, buffer, (size_t)length, output->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return AVERROR(errno);
    output->offset += got;
    return got > 0 ? (int)got : AVERROR_EOF;
}

static int output_write_bytes(void *opaque, MediaWriteByte *buffer, int length)
{
    Output *output = CAST_OBJECT(Output, opaque, OUTPUT_MAGIC);
    output->full = output->full || output->offset > output->size_max - length;
    if (output->full)
        return AVERROR(EFBIG);
    for (int written = 0; written < length;) {
        ssize_t count =
            pwrite(output->fd, buffer + written, (size_t)(length - written), output->offset);
        if (count < 0 && errno != EINTR)
            return AVERROR(errno);
        if (count > 0) {
            written += (int)count;
            output->offset += count;
        }
    }
    return length;
}

static int64_t output_seek_bytes(void *opaque, int64_t offset, int whence)
{
    Output *output = CAST_OBJECT(Output, opaque, OUTPUT_MAGIC);
    struct stat status;
    if (fstat(output->fd, &status) < 0)
        return AVERROR(errno);
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return status.st_size;
    case SEEK_SET:
        return output->offset = offset;
    case SEEK_CUR:
        return output->offset += offset;
    case SEEK_END:
        return output->offset = status.st_size + offset;
    default:
        return AVERROR(EINVAL);
    }
}

static AVIOContext *output_open_view(int fd, bool writing, int64_t size_max)
{
    Output *output = NEW(Output);
    uint8_t *block = av_malloc(MEDIA_IO_BLOCK);
    REQUIRE(block);
    output->magic = OUTPUT_MAGIC;
    output->fd = fd;
    output->size_max = size_max;
    AVIOContext *bytes =
        avio_alloc_context(block, MEDIA_IO_BLOCK, writing, output, output_read_bytes,
                           writing ? output_write_bytes : NULL, output_seek_bytes);
    REQUIRE(bytes);
    return bytes;
}

static int output_close_view(AVIOContext *bytes)
{
    Output *output = CAST_OBJECT(Output, bytes->opaque, OUTPUT_MAGIC);
    avio_flush(bytes);
    int number = bytes->error;
    output->magic = 0;
    free(output);
    av_freep(&bytes->buffer);
    avio_context_free(&bytes);
    return number;
}

static int output_reopen(AVFormatContext *format, AVIOContext **out, const char *url, int flags,
                         AVDictionary **options)
{
    const Output *output = CAST_OBJECT(Output, format->opaque, OUTPUT_MAGIC);
    (void)url, (void)options;
    if (flags & AVIO_FLAG_WRITE)
        return AVERROR(EACCES);
    *out = output_open_view(output->fd, false, 0);
    return 0;
}

static int output_close_reopened(AVFormatContext *format, AVIOContext *bytes)
{
    (void)format;
    return output_close_view(bytes);
}

void output_attach(AVFormatContext *format, int fd, int64_t size_max)
{
    format->pb = output_open_view(fd, true, size_max);
    format->opaque = format->pb->opaque;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->io_open = output_reopen;
    format->io_close2 = output_close_reopened;
}

bool output_is_full(const AVFormatContext *format)
{
    const Output *output = CAST_OBJECT(Output, format->opaque, OUTPUT_MAGIC);
    return output->full;
}

void output_detach(AVFormatContext *format)
{
    if (format->pb)
        output_close_view(format->pb);
    format->pb = NULL;
    format->opaque = NULL;
}
