/* The folder that holds everything: one owner, safe names, whole files, room set aside. */
#include "tests/unit/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "web/storage/volume/root.h"

static void belongs_to_one_web(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    VolumeOptions options = {.root = archive->root};
    assert_null(volume_open(&options, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    options.inspect = true;
    Volume *onlooker = volume_open(&options, &error);
    assert_non_null(onlooker);
    volume_close(onlooker);
    archive_reopen(archive);
}

static void is_private_where_it_must_be(void **state)
{
    Archive *archive = *state;
    char path[100];
    struct stat status;
    snprintf(path, sizeof path, "%s/.reelkeep", archive->root);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

static void makes_the_folder_that_is_missing(void **state)
{
    const Archive *archive = *state;
    static const char *const ends[] = {"new", "with-slash/"};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        char path[100];
        Error error = {0};
        snprintf(path, sizeof path, "%s/%s", archive->root, ends[i]);
        VolumeOptions options = {.root = path};
        Volume *volume = volume_open(&options, &error);
        assert_non_null(volume);
        assert_true(volume_writable(volume, &error));
        volume_close(volume);
    }
}

static void follows_no_links_and_opens_no_private_file(void **state)
{
    static const char *const paths[] = {
        ".reelkeep/uploads/x", "log_entries/1/link", "log_entries/link/passwd",
        "log_entries/1/fifo",  "log_entries/1/none", "log_entries/1/../1",
        "/etc/passwd",         "log_entries/1",      "",
    };
    Archive *archive = *state;
    char path[200];
    snprintf(path, sizeof path, "%s/log_entries", archive->root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/log_entries/1", archive->root);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/log_entries/1/link", archive->root);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/log_entries/1/fifo", archive->root);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/log_entries/link", archive->root);
    assert_int_equal(symlink("/etc", path), 0);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        Error error = {0};
        assert_null(storage_open(&archive->library.storage, paths[i], &error));
        if (error.code != ERROR_NOT_FOUND)
            fail_msg("%s: %s", paths[i], error.detail);
    }
}

static bool see_path(void *context, const char *path, const StorageStat *stat)
{
    char *seen = context;
    (void)stat;
    return base_copy(seen, MEDIA_PATH_MAX + 1, path);
}

/* Such as the lost+found of a file system, which is root's alone. */
static void looks_into_no_folder_of_others(void **state)
{
    static const char *const folders[] = {"lost+found", "log_entries/1/private", "log_entries/+"};
    const Archive *archive = *state;
    char path[200], seen[MEDIA_PATH_MAX + 1] = "";
    Error error = {0};
    assert_int_equal(chmod(archive->root, 0755), 0);
    snprintf(path, sizeof path, "%s/log_entries", archive->root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/log_entries/1", archive->root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/log_entries/1/a", archive->root);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", archive->root, folders[i]);
        assert_int_equal(mkdir(path, 0), 0);
    }
    bool root = geteuid() == 0;
    assert_true(!root || seteuid(65534) == 0);
    bool listed = storage_list(&archive->library.storage, "", see_path, seen, &error);
    assert_true(!root || seteuid(0) == 0);
    if (!listed)
        fail_msg("%s", error.detail);
    assert_string_equal(seen, "log_entries/1/a");
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", archive->root, folders[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

/* Bytes free on the archive's disk. Others write to it too, so the figures keep a distance. */
static uint64_t free_space(const Archive *archive)
{
    Error error = {0};
    uint64_t available;
    _cleanup_close_ int root = open(archive->root, O_RDONLY | O_CLOEXEC);
    assert_true(file_free_space(root, &available, &error));
    return available;
}

static void sets_room_aside(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Reservation all, more = {0};
    uint64_t available = free_space(archive);
    assert_true(volume_reserve_result(archive->volume, available / 2, &all, &error));
    assert_false(volume_reserve_result(archive->volume, available / 4 * 3, &more, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_false(
        volume_reserve(archive->volume, &(RoomSpec){.bytes = available / 4 * 3}, &more, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    unit_check(!strstr(error.detail, "elete"), "nobody can delete anything yet");
    reservation_use(&all, available / 2);
    assert_true(volume_reserve_result(archive->volume, available / 4 * 3, &more, &error));
    reservation_release(&more);
    reservation_release(&all);
    reservation_release(&all);
    assert_false(volume_reserve(archive->volume, &(RoomSpec){.bytes = UINT64_MAX}, &more, &error));
    assert_true(volume_writable(archive->volume, &error));
    assert_int_equal(archive_count_staged(archive), 0);
}

static uint64_t promised(const Archive *archive)
{
    Error error = {0};
    uint64_t available, bytes;
    assert_true(volume_room(archive->volume, &available, &bytes, &error));
    return bytes;
}

/* What is only announced takes no room from others. */
static void believes_uploads_as_they_come(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Reservation rooms[12], photo;
    uint64_t half = free_space(archive) / 2;
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = half}, &rooms[i], &error));
    assert_true(promised(archive) <= 12 * MIB);
    assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = half}, &photo, &error));
    reservation_release(&photo);
    /* One that brings its bytes holds as much again. */
    for (uint64_t sent = 0; sent < 64 * MIB; sent += MIB) {
        assert_true(reservation_extend(&rooms[0], MIB, &error));
        reservation_use(&rooms[0], MIB);
    }
    assert_int_equal(rooms[0].written, 64 * MIB);
    assert_int_equal(rooms[0].left, half - 64 * MIB);
    assert_true(reservation_extend(&rooms[0], rooms[0].held + 1, &error));
    assert_true(rooms[0].held > 64 * MIB);
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        reservation_release(&rooms[i]);
    assert_int_equal(promised(archive), 0);
}

/* However many there are, and however much they have brought. */
static void leaves_room_beside_all_uploads(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Reservation rooms[20], more;
    uint64_t available = free_space(archive);
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
        assert_true(volume_reserve(archive->volume, &(RoomSpec){.bytes = available / 2}, &rooms[i],
                                   &error));
        reservation_use(&rooms[i], available / 4); /* as if it had come */
        assert_true(reservation_extend(&rooms[i], MIB, &error));
    }
    assert_true(promised(archive) <= available / 4 + 20 * MIB);
    assert_true(promised(archive) >= available / 5);
    assert_true(
        volume_reserve(archive->volume, &(RoomSpec){.bytes = available / 2}, &more, &error));
    reservation_release(&more);
    /* There is no more than there is. */
    assert_false(reservation_extend(&rooms[0], available, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
        reservation_release(&rooms[i]);
    assert_int_equal(promised(archive), 0);
}

static void keeps_the_minimum_free(void **state)
{
    Archive *archive = *state;
    Error error = {0};
    Reservation room = {0};
    VolumeOptions options = {
        .root = archive->root, .inspect = true, .min_free_space = UINT64_MAX / 2};
    Volume *volume = volume_open(&options, &error);
    assert_non_null(volume);
    assert_false(volume_reserve(volume, &(RoomSpec){.bytes = 0}, &room, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    assert_true(volume_reserve_result(volume, 10000, &room, &error));
    reservation_release(&room);
    uint64_t available;
    _cleanup_close_ int root = open(archive->root, O_RDONLY | O_CLOEXEC);
    assert_true(file_free_space(root, &available, &error));
    assert_false(volume_reserve_result(volume, available, &room, &error));
    assert_int_equal(error.code, ERROR_NO_SPACE);
    volume_close(volume);
}

/* On a full disk results need some, and on an empty one uploads do. */
static void refuses_a_minimum_that_cannot_work(void **state)
{
    static const struct {
        uint64_t minimum;
        bool works;
        const char *sentence;
    } rows[] = {
        {0, false, "nothing is left for results"},
        {16 * MIB - 1, false, "less than a poster and the database need"},
        {16 * MIB, true, "the least"},
        {512 * MIB, true, "the default"},
        {1ull << 60, false, "more than the disk has"},
        {INT64_MAX, false, "the largest number"},
    };
    const Archive *archive = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Error error = {0};
        VolumeOptions options = {
            .root = archive->root, .inspect = true, .min_free_space = rows[i].minimum};
        Volume *volume = volume_open(&options, &error);
        unit_check(volume_check_options(volume, &error) == rows[i].works, rows[i].sentence);
        unit_check(rows[i].works || error.code == ERROR_SETTING, rows[i].sentence);
        volume_close(volume);
    }
}

typedef struct Environment {
    const char *media_root, *mount, *environment, *service;
    const char *wanted; /* NULL: refused */
    const char *sentence;
} Environment;

static const char *look_up(void *context, const char *name)
{
    const Environment *row = context;
    return streq(name, "RAILWAY_VOLUME_MOUNT_PATH") ? row->mount
           : streq(name, "RAILWAY_ENVIRONMENT")     ? row->environment
           : streq(name, "RAILWAY_SERVICE_ID")      ? row->service
                                                    : NULL;
}

static void chooses_the_folder(void **state)
{
    static const Environment rows[] = {
        {"", NULL, NULL, NULL, "./data", "the default"},
        {"/srv/media", NULL, NULL, NULL, "/srv/media", "what is set"},
        {"", "/vol", "production", "id", "/vol", "Railway's volume"},
        {"/vol/media", "/vol", "production", "id", "/vol/media", "a folder of Railway's volume"},
        {"", NULL, "production", NULL, NULL, "Railway without a volume"},
        {"/srv", NULL, NULL, "id", NULL, "Railway without a volume, though a folder is set"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        SettingsSource source = {look_up, (void *)&rows[i]};
        char out[100] = "";
        Error error = {0};
        bool good = root_choose(rows[i].media_root, &source, out, sizeof out, &error);
        unit_check(good == (rows[i].wanted != NULL), rows[i].sentence);
        unit_check(!good || streq(out, rows[i].wanted), rows[i].sentence);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, archive_set_up, archive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(belongs_to_one_web),
        TEST(is_private_where_it_must_be),
        TEST(makes_the_folder_that_is_missing),
        TEST(follows_no_links_and_opens_no_private_file),
        TEST(looks_into_no_folder_of_others),
        TEST(sets_room_aside),
        TEST(believes_uploads_as_they_come),
        TEST(leaves_room_beside_all_uploads),
        TEST(keeps_the_minimum_free),
        TEST(refuses_a_minimum_that_cannot_work),
        cmocka_unit_test(chooses_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
