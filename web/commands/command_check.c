/* check: tells in words what is wrong with the settings, the volume and the database. */
#include "web/commands/command.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "web/storage/volume/volume.h"
#include "web/store/store.h"

typedef struct Check {
    const Volume *volume;
    size_t files, faults;
} Check;

static void fault(Check *check, const char *sentence)
{
    check->faults++;
    printf("%s\n", sentence);
}

static void check_file(void *context, const char *path, int64_t size)
{
    Check *check = context;
    Error error = {0};
    struct stat status;
    _cleanup_close_ int fd = volume_open_file(check->volume, path, &error);
    check->files++;
    if (fd < 0) {
        fault(check, error.detail);
    } else if (fstat(fd, &status) < 0 || status.st_size != size) {
        error_set(&error, ERROR_IO, "The file %s should have %lld bytes, and has %lld.", path,
                  (long long)size, (long long)status.st_size);
        fault(check, error.detail);
    }
}

static void check_space(Check *check, Volume *volume)
{
    Error error = {0};
    Reservation room = {0};
    if (!volume_reserve(volume, 0, &room, &error))
        fault(check, "Less than MIN_FREE_SPACE is free: uploads would be refused.");
    reservation_release(&room);
}

static void check_database(Check *check)
{
    const char *path = volume_database_path(check->volume);
    if (access(path, F_OK) < 0 && errno == ENOENT) {
        printf("The volume %s is new: its database is made at the first start.\n",
               volume_root(check->volume));
        return;
    }
    if (!store_check(path, check_file, check, stdout))
        check->faults++;
}

static int check_all(const Settings *settings, const SandboxReport *sandbox)
{
    Error error = {0};
    VolumeOptions options = {.root = settings->media_root.text,
                             .min_free_space = (uint64_t)settings->min_free_space.number,
                             .inspect = true};
    printf("%s\n", sandbox->text);
    Volume *volume = volume_open(&options, &error);
    if (!volume) {
        printf("%s\n", error.detail);
        return EXIT_FAILURE;
    }
    Check check = {.volume = volume};
    if (faccessat(AT_FDCWD, volume_root(volume), W_OK, AT_EACCESS) < 0)
        fault(&check, "The volume cannot be written to by this user.");
    check_space(&check, volume);
    check_database(&check);
    if (check.faults == 0)
        printf("Settings, volume and database are in order; %zu files are in their places.\n",
               check.files);
    volume_close(volume);
    return check.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const Command command_check = {"check", "tell what is wrong with settings, volume and database",
                               check_all};
