#include "web/storage/volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/base/file.h"
#include "web/storage/volume/volume_private.h"

#define STAGING_FOLDER NAME_PRIVATE_FOLDER "/uploads"

/* What even a result leaves free: the database must be able to say that it was accepted. */
#define DATABASE_ROOM (4 * MIB)

#define UPLOAD_STEP_BYTES   MIB /* that an upload holds before it has brought any */
#define UPLOADS_AHEAD_SHARE 4   /* a quarter of the free room */

static void volume_cleanup(Volume **volume)
{
    volume_close(*volume);
}

/* The root itself may be a path with links in it: it is the operator's choice. One just made is
 * durable once the folder above it is. */
static bool volume_open_root(Volume *volume, bool inspect, Error *error)
{
    bool made = !inspect && mkdir(volume->root, 0755) == 0;
    if (!inspect && !made && errno != EEXIST)
        return error_set_errno(error, errno, "The volume %s could not be made", volume->root);
    volume->root_fd = open(volume->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (volume->root_fd < 0)
        return error_set_errno(error, errno, "The volume %s could not be opened", volume->root);
    if (!made)
        return true;
    _cleanup_close_ int parent = openat(volume->root_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return error_set_errno(error, errno, "The folder that holds the volume %s cannot be read",
                               volume->root);
    return file_sync(parent, "The folder that holds the volume", error);
}

static bool volume_make_folder(const Volume *volume, const char *path, Error *error)
{
    if (mkdirat(volume->root_fd, path, 0700) == 0)
        return file_sync_folder_of(volume->root_fd, path, error);
    return errno == EEXIST ||
           error_set_errno(error, errno, "The folder %s could not be made", path);
}

/* Makes the volume this process's own. */
static bool volume_occupy(Volume *volume, Error *error)
{
    if (!volume_make_folder(volume, NAME_PRIVATE_FOLDER, error))
        return false;
    volume->lock_fd = file_open_beneath(volume->root_fd, NAME_PRIVATE_FOLDER "/lock",
                                        O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (volume->lock_fd < 0)
        return error_set_errno(error, errno, "The volume %s cannot be written to", volume->root);
    if (flock(volume->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return error_set(error, ERROR_CONFLICT,
                             "Another reelkeep-web is using the volume %s. Two must never share "
                             "one.",
                             volume->root);
        return error_set_errno(error, errno, "The volume %s could not be locked", volume->root);
    }
    if (!volume_make_folder(volume, STAGING_FOLDER, error))
        return false;
    volume->staging_fd =
        file_open_beneath(volume->root_fd, STAGING_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    return volume->staging_fd >= 0 ||
           error_set_errno(error, errno, "The folder %s could not be opened", STAGING_FOLDER);
}

Volume *volume_open(const VolumeOptions *options, Error *error)
{
    _cleanup_(volume_cleanup) Volume *volume = NEW(Volume);
    volume->magic = VOLUME_MAGIC;
    volume->root_fd = volume->lock_fd = volume->staging_fd = -1;
    volume->min_free_space = options->min_free_space;
    volume->root = base_strdup(options->root);
    pthread_mutex_init(&volume->lock, NULL);
    REQUIRE(asprintf(&volume->database_path, "%s/%s/reelkeep.sqlite3", options->root,
                     NAME_PRIVATE_FOLDER) > 0);
    if (!volume_open_root(volume, options->inspect, error) ||
        (!options->inspect && !volume_occupy(volume, error)))
        return NULL;
    return TAKE_PTR(volume);
}

void volume_close(Volume *volume)
{
    if (!volume)
        return;
    base_close(&volume->staging_fd);
    base_close(&volume->lock_fd);
    base_close(&volume->root_fd);
    pthread_mutex_destroy(&volume->lock);
    free(volume->database_path);
    free(volume->root);
    volume->magic = 0;
    free(volume);
}

bool volume_check_options(const Volume *volume, Error *error)
{
    struct statvfs status;
    if (volume->min_free_space < VOLUME_FREE_SPACE_MIN)
        return error_set(error, ERROR_SETTING,
                         "MIN_FREE_SPACE must be at least %llu MiB: results need that much room on "
                         "a disk that uploads have filled.",
                         (unsigned long long)(VOLUME_FREE_SPACE_MIN / MIB));
    if (fstatvfs(volume->root_fd, &status) < 0)
        return error_set_errno(error, errno, "The size of the volume's disk is not known");
    if (volume->min_free_space / status.f_frsize >= status.f_blocks)
        return error_set(error, ERROR_SETTING,
                         "MIN_FREE_SPACE is more than the whole disk of the volume has: nothing "
                         "could ever be uploaded.");
    return true;
}

const char *volume_root(const Volume *volume)
{
    return volume->root;
}

const char *volume_database_path(const Volume *volume)
{
    return volume->database_path;
}

typedef struct RoomAsk {
    uint64_t fitting; /* bytes that there must be room for */
    uint64_t least;   /* bytes to be set aside in any case … */
    uint64_t wanted;  /* … and rather: as far as the share of uploads goes */
} RoomAsk;

/* Bytes on their way to the disk count once or twice, never not at all: the figure is read under
 * the lock, and the promise shrinks after the write. */
static bool volume_set_aside(Reservation *room, const RoomAsk *spec, Error *error)
{
    Volume *volume = room->volume;
    uint64_t available, granted = spec->wanted;
    pthread_mutex_lock(&volume->lock);
    bool known = file_free_space(volume->root_fd, &available, error);
    uint64_t beyond = known && available > room->leave ? available - room->leave : 0;
    uint64_t rest = beyond - MIN_OF(beyond, volume->reserved);
    bool fits = known && available >= room->leave && rest >= spec->fitting;
    if (fits && !room->result) {
        uint64_t share = beyond / UPLOADS_AHEAD_SHARE;
        uint64_t may = MIN_OF(rest, share - MIN_OF(share, volume->ahead));
        granted = MAX_OF(spec->least, MIN_OF(spec->wanted, may));
        volume->ahead += granted;
    }
    if (fits) {
        volume->reserved += granted;
        room->held += granted;
    }
    pthread_mutex_unlock(&volume->lock);
    if (known && !fits)
        error_set(error, ERROR_NO_SPACE,
                  "The storage is full: there is no room for %llu more MB. Keep your file, ask "
                  "whoever runs this archive to enlarge the volume, and send it again then.",
                  (unsigned long long)(spec->fitting / MIB + 1));
    return fits;
}

bool volume_reserve(Volume *volume, const RoomSpec *spec, Reservation *out, Error *error)
{
    uint64_t beside = MIN_OF(spec->beside, UINT64_MAX - volume->min_free_space);
    Reservation room = {
        .volume = volume, .left = spec->bytes, .leave = volume->min_free_space + beside};
    RoomAsk ask = {.fitting = spec->bytes, .wanted = MIN_OF(spec->bytes, UPLOAD_STEP_BYTES)};
    if (!volume_set_aside(&room, &ask, error))
        return false;
    *out = room;
    return true;
}

bool volume_reserve_result(Volume *volume, uint64_t bytes, Reservation *out, Error *error)
{
    Reservation room = {.volume = volume, .result = true, .left = bytes, .leave = DATABASE_ROOM};
    RoomAsk spec = {.fitting = bytes, .least = bytes, .wanted = bytes};
    if (!volume_set_aside(&room, &spec, error))
        return false;
    *out = room;
    return true;
}

bool reservation_extend(Reservation *reservation, uint64_t bytes, Error *error)
{
    if (reservation->held >= bytes)
        return true;
    uint64_t least = bytes - reservation->held;
    uint64_t rest = reservation->left - MIN_OF(reservation->left, bytes);
    uint64_t step = MAX_OF(UPLOAD_STEP_BYTES, reservation->written);
    RoomAsk spec = {.fitting = least, .least = least, .wanted = least + MIN_OF(rest, step)};
    return volume_set_aside(reservation, &spec, error);
}

void reservation_use(Reservation *reservation, uint64_t bytes)
{
    Volume *volume = reservation->volume;
    pthread_mutex_lock(&volume->lock);
    uint64_t used = MIN_OF(bytes, reservation->held);
    reservation->held -= used;
    reservation->left -= MIN_OF(bytes, reservation->left);
    reservation->written += bytes;
    volume->reserved -= used;
    if (!reservation->result)
        volume->ahead -= used;
    pthread_mutex_unlock(&volume->lock);
}

void reservation_release(Reservation *reservation)
{
    if (!reservation->volume)
        return;
    reservation_use(reservation, reservation->held);
    reservation->volume = NULL;
}

bool volume_room(Volume *volume, uint64_t *available, uint64_t *promised, Error *error)
{
    pthread_mutex_lock(&volume->lock);
    *promised = volume->reserved;
    pthread_mutex_unlock(&volume->lock);
    return file_free_space(volume->root_fd, available, error);
}

bool volume_writable(Volume *volume, Error *error)
{
    char name[UUID_SIZE];
    id_uuid(name);
    _cleanup_close_ int fd = openat(volume->staging_fd, name,
                                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "The volume cannot be written to");
    return file_remove(volume->staging_fd, name, error);
}
