#include "transcoder/scratch/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/log.h"

#define LOCK_NAME     "lock"
#define PROBE_NAME    "check"
#define ORIGINAL_NAME "original"

/* What a job may need at most: original, result and the result's second copy while its index is
 * moved to the front. */
#define NEED_FACTOR 3

#define MANIFEST_NAME   "job.json"
#define MANIFEST_FORMAT 1
#define STATE_CLAIMED   "claimed"
#define STATE_ENCODED   "encoded"

#define COUNTER_SUFFIX  ".interrupted"
#define COUNTER_SECONDS (7 * 24 * 3600) /* a job not interrupted for so long is done elsewhere */
#define COUNTER_NAME    (UUID_SIZE + sizeof COUNTER_SUFFIX)

struct Scratch {
    char *path;

    /* Guarded by the lock, which also orders creating, adopting and removing folders. */
    pthread_mutex_t lock;
    int root_fd;
    int lock_fd;
    uint64_t reserved;       /* bytes, over all jobs in hand */
    char adopted[UUID_SIZE]; /* last */
};

static void scratch_unlock(pthread_mutex_t **lock)
{
    pthread_mutex_unlock(*lock);
}

#define HOLD_LOCK(scratch)                                                                         \
    pthread_mutex_lock(&(scratch)->lock);                                                          \
    _cleanup_(scratch_unlock) _unused_ pthread_mutex_t *held_ = &(scratch)->lock

/* --- the root: WORK_DIR --- */

/* Made with all that is above it where it is missing. */
static bool scratch_open_root(const char *path, int *out, Error *error)
{
    _cleanup_free_ char *prefix = base_strdup(path);
    for (char *slash = strchr(prefix + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(prefix, 0755) < 0 && errno != EEXIST)
            return error_set_errno(error, errno, "The folder %s could not be made", prefix);
        *slash = '/';
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_set_errno(error, errno, "The folder %s (WORK_DIR) could not be made", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s (WORK_DIR) could not be opened", path);
    *out = fd;
    return true;
}

/* Opens the root where it is missing or was replaced. With the lock held. */
static bool scratch_ensure_root(Scratch *scratch, Error *error)
{
    _cleanup_close_ int root_fd = -1, lock_fd = -1;
    const char *path = scratch->path;
    struct stat held, named;
    if (scratch->root_fd >= 0 && fstat(scratch->root_fd, &held) == 0 && stat(path, &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev &&
        faccessat(scratch->root_fd, LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    if (!scratch_open_root(path, &root_fd, error))
        return false;
    lock_fd = openat(root_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_fd < 0)
        return error_set_errno(error, errno, "The folder %s (WORK_DIR) cannot be written to", path);
    if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, ERROR_CONFLICT,
                         "Another transcoder uses the folder %s; each needs a WORK_DIR of its own.",
                         path);
    base_close(&scratch->lock_fd);
    base_close(&scratch->root_fd);
    scratch->root_fd = TAKE_FD(root_fd);
    scratch->lock_fd = TAKE_FD(lock_fd);
    return true;
}

typedef struct Listing {
    struct dirent **entries; /* owned, sorted by name */
    int count;
} Listing;

static int scratch_is_counter(const struct dirent *entry)
{
    const char *suffix = strchr(entry->d_name, '.');
    return suffix && streq(suffix, COUNTER_SUFFIX);
}

static int scratch_is_job(const struct dirent *entry)
{
    return id_uuid_valid(entry->d_name);
}

static Listing scratch_list(const Scratch *scratch, int (*filter)(const struct dirent *))
{
    Listing listing = {0};
    int count = scandirat(scratch->root_fd, ".", &listing.entries, filter, alphasort);
    listing.count = MAX_OF(count, 0);
    return listing;
}

static void scratch_free_listing(Listing *listing)
{
    for (int i = 0; i < listing->count; i++)
        free(listing->entries[i]);
    free(listing->entries);
}
#define _cleanup_listing_ _cleanup_(scratch_free_listing)

bool scratch_open(const char *path, Scratch **out, Error *error)
{
    _cleanup_(scratch_close) Scratch *scratch = NEW(Scratch);
    pthread_mutex_init(&scratch->lock, NULL);
    scratch->path = base_strdup(path);
    scratch->root_fd = scratch->lock_fd = -1;
    if (!scratch_ensure_root(scratch, error))
        return false;
    _cleanup_listing_ Listing counters = scratch_list(scratch, scratch_is_counter);
    for (int i = 0; i < counters.count; i++) {
        const char *name = counters.entries[i]->d_name;
        struct stat status;
        if (fstatat(scratch->root_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - status.st_mtime > COUNTER_SECONDS)
            unlinkat(scratch->root_fd, name, 0);
    }
    *out = TAKE_PTR(scratch);
    return true;
}

void scratch_close(Scratch **scratch)
{
    if (!*scratch)
        return;
    base_close(&(*scratch)->root_fd);
    base_close(&(*scratch)->lock_fd);
    pthread_mutex_destroy(&(*scratch)->lock);
    free((*scratch)->path);
    free(*scratch);
    *scratch = NULL;
}

bool scratch_check(const char *path, uint64_t *free_bytes, Error *error)
{
    _cleanup_close_ int root_fd = -1;
    return scratch_open_root(path, &root_fd, error) &&
           file_replace(root_fd, PROBE_NAME, "", 0, error) &&
           file_remove(root_fd, PROBE_NAME, error) && file_free_space(root_fd, free_bytes, error);
}

/* With the lock held. What jobs in hand have written already is counted twice, as reserved and as
 * used: on the safe side. */
static bool scratch_measure(Scratch *scratch, uint64_t *bytes, Error *error)
{
    uint64_t available;
    if (!scratch_ensure_root(scratch, error) ||
        !file_free_space(scratch->root_fd, &available, error))
        return false;
    *bytes = available - MIN_OF(available, scratch->reserved);
    return true;
}

bool scratch_free_space(Scratch *scratch, uint64_t *bytes, Error *error)
{
    HOLD_LOCK(scratch);
    return scratch_measure(scratch, bytes, error);
}

uint64_t scratch_reserved(Scratch *scratch)
{
    HOLD_LOCK(scratch);
    return scratch->reserved;
}

/* --- job.json --- */

/* The job with its lease, how far it came, and the result once there is one: mode 0600, replaced as
 * a whole and durably. */
static bool scratch_write_manifest(const ScratchJob *folder, Error *error)
{
    _cleanup_json_ json_t *manifest = json_pack(
        "{s:i, s:s, s:o}", "format", MANIFEST_FORMAT, "state",
        folder->encoded ? STATE_ENCODED : STATE_CLAIMED, "job", transfer_job_encode(&folder->job));
    if (folder->encoded)
        json_object_set_new(manifest, "result", transfer_result_encode(&folder->result));
    _cleanup_free_ char *text = json_print(manifest);
    return file_replace(folder->folder_fd, MANIFEST_NAME, text, strlen(text), error);
}

/* Fills job, encoded and result from the folder's descriptor. The job must be the one that the
 * folder is named after. */
static bool scratch_read_manifest(ScratchJob *folder, const char *job_id, Error *error)
{
    TransferJob job;
    TransferResult result = {0};
    int64_t format;
    const char *state;
    const json_t *part;
    _cleanup_free_ char *text =
        file_read_small(folder->folder_fd, MANIFEST_NAME, TRANSFER_JSON_MAX, error);
    _cleanup_json_ json_t *manifest = text ? json_parse_object(text, strlen(text), error) : NULL;
    if (!manifest || !json_get_integer(manifest, "format", &format, error) ||
        !json_get_string(manifest, "state", &state, error))
        return false;
    bool encoded = streq(state, STATE_ENCODED);
    if (format != MANIFEST_FORMAT || (!encoded && !streq(state, STATE_CLAIMED)))
        return error_set(error, ERROR_INVALID, "The manifest was written by another version.");
    if (!json_get_object(manifest, "job", &part, error) || !transfer_job_decode(part, &job, error))
        return false;
    if (encoded && (!json_get_object(manifest, "result", &part, error) ||
                    !transfer_result_decode(part, &result, error)))
        return false;
    if (!streq(job.job_id, job_id))
        return error_set(error, ERROR_INVALID, "The manifest belongs to another job.");
    folder->job = job;
    folder->encoded = encoded;
    folder->result = result;
    return true;
}

/* --- a job's folder --- */

static void scratch_shut(int *fd)
{
    base_close(fd);
    *fd = -1;
}

static void scratch_close_folder(ScratchJob *folder)
{
    scratch_shut(&folder->folder_fd);
    scratch_shut(&folder->original_fd);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        scratch_shut(&folder->fds[i]);
}
#define _cleanup_folder_ _cleanup_(scratch_close_folder)

/* The folder changes hands, as TAKE_PTR. */
static ScratchJob scratch_pass_on(ScratchJob *folder)
{
    ScratchJob passed = *folder;
    *folder = SCRATCH_JOB_NONE;
    return passed;
}

/* Opens and locks a job's folder; -1 when it is in hand or cannot be opened (errno). */
static int scratch_lock_folder(const Scratch *scratch, const char *name)
{
    _cleanup_close_ int fd =
        openat(scratch->root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -1;
    return TAKE_FD(fd);
}

static bool scratch_make_file(int folder_fd, const char *name, int *out, Error *error)
{
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The file %s could not be made", name);
    *out = fd;
    return true;
}

/* An older folder of the same job is of no use any more, unless it is in hand. */
static bool scratch_make_folder(Scratch *scratch, ScratchJob *made, Error *error)
{
    const char *name = made->job.job_id;
    _cleanup_close_ int old = scratch_lock_folder(scratch, name);
    if (old < 0 && errno == EWOULDBLOCK)
        return error_set(error, ERROR_CONFLICT, "This transcoder has the job in hand already.");
    if (!file_remove_tree(scratch->root_fd, name, error))
        return false;
    if (mkdirat(scratch->root_fd, name, 0700) < 0)
        return error_set_errno(error, errno, "The job's folder could not be made");
    made->folder_fd = scratch_lock_folder(scratch, name);
    if (made->folder_fd < 0)
        return error_set_errno(error, errno, "The job's folder could not be opened");
    bool filled = scratch_write_manifest(made, error) &&
                  file_sync(scratch->root_fd, "The scratch folder", error) &&
                  scratch_make_file(made->folder_fd, ORIGINAL_NAME, &made->original_fd, error);
    for (size_t i = 0; filled && i < TRANSFER_FILE_COUNT; i++)
        filled =
            scratch_make_file(made->folder_fd, transfer_file_kinds[i].name, &made->fds[i], error);
    if (!filled)
        IGNORE_RESULT(file_remove_tree(scratch->root_fd, name, NULL));
    return filled;
}

/* The result's files for delivery; one that is empty, missing or of another size is damage. */
static bool scratch_open_results(ScratchJob *folder)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const TransferMade *made = &folder->result.files[i];
        struct stat status;
        if (!made->present)
            continue;
        folder->fds[i] = openat(folder->folder_fd, transfer_file_kinds[i].name,
                                O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (folder->fds[i] < 0 || fstat(folder->fds[i], &status) < 0 || !S_ISREG(status.st_mode) ||
            status.st_size == 0 || status.st_size != made->size)
            return false;
    }
    return true;
}

/* A result kept of the same job and original, under its new lease. */
static bool scratch_take_over(Scratch *scratch, const TransferJob *job, ScratchJob *out)
{
    Error ignored = {0};
    _cleanup_folder_ ScratchJob found = SCRATCH_JOB_NONE;
    found.folder_fd = scratch_lock_folder(scratch, job->job_id);
    if (found.folder_fd < 0 || !scratch_read_manifest(&found, job->job_id, &ignored) ||
        !found.encoded || !digest_equal(&found.job.original.digest, &job->original.digest) ||
        !scratch_open_results(&found))
        return false;
    found.job = *job;
    if (!scratch_write_manifest(&found, &ignored))
        return false;
    *out = scratch_pass_on(&found);
    return true;
}

bool scratch_create(Scratch *scratch, const TransferJob *job, ScratchJob *out, Error *error)
{
    _cleanup_folder_ ScratchJob made = SCRATCH_JOB_NONE;
    uint64_t available, size = (uint64_t)job->original.size;
    uint64_t need = size > UINT64_MAX / NEED_FACTOR ? UINT64_MAX : size * NEED_FACTOR;
    made.job = *job;
    made.reserved = need;
    HOLD_LOCK(scratch);
    if (!scratch_ensure_root(scratch, error))
        return false;
    if (scratch_take_over(scratch, job, out))
        return true;
    if (!scratch_measure(scratch, &available, error))
        return false;
    if (available < need)
        return error_set(error, ERROR_NO_SPACE,
                         "The transcoder's scratch has %llu MiB left, the job may need %llu MiB.",
                         (unsigned long long)(available / MIB), (unsigned long long)(need / MIB));
    if (!scratch_make_folder(scratch, &made, error))
        return false;
    scratch->reserved += need;
    *out = scratch_pass_on(&made);
    return true;
}

bool scratch_save_result(ScratchJob *folder, const TransferResult *result, Error *error)
{
    ScratchJob saved = *folder;
    saved.result = *result;
    saved.encoded = true;
    if (!scratch_write_manifest(&saved, error) ||
        !file_remove(folder->folder_fd, ORIGINAL_NAME, error))
        return false;
    folder->result = *result;
    folder->encoded = true;
    scratch_shut(&folder->original_fd);
    return true;
}

bool scratch_is_there(const ScratchJob *folder)
{
    struct stat status;
    return folder->folder_fd < 0 || fstat(folder->folder_fd, &status) < 0 || status.st_nlink > 0;
}

/* --- what was left behind --- */

bool scratch_has_left(Scratch *scratch)
{
    HOLD_LOCK(scratch);
    bool found = false;
    _cleanup_listing_ Listing listing = scratch_list(scratch, scratch_is_job);
    for (int i = 0; i < listing.count && !found; i++) {
        _cleanup_close_ int fd = scratch_lock_folder(scratch, listing.entries[i]->d_name);
        found = fd >= 0;
    }
    return found;
}

/* One entry of the root; true when it was taken into hand. */
static bool scratch_adopt_one(Scratch *scratch, const char *name, ScratchJob *out)
{
    Error fault = {0};
    _cleanup_folder_ ScratchJob found = SCRATCH_JOB_NONE;
    found.folder_fd = scratch_lock_folder(scratch, name);
    if (found.folder_fd < 0)
        return false;
    if (!scratch_read_manifest(&found, name, &fault)) {
        log_warning("A damaged job was left in the scratch folder and is removed: %s",
                    fault.detail);
        if (!file_remove_tree(scratch->root_fd, name, &fault))
            log_error("%s", fault.detail);
        return false;
    }
    if (found.encoded && !scratch_open_results(&found))
        found.encoded = false;
    *out = scratch_pass_on(&found);
    return true;
}

bool scratch_adopt(Scratch *scratch, ScratchJob *out)
{
    HOLD_LOCK(scratch);
    bool found = false;
    int next = 0;
    _cleanup_listing_ Listing listing = scratch_list(scratch, scratch_is_job);
    while (next < listing.count && strcmp(listing.entries[next]->d_name, scratch->adopted) <= 0)
        next++;
    for (int i = 0; i < listing.count && !found; i++)
        found =
            scratch_adopt_one(scratch, listing.entries[(next + i) % listing.count]->d_name, out);
    if (found)
        base_copy(scratch->adopted, sizeof scratch->adopted, out->job.job_id);
    return found;
}

/* What cannot be counted counts as too often. */
int scratch_count_interruption(Scratch *scratch, const char *job_id)
{
    char name[COUNTER_NAME];
    struct stat status;
    snprintf(name, sizeof name, "%s" COUNTER_SUFFIX, job_id);
    HOLD_LOCK(scratch);
    _cleanup_close_ int fd = openat(scratch->root_fd, name,
                                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, "i", 1) != 1 || fstat(fd, &status) < 0)
        return INT32_MAX;
    return (int)MIN_OF(status.st_size, INT32_MAX);
}

void scratch_forget_interruptions(Scratch *scratch, const char *job_id)
{
    char name[COUNTER_NAME];
    snprintf(name, sizeof name, "%s" COUNTER_SUFFIX, job_id);
    HOLD_LOCK(scratch);
    unlinkat(scratch->root_fd, name, 0);
}

/* In hand no more. With the lock held. */
static void scratch_drop(Scratch *scratch, ScratchJob *folder)
{
    scratch->reserved -= folder->reserved;
    folder->reserved = 0;
    scratch_close_folder(folder);
}

bool scratch_remove(Scratch *scratch, ScratchJob *folder, Error *error)
{
    HOLD_LOCK(scratch);
    bool removed =
        folder->folder_fd < 0 || file_remove_tree(scratch->root_fd, folder->job.job_id, error);
    scratch_drop(scratch, folder);
    return removed;
}

void scratch_leave(Scratch *scratch, ScratchJob *folder)
{
    HOLD_LOCK(scratch);
    scratch_drop(scratch, folder);
}
