#include <errno.h>
#include <strings.h>

#include "common/base/file.h"
#include "transcoder/web_client/web_client_transport.h"

#define STALL_SECONDS 60

/* What one try's answer turned out to be: judged with its first byte. */
typedef struct FetchTry {
    WebClient *client;
    WebFetch *fetch;
    bool judged;
} FetchTry;

static void start_over(WebFetch *fetch)
{
    fetch->offset = 0;
    fetch->percent = -1;
    *fetch->etag = '\0';
    digest_init(&fetch->digest, DIGEST_BLAKE2B);
}

void web_client_fetch_init(WebFetch *fetch, const TransferJob *job, int fd)
{
    *fetch = (WebFetch){.job = job, .fd = fd};
    start_over(fetch);
}

/* An answer that does not fit the claim: the next try begins anew. */
static bool misfit(WebFetch *fetch, const char *what, Error *error)
{
    start_over(fetch);
    return error_set(error, ERROR_NETWORK, "The original arrived with %s that is not the job's.",
                     what);
}

/* All bytes came and they are not the claim's: once, that may be a damaged transfer. */
static bool wrong_content(WebFetch *fetch, Error *error)
{
    bool again = !fetch->was_wrong;
    start_over(fetch);
    fetch->was_wrong = true;
    return error_set(error, again ? ERROR_NETWORK : ERROR_INVALID,
                     "The original arrived with a content that is not the job's.");
}

/* Web tells type and digest of every original; a page of a proxy does not. */
static bool is_from_web(const WebAnswer *answer, const TransferJob *job)
{
    size_t length = strlen(job->original.content_type);
    return *answer->repr_digest &&
           strncasecmp(answer->content_type, job->original.content_type, length) == 0;
}

static bool check_length(const FetchTry *try, curl_off_t length, Error *error)
{
    WebFetch *fetch = try->fetch;
    if (length == fetch->job->original.size)
        return true;
    if (!is_from_web(&try->client->answer, fetch->job))
        return error_set(error, ERROR_UNAVAILABLE,
                         "Web is away: something in front of it answered the original.");
    return length < 0 || misfit(fetch, "a length", error);
}

/* "bytes 100-199/200" with the offset and the size expected (RFC 9110 §14.4). */
static bool range_fits(const char *content_range, const WebFetch *fetch)
{
    char expected[96];
    snprintf(expected, sizeof expected, "bytes %lld-%lld/%lld", (long long)fetch->offset,
             (long long)fetch->job->original.size - 1, (long long)fetch->job->original.size);
    return strcasecmp(content_range, expected) == 0;
}

/* A 200 in answer to a range: the content changed, or web serves no ranges. Either way it is whole.
 */
static bool judge_answer(FetchTry *try, Error *error)
{
    WebFetch *fetch = try->fetch;
    const WebAnswer *answer = &try->client->answer;
    long status = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(try->client->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(try->client->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    try->judged = true;
    if (status == 206)
        return range_fits(answer->content_range, fetch) || misfit(fetch, "a range", error);
    if (status != 200)
        return error_set(error, ERROR_BAD_REQUEST, "Web answered the original with status %ld.",
                         status);
    if (!check_length(try, length, error))
        return false;
    start_over(fetch);
    if (ftruncate(fetch->fd, 0) < 0)
        return error_set_errno(error, errno, "The original could not be started over");
    if (strncmp(answer->etag, "W/", 2) != 0)
        base_copy(fetch->etag, sizeof fetch->etag, answer->etag);
    return true;
}

static bool store(void *context, const char *data, size_t length, Error *error)
{
    FetchTry *try = context;
    WebFetch *fetch = try->fetch;
    int64_t size = fetch->job->original.size;
    if (!try->judged && !judge_answer(try, error))
        return false;
    if ((int64_t)length > size - fetch->offset)
        return misfit(fetch, "a length", error);
    if (!file_write_all(fetch->fd, data, length, (uint64_t)fetch->offset, error))
        return false;
    digest_update(&fetch->digest, data, length);
    fetch->offset += (int64_t)length;
    int percent = (int)(fetch->offset * 100 / size);
    if (percent != fetch->percent && fetch->progress.report)
        fetch->progress.report(fetch->progress.context, percent);
    fetch->percent = percent;
    return true;
}

static bool request_rest(WebClient *client, WebFetch *fetch, Error *error)
{
    FetchTry try = {.client = client, .fetch = fetch};
    char lease[sizeof TRANSFER_HEADER_LEASE + 2 + TOKEN_SIZE], range[48], if_range[160];
    WebRequest request = {.path = fetch->job->original.url,
                          .what = "the original",
                          .stall_seconds = STALL_SECONDS,
                          .headers = {lease},
                          .sink = store,
                          .sink_context = &try};
    snprintf(lease, sizeof lease, "%s: %s", TRANSFER_HEADER_LEASE, fetch->job->lease_token);
    if (fetch->offset > 0 && *fetch->etag) {
        snprintf(range, sizeof range, "Range: bytes=%lld-", (long long)fetch->offset);
        snprintf(if_range, sizeof if_range, "If-Range: %s", fetch->etag);
        request.headers[1] = range;
        request.headers[2] = if_range;
    }
    return web_transport_request(client, &request, error);
}

bool web_client_fetch(WebClient *client, WebFetch *fetch, Error *error)
{
    int64_t size = fetch->job->original.size;
    Digest digest;
    if (fetch->offset < size && !request_rest(client, fetch, error))
        return false;
    if (fetch->offset != size)
        return error_set(error, ERROR_NETWORK, "The original ended after %lld of %lld bytes.",
                         (long long)fetch->offset, (long long)size);
    DigestState state = fetch->digest;
    digest_final(&state, &digest);
    if (!digest_equal(&digest, &fetch->job->original.digest))
        return wrong_content(fetch, error);
    return true;
}
