/* Files made to do harm: each ends in a verdict, within its limits, and reaches nothing. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>

#include "common/base/clock.h"
#include "tests/unit/encoding.h"

#define CANARY_PORT 18080 /* the hostile files name it */

/* Longer than any verdict below takes, the slowest machine included. */
#define VERDICT_MS 300000

/* Somebody listens where the files want to connect; another test may be doing so as well. */
static int canary_listen(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(CANARY_PORT)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static bool canary_was_called(int canary)
{
    struct pollfd waiting = {.fd = canary, .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

/* What stands in files of this machine that the hostile ones name. */
static const char *const canary_words[] = {"root:", "canary", "<script", "../../"};

static void check_outputs(const char *name)
{
    char path[ENCODING_PATH];
    for (size_t file = 0; file < TRANSFER_FILE_COUNT; file++) {
        snprintf(path, sizeof path, "%s/%s", encoded_folder(), transfer_file_kinds[file].name);
        for (size_t i = 0; i < ARRAY_SIZE(canary_words); i++)
            if (encoded_holds(path, canary_words[i]))
                fail_msg("%s: %s holds \"%s\"", name, path, canary_words[i]);
    }
}

static const struct {
    const char *name;
    const char *refusal; /* a part of the sentence; NULL: something playable comes out */
} files[] = {
    {"corrupted_camera.jpg", "no video or recording"},
    {"dash_ssrf.mp4", "no video or recording"},
    {"heic_200mp.heic", ""},
    {"heif_clusterfuzz.heic", ""},
    {"hls_concat.m3u8", "no video or recording"},
    {"hls_file_read.mp4", "no video or recording"},
    {"hls_ssrf.mov", "no video or recording"},
    {"libvips_matload_file_read.jpg", "no video or recording"},
    {"metadata_injection.mp4", NULL},
    {"mp4_fuzz_1185230.mp4", ""},
    {"png_65536x65536.png", "no video or recording"},
    {"polyglot_jpeg_html.jpg", "no video or recording"},
    {"time_bomb_av1_4k60_6min.mp4", "longer than"},
    {"truncated.jpg", "no video or recording"},
    {"truncated_moov_at_end.mov", "The file is incomplete"},
    {"xss.svg", "no video or recording"},
};

static void two_seconds(EncoderPolicy *policy)
{
    policy->max_seconds = 2;
}

static void check_verdict(size_t row, const char *source)
{
    Made made = {.stop_after_ms = VERDICT_MS, .limit = two_seconds};
    bool done = encoding_try(source, 240, &made);
    if (done != !files[row].refusal)
        fail_msg("%s: %s", files[row].name, done ? "was accepted" : made.error.detail);
    if (done)
        return;
    assert_int_equal(made.error.code, ERROR_MEDIA);
    if (!strstr(made.error.detail, files[row].refusal))
        fail_msg("%s was refused with: %s", files[row].name, made.error.detail);
}

static void every_hostile_file_gets_its_verdict_and_reaches_nothing(void **state)
{
    char path[ENCODING_PATH], name[300];
    (void)state;
    if (!encoding_corpus("hostile", path))
        skip();
    _cleanup_close_ int canary = canary_listen();
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(name, sizeof name, "hostile/%s", files[i].name);
        assert_true(encoding_corpus(name, path));
        check_verdict(i, path);
        check_outputs(files[i].name);
        unit_check(!canary_was_called(canary), files[i].name);
    }
}

static size_t count_files(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    size_t count = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void no_hostile_file_was_forgotten(void **state)
{
    char path[ENCODING_PATH];
    (void)state;
    if (!encoding_corpus("hostile", path))
        skip();
    assert_int_equal(count_files(path), ARRAY_SIZE(files));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hostile_file_gets_its_verdict_and_reaches_nothing),
        cmocka_unit_test(no_hostile_file_was_forgotten),
    };
    return encoding_run("hostile", tests, ARRAY_SIZE(tests), argc, argv);
}
