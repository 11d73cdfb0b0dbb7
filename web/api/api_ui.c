#include "web/api/api.h"

#include "web/ui/assets.h"

/* No inline script or style, nothing from elsewhere, no framing. */
static const char content_security_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

/* RFC 9110 §12.5.3, as far as browsers use it: a coding is taken when it is named without q=0. */
static bool ui_accepts(const char *field, const char *coding)
{
    size_t length = strlen(coding);
    for (const char *at = field; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t");
        if (strncasecmp(at, coding, length) != 0)
            continue;
        const char *weight = at + length + strspn(at + length, " \t");
        if (*weight == ';')
            weight += 1 + strspn(weight + 1, " \t");
        if (*weight == '\0' || *weight == ',')
            return true;
        if (strncasecmp(weight, "q=", 2) == 0)
            return strtod(weight + 2, NULL) > 0;
    }
    return false;
}

static int ui_compare_path(const void *path, const void *asset)
{
    return strcmp(path, ((const UiAsset *)asset)->path);
}

static Response *ui_serve(const Request *request, const char *path, Error *error)
{
    const UiAsset *asset =
        bsearch(path, ui_assets, ui_asset_count, sizeof ui_assets[0], ui_compare_path);
    const char *accepted = request_header(request, "Accept-Encoding"), *coding = NULL;
    if (!asset) {
        error_set(error, ERROR_NOT_FOUND, "There is nothing at this address.");
        return NULL;
    }
    const UiBody *body = &asset->identity;
    if (asset->brotli.size > 0 && ui_accepts(accepted, "br")) {
        body = &asset->brotli;
        coding = "br";
    } else if (asset->gzip.size > 0 && ui_accepts(accepted, "gzip")) {
        body = &asset->gzip;
        coding = "gzip";
    }
    int status = request_has_etag(request, body->etag) ? 304 : 200;
    Response *response = response_static(status, asset->content_type, body->data, body->size);
    response_header(response, "ETag", body->etag);
    response_header(response, "Vary", "Accept-Encoding");
    response_header(response, "Cache-Control",
                    asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    response_header(response, "Content-Security-Policy", content_security_policy);
    response_header(response, "Referrer-Policy", "no-referrer");
    if (coding)
        response_header(response, "Content-Encoding", coding);
    return response;
}

static Response *ui_page(Request *request, Error *error)
{
    return ui_serve(request, "/", error);
}

static Response *ui_asset(Request *request, Error *error)
{
    char path[MEDIA_PATH_MAX + 16];
    snprintf(path, sizeof path, "/assets/%s", request_param(request, 0));
    return ui_serve(request, path, error);
}

/* All in memory: answered on the loop. */
const Route api_ui_routes[] = {
    {HTTP_GET, "/", "page", ACCESS_PUBLIC, BODY_NONE, POOL_LOOP, .handle = ui_page},
    {HTTP_GET, "/assets/{*}", "page.asset", ACCESS_PUBLIC, BODY_NONE, POOL_LOOP,
     .handle = ui_asset},
    {0},
};
