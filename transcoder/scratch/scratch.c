#include "transcoder/scratch/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "transcoder/scratch/scratch_manifest.h"

#define LOCK_NAME     "lock"
#define PROBE_NAME    "check"
#define ORIGINAL_NAME "original"
#define NEED_FACTOR   3

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

static void unlock(pthread_mutex_t **lock)
{
    pthread_mutex_unlock(*lock);
}

#define HOLD_LOCK(scratch)                                                                         \
    pthread_mutex_lock(&(scratch)->lock);                                                          \
    _cleanup_(unlock) _unused_ pthread_mutex_t *held_ = &(scratch)->lock

static bool make_path(const char *path, Error *error)
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
    return true;
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static bool open_root(const char *path, int *out, Error *error)
{
    if (!make_path(path, error))
        return false;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s (WORK_DIR) could not be opened", path);
    *out = fd;
    return true;
}

static bool lock_root(int root_fd, const char *path, int *out, Error *error)
{
    _cleanup_close_ int fd =
        openat(root_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The folder %s (WORK_DIR) cannot be written to", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, ERROR_CONFLICT,
                         "Another transcoder uses the folder %s; each needs a WORK_DIR of its own.",
                         path);
    *out = TAKE_FD(fd);
    return true;
}

static bool is_still_there(const Scratch *scratch)
{
    struct stat held, named;
    return scratch->root_fd >= 0 && fstat(scratch->root_fd, &held) == 0 &&
           stat(scratch->path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev &&
           faccessat(scratch->root_fd, LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Opens the root where it is missing or was replaced. With the lock held. */
static bool ensure_root(Scratch *scratch, Error *error)
{
    _cleanup_close_ int root_fd = -1;
    int lock_fd = -1;
    if (is_still_there(scratch))
        return true;
    if (!open_root(scratch->path, &root_fd, error) ||
        !lock_root(root_fd, scratch->path, &lock_fd, error))
        return false;
    base_close(&scratch->lock_fd);
    base_close(&scratch->root_fd);
    scratch->root_fd = TAKE_FD(root_fd);
    scratch->lock_fd = lock_fd;
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

static int is_counter(const struct dirent *entry)
{
    const char *suffix = strchr(entry->d_name, '.');
    return suffix && streq(suffix, COUNTER_SUFFIX);
}

static int is_job(const struct dirent *entry)
{
    return id_uuid_valid(entry->d_name);
}

typedef struct Listing {
    struct dirent **entries; /* owned, sorted by name */
    int count;
} Listing;

static Listing list_root(const Scratch *scratch, int (*filter)(const struct dirent *))
{
    Listing listing = {0};
    int count = scandirat(scratch->root_fd, ".", &listing.entries, filter, alphasort);
    listing.count = MAX_OF(count, 0);
    return listing;
}

static void free_listing(Listing *listing)
{
    for (int i = 0; i < listing->count; i++)
        free(listing->entries[i]);
    free(listing->entries);
}

static void remove_old_counters(Scratch *scratch)
{
    struct stat status;
    _cleanup_(free_listing) Listing listing = list_root(scratch, is_counter);
    for (int i = 0; i < listing.count; i++) {
        const char *name = listing.entries[i]->d_name;
        if (fstatat(scratch->root_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - status.st_mtime > COUNTER_SECONDS)
            unlinkat(scratch->root_fd, name, 0);
    }
}

bool scratch_open(const char *path, Scratch **out, Error *error)
{
    _cleanup_(scratch_close) Scratch *scratch = NEW(Scratch);
    pthread_mutex_init(&scratch->lock, NULL);
    scratch->path = base_strdup(path);
    scratch->root_fd = scratch->lock_fd = -1;
    if (!ensure_root(scratch, error))
        return false;
    remove_old_counters(scratch);
    *out = TAKE_PTR(scratch);
    return true;
}

bool scratch_check(const char *path, uint64_t *free_bytes, Error *error)
{
    _cleanup_close_ int root_fd = -1;
    return open_root(path, &root_fd, error) && file_replace(root_fd, PROBE_NAME, "", 0, error) &&
           file_remove(root_fd, PROBE_NAME, error) && file_free_space(root_fd, free_bytes, error);
}

/* What jobs in hand have written already is counted twice, as reserved and as used: on the safe
 * side. */
static bool free_space(const Scratch *scratch, uint64_t *bytes, Error *error)
{
    uint64_t available;
    if (!file_free_space(scratch->root_fd, &available, error))
        return false;
    *bytes = available - MIN_OF(available, scratch->reserved);
    return true;
}

bool scratch_free_space(Scratch *scratch, uint64_t *bytes, Error *error)
{
    HOLD_LOCK(scratch);
    return ensure_root(scratch, error) && free_space(scratch, bytes, error);
}

uint64_t scratch_reserved(Scratch *scratch)
{
    HOLD_LOCK(scratch);
    return scratch->reserved;
}

uint64_t scratch_need(const TransferJob *job)
{
    uint64_t size = (uint64_t)job->original.size;
    return size > UINT64_MAX / NEED_FACTOR ? UINT64_MAX : size * NEED_FACTOR;
}

static void shut(int *fd)
{
    base_close(fd);
    *fd = -1;
}

static void close_folder(ScratchJob *folder)
{
    shut(&folder->folder_fd);
    shut(&folder->original_fd);
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        shut(&folder->fds[i]);
}
#define _cleanup_folder_ _cleanup_(close_folder)

/* Opens and locks a job's folder; -1 when it is in hand or cannot be opened (errno). */
static int take_folder(const Scratch *scratch, const char *name)
{
    _cleanup_close_ int fd = open_folder(scratch->root_fd, name);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -1;
    return TAKE_FD(fd);
}

/* An older folder of the same job is of no use any more, unless it is in hand. */
static bool make_folder(Scratch *scratch, const char *name, int *out, Error *error)
{
    _cleanup_close_ int old = take_folder(scratch, name);
    if (old < 0 && errno == EWOULDBLOCK)
        return error_set(error, ERROR_CONFLICT, "This transcoder has the job in hand already.");
    if (!file_remove_tree(scratch->root_fd, name, error))
        return false;
    if (mkdirat(scratch->root_fd, name, 0700) < 0)
        return error_set_errno(error, errno, "The job's folder could not be made");
    int fd = take_folder(scratch, name);
    if (fd < 0)
        return error_set_errno(error, errno, "The job's folder could not be opened");
    *out = fd;
    return true;
}

static bool make_file(int folder_fd, const char *name, int *out, Error *error)
{
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The file %s could not be made", name);
    *out = fd;
    return true;
}

static bool check_space(const Scratch *scratch, uint64_t need, Error *error)
{
    uint64_t available;
    if (!free_space(scratch, &available, error))
        return false;
    if (available < need)
        return error_set(error, ERROR_NO_SPACE,
                         "The transcoder's scratch has %llu MiB left, the job may need %llu MiB.",
                         (unsigned long long)(available / MIB), (unsigned long long)(need / MIB));
    return true;
}

static bool make_results(ScratchJob *made, Error *error)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++)
        if (!make_file(made->folder_fd, transfer_file_kinds[i].name, &made->fds[i], error))
            return false;
    return true;
}

/* In the folder made already. */
static bool fill_folder(const Scratch *scratch, ScratchJob *made, Error *error)
{
    return scratch_manifest_write(made, error) &&
           file_sync(scratch->root_fd, "The scratch folder", error) &&
           make_file(made->folder_fd, ORIGINAL_NAME, &made->original_fd, error) &&
           make_results(made, error);
}

bool scratch_save_result(ScratchJob *folder, const TransferResult *result, Error *error)
{
    ScratchJob saved = *folder;
    saved.result = *result;
    saved.encoded = true;
    if (!scratch_manifest_write(&saved, error) ||
        !file_remove(folder->folder_fd, ORIGINAL_NAME, error))
        return false;
    folder->result = *result;
    folder->encoded = true;
    shut(&folder->original_fd);
    return true;
}

/* Opens one of the result's files for delivery; empty or missing is damage. */
static bool open_result(int folder_fd, const char *name, int64_t *size, int *out)
{
    struct stat status;
    _cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return false;
    *size = status.st_size;
    *out = TAKE_FD(fd);
    return true;
}

static bool open_results(ScratchJob *folder)
{
    for (size_t i = 0; i < TRANSFER_FILE_COUNT; i++) {
        const TransferMade *made = &folder->result.files[i];
        int64_t size;
        if (made->present &&
            (!open_result(folder->folder_fd, transfer_file_kinds[i].name, &size, &folder->fds[i]) ||
             size != made->size))
            return false;
    }
    return true;
}

/* A result kept of the same job and original, under its new lease. */
static bool take_over(Scratch *scratch, const TransferJob *job, ScratchJob *out)
{
    Error ignored = {0};
    _cleanup_folder_ ScratchJob found = SCRATCH_JOB_NONE;
    found.folder_fd = take_folder(scratch, job->job_id);
    if (found.folder_fd < 0 || !scratch_manifest_read(&found, job->job_id, &ignored) ||
        !found.encoded || !digest_equal(&found.job.original.digest, &job->original.digest) ||
        !open_results(&found))
        return false;
    found.job = *job;
    if (!scratch_manifest_write(&found, &ignored))
        return false;
    *out = found;
    found = SCRATCH_JOB_NONE;
    return true;
}

bool scratch_create(Scratch *scratch, const TransferJob *job, ScratchJob *out, Error *error)
{
    _cleanup_folder_ ScratchJob made = SCRATCH_JOB_NONE;
    made.job = *job;
    made.reserved = scratch_need(job);
    HOLD_LOCK(scratch);
    if (!ensure_root(scratch, error))
        return false;
    if (take_over(scratch, job, out))
        return true;
    if (!check_space(scratch, made.reserved, error) ||
        !make_folder(scratch, job->job_id, &made.folder_fd, error))
        return false;
    if (!fill_folder(scratch, &made, error)) {
        file_remove_tree(scratch->root_fd, job->job_id, NULL);
        return false;
    }
    scratch->reserved += made.reserved;
    *out = made;
    made = SCRATCH_JOB_NONE;
    return true;
}

/* One entry of the root; true when it was taken into hand. */
static bool adopt(Scratch *scratch, const char *name, ScratchJob *out)
{
    Error fault = {0};
    _cleanup_folder_ ScratchJob found = SCRATCH_JOB_NONE;
    found.folder_fd = take_folder(scratch, name);
    if (found.folder_fd < 0)
        return false;
    if (!scratch_manifest_read(&found, name, &fault)) {
        log_warning("A damaged job was left in the scratch folder and is removed: %s",
                    fault.detail);
        if (!file_remove_tree(scratch->root_fd, name, &fault))
            log_error("%s", fault.detail);
        return false;
    }
    if (found.encoded && !open_results(&found))
        found.encoded = false;
    *out = found;
    found = SCRATCH_JOB_NONE;
    return true;
}

bool scratch_has_left(Scratch *scratch)
{
    HOLD_LOCK(scratch);
    bool found = false;
    _cleanup_(free_listing) Listing listing = list_root(scratch, is_job);
    for (int i = 0; i < listing.count && !found; i++) {
        _cleanup_close_ int fd = take_folder(scratch, listing.entries[i]->d_name);
        found = fd >= 0;
    }
    return found;
}

bool scratch_adopt(Scratch *scratch, ScratchJob *out)
{
    HOLD_LOCK(scratch);
    bool found = false;
    int next = 0;
    _cleanup_(free_listing) Listing listing = list_root(scratch, is_job);
    while (next < listing.count && strcmp(listing.entries[next]->d_name, scratch->adopted) <= 0)
        next++;
    for (int i = 0; i < listing.count && !found; i++)
        found = adopt(scratch, listing.entries[(next + i) % listing.count]->d_name, out);
    if (found)
        base_copy(scratch->adopted, sizeof scratch->adopted, out->job.job_id);
    return found;
}

bool scratch_is_there(const ScratchJob *folder)
{
    struct stat status;
    return folder->folder_fd < 0 || fstat(folder->folder_fd, &status) < 0 || status.st_nlink > 0;
}

static void counter_name(const char *job_id, char name[COUNTER_NAME])
{
    snprintf(name, COUNTER_NAME, "%s" COUNTER_SUFFIX, job_id);
}

/* What cannot be counted counts as too often. */
int scratch_count_interruption(Scratch *scratch, const char *job_id)
{
    char name[COUNTER_NAME];
    struct stat status;
    counter_name(job_id, name);
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
    counter_name(job_id, name);
    HOLD_LOCK(scratch);
    unlinkat(scratch->root_fd, name, 0);
}

static void give_up(Scratch *scratch, ScratchJob *folder)
{
    scratch->reserved -= folder->reserved;
    folder->reserved = 0;
    close_folder(folder);
}

bool scratch_remove(Scratch *scratch, ScratchJob *folder, Error *error)
{
    HOLD_LOCK(scratch);
    bool removed =
        folder->folder_fd < 0 || file_remove_tree(scratch->root_fd, folder->job.job_id, error);
    give_up(scratch, folder);
    return removed;
}

void scratch_leave(Scratch *scratch, ScratchJob *folder)
{
    HOLD_LOCK(scratch);
    give_up(scratch, folder);
}
