#include <errno.h>
#include <strings.h>

#include "common/base/file.h"
#include "transcoder/web_client/web_client.h"
#include "transcoder/web_client/web_client_transport.h"

#define STALL_SECONDS 60

#define FETCH_MAGIC 0x46455443u /* "FETC" */

/* One try; what its answer is worth is judged with its first byte. */
typedef struct FetchTry {
    unsigned magic;
    WebClient *client;
    WebFetch *fetch;
    bool judged;
} FetchTry;

static void fetch_start_over(WebFetch *fetch)
{
    fetch->offset = 0;
    fetch->percent = -1;
    *fetch->etag = '\0';
    digest_init(&fetch->digest, DIGEST_BLAKE2B);
}

void web_client_fetch_init(WebFetch *fetch, const TransferJob *job, int fd)
{
    *fetch = (WebFetch){.job = job, .fd = fd};
    fetch_start_over(fetch);
}

/* An answer that does not fit the claim: the next try begins anew. */
static bool fetch_misfit(WebFetch *fetch, const char *what, Error *error)
{
    fetch_start_over(fetch);
    return error_set(error, ERROR_NETWORK, "The original arrived with %s that is not the job's.",
                     what);
}

/* A 200 in answer to a range: the content changed, or web serves no ranges. Either way it is whole.
 * Web tells type and digest of every original; a page of a proxy does not. */
static bool fetch_judge_whole(FetchTry *try, Error *error)
{
    WebFetch *fetch = try->fetch;
    const WebAnswer *answer = &try->client->answer;
    const char *type = fetch->job->original.content_type;
    curl_off_t length = -1;
    if (!web_transport_good(
            curl_easy_getinfo(try->client->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length),
            error))
        return false;
    if (length != fetch->job->original.size) {
        if (!*answer->repr_digest || strncasecmp(answer->content_type, type, strlen(type)) != 0)
            return error_set(error, ERROR_UNAVAILABLE,
                             "Web is away: something in front of it answered the original.");
        if (length >= 0)
            return fetch_misfit(fetch, "a length", error);
    }
    fetch_start_over(fetch);
    if (ftruncate(fetch->fd, 0) < 0)
        return error_set_errno(error, errno, "The original could not be started over");
    if (strncmp(answer->etag, "W/", 2) != 0)
        base_copy(fetch->etag, sizeof fetch->etag, answer->etag);
    return true;
}

/* A 206 must be "bytes 100-199/200" with the offset and the size expected (RFC 9110 §14.4). */
static bool fetch_judge(FetchTry *try, Error *error)
{
    WebFetch *fetch = try->fetch;
    char expected[96];
    long status = 0;
    if (!web_transport_good(curl_easy_getinfo(try->client->easy, CURLINFO_RESPONSE_CODE, &status),
                            error))
        return false;
    if (status == 200)
        return fetch_judge_whole(try, error);
    if (status != 206)
        return error_set(error, ERROR_BAD_REQUEST, "Web answered the original with status %ld.",
                         status);
    snprintf(expected, sizeof expected, "bytes %lld-%lld/%lld", (long long)fetch->offset,
             (long long)fetch->job->original.size - 1, (long long)fetch->job->original.size);
    return strcasecmp(try->client->answer.content_range, expected) == 0 ||
           fetch_misfit(fetch, "a range", error);
}

static bool fetch_store(void *context, const char *data, size_t length, Error *error)
{
    FetchTry *try = CAST_OBJECT(FetchTry, context, FETCH_MAGIC);
    WebFetch *fetch = try->fetch;
    int64_t size = fetch->job->original.size;
    if (!try->judged && !fetch_judge(try, error))
        return false;
    try->judged = true;
    if ((int64_t)length > size - fetch->offset)
        return fetch_misfit(fetch, "a length", error);
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

static bool fetch_rest(WebClient *client, WebFetch *fetch, Error *error)
{
    FetchTry try = {.magic = FETCH_MAGIC, .client = client, .fetch = fetch};
    char lease[sizeof TRANSFER_HEADER_LEASE + 2 + TOKEN_SIZE], range[48], if_range[160];
    WebRequest request = {.path = fetch->job->original.url,
                          .what = "the original",
                          .stall_seconds = STALL_SECONDS,
                          .headers = {lease},
                          .sink = fetch_store,
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
    if (fetch->offset < size && !fetch_rest(client, fetch, error))
        return false;
    if (fetch->offset != size)
        return error_set(error, ERROR_NETWORK, "The original ended after %lld of %lld bytes.",
                         (long long)fetch->offset, (long long)size);
    DigestState state = fetch->digest;
    digest_final(&state, &digest);
    if (digest_equal(&digest, &fetch->job->original.digest))
        return true;
    /* All bytes came and they are not the claim's: once, that may be a damaged transfer. */
    bool again = !fetch->was_wrong;
    fetch_start_over(fetch);
    fetch->was_wrong = true;
    return error_set(error, again ? ERROR_NETWORK : ERROR_INVALID,
                     "The original arrived with a content that is not the job's.");
}
