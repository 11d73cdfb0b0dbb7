/* The words of the closed lists, as they stand in the database and in answers. */
#include "web/records/file.h"
#include "web/records/job.h"
#include "web/records/media.h"

#define X(value, word) [value] = word,
const char *const media_kind_words[] = {MEDIA_KINDS(X)};
const char *const file_role_words[] = {FILE_ROLES(X)};
const char *const job_state_words[] = {JOB_STATES(X)};
const char *const attempt_outcome_words[] = {ATTEMPT_OUTCOMES(X)};
const char *const delivery_outcome_words[] = {DELIVERY_OUTCOMES(X)};
#undef X
