/*
 * The --env-file: it is taken exactly when no fault is told, no fault tells of a secret, and what
 * was taken says the same when it is written and read again. Secrets come from the environment
 * where the file names others, so that no input makes this program open files of the machine.
 */
#include "common/settings/settings.h"
#include "tests/fuzz/fuzz.h"

#define SECRET "7hIs-mAy-n0t-bE-t0lD-t0-aNyb0dY-0123"

static const char *lookup(void *context, const char *name)
{
    (void)context;
    if (streq(name, "TRANSCODING_UPLOAD_TOKEN"))
        return SECRET;
    return streq(name, "TRANSCODING_UPLOAD_TOKEN_FILE") ||
                   streq(name, "TRANSCODING_UPLOAD_TOKEN_PREVIOUS_FILE")
               ? ""
               : NULL;
}

static bool read_settings(int fd, SettingPrograms program, Settings *out, char **faults)
{
    const SettingsSource source = {.lookup = lookup};
    char path[40];
    size_t size;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    FILE *stream = open_memstream(faults, &size);
    REQUIRE(stream);
    bool good = settings_read(out, program, &source, path, stream);
    fclose(stream);
    REQUIRE(good == (size == 0));
    REQUIRE(size == 0 || (*faults)[size - 1] == '\n');
    return good;
}

/* What stays empty is left out: an empty value means the standard. */
static int write_settings(const Settings *settings, SettingPrograms program)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    REQUIRE(stream);
#define X(field, name, programs, kind, standard, minimum, maximum, help)                           \
    if (((programs)&program) && *settings->field.text && &settings->field != &settings->token)     \
        fprintf(stream, "%s='%s'\n", name, settings->field.text);
    SETTINGS_TABLE(X)
#undef X
    fclose(stream);
    int fd = fuzz_file(text, size);
    free(text);
    return fd;
}

static void read_program(int fd, SettingPrograms program)
{
    static Settings settings, again; /* too large for a stack */
    _cleanup_free_ char *faults = NULL, *more_faults = NULL;
    memset(&settings, 0, sizeof settings);
    memset(&again, 0, sizeof again);
    bool good = read_settings(fd, program, &settings, &faults);
    REQUIRE(!strstr(faults, SECRET));
    if (!good)
        return;
    _cleanup_close_ int copy = write_settings(&settings, program);
    REQUIRE(read_settings(copy, program, &again, &more_faults));
#define X(field, name, programs, kind, standard, minimum, maximum, help)                           \
    REQUIRE(streq(settings.field.text, again.field.text));                                         \
    REQUIRE(settings.field.number == again.field.number);
    SETTINGS_TABLE(X)
#undef X
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_close_ int fd = fuzz_file(data, size);
    read_program(fd, SETTING_WEB);
    _cleanup_close_ int copy = fuzz_file(data, size);
    read_program(copy, SETTING_TRANSCODER);
    return 0;
}
