#include "web/http/exchange/file_response.h"

#include "common/base/clock.h"
#include "web/http/message/field.h"
#include "web/http/message/range.h"

FilePlan file_plan(const FileAsk *ask, const ServedFile *file, uint64_t size)
{
    FilePlan whole = {.status = 200, .length = size};
    Validators validators = {.etag = file->etag, .modified_ms = file->modified_ms};
    ConditionResult condition = conditional_evaluate(&ask->conditions, &validators);
    ByteRange range;
    if (condition == CONDITION_FAILED)
        return (FilePlan){.status = 412};
    if (condition == CONDITION_NOT_MODIFIED)
        return (FilePlan){.status = 304, .length = size};
    if (!ask->range || !conditional_range_applies(&ask->conditions, &validators))
        return whole;
    switch (range_parse(ask->range, size, &range)) {
    case RANGE_PART:
        return (FilePlan){.status = 206, .first = range.first, .length = range.length};
    case RANGE_UNSATISFIABLE:
        return (FilePlan){.status = 416};
    case RANGE_WHOLE:
        return whole;
    }
    UNREACHABLE();
}

static void file_add_range(struct MHD_Response *body, const FilePlan *plan, uint64_t size)
{
    char value[80];
    if (plan->status == 206)
        snprintf(value, sizeof value, "bytes %llu-%llu/%llu", (unsigned long long)plan->first,
                 (unsigned long long)(plan->first + plan->length - 1), (unsigned long long)size);
    else
        snprintf(value, sizeof value, "bytes */%llu", (unsigned long long)size);
    response_add(body, "Content-Range", value);
}

void file_add_fields(struct MHD_Response *body, const ServedFile *file, const FilePlan *plan,
                     uint64_t size, bool download)
{
    char date[40], disposition[1400];
    clock_http_date(file->modified_ms, date, sizeof date);
    field_disposition(download || file->attachment ? "attachment" : "inline", file->download_name,
                      disposition, sizeof disposition);
    response_add_common(body);
    response_add(body, "ETag", file->etag);
    response_add(body, "Last-Modified", date);
    response_add(body, "Cache-Control", file->cache_control);
    response_add(body, "Accept-Ranges", "bytes");
    response_add(body, "Content-Type", file->content_type);
    response_add(body, "Content-Disposition", disposition);
    response_add(body, "Content-Security-Policy", "default-src 'none'; sandbox");
    if (*file->repr_digest)
        response_add(body, "Repr-Digest", file->repr_digest);
    if (plan->status == 206)
        file_add_range(body, plan, size);
}

Response *file_response(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                        uint64_t size, struct MHD_Response *body)
{
    Response *response = response_new(plan->status, body, plan->length);
    file_add_fields(body, file, plan, size, ask->download);
    return response;
}

Response *file_response_empty(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                              uint64_t size)
{
    Error error = {0};
    if (plan->status < 400)
        return file_response(ask, file, plan, size,
                             MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
    /* 412 and 416 are errors like any other, but tell what is there. */
    if (plan->status == 416)
        error_set(&error, ERROR_RANGE, "The range lies outside the %llu bytes of this file.",
                  (unsigned long long)size);
    else
        error_set(&error, ERROR_PRECONDITION, "The file is not the one the conditions ask for.");
    Response *response = response_problem(
        &(Problem){.error = &error, .request_id = ask->request_id, .target = ask->target});
    if (plan->status == 416)
        file_add_range(response->body, plan, size);
    response_header(response, "ETag", file->etag);
    return response;
}
