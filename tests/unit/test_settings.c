#include "tests/unit/unit.h"

#include <fcntl.h>

#include "common/base/file.h"
#include "common/settings/settings.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* Variables as "NAME=value", ended by NULL. */
static const char *look_up(void *context, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *variable = context; *variable; variable++)
        if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
            return *variable + length + 1;
    return NULL;
}

/* The faults as one text, owned by the caller; empty when the settings are good. */
static char *faults_of(Settings *settings, SettingPrograms program, const char *const *variables,
                       const char *env_file)
{
    char *text = NULL;
    size_t length;
    SettingsSource source = {.lookup = look_up, .context = (void *)variables};
    FILE *faults = open_memstream(&text, &length);
    bool good = settings_read(settings, program, &source, env_file, faults);
    fclose(faults);
    assert_int_equal(good, length == 0);
    return text;
}

static const struct {
    SettingPrograms program;
    const char *variables[4];
    const char *fault; /* "" for none */
} rows[] = {
    {SETTING_WEB, {"TRANSCODING_UPLOAD_TOKEN=" SECRET}, ""},
    {SETTING_WEB, {NULL}, "TRANSCODING_UPLOAD_TOKEN is required and not set."},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=short"},
     "TRANSCODING_UPLOAD_TOKEN must be at least 32 bytes"},
    {SETTING_WEB, {"TRANSCODING_UPLOAD_TOKEN=" SECRET " x"}, "visible ASCII"},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "PORT=http"},
     "PORT must be a whole number."},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "PORT=70000"},
     "PORT must be between 0 and 65535."},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "MAX_VIDEO_SIZE=4GB"},
     "MAX_VIDEO_SIZE must be a size"},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "KEEP_ORIGINAL_VIDEOS=maybe"},
     "one of: auto yes no."},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "PUBLIC_URL=example.org"},
     "PUBLIC_URL must be an http"},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "TRUSTED_PROXIES=10.0.0.0/8, ::1", "HOST=0.0.0.0"},
     ""},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "TRUSTED_PROXIES=proxy.example.org"},
     "TRUSTED_PROXIES must be addresses or networks"},
    {SETTING_WEB, {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "HOST=localhost"}, "HOST must be an IP"},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "LOG_LEVEL=loud"},
     "LOG_LEVEL must be one of"},
    {SETTING_WEB, {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "VIDEO_CRF=99"}, ""},
    {SETTING_TRANSCODER,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET},
     "WEB_SERVICE_URL is required and not set."},
    {SETTING_TRANSCODER,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "WEB_SERVICE_URL=http://web:8000"},
     ""},
    {SETTING_TRANSCODER,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "WEB_SERVICE_URL=http://w", "VIDEO_CRF=99"},
     "VIDEO_CRF must be between 0 and 51."},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN=" SECRET, "TRANSCODING_UPLOAD_TOKEN_FILE=/nowhere"},
     "and its _FILE form are both set"},
    {SETTING_WEB,
     {"TRANSCODING_UPLOAD_TOKEN_FILE=/nowhere"},
     "TRANSCODING_UPLOAD_TOKEN_FILE: The file /nowhere"},
};

static void each_fault_names_its_variable(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _cleanup_free_ Settings *settings = NEW(Settings);
        _cleanup_free_ char *faults = faults_of(settings, rows[i].program, rows[i].variables, NULL);
        bool as_expected = *rows[i].fault ? strstr(faults, rows[i].fault) != NULL : *faults == '\0';
        if (!as_expected)
            fail_msg("row %zu: expected \"%s\", got \"%s\"", i, rows[i].fault, faults);
        assert_null(strstr(faults, SECRET));
    }
}

static void defaults_are_those_of_the_contract(void **state)
{
    static const char *const variables[] = {"TRANSCODING_UPLOAD_TOKEN=" SECRET, NULL};
    _cleanup_free_ Settings *settings = NEW(Settings);
    (void)state;
    free(faults_of(settings, SETTING_WEB, variables, NULL));
    assert_int_equal(settings->port.number, 8000);
    assert_string_equal(settings->host.text, "::");
    assert_int_equal(settings->max_photo_size.number, 50 * MIB);
    assert_int_equal(settings->max_video_size.number, 4 * GIB);
    assert_int_equal(settings->shutdown_seconds.number, 25);
    assert_int_equal(settings->keep_original_videos.number, 0);
}

static void sizes_are_powers_of_1024(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
    } cases[] = {{"0", 0},
                 {"17", 17},
                 {"2K", 2048},
                 {"50M", 52428800},
                 {"4G", 4294967296},
                 {"", -1},
                 {"K", -1},
                 {"4k", -1},
                 {"4GB", -1},
                 {"-1", -1},
                 {"1.5G", -1},
                 {" 1", -1},
                 {"9223372036854775807", INT64_MAX},
                 {"9223372036854775808", -1},
                 {"9007199254740992G", -1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t bytes = -1;
        bool good = settings_parse_size(cases[i].text, &bytes);
        unit_check(good == (cases[i].bytes >= 0), cases[i].text);
        unit_check(bytes == cases[i].bytes, cases[i].text);
    }
}

static void a_file_gives_settings_and_the_environment_wins(void **state)
{
    static const char *const variables[] = {"PORT=9000", NULL};
    static const char content[] = "# a comment\n\n PORT=8001\nHOST=\"127.0.0.1\"\r\n"
                                  "TRANSCODING_UPLOAD_TOKEN='" SECRET "'\nVIDEO_CRF=20\n";
    char folder[64], path[80];
    _cleanup_free_ Settings *settings = NEW(Settings);
    (void)state;
    unit_folder(folder);
    _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "%s/env", folder);
    assert_true(file_replace(fd, "env", content, strlen(content), NULL));
    _cleanup_free_ char *none = faults_of(settings, SETTING_WEB, variables, path);
    assert_string_equal(none, "");
    assert_int_equal(settings->port.number, 9000);
    assert_string_equal(settings->host.text, "127.0.0.1");
    assert_string_equal(settings->token.text, SECRET);
    assert_true(file_replace(fd, "env", "PROT=1\nnonsense\n", 16, NULL));
    _cleanup_free_ char *faults = faults_of(settings, SETTING_WEB, variables, path);
    assert_non_null(strstr(faults, "PROT is no setting of Reelkeep."));
    assert_null(strstr(faults, "nonsense"));
    assert_non_null(strstr(faults, "Line 2 of the settings file must be NAME=value."));
    assert_true(file_remove_tree(AT_FDCWD, folder, NULL));
}

static const struct {
    const char *name;
    bool refused;
    const char *sentence;
} environments[] = {
    {"ENCODE_MAX_PIXLES", true, "letters swapped in a long name"},
    {"ENCODE_STALL", true, "a word is missing"},
    {"REMUX_MAX_RATE", true, "another word behind words that are ours"},
    {"VIDEO_QUALITY", true, "a setting there could be"},
    {"TRANSCODER_THREADS", true, "likewise"},
    {"MAX_PHOTO_BYTES", true, "likewise, where the first word alone is everybody's"},
    {"MAX_VIDEO_SZIE", true, "letters swapped"},
    {"SHUTDOWN_TIMEOUT", true, "another unit"},
    {"PUBLIC_ULR", true, "letters swapped where the first word is everybody's"},
    {"LOG_LEVL", true, "a letter missing"},
    {"MEDIA_ROOTS", true, "a letter too many"},
    {"WORK_DIT", true, "a wrong letter"},
    {"TRUSTED_PROXYS", false, "two wrong letters could be anybody's"},
    {"LOG_DIR", false, "another program's"},
    {"MEDIA_URL", false, "another program's"},
    {"JOB_NAME", false, "another program's"},
    {"WEB_SERVICE_HOST", false, "an orchestrator's, for a service named web"},
    {"POST", false, "too short to be like anything"},
    {"MIN_FREE_SPACE", false, "ours"},
    {"TRANSCODING_UPLOAD_TOKEN_FILE", false, "ours, from a file"},
};

static void a_misspelt_name_in_the_environment_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
        const char *name = environments[i].name;
        _cleanup_free_ Settings *settings = NEW(Settings);
        _cleanup_free_ char *faults = NULL;
        char expected[80];
        size_t length;
        SettingsSource source = settings_environment();
        FILE *stream = open_memstream(&faults, &length);
        assert_int_equal(setenv(name, "", 1), 0);
        IGNORE_RESULT(settings_read(settings, SETTING_WEB, &source, NULL, stream));
        assert_int_equal(unsetenv(name), 0);
        fclose(stream);
        snprintf(expected, sizeof expected, "%s is no setting of Reelkeep.\n", name);
        const char *first = strstr(faults, expected);
        unit_check((first != NULL) == environments[i].refused, environments[i].sentence);
        unit_check(!first || !strstr(first + 1, expected), "said once");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_names_its_variable),
        cmocka_unit_test(a_misspelt_name_in_the_environment_is_noticed),
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(a_file_gives_settings_and_the_environment_wins),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
