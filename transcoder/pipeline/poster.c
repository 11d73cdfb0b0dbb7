#include "transcoder/pipeline/poster.h"

#include <errno.h>
#include <math.h>

#include "common/file.h"
#include "common/media/media_error.h"
#include "transcoder/pipeline/encode.h"
#include "transcoder/pipeline/filter.h"

#define JUDGE_EVERY  0.5 /* seconds */
#define ROW_STEP     4   /* every fourth row and second pixel tell enough */
#define PIXEL_STEP   2
#define NEARLY_BEST  0.8 /* of the best quality: good enough to be chosen for being typical */
#define JPEG_QUALITY 3   /* the encoder's quantiser; about 85 on the usual scale */
#define BLACK        16
#define WHITE        235

typedef struct Tally {
    int64_t count, sum, squares, edges;
    int64_t bins[POSTER_BINS];
} Tally;

static void count_row(Tally *tally, const uint8_t *row, int width)
{
    for (int x = 0; x + PIXEL_STEP < width; x += PIXEL_STEP) {
        int value = row[x];
        tally->sum += value;
        tally->squares += value * value;
        tally->edges += abs(value - row[x + PIXEL_STEP]);
        tally->bins[value * POSTER_BINS / 256]++;
        tally->count++;
    }
}

/* Contrast counts most, detail some; a picture mostly at the ends of the scale is fading, empty or
 * blinded. */
static PosterLook judge(const AVFrame *frame)
{
    PosterLook look = {0};
    Tally tally = {0};
    for (int y = 0; y < frame->height; y += ROW_STEP)
        count_row(&tally, frame->data[0] + (ptrdiff_t)y * frame->linesize[0], frame->width);
    if (tally.count == 0)
        return look;
    double count = (double)tally.count, mean = (double)tally.sum / count;
    double contrast = sqrt(fmax((double)tally.squares / count - mean * mean, 0));
    double detail = (double)tally.edges / count;
    double exposure = (mean - BLACK) / (WHITE - BLACK); /* 0.5 is best, both ends are worst */
    double balance = fmax(1 - fabs(exposure - 0.5) * 1.8, 0.05);
    look.quality = (fmin(contrast, 64) + fmin(detail, 16)) * sqrt(balance);
    for (size_t i = 0; i < POSTER_BINS; i++)
        look.spread[i] = (double)tally.bins[i] / count;
    return look;
}

static void keep(Poster *poster, const AVFrame *frame, const PosterLook *look)
{
    size_t place = poster->count;
    while (place > 0 && poster->candidates[place - 1].look.quality < look->quality)
        place--;
    if (place == POSTER_CANDIDATES)
        return;
    if (poster->count == POSTER_CANDIDATES)
        av_frame_free(&poster->candidates[--poster->count].frame);
    memmove(&poster->candidates[place + 1], &poster->candidates[place],
            (poster->count - place) * sizeof poster->candidates[0]);
    AVFrame *kept = av_frame_clone(frame);
    REQUIRE(kept);
    poster->candidates[place] = (PosterCandidate){kept, *look};
    poster->count++;
}

void poster_consider(Poster *poster, const AVFrame *frame, double seconds)
{
    if (seconds < poster->due)
        return;
    poster->due = seconds + JUDGE_EVERY;
    PosterLook look = judge(frame);
    for (size_t i = 0; i < POSTER_BINS; i++)
        poster->total[i] += look.spread[i];
    keep(poster, frame, &look);
}

static double distance(const double *spread, const double *total)
{
    double sum = 0, apart = 0;
    for (size_t i = 0; i < POSTER_BINS; i++)
        sum += total[i];
    for (size_t i = 0; i < POSTER_BINS && sum > 0; i++)
        apart += fabs(spread[i] - total[i] / sum);
    return apart;
}

static AVFrame *choose(const Poster *poster)
{
    const PosterCandidate *best = &poster->candidates[0];
    double enough = best->look.quality * NEARLY_BEST;
    for (size_t i = 1; i < poster->count; i++) {
        const PosterCandidate *other = &poster->candidates[i];
        if (other->look.quality >= enough && distance(other->look.spread, poster->total) <
                                                 distance(best->look.spread, poster->total))
            best = other;
    }
    return best->frame;
}

typedef struct Jpeg {
    int fd; /* borrowed */
    bool written;
} Jpeg;

static bool write_packet(void *context, AVPacket *packet, Error *error)
{
    Jpeg *jpeg = context;
    jpeg->written = true;
    return file_write_all(jpeg->fd, packet->data, (size_t)packet->size, 0, error);
}

static bool open_encoder(const AVFrame *frame, AVCodecContext **out, Error *error)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    if (!codec)
        return error_set(error, ERROR_INTERNAL, "The JPEG encoder is not installed.");
    _cleanup_codec_ AVCodecContext *encoder = avcodec_alloc_context3(codec);
    REQUIRE(encoder);
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = frame->format;
    encoder->color_range = AVCOL_RANGE_JPEG;
    encoder->time_base = (AVRational){1, 1};
    encoder->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT; /* no comment inside */
    encoder->global_quality = JPEG_QUALITY * FF_QP2LAMBDA;
    encoder->thread_count = 1;
    int number = avcodec_open2(encoder, codec, NULL);
    if (number < 0)
        return media_error_set(error, number, "The poster's encoder could not be started");
    *out = TAKE_PTR(encoder);
    return true;
}

static bool encode_jpeg(void *context, AVFrame *frame, Error *error)
{
    _cleanup_codec_ AVCodecContext *encoder = NULL;
    PacketSink sink = {write_packet, context};
    frame->pts = 0;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    frame->quality = JPEG_QUALITY * FF_QP2LAMBDA;
    return open_encoder(frame, &encoder, error) && encode_frame(encoder, frame, sink, error) &&
           encode_frame(encoder, NULL, sink, error);
}

/* JPEG knows one matrix, that of bt601, and full range (JFIF 1.02). */
static void describe_filters(const AVFrame *frame, char *text, size_t size)
{
    int long_side = MAX_OF(frame->width, frame->height);
    double factor = fmin(1, (double)POSTER_LONG_SIDE_MAX / long_side);
    snprintf(text, size,
             "scale=w=%d:h=%d:flags=area+accurate_rnd:out_range=pc:out_color_matrix=smpte170m,"
             "format=yuvj420p",
             MAX_OF((int)lround(frame->width * factor), 1),
             MAX_OF((int)lround(frame->height * factor), 1));
}

static bool convert_and_write(AVFrame *frame, int fd, Error *error)
{
    char text[PLAN_FILTERS_MAX];
    _cleanup_filter_ Filter filter = {0};
    Jpeg jpeg = {.fd = fd};
    describe_filters(frame, text, sizeof text);
    FilterSpec spec = {.like = frame, .time_base = {1, 1}, .text = text, .threads = 1};
    FrameSink sink = {encode_jpeg, &jpeg};
    if (!filter_open(&spec, &filter, error) || !filter_frame(&filter, frame, sink, error))
        return false;
    return jpeg.written || error_set(error, ERROR_MEDIA, "The poster came out empty.");
}

bool poster_write(Poster *poster, int fd, Error *error)
{
    if (poster->count == 0)
        return error_set(error, ERROR_MEDIA, "There was no picture for a poster.");
    if (convert_and_write(choose(poster), fd, error))
        return true;
    if (ftruncate(fd, 0) < 0)
        return error_set_errno(error, errno, "The unfinished poster could not be removed");
    return false;
}

void poster_release(Poster *poster)
{
    for (size_t i = 0; i < poster->count; i++)
        av_frame_free(&poster->candidates[i].frame);
    poster->count = 0;
}
