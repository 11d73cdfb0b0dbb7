/* How a file is answered: which part of it (RFC 9110 §13, §14), and with which fields. */
#pragma once

#include "web/http/exchange/response.h"
#include "web/http/message/conditional.h"

/* What a request wants of a file. Borrowed. */
typedef struct FileAsk {
    Conditions conditions;
    const char *range;      /* the field; NULL when absent, or when it does not count */
    bool download;          /* wanted as an attachment */
    const char *request_id; /* for a refusal */
    const char *target;     /* as sent */
} FileAsk;

/* What part of a file a request gets. */
typedef struct FilePlan {
    int status;             /* 200, 206, 304, 412, 416 */
    uint64_t first, length; /* of the content; 304 has none and repeats the fields of the whole */
} FilePlan;

/* Pure. `size`: bytes of the file. */
FilePlan file_plan(const FileAsk *ask, const ServedFile *file, uint64_t size);

/* Fields of a file's answer: validators, type, disposition, range. */
void file_add_fields(Buffer *fields, const ServedFile *file, const FilePlan *plan, uint64_t size,
                     bool download);

/* The answer for a plan: the planned part of the pages, or one of 304, 412, 416, or empty. */
Response *file_response(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                        Pages *pages);
