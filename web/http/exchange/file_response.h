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
    int status; /* 200, 206, 304, 412, 416 */
    uint64_t first,
        length; /* for 304 those of the whole, whose fields it repeats (RFC 9110 §15.4.5) */
} FilePlan;

/* Pure. `size`: bytes of the file. */
FilePlan file_plan(const FileAsk *ask, const ServedFile *file, uint64_t size);

/* Fields of a file's answer: validators, type, disposition, range. */
void file_add_fields(struct MHD_Response *body, const ServedFile *file, const FilePlan *plan,
                     uint64_t size, bool download);

/* The answer for a plan with content; takes over `body`, which holds exactly the planned bytes. */
Response *file_response(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                        uint64_t size, struct MHD_Response *body);

/* The answer for a plan without content: 412, 416, an empty file. */
Response *file_response_empty(const FileAsk *ask, const ServedFile *file, const FilePlan *plan,
                              uint64_t size);
