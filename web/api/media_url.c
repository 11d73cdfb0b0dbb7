#include "common/base/url.h"
#include "web/api/api.h"

json_t *api_media_url(const char *path)
{
    char url[3 * MEDIA_PATH_MAX + sizeof "/media/"] = "/media/";
    size_t prefix = strlen(url);
    if (!*path)
        return json_null();
    REQUIRE(url_encode_path(path, url + prefix, sizeof url - prefix));
    return json_string(url);
}

static void set_url(json_t *object, const char *field, const char *path)
{
    json_object_set_new(object, field, api_media_url(path));
}

void api_set_made_urls(json_t *object, const FilePaths *files)
{
    const char *audio = files->of[FILE_AUDIO];
    set_url(object, "media_url", *audio ? audio : files->of[FILE_VIDEO]);
    set_url(object, "poster_url", files->of[FILE_POSTER]);
    set_url(object, "storyboard_url", files->of[FILE_STORYBOARD_VTT]);
    set_url(object, "storyboard_image_url", files->of[FILE_STORYBOARD]);
    set_url(object, "waveform_url", files->of[FILE_WAVEFORM]);
}
