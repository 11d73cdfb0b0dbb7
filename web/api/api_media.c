/* GET /media/…: the files themselves, and how others say where they are. */
#include "common/base/url.h"
#include "web/api/api.h"
#include "web/library/files/media_type.h"

void api_link(const App *app, const char *path, char out[API_LINK_SIZE])
{
    const char *base = app->settings->public_url.text;
    size_t length = strlen(base);
    if (length > 0 && base[length - 1] == '/')
        length--;
    REQUIRE((size_t)snprintf(out, API_LINK_SIZE, "%.*s%s", (int)length, base, path) <
            API_LINK_SIZE);
}

json_t *api_media_url(const App *app, const char *path)
{
    char url[3 * MEDIA_PATH_MAX + sizeof "/media/"] = "/media/", link[API_LINK_SIZE];
    size_t prefix = strlen(url);
    if (!*path)
        return json_null();
    REQUIRE(url_encode_path(path, url + prefix, sizeof url - prefix));
    api_link(app, url, link);
    return json_string(link);
}

void api_set_made_urls(const App *app, json_t *object, const FilePaths *files)
{
    static const struct {
        const char *name;
        FileRole role;
    } rows[] = {
        {"media_url", FILE_VIDEO},
        {"poster_url", FILE_POSTER},
        {"storyboard_url", FILE_STORYBOARD_VTT},
        {"storyboard_image_url", FILE_STORYBOARD},
        {"waveform_url", FILE_WAVEFORM},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        json_object_set_new(object, rows[i].name, api_media_url(app, files->of[rows[i].role]));
    if (*files->of[FILE_AUDIO])
        json_object_set_new(object, "media_url", api_media_url(app, files->of[FILE_AUDIO]));
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
