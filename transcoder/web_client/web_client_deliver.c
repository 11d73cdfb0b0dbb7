#include <errno.h>
#include <sys/stat.h>

#include "transcoder/web_client/web_client_transport.h"

/* Web makes the files durable before it answers; on a slow disk that is a long silence. */
#define STALL_SECONDS 180

/* A file being sent: curl asks for it piece by piece, and may go back to its start. */
typedef struct SentFile {
    WebClient *client; /* takes the fault */
    int fd;
    int64_t size;
    int64_t offset;
    const WebProgress *progress; /* NULL: not told */
    int percent;
} SentFile;

static void tell_progress(SentFile *file)
{
    int percent = (int)(file->offset * 100 / file->size);
    if (percent != file->percent && file->progress && file->progress->report)
        file->progress->report(file->progress->context, percent);
    file->percent = percent;
}

static size_t read_piece(char *data, size_t size, size_t count, void *context)
{
    SentFile *file = context;
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
    tell_progress(file);
    return (size_t)got;
}

static int seek_piece(void *context, curl_off_t offset, int origin)
{
    SentFile *file = context;
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_FAIL;
    file->offset = offset;
    return CURL_SEEKFUNC_OK;
}

static curl_mimepart *add_part(curl_mime *mime, const char *name)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    REQUIRE(part);
    REQUIRE(curl_mime_name(part, name) == CURLE_OK);
    return part;
}

static void add_field(curl_mime *mime, const char *name, const char *value)
{
    REQUIRE(curl_mime_data(add_part(mime, name), value, CURL_ZERO_TERMINATED) == CURLE_OK);
}

static void add_file(curl_mime *mime, const TransferFileKind *kind, SentFile *file)
{
    curl_mimepart *part = add_part(mime, kind->field);
    REQUIRE(curl_mime_filename(part, kind->name) == CURLE_OK);
    REQUIRE(curl_mime_type(part, kind->content_type) == CURLE_OK);
    REQUIRE(curl_mime_data_cb(part, file->size, read_piece, seek_piece, NULL, file) == CURLE_OK);
}

static bool file_size(int fd, int64_t *size, Error *error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set_errno(error, errno, "A result could not be read back");
    *size = status.st_size;
    return true;
}

static void add_fields(curl_mime *mime, const WebDelivery *delivery)
{
    _cleanup_json_ json_t *metadata = transfer_result_encode(delivery->result);
    _cleanup_free_ char *text = json_print(metadata);
    add_field(mime, TRANSFER_FIELD_MEDIA, delivery->job->media_id);
    add_field(mime, TRANSFER_FIELD_JOB, delivery->job->job_id);
    add_field(mime, TRANSFER_FIELD_LEASE, delivery->job->lease_token);
    add_field(mime, TRANSFER_FIELD_METADATA, text);
}

static void free_mime(curl_mime **mime)
{
    curl_mime_free(*mime);
}

/* Only web's own words confirm: a page of some proxy with status 200 does not. */
static bool is_confirmed(const WebClient *client, Error *error)
{
    Error ignored = {0};
    _cleanup_json_ json_t *answer = web_transport_object(client, &ignored);
    if (answer && json_is_true(json_object_get(answer, "success")))
        return true;
    return error_set(error, ERROR_NETWORK, "Web's answer to the delivery does not confirm it.");
}

/* The progress told is that of the video or sound, which is nearly all of it. */
static bool add_files(curl_mime *mime, const WebDelivery *delivery, SentFile *files, Error *error)
{
    TransferFile main_file = transfer_main_file(delivery->result);
    for (TransferFile i = 0; i < TRANSFER_FILE_COUNT; i++) {
        files[i].fd = delivery->fds[i];
        files[i].percent = -1;
        files[i].progress = i == main_file ? &delivery->progress : NULL;
        if (!delivery->result->files[i].present)
            continue;
        if (!file_size(files[i].fd, &files[i].size, error))
            return false;
        add_file(mime, &transfer_file_kinds[i], &files[i]);
    }
    return true;
}

bool web_client_deliver(WebClient *client, const WebDelivery *delivery, Error *error)
{
    SentFile files[TRANSFER_FILE_COUNT] = {0};
    _cleanup_(free_mime) curl_mime *mime = curl_mime_init(client->easy);
    REQUIRE(mime);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        files[i].client = client;
    add_fields(mime, delivery);
    if (!add_files(mime, delivery, files, error))
        return false;
    WebRequest request = {.path = TRANSFER_PATH_UPLOAD,
                          .what = "the delivery",
                          .mime = mime,
                          .stall_seconds = STALL_SECONDS,
                          .headers = {"Expect: 100-continue"}};
    return web_transport_request(client, &request, error) && is_confirmed(client, error);
}
