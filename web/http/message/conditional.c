#include "web/http/message/conditional.h"

#include "common/base/clock.h"

/* Whether an entity-tag list holds the tag. Anything malformed ends the list. */
static bool conditional_list_has(const char *list, const char *etag, bool strong)
{
    size_t length = strlen(etag);
    if (list[strspn(list, " \t")] == '*')
        return true;
    for (;;) {
        const char *tag = list + strspn(list, " \t,");
        bool weak = strncmp(tag, "W/", 2) == 0;
        if (weak)
            tag += 2;
        const char *end = *tag == '"' ? strchr(tag + 1, '"') : NULL;
        if (!end)
            return false;
        list = end + 1;
        if (!(strong && weak) && (size_t)(list - tag) == length && memcmp(tag, etag, length) == 0)
            return true;
    }
}

/* HTTP dates have whole seconds. */
static bool conditional_modified_after(const char *date, int64_t modified_ms, bool *after)
{
    int64_t since;
    if (!clock_parse_http_date(date, &since))
        return false;
    *after = modified_ms / 1000 > since / 1000;
    return true;
}

ConditionResult conditional_evaluate(const Conditions *conditions, const Validators *validators)
{
    bool after;
    if (conditions->if_match) {
        if (!conditional_list_has(conditions->if_match, validators->etag, true))
            return CONDITION_FAILED;
    } else if (conditions->if_unmodified_since &&
               conditional_modified_after(conditions->if_unmodified_since, validators->modified_ms,
                                          &after) &&
               after) {
        return CONDITION_FAILED;
    }
    if (conditions->if_none_match) {
        if (conditional_list_has(conditions->if_none_match, validators->etag, false))
            return conditions->reading ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    } else if (conditions->reading && conditions->if_modified_since &&
               conditional_modified_after(conditions->if_modified_since, validators->modified_ms,
                                          &after) &&
               !after) {
        return CONDITION_NOT_MODIFIED;
    }
    return CONDITION_PROCEED;
}

bool conditional_range_applies(const Conditions *conditions, const Validators *validators)
{
    const char *given = conditions->if_range;
    int64_t date;
    if (!given)
        return true;
    if (*given == '"')
        return streq(given, validators->etag);
    return clock_parse_http_date(given, &date) && date / 1000 == validators->modified_ms / 1000;
}
