#include "web/library/intake/upload.h"
#include "web/library/files/transit.h"

#include "common/base/log.h"
#include "common/base/utf8.h"
#include "web/library/files/media_type.h"
#include "web/store/store_file.h"
#include "web/store/store_job.h"

#define DEFAULT_COLLECTION "log_entries"

/* Bytes after which a type is looked for first, so that what is announced too large for it is told
 * at once. */
#define EARLY_LOOK 4096

#define UPLOAD_MAGIC        0x55504c44u /* "UPLD" */
#define UPLOAD_LOOK_MAGIC   0x4c4f4f4bu /* "LOOK" */
#define UPLOAD_READER_MAGIC 0x55524452u /* "URDR" */

/* A form's parts around the file take no more than this: what a request may exceed a file by. */
#define FORM_OVERHEAD_MAX                                                                          \
    ((uint64_t)MULTIPART_PARTS_MAX * (MULTIPART_HEADER_MAX + MULTIPART_FIELD_MAX))

struct Upload {
    unsigned magic;
    const Library *library;
    Reservation reservation;
    uint64_t declared;     /* bytes of the whole request */
    Staging *staging;      /* NULL before the file comes */
    const MediaType *type; /* by content; NULL while unknown */
    char hint[64];
    MediaRow media;
    FileRow original;
    char upload_id[UUID_SIZE];
    char job_id[UUID_SIZE];
};

uint64_t upload_form_max(const Library *library)
{
    uint64_t largest = 0;
    for (size_t kind = 0; kind < MEDIA_KIND_COUNT; kind++)
        largest = MAX_OF(largest, library->max_size[kind]);
    return largest + MIN_OF(FORM_OVERHEAD_MAX, UINT64_MAX - largest);
}

static bool upload_read_largest(StoreConnection *connection, void *size, Error *error)
{
    return store_job_largest(connection, size, error);
}

/* On a full disk one result after the other must be able to come, or it stays full. While there is
 * room for the largest result that could be, nobody has to ask how large it will be. */
static bool upload_reserve(const Library *library, uint64_t declared, Reservation *out,
                           Error *error)
{
    RoomSpec spec = {declared, MAX_OF(declared, upload_form_max(library))};
    int64_t waiting;
    if (volume_reserve(library->volume, &spec, out, NULL))
        return true;
    if (!store_read(library->store, upload_read_largest, &waiting, error))
        return false;
    spec.beside = MAX_OF(declared, (uint64_t)waiting);
    return volume_reserve(library->volume, &spec, out, error);
}

bool upload_would_fit(const Library *library, uint64_t declared, Error *error)
{
    Reservation room = {0};
    bool fits = upload_reserve(library, declared, &room, error);
    reservation_release(&room);
    return fits;
}

Upload *upload_begin(const Library *library, uint64_t declared, Error *error)
{
    Upload *upload = NEW(Upload);
    upload->magic = UPLOAD_MAGIC;
    upload->library = library;
    upload->declared = declared;
    base_copy(upload->media.collection, sizeof upload->media.collection, DEFAULT_COLLECTION);
    if (!upload_reserve(library, declared, &upload->reservation, error)) {
        free(upload);
        return NULL;
    }
    return upload;
}

void upload_free(Upload *upload)
{
    if (!upload)
        return;
    staging_free(upload->staging);
    reservation_release(&upload->reservation);
    upload->magic = 0;
    free(upload);
}

bool upload_set(Upload *upload, UploadField field, const char *value, Error *error)
{
    MediaRow *media = &upload->media;
    if (!*value)
        return true;
    switch (field) {
    case UPLOAD_COLLECTION:
        if (!name_collection_valid(value))
            return error_add_field(error, ERROR_INVALID, "collection",
                                   "A collection's name has 1 to %d characters of a-z, 0-9, _ and "
                                   "-.",
                                   COLLECTION_NAME_MAX);
        return base_copy(media->collection, sizeof media->collection, value);
    case UPLOAD_ENTRY:
        if (!name_entry_valid(value))
            return error_add_field(error, ERROR_INVALID, "entry",
                                   "An entry's name has 1 to %d letters, digits, dots, _ and -, "
                                   "and begins with a letter or a digit.",
                                   ENTRY_NAME_MAX);
        return base_copy(media->entry, sizeof media->entry, value);
    case UPLOAD_CAPTION:
        if (strlen(value) > CAPTION_MAX)
            return error_add_field(error, ERROR_INVALID, "caption",
                                   "A caption has at most %d bytes.", CAPTION_MAX);
        if (!utf8_valid(value, strlen(value)))
            return error_add_field(error, ERROR_INVALID, "caption",
                                   "A caption must be UTF-8 text.");
        return base_copy(media->caption, sizeof media->caption, value);
    case UPLOAD_HINT:
        base_copy_truncated(upload->hint, sizeof upload->hint, value);
        return true;
    }
    UNREACHABLE();
}

/* --- the file --- */

bool upload_file_begin(Upload *upload, const char *name, Error *error)
{
    if (upload->staging)
        return error_add_field(error, ERROR_INVALID, "file",
                               "Send one file at a time: this request has several.");
    name_make_safe(name, upload->media.name);
    upload->staging = staging_new(&upload->reservation, error);
    return upload->staging != NULL;
}

static bool upload_too_large(MediaKind kind, uint64_t limit, Error *error)
{
    static const char *const words[] = {
        [MEDIA_PHOTO] = "photo",
        [MEDIA_VIDEO] = "video",
        [MEDIA_AUDIO] = "recording",
    };
    bool small = limit < MIB;
    return error_set(error, ERROR_TOO_LARGE, "This %s is too large: at most %llu %s are taken.",
                     words[kind], (unsigned long long)(limit / (small ? KIB : MIB)),
                     small ? "KB" : "MB");
}

typedef struct UploadReader {
    unsigned magic;
    const StoredFile *file;
    Error fault; /* of the storage */
} UploadReader;

static size_t upload_read_file(void *context, uint64_t offset, void *out, size_t length)
{
    UploadReader *reader = CAST_OBJECT(UploadReader, context, UPLOAD_READER_MAGIC);
    size_t got = 0;
    if (reader->fault.code || offset >= stored_file_size(reader->file))
        return 0;
    IGNORE_RESULT(stored_file_read(reader->file, offset, out, length, &got, &reader->fault));
    return reader->fault.code ? 0 : got;
}

/* From the disk, whose pages are still in memory: thousands of uploads that stand still hold no
 * first bytes of their own. */
static bool upload_detect(Upload *upload, Error *error)
{
    _cleanup_stored_file_ StoredFile *file = staging_view(upload->staging, error);
    UploadReader reader = {.magic = UPLOAD_READER_MAGIC, .file = file};
    if (!file)
        return false;
    upload->type = media_type_detect_file(&(MediaReader){upload_read_file, &reader}, error);
    if (reader.fault.code && error)
        *error = reader.fault;
    return upload->type && !reader.fault.code;
}

/* Once the first bytes are there, or all: what it is, and whether it is not too much for that.
 * While the bytes come, the larger limit counts where a container may turn out to be a recording.
 */
static bool upload_check_file(Upload *upload, Error *error)
{
    const uint64_t *limits = upload->library->max_size;
    if (!upload->type && !upload_detect(upload, error))
        return false;
    uint64_t limit = limits[upload->type->kind];
    if (upload->type->audio_variant)
        limit = MAX_OF(limit, limits[MEDIA_AUDIO]);
    bool declared_too_much =
        upload->declared > FORM_OVERHEAD_MAX && upload->declared - FORM_OVERHEAD_MAX > limit;
    if (staging_size(upload->staging) > limit || declared_too_much)
        return upload_too_large(upload->type->kind, limit, error);
    return true;
}

/* Most are known by their first bytes; it is no fault when one is not yet. Once, however small the
 * pieces are in which it comes. */
static void upload_look_early(Upload *upload, uint64_t before)
{
    if (!upload->type && before < EARLY_LOOK && staging_size(upload->staging) >= EARLY_LOOK)
        IGNORE_RESULT(upload_detect(upload, NULL));
}

bool upload_append(Upload *upload, const void *bytes, size_t length, Error *error)
{
    REQUIRE(upload->staging);
    uint64_t before = staging_size(upload->staging);
    if (!staging_append(upload->staging, bytes, length, error))
        return false;
    upload_look_early(upload, before);
    bool undecided = !upload->type && staging_size(upload->staging) < MEDIA_TYPE_HEAD;
    return undecided || upload_check_file(upload, error);
}

bool upload_file_end(Upload *upload, Error *error)
{
    if (staging_size(upload->staging) == 0)
        return error_add_field(error, ERROR_INVALID, "file", "The file is empty.");
    upload->type = NULL; /* once more, now that all is there: behind long tags */
    return upload_check_file(upload, error);
}

/* --- finish --- */

/* A photo is shown as it is. */
static bool upload_has_job(const Upload *upload)
{
    return upload->media.kind != MEDIA_PHOTO;
}

/* All that the rows need; the digests come with the flush. */
static bool upload_describe(Upload *upload, int64_t now, Error *error)
{
    MediaRow *media = &upload->media;
    FileRow *original = &upload->original;
    const MediaType *type = media_type_refine(upload->type, upload->hint);
    uint64_t size = staging_size(upload->staging), limit = upload->library->max_size[type->kind];
    if (size > limit)
        return upload_too_large(type->kind, limit, error);
    id_uuid(media->id);
    id_uuid(upload->upload_id);
    id_uuid(upload->job_id);
    if (!media->entry[0])
        id_short(media->entry);
    media->kind = type->kind;
    media->size = (int64_t)size;
    media->created_at = now;
    base_copy(media->content_type, sizeof media->content_type, type->content_type);
    *original = (FileRow){.role = FILE_ORIGINAL, .size = media->size, .created_at = now};
    base_copy(original->media_id, UUID_SIZE, media->id);
    base_copy(original->content_type, sizeof original->content_type, type->content_type);
    NamePath path = {media->collection, media->entry, media->id, media->name, NULL};
    REQUIRE(name_build_path(&path, original->path));
    return true;
}

/* Nobody looks at a photo later, as the validators look at what has a job. It is refused for its
 * own faults only: where nobody could look, it is kept. */
static bool upload_check_photo(const Upload *upload, Error *error)
{
    const Library *library = upload->library;
    const MediaRow *media = &upload->media;
    Error fault = {0};
    int fd;
    if (media->kind != MEDIA_PHOTO)
        return true;
    _cleanup_stored_file_ StoredFile *photo = staging_view(upload->staging, &fault);
    if (photo && (fd = stored_file_lend_fd(photo, &fault)) >= 0 &&
        library->photo(fd, media->content_type, library->stop, &fault))
        return true;
    if (fault.code == ERROR_MEDIA)
        return error_set(error, ERROR_MEDIA, "%s", fault.detail);
    log_warning("Photo %s is kept without a look into it: %s", media->id, fault.detail);
    return true;
}

static bool upload_create_rows(StoreConnection *connection, void *argument, Error *error)
{
    const Upload *upload = CAST_OBJECT(Upload, argument, UPLOAD_MAGIC);
    const MediaRow *media = &upload->media;
    return store_media_insert(connection, media, error) &&
           store_file_insert(connection, &upload->original, error) &&
           store_upload_insert(connection, upload->upload_id, media->id, media->created_at,
                               error) &&
           (!upload_has_job(upload) ||
            store_job_insert(connection, upload->job_id, media->id, media->created_at, error));
}

/* File before row: bytes, reservation of the name, name, rows; each durable before the next. */
bool upload_finish(Upload *upload, int64_t now, char id[UUID_SIZE], Error *error)
{
    const Library *library = upload->library;
    const MediaRow *media = &upload->media;
    TransitPaths paths = {0};
    if (!upload->staging)
        return error_add_field(error, ERROR_INVALID, "file", "The request has no file.");
    if (!upload_describe(upload, now, error))
        return false;
    base_copy(paths.path[0], sizeof paths.path[0], upload->original.path);
    upload->original.has_sha256 = true;
    if (!upload_check_photo(upload, error) ||
        !staging_finish(upload->staging, &upload->original.blake2b, &upload->original.sha256,
                        error) ||
        !transit_reserve(library->transit, &paths, error))
        return false;
    if (!storage_publish(&library->storage, upload->staging, upload->original.path, error) ||
        !store_write(library->store, upload_create_rows, upload, error)) {
        transit_abandon(library->transit, &paths);
        return false;
    }
    log_info("Kept %s %s of %lld bytes in %s/%s.", media_kind_words[media->kind], media->id,
             (long long)media->size, media->collection, media->entry);
    if (upload_has_job(upload) && library->arrived)
        library->arrived(library->listener);
    return base_copy(id, UUID_SIZE, upload->upload_id);
}

UploadView upload_committed(const Upload *upload)
{
    UploadView committed = {
        .media = upload->media, .has_job = upload_has_job(upload), .job_state = JOB_VALIDATING};
    base_copy(committed.files.of[FILE_ORIGINAL], MEDIA_PATH_MAX + 1, upload->original.path);
    return committed;
}

/* --- the state of one --- */

typedef struct UploadLook {
    unsigned magic;
    const char *id;
    UploadView *out;
} UploadLook;

static bool upload_look(StoreConnection *connection, void *argument, Error *error)
{
    const UploadLook *look = CAST_OBJECT(UploadLook, argument, UPLOAD_LOOK_MAGIC);
    return store_upload_get(connection, look->id, look->out, error);
}

bool upload_view(const Library *library, const char *id, UploadView *out, Error *error)
{
    UploadLook look = {UPLOAD_LOOK_MAGIC, id, out};
    return store_read(library->store, upload_look, &look, error);
}
