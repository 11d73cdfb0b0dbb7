/* check: tells in words what is wrong with the settings, the volume and the database. */
#include "web/commands/command.h"

#include <errno.h>
#include <fcntl.h>

#include "web/storage/volume/volume.h"
#include "web/store/store.h"

#define CHECK_MAGIC 0x4348454bu /* "CHEK" */

typedef struct Check {
    unsigned magic;
    Volume *volume;
    Storage storage;
    size_t files, faults;
} Check;

static void check_complain(Check *check, const char *sentence)
{
    check->faults++;
    printf("%s\n", sentence);
}

static void check_file(void *context, const char *path, int64_t size)
{
    Check *check = CAST_OBJECT(Check, context, CHECK_MAGIC);
    Error error = {0};
    _cleanup_stored_file_ StoredFile *file = storage_open(&check->storage, path, &error);
    check->files++;
    if (file && stored_file_size(file) != (uint64_t)size)
        error_set(&error, ERROR_IO, "The file %s should have %lld bytes, and has %lld.", path,
                  (long long)size, (long long)stored_file_size(file));
    if (error.code != ERROR_NONE)
        check_complain(check, error.detail);
}

static void check_space(Check *check)
{
    Error error = {0};
    Reservation room = {0};
    if (!volume_check_options(check->volume, &error))
        check_complain(check, error.detail);
    if (!volume_reserve(check->volume, &(RoomSpec){.bytes = 0}, &room, &error))
        check_complain(check, "Less than MIN_FREE_SPACE is free: uploads would be refused.");
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
    Check check = {CHECK_MAGIC, volume, volume_storage(volume), 0, 0};
    if (faccessat(AT_FDCWD, volume_root(volume), W_OK, AT_EACCESS) < 0)
        check_complain(&check, "The volume cannot be written to by this user.");
    check_space(&check);
    check_database(&check);
    if (check.faults == 0)
        printf("Settings, volume and database are in order; %zu files are in their places.\n",
               check.files);
    volume_close(volume);
    return check.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const ProgramCommand command_check = {
    "check", "tell what is wrong with settings, volume and database", check_all};
