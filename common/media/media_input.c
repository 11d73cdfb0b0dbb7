#include "common/media/media_input.h"

#include <errno.h>
#include <fcntl.h>
#include <libavformat/avformat.h>
#include <libavutil/mem.h>
#include <sys/stat.h>

#include "common/media/media_error.h"
#include "common/media/media_limits.h"

/* Containers that cameras, phones and recorders write. Playlists and formats that name other files
 * are not among them. */
#define CONTAINERS "mov,matroska,avi,mpegts,mpeg,asf,flv,ogg,mp3,wav,flac,aac,amr,aiff,caf"

/* Decoders that may see strangers' bytes: those of cameras, phones, recorders and the web. */
#define DECODERS                                                                                   \
    "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4,mpeg1video,mpeg2video,mjpeg,h263,h263p,h263i,flv,"       \
    "msmpeg4v1,msmpeg4,msmpeg4v2,msmpeg4v3,wmv1,wmv2,wmv3,vc1,dvvideo,prores,dnxhd,theora,"        \
    "rawvideo,qtrle,svq1,svq3,cinepak,huffyuv,ffvhuff,ffv1,png,"                                   \
    "aac,aac_latm,mp3float,mp3,mp2float,mp2,ac3,eac3,dca,alac,flac,opus,libopus,vorbis,"           \
    "amrnb,amrwb,wmav1,wmav2,wmapro,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,adpcm_swf,qdm2,"           \
    "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,"         \
    "pcm_f32be,pcm_f64le,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd"

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
    format->format_whitelist = av_strdup(CONTAINERS);
    format->codec_whitelist = av_strdup(DECODERS);
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

bool media_input_open(int fd, MediaInput **out, Error *error)
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
    const AVInputFormat *container = NULL;
    int number = av_probe_input_buffer2(input->bytes, &container, "", NULL, 0, 0);
    /* Bytes in front of MPEG audio look like AMR without a head to the library, and MPEG audio may
     * begin after any garbage. Recorders write the head (RFC 4867 §5). */
    if (number >= 0 && (streq(container->name, "amrnb") || streq(container->name, "amrwb")))
        container = av_find_input_format("mp3");
    /* On failure the library frees the format and clears the pointer. */
    if (number >= 0)
        number = avformat_open_input(&input->format, NULL, container, NULL);
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
