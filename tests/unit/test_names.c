/* The names that files get, whatever names people and attackers send. */
#include "tests/unit/unit.h"

#include "common/base/utf8.h"
#include "web/storage/names.h"

static void makes_names_safe(void **state)
{
    static const struct {
        const char *given, *wanted, *sentence;
    } rows[] = {
        {"crack.jpg", "crack.jpg", "a good name stays"},
        {"Straße 東京 🎥.mov", "Straße 東京 🎥.mov", "any script and emoji stay"},
        {"../../etc/passwd", "passwd", "folders are dropped"},
        {"C:\\fakepath\\a.jpg", "a.jpg", "Windows folders are dropped"},
        {".htaccess", "htaccess", "leading dots are dropped"},
        {"...", "file", "nothing but dots is no name"},
        {"", "file", "an empty name gets one"},
        {"a/", "file", "a folder is no name"},
        {" . .x.png", "x.png", "leading dots and spaces are dropped"},
        {"x.png. ", "x.png", "trailing dots and spaces are dropped"},
        {"a\nb\r\tc\x7F.jpg", "abc.jpg", "controls are dropped"},
        {"a\xC2\x85"
         "b.jpg",
         "ab.jpg", "C1 controls are dropped"},
        {"a\xE2\x80\xAEgpj.exe", "agpj.exe", "direction marks are dropped"},
        {"a\xFF"
         "b.jpg",
         "a\xEF\xBF\xBD"
         "b.jpg",
         "bytes that are no UTF-8 are replaced"},
        {"say \"hi\" 'x' <b>.jpg", "say \"hi\" 'x' <b>.jpg", "quotes and brackets stay"},
        {"%2e%2e%2f.jpg", "%2e%2e%2f.jpg", "names are not percent-decoded"},
    };
    char out[FILE_NAME_MAX + 1];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        name_make_safe(rows[i].given, out);
        if (!streq(out, rows[i].wanted))
            fail_msg("%s: got %s", rows[i].sentence, out);
    }
}

static void keeps_the_extension_of_long_names(void **state)
{
    char given[4100], out[FILE_NAME_MAX + 1];
    (void)state;
    for (size_t i = 0; i < 4000; i += 4)
        memcpy(given + i, "\xF0\x9F\x8E\xA5", 4);
    memcpy(given + 4000, ".jpeg", 6);
    name_make_safe(given, out);
    assert_in_range(strlen(out), FILE_NAME_MAX - 4, FILE_NAME_MAX);
    assert_string_equal(out + strlen(out) - 5, ".jpeg");
    assert_true(utf8_valid(out, strlen(out)));
    memset(given, 'x', 4000);
    given[3000] = '.';
    given[4000] = '\0';
    name_make_safe(given, out);
    assert_int_equal(strlen(out), FILE_NAME_MAX);
    given[FILE_NAME_MAX - 1] = ' ';
    name_make_safe(given, out);
    assert_int_equal(strlen(out), FILE_NAME_MAX - 1);
}

static void knows_paths(void **state)
{
    static const struct {
        const char *path;
        bool valid;
        const char *sentence;
    } rows[] = {
        {"log_entries/42/a.jpg", true, "three names make a path"},
        {"log_entries/42/\xF0\x9F\x8E\xA5 \"x\".jpg", true, "file names may hold anything visible"},
        {"log_entries/a.jpg", false, "two segments are too few"},
        {"log_entries/42/7/a.jpg", false, "four segments are too many"},
        {"log_entries/42/", false, "an empty file name"},
        {"/42/a.jpg", false, "an empty collection"},
        {"log_entries//a.jpg", false, "an empty entry"},
        {"log_entries/../a.jpg", false, "a way up"},
        {"log_entries/42/..", false, "a way up as the file"},
        {"../log_entries/a.jpg", false, "a way out"},
        {".reelkeep/uploads/a.jpg", false, "the private folder"},
        {"log_entries/.hidden/a.jpg", false, "a hidden entry"},
        {"log_entries/42/.hidden", false, "a hidden file"},
        {"Log_Entries/42/a.jpg", false, "capitals in a collection"},
        {"log_entries/4 2/a.jpg", false, "a space in an entry"},
        {"log_entries/42/a\nb", false, "a line end"},
        {"log_entries/42/a\\b", false, "a backslash"},
        {"log_entries/42/a\xFF", false, "no UTF-8"},
        {"", false, "nothing"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (name_path_valid(rows[i].path) != rows[i].valid)
            fail_msg("wrong about: %s", rows[i].sentence);
}

static void checks_collections_and_entries(void **state)
{
    char longest[ENTRY_NAME_MAX + 2];
    (void)state;
    assert_true(name_collection_valid("a"));
    assert_false(name_collection_valid(""));
    assert_false(name_collection_valid("a.b"));
    assert_true(name_entry_valid("Entry-1.b_c"));
    assert_false(name_entry_valid("-a"));
    assert_false(name_entry_valid(""));
    memset(longest, 'a', sizeof longest);
    longest[ENTRY_NAME_MAX] = '\0';
    assert_true(name_entry_valid(longest));
    longest[COLLECTION_NAME_MAX] = '\0';
    assert_true(name_collection_valid(longest));
    longest[COLLECTION_NAME_MAX] = 'a';
    assert_false(name_collection_valid(longest));
    longest[ENTRY_NAME_MAX] = 'a';
    longest[ENTRY_NAME_MAX + 1] = '\0';
    assert_false(name_entry_valid(longest));
}

static void builds_paths(void **state)
{
    static const char uuid[] = "0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11";
    char path[MEDIA_PATH_MAX + 1] = "";
    NamePath parts = {"log_entries", "42", uuid, "my.trip.mov", NULL};
    (void)state;
    assert_true(name_build_path(&parts, path));
    assert_string_equal(path, "log_entries/42/0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11-my.trip.mov");
    parts.suffix = "-poster.jpg";
    assert_true(name_build_path(&parts, path));
    assert_string_equal(path,
                        "log_entries/42/0b7e6a52-6a0e-4f5c-9d43-6f0b6d9c8e11-my.trip-poster.jpg");
    parts.collection = "..";
    assert_false(name_build_path(&parts, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_names_safe), cmocka_unit_test(keeps_the_extension_of_long_names),
        cmocka_unit_test(knows_paths),      cmocka_unit_test(checks_collections_and_entries),
        cmocka_unit_test(builds_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
