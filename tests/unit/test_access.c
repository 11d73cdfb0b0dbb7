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
    AccessRules rules = {
        .magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = OLD_TOKEN};
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
    AccessRules rules = {.magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = ""};
    RequestFacts facts = {.method = HTTP_POST, .authorization = "Bearer "};
    Viewer viewer = {0};
    Error error = {0};
    (void)state;
    assert_false(access_authorize(&rules, &facts, ACCESS_TRANSCODER, &viewer, &error));
    assert_int_equal(error.code, ERROR_FORBIDDEN);
}

static void a_file_for_everybody_is_for_everybody(void **state)
{
    AccessRules rules = {.magic = ACCESS_RULES_MAGIC, .token = NEW_TOKEN, .token_previous = ""};
    Viewer anybody = {.kind = VIEWER_ANYBODY};
    Error error = {0};
    (void)state;
    assert_true(access_may_read(&rules, &anybody, AUDIENCE_EVERYBODY, &error));
    assert_false(access_may_read(&rules, &anybody, 0, &error));
    assert_int_equal(error.code, ERROR_FORBIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_open_or_needs_the_token),
        cmocka_unit_test(no_previous_token_lets_nobody_in),
        cmocka_unit_test(a_file_for_everybody_is_for_everybody),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
