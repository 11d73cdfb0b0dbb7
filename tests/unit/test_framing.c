#include "tests/unit/unit.h"
#include "web/http/message/framing.h"

#define FIELDS_MAX 8
#define GET        "GET / HTTP/1.1\r\nHost: a\r\n"
#define OLD        "GET / HTTP/1.0\r\n"

static const struct {
    const char *head;
    ErrorCode code;
    Framing framing;
    const char *sentence;
} rows[] = {
    {GET "\r\n", ERROR_NONE, {.persistent = true}, "a plain request has no body"},
    {GET "content-length: 12\r\n\r\n",
     ERROR_NONE,
     {true, false, 12, true},
     "the length counts, whatever its case"},
    {GET "Content-Length: 999999999999999999\r\n\r\n",
     ERROR_NONE,
     {true, false, 999999999999999999, true},
     "a length of 18 digits"},
    {GET "Content-Length:\t 007 \r\n\r\n",
     ERROR_NONE,
     {true, false, 7, true},
     "blanks and zeros before a length"},
    {GET "Transfer-Encoding: Chunked\r\n\r\n",
     ERROR_NONE,
     {true, true, UINT64_MAX, true},
     "chunked is the one encoding"},
    {GET "Content-Lengths: 1\r\nTransfer-Encodin: gzip\r\n\r\n",
     ERROR_NONE,
     {.persistent = true},
     "names that are only similar"},
    {OLD "Content-Length: 0\r\n\r\n", ERROR_NONE, {0}, "HTTP/1.0 needs no Host"},
    {OLD "Content-Length: 3\r\n\r\n", ERROR_NONE, {true, false, 3, false}, "HTTP/1.0 has bodies"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", ERROR_NONE, {.persistent = true}, "an empty Host"},
    {"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", ERROR_BAD_REQUEST, {0}, "HTTP/1.1 needs a Host"},
    {"GET / HTTP/1.1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "the same without any field"},
    {GET "Host: a\r\n\r\n", ERROR_BAD_REQUEST, {0}, "two Hosts"},
    {"GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", ERROR_NONE, {.persistent = true}, "an address"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a blank in Host"},
    {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a list as Host"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a path in Host"},
    {GET "host: b\r\n\r\n", ERROR_BAD_REQUEST, {0}, "two Hosts, in another case"},
    {OLD "Host: a\r\nHost: a\r\n\r\n", ERROR_BAD_REQUEST, {0}, "two Hosts in HTTP/1.0"},
    {GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "two lengths, even equal ones"},
    {GET "Content-Length: 1\r\nAccept: */*\r\ncontent-length: 2\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "two lengths that are apart"},
    {GET "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "a length and an encoding"},
    {GET "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "an encoding and a length, even of nothing"},
    {GET "Content-Length: +1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a sign in the length"},
    {GET "Content-Length: -1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a minus"},
    {GET "Content-Length: 0x1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a length that is hexadecimal"},
    {GET "Content-Length: 1 1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a blank in the length"},
    {GET "Content-Length: 1, 1\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a list as length"},
    {GET "Content-Length:\r\n\r\n", ERROR_BAD_REQUEST, {0}, "an empty length"},
    {GET "Content-Length: 1234567890123456789\r\n\r\n",
     ERROR_TOO_LARGE,
     {0},
     "a length beyond 18 digits"},
    {GET "Content-Length: 18446744073709551617\r\n\r\n",
     ERROR_TOO_LARGE,
     {0},
     "one that would wrap around"},
    {GET "Content-Length: 0000000000000000000000012\r\n\r\n",
     ERROR_NONE,
     {true, false, 12, true},
     "zeros before a length"},
    {GET "Content-Length: 1234567890123456789a\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "many digits, and no number"},
    {GET "Transfer-Encoding: gzip, chunked\r\n\r\n", ERROR_BAD_REQUEST, {0}, "an encoding on top"},
    {GET "Transfer-Encoding: chunked, chunked\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "chunked in one field twice"},
    {GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     ERROR_BAD_REQUEST,
     {0},
     "chunked in two fields"},
    {GET "Transfer-Encoding: identity\r\n\r\n", ERROR_BAD_REQUEST, {0}, "an unknown encoding"},
    {GET "Transfer-Encoding: chunked;a=b\r\n\r\n", ERROR_BAD_REQUEST, {0}, "a parameter"},
    {GET "Transfer-Encoding:\r\n\r\n", ERROR_BAD_REQUEST, {0}, "an empty encoding"},
    {OLD "Transfer-Encoding: chunked\r\n\r\n", ERROR_BAD_REQUEST, {0}, "HTTP/1.0 with an encoding"},
};

static bool check(const char *text, Framing *out, Error *error)
{
    _cleanup_free_ char *bytes = base_strdup(text);
    HeadField fields[FIELDS_MAX];
    HeadScan scan = {0};
    Head head;
    assert_int_equal(head_scan(&scan, bytes, strlen(bytes)), HEAD_WHOLE);
    assert_true(scan.size == strlen(bytes) && scan.fields <= FIELDS_MAX);
    assert_true(head_parse(bytes, &scan, fields, &head, NULL));
    return framing_check(&head, out, error);
}

static void framing_leaves_no_room_for_smuggling(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Framing framing = {0};
        Error error = {0};
        bool good = check(rows[i].head, &framing, &error);
        unit_check(good == (rows[i].code == ERROR_NONE), rows[i].sentence);
        unit_check(error.code == rows[i].code, rows[i].sentence);
        unit_check(framing.has_body == rows[i].framing.has_body &&
                       framing.chunked == rows[i].framing.chunked &&
                       framing.length == rows[i].framing.length &&
                       framing.persistent == rows[i].framing.persistent,
                   rows[i].sentence);
    }
}

static void a_connection_goes_on_where_the_client_wants_it(void **state)
{
    static const struct {
        const char *head;
        bool persistent;
        const char *sentence;
    } cases[] = {
        {GET "\r\n", true, "HTTP/1.1 goes on"},
        {GET "Connection: close\r\n\r\n", false, "close"},
        {GET "connection: Close\r\n\r\n", false, "its case does not matter"},
        {GET "Connection: keep-alive\r\n\r\n", true, "what goes without saying"},
        {GET "Connection: keep-alive, close\r\n\r\n", false, "close wins"},
        {GET "Connection: close, keep-alive\r\n\r\n", false, "close wins in either order"},
        {GET "Connection: , ,\t close ,\r\n\r\n", false, "empty members of a list"},
        {GET "Connection: te,close\r\n\r\n", false, "a list without blanks"},
        {GET "Connection: te\r\nConnection: close\r\n\r\n", false, "the second of two fields"},
        {GET "Connection: close\r\nConnection: keep-alive\r\n\r\n", false, "the first of them"},
        {GET "Connection:\r\n\r\n", true, "an empty list"},
        {GET "Connection: ,\r\n\r\n", true, "a list of nothing"},
        {GET "Connection: upgrade\r\n\r\n", true, "another word"},
        {GET "Connection: closed, clos, x-close\r\n\r\n", true, "words that are only similar"},
        {GET "Proxy-Connection: close\r\n\r\n", true, "another field"},
        {GET "X-A: close\r\n\r\n", true, "the word in another field"},
        {OLD "\r\n", false, "HTTP/1.0 does not go on"},
        {OLD "Connection: keep-alive\r\n\r\n", true, "unless it is asked to"},
        {OLD "Connection: Keep-Alive\r\n\r\n", true, "in any case"},
        {OLD "Connection: te\r\nConnection: te, keep-alive\r\n\r\n", true, "in a second field"},
        {OLD "Connection: keep-alive, close\r\n\r\n", false, "close wins there too"},
        {OLD "Connection: close\r\nConnection: keep-alive\r\n\r\n", false, "and in two fields"},
        {OLD "Connection: keep-alives, keep\r\n\r\n", false, "words like keep-alive"},
        {OLD "Keep-Alive: timeout=5\r\n\r\n", false, "a field of that name"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Framing framing = {.persistent = !cases[i].persistent};
        unit_check(check(cases[i].head, &framing, NULL), cases[i].sentence);
        unit_check(framing.persistent == cases[i].persistent, cases[i].sentence);
        unit_check(!framing.has_body && !framing.chunked, cases[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_leaves_no_room_for_smuggling),
        cmocka_unit_test(a_connection_goes_on_where_the_client_wants_it),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
