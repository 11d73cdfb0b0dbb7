#include "transcoder/pipeline/output.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/media/media_compat.h"
#include "common/media/media_limits.h"

typedef struct Output {
    int fd; /* borrowed */
    int64_t offset;
    int64_t size_max; /* bytes */
    bool full;
} Output;

static int read_bytes(void *opaque, uint8_t *buffer, int length)
{
    Output *output = opaque;
    ssize_t got;
    do
        got = pread(output->fd, buffer, (size_t)length, output->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return AVERROR(errno);
    output->offset += got;
    return got > 0 ? (int)got : AVERROR_EOF;
}

static int write_bytes(void *opaque, MediaWriteByte *buffer, int length)
{
    Output *output = opaque;
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

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    Output *output = opaque;
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

static AVIOContext *open_view(int fd, bool writing, int64_t size_max)
{
    Output *output = NEW(Output);
    uint8_t *block = av_malloc(MEDIA_IO_BLOCK);
    REQUIRE(block);
    output->fd = fd;
    output->size_max = size_max;
    AVIOContext *bytes = avio_alloc_context(block, MEDIA_IO_BLOCK, writing, output, read_bytes,
                                            writing ? write_bytes : NULL, seek_bytes);
    REQUIRE(bytes);
    return bytes;
}

static int close_view(AVIOContext *bytes)
{
    avio_flush(bytes);
    int number = bytes->error;
    free(bytes->opaque);
    av_freep(&bytes->buffer);
    avio_context_free(&bytes);
    return number;
}

static int reopen(AVFormatContext *format, AVIOContext **out, const char *url, int flags,
                  AVDictionary **options)
{
    const Output *output = format->opaque;
    (void)url, (void)options;
    if (flags & AVIO_FLAG_WRITE)
        return AVERROR(EACCES);
    *out = open_view(output->fd, false, 0);
    return 0;
}

static int close_reopened(AVFormatContext *format, AVIOContext *bytes)
{
    (void)format;
    return close_view(bytes);
}

void output_attach(AVFormatContext *format, int fd, int64_t size_max)
{
    format->pb = open_view(fd, true, size_max);
    format->opaque = format->pb->opaque;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->io_open = reopen;
    format->io_close2 = close_reopened;
}

bool output_is_full(const AVFormatContext *format)
{
    const Output *output = format->opaque;
    return output->full;
}

void output_detach(AVFormatContext *format)
{
    if (format->pb)
        close_view(format->pb);
    format->pb = NULL;
    format->opaque = NULL;
}
