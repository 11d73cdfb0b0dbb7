/*
 * Memory that runs out: the n-th allocation of reading the settings, of an upload and of a delivery
 * fails, in the libraries too, for n = 1, 2, … until there is no n-th; and then the n-th and all
 * after it. Whatever that does to the process, it ends in an orderly way; what it acknowledged is
 * there when the archive is opened again, and nothing else is. Most allocations are those of one
 * library preparing a statement, so that every fifth tells of a delivery, and fewer where the
 * address sanitizer makes each process dear; REELKEEP_LONG=1 tries all.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/base/file.h"
#include "common/settings/settings.h"
#include "tests/unit/parcel.h"
#include "web/library/intake/upload.h"
#include "web/upkeep/housekeeper.h"

#define CHILD_SECONDS 20 /* a child that takes longer hangs */

/* --- the allocator --- */

/* Of the C library, and of the address sanitizer where that is linked. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
__attribute__((weak)) void *__interceptor_malloc(size_t size);
__attribute__((weak)) void *__interceptor_calloc(size_t count, size_t size);
__attribute__((weak)) void *__interceptor_realloc(void *old, size_t size);

/* Called before any sanitizer is ready. */
#define _plain_ __attribute__((no_sanitize("address", "undefined")))

/* Zero until a child arms it. */
static struct {
    atomic_bool armed;
    atomic_size_t count; /* since then */
    size_t first;        /* which fails, from 1 */
    bool onwards;        /* and all after it */
} memory;

_plain_ static bool memory_is_out(void)
{
    if (!atomic_load(&memory.armed))
        return false;
    size_t number = atomic_fetch_add(&memory.count, 1) + 1;
    return number == memory.first || (memory.onwards && number > memory.first);
}

_plain_ void *malloc(size_t size)
{
    if (memory_is_out())
        return NULL;
    return (__interceptor_malloc ? __interceptor_malloc : __libc_malloc)(size);
}

_plain_ void *calloc(size_t count, size_t size)
{
    if (memory_is_out())
        return NULL;
    return (__interceptor_calloc ? __interceptor_calloc : __libc_calloc)(count, size);
}

_plain_ void *realloc(void *old, size_t size)
{
    if (memory_is_out())
        return NULL;
    return (__interceptor_realloc ? __interceptor_realloc : __libc_realloc)(old, size);
}

/* --- what a child does, and what it tells --- */

typedef struct Told {
    bool acknowledged;
    Error error; /* where it was not */
    size_t allocations;
    int descriptors; /* more than before */
    char upload_id[UUID_SIZE];
    Delivered delivered;
} Told;

typedef struct Scene {
    Archive archive;
    bool open;
    Parcel parcel;  /* of a delivery */
    char *metadata; /* its text; NULL: no parcel is packed */
    int env_file;
    int words;  /* the child's standard error */
    Told *told; /* shared with the child */
    size_t files;
    size_t went_on, refused, stopped;
} Scene;

/* Arms the allocator once all is there that web would not have made itself. */
typedef bool SceneAct(Scene *scene, Error *error);

static bool act_settings(Scene *scene, Error *error)
{
    static Settings settings; /* too large for a stack */
    SettingsSource source = settings_environment();
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", scene->env_file);
    setenv("TRANSCODING_UPLOAD_TOKEN", "0123456789-0123456789-0123456789", 1);
    setenv("HOST", "127.0.0.1", 1);
    atomic_store(&memory.armed, true);
    bool good = settings_read(&settings, SETTING_WEB, &source, path, stderr);
    atomic_store(&memory.armed, false);
    REQUIRE(!good || (settings.port.number == 8123 && streq(settings.host.text, "127.0.0.1")));
    REQUIRE(!good || settings.max_photo_size.number == 10 * (int64_t)MIB);
    return good || error_set(error, ERROR_INTERNAL, "The faults are among the child's words.");
}

static bool act_upload(Scene *scene, Error *error)
{
    _cleanup_free_ char *bytes = archive_mp4(5000, 'u');
    atomic_store(&memory.armed, true);
    Upload *upload = upload_begin(&scene->archive.library, 5000, error);
    bool good = upload && upload_set(upload, UPLOAD_ENTRY, "hall", error) &&
                upload_set(upload, UPLOAD_CAPTION, "The crack", error) &&
                upload_file_begin(upload, "clip.mov", error) &&
                upload_append(upload, bytes, 100, error) &&
                upload_append(upload, bytes + 100, 4900, error) && upload_file_end(upload, error) &&
                upload_finish(upload, PARCEL_START, scene->told->upload_id, error);
    upload_free(upload);
    return good;
}

static bool act_delivery(Scene *scene, Error *error)
{
    const Parcel *parcel = &scene->parcel;
    atomic_store(&memory.armed, true);
    Delivery *delivery = delivery_begin(&scene->archive.library, 20000, PARCEL_START, error);
    bool good = delivery &&
                delivery_set(delivery, TRANSFER_FIELD_MEDIA, parcel->job.media_id, error) &&
                delivery_set(delivery, TRANSFER_FIELD_JOB, parcel->job.job_id, error) &&
                delivery_set(delivery, TRANSFER_FIELD_LEASE, parcel->job.lease_token, error) &&
                delivery_set(delivery, TRANSFER_FIELD_METADATA, scene->metadata, error) &&
                parcel_put_files(delivery, parcel, error) &&
                delivery_finish(delivery, PARCEL_START, &scene->told->delivered, error);
    delivery_free(delivery);
    return good;
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* cmocka's handlers would go on with its tests. */
static void restore_signals(void)
{
    static const int handled[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT};
    const struct sigaction action = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
        sigaction(handled[i], &action, NULL);
}

_Noreturn static void be_child(Scene *scene, SceneAct *act)
{
    Told *told = scene->told;
    restore_signals();
    alarm(CHILD_SECONDS);
    dup2(scene->words, STDERR_FILENO);
    int before = count_descriptors();
    archive_open(&scene->archive);
    REQUIRE(housekeeper_recover(&scene->archive.library, PARCEL_START, &told->error));
    told->acknowledged = act(scene, &told->error);
    atomic_store(&memory.armed, false);
    told->allocations = atomic_load(&memory.count);
    archive_close(&scene->archive);
    told->descriptors = count_descriptors() - before;
    _exit(0);
}

/* --- how it ended --- */

/* The rule for what is small and bounded: without that memory the program cannot go on, and says
 * so. These are the conditions that follow an allocation. */
static bool stopped_for_memory(int status, const char *words)
{
    static const char *const conditions[] = {"memory", "copy", "folder", "data", "length >= 0"};
    const char *stop = strstr(words, "impossible state: ");
    if (!stop || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        return false;
    stop += strlen("impossible state: ");
    for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
        if (strcspn(stop, "\n") == strlen(conditions[i]) &&
            strncmp(stop, conditions[i], strlen(conditions[i])) == 0)
            return true;
    return false;
}

/* Whoever sent it is not to blame, and may come again. */
static void check_refusal(const Error *error, const char *words)
{
    if (error->code == ERROR_NONE || error_retry_class(error->code) == RETRY_NEVER)
        fail_msg("allocation %zu: told as \"%s\": %s\n%s", memory.first, error_word(error->code),
                 error->detail, words);
    unit_check(*error->detail, "a failure is told of in words");
}

/* Whether an allocation failed at all. */
static bool run_child(Scene *scene, SceneAct *act)
{
    char words[4096] = "";
    int status;
    Told *told = scene->told;
    *told = (Told){0};
    assert_int_equal(ftruncate(scene->words, 0), 0);
    assert_int_equal(lseek(scene->words, 0, SEEK_SET), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_child(scene, act);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(pread(scene->words, words, sizeof words - 1, 0) >= 0);
    if (stopped_for_memory(status, words)) {
        told->acknowledged = false;
        scene->stopped++;
        return true;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("allocation %zu: ended with status %#x\n%s", memory.first, (unsigned)status,
                 words);
    if (told->descriptors != 0)
        fail_msg("allocation %zu: %d descriptors stay open", memory.first, told->descriptors);
    if (!told->acknowledged)
        check_refusal(&told->error, words);
    scene->went_on += told->acknowledged && told->allocations >= memory.first;
    scene->refused += !told->acknowledged;
    return told->allocations >= memory.first;
}

/* --- what is found afterwards --- */

static void open_archive(Scene *scene)
{
    archive_open(&scene->archive);
    scene->open = true;
}

static void close_archive(Scene *scene)
{
    if (scene->open)
        archive_close(&scene->archive);
    scene->open = false;
}

static void expect_file(const Archive *archive, const char *path)
{
    char whole[sizeof archive->root + MEDIA_PATH_MAX + 2];
    snprintf(whole, sizeof whole, "%s/%s", archive->root, path);
    if (access(whole, R_OK) < 0)
        fail_msg("allocation %zu: %s was acknowledged and is gone", memory.first, path);
}

static void expect_kept(const Archive *archive, const Told *told)
{
    UploadView view;
    Error error = {0};
    if (*told->upload_id) {
        assert_true(upload_view(&archive->library, told->upload_id, &view, &error));
        expect_file(archive, view.files.of[FILE_ORIGINAL]);
    }
    for (size_t role = 0; role < FILE_ROLE_COUNT; role++)
        if (*told->delivered.files.of[role])
            expect_file(archive, told->delivered.files.of[role]);
}

/* As after a restart: nothing staged, nothing on its way, a file for each row and no other. */
static void check_archive(Scene *scene)
{
    Archive *archive = &scene->archive;
    Error error = {0};
    open_archive(scene);
    assert_true(housekeeper_recover(&archive->library, PARCEL_START, &error));
    scene->parcel.archive = archive;
    parcel_sweep(&scene->parcel);
    size_t files = archive_count_files(archive);
    assert_int_equal(archive_count_staged(archive), 0);
    assert_int_equal(files, archive_query(archive, "SELECT count(*) FROM file"));
    if (scene->told->acknowledged)
        expect_kept(archive, scene->told);
    else if (scene->told->error.code != ERROR_NONE)
        unit_check(files == scene->files, "what was refused was not kept");
    scene->files = files;
}

/* --- the scenes --- */

static void pack_parcel(Scene *scene)
{
    scene->parcel = parcel_pack_all(&scene->archive);
    scene->files = archive_count_files(&scene->archive);
    _cleanup_json_ json_t *json = transfer_result_encode(&scene->parcel.result);
    scene->metadata = json_print(json);
}

static void unpack_parcel(Scene *scene)
{
    if (scene->metadata)
        parcel_unpack(&scene->parcel);
    free(TAKE_PTR(scene->metadata));
}

static void fail_each(Scene *scene, SceneAct *act, bool onwards, size_t step)
{
    bool failed = true;
    size_t tried = 0;
    step = getenv("REELKEEP_LONG") ? 1 : __interceptor_malloc ? 4 * step : step;
    scene->went_on = scene->refused = scene->stopped = 0;
    memory.onwards = onwards;
    for (memory.first = 1; failed; memory.first += step, tried++) {
        if (act == act_delivery && !scene->metadata)
            pack_parcel(scene);
        close_archive(scene);
        failed = run_child(scene, act);
        check_archive(scene);
        if (scene->told->acknowledged)
            unpack_parcel(scene);
    }
    print_message("%zu allocations, %zu failed %s: %zu went on, %zu were refused, %zu stopped\n",
                  scene->told->allocations, tried - 1, onwards ? "with all after it" : "alone",
                  scene->went_on, scene->refused, scene->stopped);
    unit_check(scene->told->acknowledged, "with all memory it works");
    unit_check(scene->refused + scene->stopped > 0, "an allocation that fails is noticed");
}

static void settings_are_read_or_told_of(void **state)
{
    fail_each(*state, act_settings, false, 1);
    fail_each(*state, act_settings, true, 1);
}

static void an_upload_is_kept_or_refused(void **state)
{
    fail_each(*state, act_upload, false, 1);
    fail_each(*state, act_upload, true, 5);
}

static void a_delivery_is_kept_or_refused(void **state)
{
    fail_each(*state, act_delivery, false, 5);
    fail_each(*state, act_delivery, true, 11);
}

/* In memory where that may be: thousands of flushes would be most of this test's time. */
static int set_up(void **state)
{
    static const char env_text[] = "# all\nPORT='8123'\nHOST=::1\nMAX_PHOTO_SIZE=10M\n";
    Scene *scene = NEW(Scene);
    id_init();
    base_copy(scene->archive.root, sizeof scene->archive.root, "/dev/shm/reelkeep-unit-XXXXXX");
    if (!mkdtemp(scene->archive.root)) {
        base_copy(scene->archive.root, sizeof scene->archive.root, "/tmp/reelkeep-unit-XXXXXX");
        assert_non_null(mkdtemp(scene->archive.root));
    }
    open_archive(scene);
    scene->told =
        mmap(NULL, sizeof *scene->told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    scene->words = memfd_create("words", MFD_CLOEXEC);
    scene->env_file = memfd_create("env", MFD_CLOEXEC);
    assert_true(scene->told != MAP_FAILED && scene->words >= 0 && scene->env_file >= 0);
    assert_true(file_write_all(scene->env_file, env_text, sizeof env_text - 1, 0, NULL));
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    Scene *scene = *state;
    close_archive(scene);
    IGNORE_RESULT(file_remove_tree(AT_FDCWD, scene->archive.root, NULL));
    unpack_parcel(scene);
    munmap(scene->told, sizeof *scene->told);
    close(scene->words);
    close(scene->env_file);
    free(scene);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_are_read_or_told_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upload_is_kept_or_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delivery_is_kept_or_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
}
