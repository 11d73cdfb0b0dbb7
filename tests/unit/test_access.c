/* Who may do what: the rules behind http's guard. */

#include "tests/unit/unit.h"

#include "web/access/access.h"

#define NEW_TOKEN "0123456789abcdef0123456789abcdef"
#define OLD_TOKEN "fedcba9876543210fedcba9876543210"

static void a_route_is_open_or_needs_the_token(void **state)
{
    static const struct {
        unsigned access;
        const char *authorization;
        ErrorCode code; /* ERROR_NONE: let in */
        ViewerKind viewer;
        const char *sentence;
    } rows[] = {
        {ACCESS_PUBLIC, NULL, ERROR_NONE, VIEWER_ANYBODY, "anybody, without a word"},
        {ACCESS_PUBLIC, "Bearer nonsense", ERROR_NONE, VIEWER_ANYBODY, "anybody, whatever is said"},
        {ACCESS_TRANSCODER, "Bearer " NEW_TOKEN, ERROR_NONE, VIEWER_TRANSCODER, "the token"},
        {ACCESS_TRANSCODER, "bearer   " NEW_TOKEN, ERROR_NONE, VIEWER_TRANSCODER,
         "the scheme in small letters, and blanks"},
        {ACCESS_TRANSCODER, "Bearer " OLD_TOKEN, ERROR_NONE, VIEWER_TRANSCODER,
         "the token before it was changed"},
        {ACCESS_TRANSCODER, NULL, ERROR_UNAUTHENTICATED, 0, "no field"},
        {ACCESS_TRANSCODER, "", ERROR_UNAUTHENTICATED, 0, "an empty field"},
        {ACCESS_TRANSCODER, "Basic " NEW_TOKEN, ERROR_UNAUTHENTICATED, 0, "another scheme"},
        {ACCESS_TRANSCODER, NEW_TOKEN, ERROR_UNAUTHENTICATED, 0, "no scheme"},
        {ACCESS_TRANSCODER, "Bearer ", ERROR_FORBIDDEN, 0, "no token behind the scheme"},
        {ACCESS_TRANSCODER, "Bearer " NEW_TOKEN "0", ERROR_FORBIDDEN, 0, "one letter too many"},
        {ACCESS_TRANSCODER, "Bearer 0123456789abcdef", ERROR_FORBIDDEN, 0, "half of it"},
        {ACCESS_TRANSCODER, "Bearer " NEW_TOKEN " ", ERROR_FORBIDDEN, 0, "a blank behind it"},
    };
    AccessRules rules = {.magic = ACCESS_RULES_MAGIC,
                         .token = NEW_TOKEN,
                         .token_previous = OLD_TOKEN,
                         .public_url = ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        RequestFacts facts = {.method = HTTP_GET, .authorization = rows[i].authorization};
        Viewer viewer = {0};
        Error error = {0};
        bool let_in = access_authorize(&rules, &facts, rows[i].access, &viewer, &error);
        unit_check(let_in == (rows[i].code == ERROR_NONE), rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        unit_check(viewer.kind == rows[i].viewer, rows[i].sentence);
    }
}

/* "" stands for no previous token: nobody gets in by saying nothing. */
static void no_previous_token_lets_nobody_in(void **state)
{
    AccessRules rules = {
        .magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = "", .public_url = ""};
    RequestFacts facts = {.method = HTTP_POST, .authorization = "Bearer "};
    Viewer viewer = {0};
    Error error = {0};
    (void)state;
    assert_false(access_authorize(&rules, &facts, ACCESS_TRANSCODER, &viewer, &error));
    assert_int_equal(error.code, ERROR_FORBIDDEN);
}

static void a_file_for_everybody_is_for_everybody(void **state)
{
    AccessRules rules = {
        .magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = "", .public_url = ""};
    Viewer anybody = {.kind = VIEWER_ANYBODY};
    Error error = {0};
    (void)state;
    assert_true(access_may_read(&rules, &anybody, AUDIENCE_EVERYBODY, &error));
    assert_false(access_may_read(&rules, &anybody, 0, &error));
    assert_int_equal(error.code, ERROR_FORBIDDEN);
}

/* Browsers say where a request comes from; programs say nothing. */
static void another_sites_page_changes_nothing(void **state)
{
#define SITE "https://media.example.org/"
    static const struct {
        HttpMethod method;
        const char *fetch_site, *origin, *host;
        bool let_in;
        const char *sentence;
    } rows[] = {
        {HTTP_POST, NULL, NULL, "a", true, "a program"},
        {HTTP_POST, NULL, NULL, NULL, true, "a program of HTTP/1.0"},
        {HTTP_POST, "same-origin", "https://a", "a", true, "a page of this site"},
        {HTTP_POST, "same-origin", "https://a", "web:8000", true,
         "behind a proxy that changes Host"},
        {HTTP_POST, "none", NULL, "a", true, "what the user has asked for"},
        {HTTP_POST, "cross-site", "https://b", "a", false, "another site's page"},
        {HTTP_POST, "cross-site", NULL, "a", false, "and without Origin"},
        {HTTP_POST, "cross-site", "https://a", "a", false, "whatever Origin says"},
        {HTTP_POST, "same-site", "https://b.a", "a", false, "a page of a neighbour"},
        {HTTP_POST, "", NULL, "a", false, "an empty word"},
        {HTTP_POST, "same-origin, cross-site", NULL, "a", false, "two words"},
        {HTTP_PUT, "cross-site", NULL, "a", false, "PUT"},
        {HTTP_PATCH, "cross-site", NULL, "a", false, "PATCH"},
        {HTTP_DELETE, "cross-site", NULL, "a", false, "DELETE"},
        {HTTP_GET, "cross-site", "https://b", "a", true, "reading is open to links and pictures"},
        {HTTP_HEAD, "cross-site", "https://b", "a", true, "HEAD too"},
        {HTTP_POST, NULL, "http://a", "a", true, "an older browser's page of this site"},
        {HTTP_POST, NULL, "http://a:8000", "a:8000", true, "with a port"},
        {HTTP_POST, NULL, "http://A", "a", true, "in capitals"},
        {HTTP_POST, NULL, "https://a", "a:443", true, "with the port that https implies"},
        {HTTP_POST, NULL, "http://[::1]:80", "[::1]", true, "with the port that http implies"},
        {HTTP_POST, NULL, "https://media.example.org", "web:8000", true, "this site's own address"},
        {HTTP_POST, NULL, "http://media.example.org", "web:8000", false, "but not without TLS"},
        {HTTP_POST, NULL, "http://b", "a", false, "an older browser's page of another site"},
        {HTTP_POST, NULL, "http://a:8001", "a:8000", false, "another port is another site"},
        {HTTP_POST, NULL, "http://a:443", "a", false, "the other scheme's port"},
        {HTTP_POST, NULL, "http://ab", "a", false, "a longer name"},
        {HTTP_POST, NULL, "http://a", "ab", false, "a shorter name"},
        {HTTP_POST, NULL, "null", "null", false, "a page without a site"},
        {HTTP_POST, NULL, "", "", false, "an empty Origin"},
        {HTTP_POST, NULL, "http://", "", false, "an Origin without a name"},
        {HTTP_POST, NULL, "http://a", NULL, false, "no Host"},
        {HTTP_POST, NULL, "app://a", "a", false, "another scheme"},
    };
    AccessRules rules = {
        .magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = "", .public_url = SITE};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows) * 2; i++) {
        size_t row = i / 2;
        unsigned access = i % 2 ? ACCESS_PUBLIC : ACCESS_TRANSCODER;
        RequestFacts facts = {.method = rows[row].method,
                              .authorization = "Bearer " NEW_TOKEN,
                              .fetch_site = rows[row].fetch_site,
                              .origin = rows[row].origin,
                              .host = rows[row].host};
        Viewer viewer = {0};
        Error error = {0};
        bool let_in = access_authorize(&rules, &facts, access, &viewer, &error);
        unit_check(let_in == rows[row].let_in, rows[row].sentence);
        unit_check(error.code == (let_in ? ERROR_NONE : ERROR_FORBIDDEN), rows[row].sentence);
    }
    rules.public_url = "";
    RequestFacts facts = {.method = HTTP_POST, .origin = "https://", .host = "a"};
    Viewer viewer = {0};
    Error error = {0};
    unit_check(!access_authorize(&rules, &facts, ACCESS_PUBLIC, &viewer, &error),
               "no address is nobody's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_open_or_needs_the_token),
        cmocka_unit_test(no_previous_token_lets_nobody_in),
        cmocka_unit_test(another_sites_page_changes_nothing),
        cmocka_unit_test(a_file_for_everybody_is_for_everybody),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
