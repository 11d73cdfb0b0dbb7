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
        return (FilePlan){.status = 304};
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

static void file_add_range(Buffer *fields, const FilePlan *plan, uint64_t size)
{
    char value[80];
    if (plan->status == 206)
        snprintf(value, sizeof value, "bytes %llu-%llu/%llu", (unsigned long long)plan->first,
                 (unsigned long long)(plan->first + plan->length - 1), (unsigned long long)size);
    else
        snprintf(value, sizeof value, "bytes */%llu", (unsigned long long)size);
    response_add(fields, "Content-Range", value);
}

void file_add_fields(Buffer *fields, const ServedFile *file, const FilePlan *plan, uint64_t size,
                     bool download)
{
    char date[40], disposition[1400];
    clock_http_date(file->modified_ms, date, sizeof date);
    field_disposition(download || file->attachment ? "attachment" : "inline", file->download_name,
                      disposition, sizeof disposition);
    response_add_common(fields);
    response_add(fields, "ETag", file->etag);
    response_add(fields, "Last-Modified", date);
    response_add(fields, "Cache-Control", file->cache_control);
    response_add(fields, "Accept-Ranges", "bytes");
    response_add(fields, "Content-Type", file->content_type);
    response_add(fields, "Content-Disposition", disposition);
    response_add(fields, "Content-Security-Policy", "default-src 'none'; sandbox");
    if (*file->repr_digest)
        response_add(fields, "Repr-Digest", file->repr_digest);
    if (plan->status == 206)
        file_add_range(fields, plan, size);
}

/* 412 and 416 are errors like any other, but tell what is there. */
static Response *file_response_refusal(const FileAsk *ask, const ServedFile *file,
                                       const FilePlan *plan, uint64_t size)
{
    Error error = {0};
    if (plan->status == 416)
        error_set(&error, ERROR_RANGE, "The range lies outside the %llu bytes of this file.",
                  (unsigned long long)size);
    else
        error_set(&error, ERROR_PRECONDITION, "The file is not the one the conditions ask for.");
    Response *response = response_problem(
        &(Problem){.error = &error, .request_id = ask->request_id, .target = ask->target});
    if (plan->status == 416)
        file_add_range(&response->fields, plan, size);
    response_header(response, "ETag", file->etag);
    return response;
}

Response *file_response(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                        Pages *pages)
{
    uint64_t size = pages_size(pages);
    if (plan->status >= 400)
        return file_response_refusal(ask, file, plan, size);
    Response *response = response_new(plan->status);
    file_add_fields(&response->fields, file, plan, size, ask->download);
    response->length = plan->length;
    response->first = plan->first;
    if (plan->length > 0)
        response->pages = pages_share(pages);
    return response;
}
