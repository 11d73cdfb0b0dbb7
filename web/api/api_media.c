/* GET /media/…: the files themselves. */
#include <errno.h>
#include <fcntl.h>

#include "web/api/api_delivery.h"
#include "web/library/files/media_type.h"

void api_describe_file(const FileRow *file, ServedFile *served)
{
    const MediaType *type = media_type_find(file->content_type);
    char hex[2 * DIGEST_SIZE + 1];
    int fd = served->fd;
    *served = (ServedFile){
        .fd = fd,
        .size = (uint64_t)file->size,
        .modified_ms = file->created_at,
        .attachment = !type || !type->inline_safe,
    };
    sodium_bin2hex(hex, sizeof hex, file->blake2b.bytes, DIGEST_SIZE);
    snprintf(served->etag, sizeof served->etag, "\"%s\"", hex);
    base_copy(served->content_type, sizeof served->content_type,
              type ? type->content_type : "application/octet-stream");
    if (type)
        media_type_name(type, file->media_name, served->download_name);
    else
        base_copy(served->download_name, sizeof served->download_name, file->media_name);
}

static bool resolve(void *app, const char *path, ServedFile *served, Error *error)
{
    const App *self = app;
    FileRow file;
    ServedFile found = {.fd = -1};
    _cleanup_stored_file_ StoredFile *stored = NULL;
    if (!library_open_file(&self->library, path, &file, &stored, error))
        return false;
    found.fd = fcntl(stored_file_lend_fd(stored, error), F_DUPFD_CLOEXEC, 0);
    if (found.fd < 0)
        return error_set_errno(error, errno, "The file %s could not be opened", path);
    api_describe_file(&file, &found);
    found.cache_control = "public, max-age=31536000, immutable";
    *served = found;
    return true;
}

const Route api_media_routes[] = {
    {HTTP_GET, "/media/{*}", ACCESS_PUBLIC, BODY_NONE, .resolve = resolve},
    {0},
};
