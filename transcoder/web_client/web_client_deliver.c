#include <errno.h>
#include <sys/stat.h>

#include "transcoder/web_client/web_client.h"
#include "transcoder/web_client/web_client_transport.h"

/* Web makes the files durable before it answers; on a slow disk that is a long silence. */
#define STALL_SECONDS 180

#define SENT_FILE_MAGIC 0x53454e54u /* "SENT" */

/* A file being sent: curl asks for it piece by piece, and may go back to its start. */
typedef struct SentFile {
    unsigned magic;
    WebClient *client; /* takes the fault */
    int fd;
    int64_t size;
    int64_t offset;
    const WebProgress *progress; /* NULL: not told */
    int percent;
} SentFile;

static size_t delivery_read(char *data, size_t size, size_t count, void *context)
{
    SentFile *file = CAST_OBJECT(SentFile, context, SENT_FILE_MAGIC);
    size_t wanted = (size_t)MIN_OF((int64_t)(size * count), file->size - file->offset);
    ssize_t got;
    if (wanted == 0)
        return 0;
    do
        got = pread(file->fd, data, wanted, file->offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        error_set_errno(&file->client->fault, got < 0 ? errno : EIO,
                        "A result could not be read back");
        return CURL_READFUNC_ABORT;
    }
    file->offset += got;
    int percent = (int)(file->offset * 100 / file->size);
    if (percent != file->percent && file->progress && file->progress->report)
        file->progress->report(file->progress->context, percent);
    file->percent = percent;
    return (size_t)got;
}

static int delivery_seek(void *context, curl_off_t offset, int origin)
{
    SentFile *file = CAST_OBJECT(SentFile, context, SENT_FILE_MAGIC);
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_FAIL;
    file->offset = offset;
    return CURL_SEEKFUNC_OK;
}

static bool delivery_add_field(curl_mime *mime, const char *name, const char *value, Error *error)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    CURLcode code = part ? curl_mime_name(part, name) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = curl_mime_data(part, value, CURL_ZERO_TERMINATED);
    return web_transport_good(code, error);
}

static bool delivery_add_file(curl_mime *mime, const TransferFileKind *kind, SentFile *file,
                              Error *error)
{
    struct stat status;
    if (fstat(file->fd, &status) < 0)
        return error_set_errno(error, errno, "A result could not be read back");
    file->size = status.st_size;
    curl_mimepart *part = curl_mime_addpart(mime);
    CURLcode code = part ? curl_mime_name(part, kind->field) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = curl_mime_filename(part, kind->name);
    if (code == CURLE_OK)
        code = curl_mime_type(part, kind->content_type);
    if (code == CURLE_OK)
        code = curl_mime_data_cb(part, file->size, delivery_read, delivery_seek, NULL, file);
    return web_transport_good(code, error);
}

/* The progress told is that of the video or sound, which is nearly all of it. */
static bool delivery_fill(curl_mime *mime, const WebDelivery *delivery, SentFile *files,
                          Error *error)
{
    const TransferJob *job = delivery->job;
    TransferFile main_file = transfer_main_file(delivery->result);
    _cleanup_json_ json_t *metadata = transfer_result_encode(delivery->result);
    _cleanup_free_ char *text = json_print(metadata);
    if (!delivery_add_field(mime, TRANSFER_FIELD_MEDIA, job->media_id, error) ||
        !delivery_add_field(mime, TRANSFER_FIELD_JOB, job->job_id, error) ||
        !delivery_add_field(mime, TRANSFER_FIELD_LEASE, job->lease_token, error) ||
        !delivery_add_field(mime, TRANSFER_FIELD_METADATA, text, error))
        return false;
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        files[i].fd = delivery->fds[i];
        files[i].progress = i == main_file ? &delivery->progress : NULL;
        if (delivery->result->files[i].present &&
            !delivery_add_file(mime, &transfer_file_kinds[i], &files[i], error))
            return false;
    }
    return true;
}

static void delivery_free_mime(curl_mime **mime)
{
    curl_mime_free(*mime);
}

bool web_client_deliver(WebClient *client, const WebDelivery *delivery, Error *error)
{
    SentFile files[TRANSFER_FILE_COUNT];
    _cleanup_(delivery_free_mime) curl_mime *mime = curl_mime_init(client->easy);
    if (!mime)
        return web_transport_good(CURLE_OUT_OF_MEMORY, error);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        files[i] = (SentFile){.magic = SENT_FILE_MAGIC, .client = client, .percent = -1};
    if (!delivery_fill(mime, delivery, files, error))
        return false;
    WebRequest request = {.path = TRANSFER_PATH_UPLOAD,
                          .what = "the delivery",
                          .mime = mime,
                          .stall_seconds = STALL_SECONDS,
                          .headers = {"Expect: 100-continue"}};
    if (!web_transport_request(client, &request, error))
        return false;
    /* Only web's own words confirm: a page of some proxy with status 200 does not. */
    Error ignored = {0};
    _cleanup_json_ json_t *answer = web_transport_object(client, &ignored);
    if (answer && json_is_true(json_object_get(answer, "success")))
        return true;
    return error_set(error, ERROR_NETWORK, "Web's answer to the delivery does not confirm it.");
}
