#include "web/access/access.h"

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/log.h"

/* `what` is what too much of came: "Uploads". */
static bool access_take(Rate *rate, const RequestFacts *facts, const char *what, Error *error)
{
    unsigned untold = 0;
    int64_t wait_ms = rate ? rate_take(rate, &facts->client, clock_monotonic_ms(), &untold) : 0;
    if (untold > 0) {
        char client[NETWORK_TEXT_MAX];
        network_format(&facts->client, client);
        log_warning("%s come too often: %u refused since this was told last, now from %s.", what,
                    untold, client);
    }
    if (wait_ms == 0)
        return true;
    unsigned seconds = (unsigned)((wait_ms + 999) / 1000);
    error_set(error, ERROR_BUSY, "%s come too often from this address; try again in %u s.", what,
              seconds);
    error->retry_seconds = seconds;
    return false;
}

/* Whether two texts begin with the same host and port; the one that the scheme implies counts for
 * none. */
static bool access_same_host(const char *one, const char *other, const char *implied_port)
{
    const char *texts[] = {one, other};
    size_t lengths[2];
    for (size_t i = 0; i < 2; i++) {
        size_t length = strcspn(texts[i], "/"), port = strlen(implied_port);
        bool implied = length > port && memcmp(texts[i] + length - port, implied_port, port) == 0;
        lengths[i] = implied ? length - port : length;
    }
    return lengths[0] > 0 && lengths[0] == lengths[1] && strncasecmp(one, other, lengths[0]) == 0;
}

/* Whether an Origin is this site: the address that is set, or what the request was sent to. */
static bool access_own_origin(const AccessRules *rules, const RequestFacts *facts)
{
    static const struct {
        const char *scheme, *port;
    } schemes[] = {{"http://", ":80"}, {"https://", ":443"}};
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncmp(facts->origin, schemes[i].scheme, length) != 0)
            continue;
        const char *host = facts->origin + length;
        return (facts->host && access_same_host(host, facts->host, schemes[i].port)) ||
               (strncmp(rules->public_url, schemes[i].scheme, length) == 0 &&
                access_same_host(host, rules->public_url + length, schemes[i].port));
    }
    return false;
}

/* Browsers tell in Sec-Fetch-Site whose page asks, but for what comes without TLS or from older
 * ones, which tell its Origin. Programs tell neither. A neighbour under the same domain is another
 * site, too. */
static bool access_from_elsewhere(const AccessRules *rules, const RequestFacts *facts)
{
    if (facts->method & (HTTP_GET | HTTP_HEAD | HTTP_OPTIONS))
        return false;
    if (facts->fetch_site)
        return !streq(facts->fetch_site, "same-origin") && !streq(facts->fetch_site, "none");
    return facts->origin && !access_own_origin(rules, facts);
}

bool access_authorize(void *context, const RequestFacts *facts, unsigned access, Viewer *viewer,
                      Error *error)
{
    const AccessRules *rules = CAST_OBJECT(const AccessRules, context, ACCESS_RULES_MAGIC);
    if (access_from_elsewhere(rules, facts))
        return error_set(error, ERROR_FORBIDDEN,
                         "A page of another site asked for this; only this site's own pages and "
                         "programs may change something here.");
    if (access == ACCESS_PUBLIC || access == ACCESS_UPLOAD) {
        *viewer = (Viewer){.kind = VIEWER_ANYBODY};
        return access == ACCESS_PUBLIC || access_take(rules->uploads, facts, "Uploads", error);
    }
    REQUIRE(access == ACCESS_TRANSCODER);
    const char *field = facts->authorization;
    if (!field || strncasecmp(field, "Bearer ", 7) != 0)
        return error_set(
            error, ERROR_UNAUTHENTICATED,
            "This address needs the field Authorization: Bearer and the shared token.");
    const char *given = field + 7 + strspn(field + 7, " ");
    bool current = id_secret_equal(rules->token, given);
    bool previous = id_secret_equal(rules->token_previous, given);
    if (!current && !previous)
        return access_take(rules->guesses, facts, "Wrong tokens", error) &&
               error_set(error, ERROR_FORBIDDEN, "The token is not the one expected here.");
    *viewer = (Viewer){.kind = VIEWER_TRANSCODER};
    return true;
}

bool access_may_read(void *context, const Viewer *viewer, uint64_t audience, Error *error)
{
    (void)CAST_OBJECT(const AccessRules, context, ACCESS_RULES_MAGIC);
    (void)viewer;
    return audience == AUDIENCE_EVERYBODY ||
           error_set(error, ERROR_FORBIDDEN, "This file is not for everybody.");
}
