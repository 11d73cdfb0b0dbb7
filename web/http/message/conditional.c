#include "web/http/message/conditional.h"

#include "common/base/clock.h"

/* One member of an entity-tag list; *cursor moves behind it. Anything malformed ends the list. */
static bool next_tag(const char **cursor, bool *weak, const char **tag, size_t *length)
{
    const char *text = *cursor + strspn(*cursor, " \t,");
    *weak = strncmp(text, "W/", 2) == 0;
    if (*weak)
        text += 2;
    if (*text != '"')
        return false;
    const char *end = strchr(text + 1, '"');
    if (!end)
        return false;
    *tag = text;
    *length = (size_t)(end + 1 - text);
    *cursor = end + 1;
    return true;
}

static bool list_matches(const char *list, const char *etag, bool strong)
{
    const char *tag;
    size_t length;
    bool weak;
    if (list[strspn(list, " \t")] == '*')
        return true;
    while (next_tag(&list, &weak, &tag, &length))
        if (!(strong && weak) && strlen(etag) == length && memcmp(tag, etag, length) == 0)
            return true;
    return false;
}

/* HTTP dates have whole seconds. */
static bool modified_after(const char *date, int64_t modified_ms, bool *after)
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
        if (!list_matches(conditions->if_match, validators->etag, true))
            return CONDITION_FAILED;
    } else if (conditions->if_unmodified_since &&
               modified_after(conditions->if_unmodified_since, validators->modified_ms, &after) &&
               after) {
        return CONDITION_FAILED;
    }
    if (conditions->if_none_match) {
        if (list_matches(conditions->if_none_match, validators->etag, false))
            return conditions->reading ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    } else if (conditions->reading && conditions->if_modified_since &&
               modified_after(conditions->if_modified_since, validators->modified_ms, &after) &&
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
