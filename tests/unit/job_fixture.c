#include "tests/unit/job_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/file.h"

const char *fixture_content(void)
{
    static char content[FIXTURE_SIZE];
    for (size_t i = 0; i < FIXTURE_SIZE && content[1] == 0; i++)
        content[i] = (char)(i * 7 + i / 251);
    return content;
}

static Digest digest_of(const void *data, size_t length)
{
    DigestState state;
    Digest digest;
    digest_init(&state, DIGEST_BLAKE2B);
    digest_update(&state, data, length);
    digest_final(&state, &digest);
    return digest;
}

TransferJob fixture_job(void)
{
    TransferJob job = {.lease_seconds = 60, .attempt = 1};
    id_uuid(job.job_id);
    id_uuid(job.media_id);
    id_token(job.lease_token);
    snprintf(job.original.url, sizeof job.original.url, TRANSFER_PATH_ORIGINAL, job.job_id);
    job.original.size = (int64_t)FIXTURE_SIZE;
    job.original.digest = digest_of(fixture_content(), FIXTURE_SIZE);
    base_copy(job.original.content_type, sizeof job.original.content_type, "video/mp4");
    base_copy(job.original.name, sizeof job.original.name, "clip.mp4");
    return job;
}

char *fixture_claim(const TransferJob *job)
{
    _cleanup_json_ json_t *value = transfer_job_encode(job);
    return json_print(value);
}

static TransferMade made_of(const char *content)
{
    size_t length = strlen(content);
    return (TransferMade){
        .present = true, .size = (int64_t)length, .digest = digest_of(content, length)};
}

TransferResult fixture_result(const char *video)
{
    TransferResult result = {
        .duration = 2,
        .source_duration = 2,
        .width = 640,
        .height = 360,
        .files = {[TRANSFER_VIDEO] = made_of(video), [TRANSFER_POSTER] = made_of("poster")},
        .operation = "encode"};
    return result;
}

void fixture_folder_remove(const char *path)
{
    REQUIRE(file_remove_tree(AT_FDCWD, path, NULL));
}

WebClient *fixture_client(const char *url)
{
    WebClient *client = NULL;
    REQUIRE(web_client_new(url, FIXTURE_TOKEN, &client, NULL));
    return client;
}

int fixture_file(void)
{
    int fd = memfd_create("fixture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    REQUIRE(fd >= 0);
    return fd;
}

off_t fixture_file_size(int fd)
{
    struct stat status;
    REQUIRE(fstat(fd, &status) == 0);
    return status.st_size;
}

int fixture_group_set_up(void **state)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)state;
    sigaction(SIGXFSZ, &ignored, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
    setenv("no_proxy", "*", 1);
    id_init();
    web_client_global_init();
    return 0;
}

int fixture_group_tear_down(void **state)
{
    (void)state;
    web_client_global_release();
    return 0;
}
