/*
 * The routes, one table per family of addresses, and what their handlers share. Handlers run on
 * worker threads and may block. docs/http-api.md tells people the same.
 */
#pragma once

#include "common/base/buffer.h"
#include "web/access/access.h"
#include "web/app.h"
#include "web/library/files/library_files.h"

extern const Route api_upload_routes[];
extern const Route api_transcoding_routes[];
extern const Route api_media_routes[];
extern const Route api_health_routes[];
extern const Route api_metrics_routes[];
extern const Route api_ui_routes[]; /* the page: the files of web/ui, built into the program */

/* The form that brings a file, and the one that brings a transcoder's result. */
extern const FormHandler api_upload_form;
extern const FormHandler api_delivery_form;

/* The largest such form, in bytes (Route.body_max). */
uint64_t api_delivery_max(const void *app);

/* The address for this path of ours, which begins with a slash: absolute where PUBLIC_URL says how,
 * else the path itself. */
#define API_LINK_SIZE (SETTING_VALUE_MAX + 3 * MEDIA_PATH_MAX + 32)
void api_link(const App *app, const char *path, char out[API_LINK_SIZE]);

/* The address of a file in the volume, percent-encoded; JSON null for "". */
json_t *api_media_url(const App *app, const char *path);

/* The addresses of what was made of an upload: media_url, the video or the sound, and all that
 * belongs to it; null for what there is not. */
void api_set_made_urls(const App *app, json_t *object, const FilePaths *files);

/* What the client's form says at the moment: a file, or a plain field that is being collected. */
typedef struct FormField {
    char name[64]; /* cut: longer ones are none of ours */
    bool is_file;
    /* A file without a name: where no bytes come, it is a browser's input in which nobody chose one
     * (HTML §4.10.22.4). */
    bool is_nameless;
    char content_type[64]; /* as the client says; cut */
    Buffer value;
} FormField;

void form_field_begin(FormField *field, const FormPart *part);

/* ERROR_INVALID beyond MULTIPART_FIELD_MAX and for NUL bytes. */
_must_check_ bool form_field_append(FormField *field, const void *bytes, size_t length,
                                    Error *error);
const char *form_field_value(const FormField *field);
void form_field_release(FormField *field);

/* The facts of a file of the volume for an answer, and the file itself, which it takes over. */
void api_describe_file(const FileRow *row, StoredFile *file, ServedFile *out);

/* The declared length; ERROR_LENGTH_REQUIRED where there is none: room is set aside by it. */
_must_check_ bool api_declared_length(const Request *request, uint64_t *length, Error *error);
