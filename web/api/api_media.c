/* GET /media/…: the files themselves, and how others say where they are. */
#include "common/base/url.h"
#include "web/api/api.h"
#include "web/library/files/media_type.h"

json_t *api_media_url(const char *path)
{
    char url[3 * MEDIA_PATH_MAX + sizeof "/media/"] = "/media/";
    size_t prefix = strlen(url);
    if (!*path)
        return json_null();
    REQUIRE(url_encode_path(path, url + prefix, sizeof url - prefix));
    return json_string(url);
}

void api_set_made_urls(json_t *object, const FilePaths *files)
{
    const char *audio = files->of[FILE_AUDIO];
    json_object_set_new(object, "media_url", api_media_url(*audio ? audio : files->of[FILE_VIDEO]));
    json_object_set_new(object, "poster_url", api_media_url(files->of[FILE_POSTER]));
    json_object_set_new(object, "storyboard_url", api_media_url(files->of[FILE_STORYBOARD_VTT]));
    json_object_set_new(object, "storyboard_image_url", api_media_url(files->of[FILE_STORYBOARD]));
    json_object_set_new(object, "waveform_url", api_media_url(files->of[FILE_WAVEFORM]));
}

void api_describe_file(const FileRow *row, StoredFile *file, ServedFile *out)
{
    const MediaType *type = media_type_find(row->content_type);
    char hex[2 * DIGEST_SIZE + 1];
    *out = (ServedFile){
        .content = file,
        .modified_ms = row->created_at,
        .attachment = !type || !type->inline_safe,
        .audience = AUDIENCE_EVERYBODY,
    };
    sodium_bin2hex(hex, sizeof hex, row->blake2b.bytes, DIGEST_SIZE);
    snprintf(out->etag, sizeof out->etag, "\"%s\"", hex);
    base_copy(out->content_type, sizeof out->content_type,
              type ? type->content_type : "application/octet-stream");
    if (type)
        media_type_name(type, row->media_name, out->download_name);
    else
        base_copy(out->download_name, sizeof out->download_name, row->media_name);
}

static bool media_resolve(void *object, const char *path, ServedFile *out, Error *error)
{
    const App *app = CAST_OBJECT(const App, object, APP_MAGIC);
    FileRow row;
    StoredFile *file;
    if (!library_open_file(&app->library, path, &row, &file, error))
        return false;
    api_describe_file(&row, file, out);
    out->cache_control = "public, max-age=31536000, immutable";
    return true;
}

const Route api_media_routes[] = {
    {HTTP_GET, "/media/{*}", "media.file", ACCESS_PUBLIC, BODY_NONE, POOL_MEDIA,
     .resolve = media_resolve},
    {0},
};
