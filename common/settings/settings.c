#include "common/settings/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>

#include "common/base/file.h"
#include "common/base/network.h"
#include "common/base/url.h"

typedef struct SettingRow {
    size_t offset;
    const char *name;
    SettingPrograms programs;
    SettingKind kind;
    const char *standard;
    int64_t minimum, maximum;
    const char *help;
} SettingRow;

static const SettingRow rows[] = {
#define X(field, name, programs, kind, standard, minimum, maximum, help)                           \
    {offsetof(Settings, field), name, programs, kind, standard, minimum, maximum, help},
    SETTINGS_TABLE(X)
#undef X
};

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const sandboxes[] = {"auto", "required", NULL};
static const char *const booleans[] = {"no", "yes", NULL};
static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster",   "fast",
                                      "medium",    "slow",      "slower",   "veryslow", NULL};

static const char *const *const choices[] = {
    [SETTING_BOOLEAN] = booleans,     [SETTING_LOG_FORMAT] = log_formats,
    [SETTING_LOG_LEVEL] = log_levels, [SETTING_SANDBOX] = sandboxes,
    [SETTING_PRESET] = presets,
};

static bool is_secret(SettingKind kind)
{
    return kind == SETTING_SECRET || kind == SETTING_OPTIONAL_SECRET;
}

static bool parse_integer(const char *text, int64_t *number)
{
    char *end;
    if (!*text || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0;
}

bool settings_parse_size(const char *text, int64_t *bytes)
{
    static const char suffixes[] = "KMG";
    size_t digits = strspn(text, "0123456789");
    char number[24];
    int shift = 0;
    int64_t value;
    if (digits == 0 || digits >= sizeof number)
        return false;
    if (text[digits]) {
        const char *suffix = strchr(suffixes, text[digits]);
        if (!suffix || text[digits + 1])
            return false;
        shift = 10 * (int)(suffix - suffixes + 1);
    }
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (!parse_integer(number, &value) || value > (INT64_MAX >> shift))
        return false;
    *bytes = value << shift;
    return true;
}

static bool parse_choice(const char *const *options, const char *text, int64_t *index)
{
    for (int64_t i = 0; options[i]; i++)
        if (streq(options[i], text)) {
            *index = i;
            return true;
        }
    return false;
}

static bool fault(FILE *faults, const SettingRow *row, const char *what)
{
    fprintf(faults, "%s %s\n", row->name, what);
    return false;
}

static bool fault_choice(FILE *faults, const SettingRow *row)
{
    fprintf(faults, "%s must be one of:", row->name);
    for (const char *const *option = choices[row->kind]; *option; option++)
        fprintf(faults, " %s", *option);
    fputs(".\n", faults);
    return false;
}

static bool check_range(const SettingRow *row, const Setting *setting, FILE *faults)
{
    char what[120];
    if (setting->number >= row->minimum && setting->number <= row->maximum)
        return true;
    if (row->maximum == INT64_MAX)
        snprintf(what, sizeof what, "must be at least %lld.", (long long)row->minimum);
    else
        snprintf(what, sizeof what, "must be between %lld and %lld.", (long long)row->minimum,
                 (long long)row->maximum);
    return fault(faults, row, what);
}

static bool check_secret(const SettingRow *row, const Setting *setting, FILE *faults)
{
    for (const char *byte = setting->text; *byte; byte++)
        if (*byte <= 0x20 || *byte >= 0x7F)
            return fault(faults, row, "must hold visible ASCII characters only.");
    if (strlen(setting->text) < TOKEN_LENGTH_MIN)
        return fault(faults, row, "must be at least 32 bytes long.");
    return true;
}

static bool is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET6, text, address) == 1 || inet_pton(AF_INET, text, address) == 1;
}

static bool check_value(const SettingRow *row, Setting *setting, FILE *faults)
{
    NetworkList networks;
    switch (row->kind) {
    case SETTING_INTEGER:
        return parse_integer(setting->text, &setting->number)
                   ? check_range(row, setting, faults)
                   : fault(faults, row, "must be a whole number.");
    case SETTING_SIZE:
        return settings_parse_size(setting->text, &setting->number)
                   ? check_range(row, setting, faults)
                   : fault(faults, row, "must be a size such as 50M or 4G.");
    case SETTING_URL:
    case SETTING_OPTIONAL_URL:
        return url_is_base(setting->text) ? true
                                          : fault(faults, row, "must be an http or https URL.");
    case SETTING_SECRET:
    case SETTING_OPTIONAL_SECRET:
        return check_secret(row, setting, faults);
    case SETTING_ADDRESS:
        return is_address(setting->text) ? true : fault(faults, row, "must be an IP address.");
    case SETTING_NETWORKS:
        return network_parse_list(setting->text, &networks)
                   ? true
                   : fault(faults, row, "must be addresses or networks, such as 10.0.0.0/8, ::1.");
    case SETTING_TEXT:
        return true;
    case SETTING_BOOLEAN:
    case SETTING_LOG_FORMAT:
    case SETTING_LOG_LEVEL:
    case SETTING_SANDBOX:
    case SETTING_PRESET:
        return parse_choice(choices[row->kind], setting->text, &setting->number)
                   ? true
                   : fault_choice(faults, row);
    }
    UNREACHABLE();
}

/* The value of NAME, or of the file named by NAME_FILE for a secret; owned by the caller. */
static bool look_up(const SettingRow *row, const SettingsSource *source, char **value, FILE *faults)
{
    char file_variable[80];
    Error error = {0};
    const char *plain = source->lookup(source->context, row->name);
    snprintf(file_variable, sizeof file_variable, "%s_FILE", row->name);
    const char *path = is_secret(row->kind) ? source->lookup(source->context, file_variable) : NULL;
    if (plain && *plain && path && *path)
        return fault(faults, row, "and its _FILE form are both set; keep one.");
    if (!path || !*path) {
        *value = plain && *plain ? base_strdup(plain) : NULL;
        return true;
    }
    *value = file_read_small(AT_FDCWD, path, SETTING_VALUE_MAX - 1, &error);
    if (!*value) {
        fprintf(faults, "%s: %s\n", file_variable, error.detail);
        return false;
    }
    (*value)[strcspn(*value, "\r\n")] = '\0';
    return true;
}

static bool read_row(const SettingRow *row, Settings *settings, const SettingsSource *source,
                     FILE *faults)
{
    Setting *setting = (Setting *)((char *)settings + row->offset);
    _cleanup_free_ char *value = NULL;
    *setting = (Setting){0};
    if (!look_up(row, source, &value, faults))
        return false;
    if (!value && !row->standard)
        return fault(faults, row, "is required and not set.");
    if (!value && !*row->standard)
        return true;
    if (!base_copy(setting->text, sizeof setting->text, value ? value : row->standard))
        return fault(faults, row, "is too long.");
    return check_value(row, setting, faults);
}

#define ENV_FILE_MAGIC 0x454e5646u /* "ENVF" */

/* The --env-file: names and values as pointers into one text. */
typedef struct EnvFile {
    unsigned magic;
    char *text;
    struct {
        const char *name, *value;
    } lines[128];
    size_t count;
    const SettingsSource *environment;
} EnvFile;

static bool name_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t length = strlen(rows[i].name);
        if (streq(rows[i].name, name))
            return true;
        if (is_secret(rows[i].kind) && strncmp(rows[i].name, name, length) == 0 &&
            streq(name + length, "_FILE"))
            return true;
    }
    return false;
}

static char *unquote(char *value)
{
    size_t length = strlen(value);
    if (length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0]) {
        value[length - 1] = '\0';
        return value + 1;
    }
    return value;
}

/* The line itself is never repeated: it may be a secret in the wrong place. */
static bool line_fault(FILE *faults, size_t number, const char *what)
{
    fprintf(faults, "Line %zu of the settings file %s\n", number, what);
    return false;
}

static bool is_variable_name(const char *text)
{
    return *text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(text);
}

static bool parse_line(EnvFile *file, char *line, size_t number, FILE *faults)
{
    line += strspn(line, " \t");
    for (size_t end = strlen(line); end > 0 && strchr(" \t\r", line[end - 1]); end--)
        line[end - 1] = '\0';
    if (!*line || *line == '#')
        return true;
    char *equals = strchr(line, '=');
    if (equals)
        *equals = '\0';
    if (!equals || !is_variable_name(line))
        return line_fault(faults, number, "must be NAME=value.");
    if (!name_known(line)) {
        fprintf(faults, "%s is no setting of Reelkeep.\n", line);
        return false;
    }
    if (file->count == ARRAY_SIZE(file->lines))
        return line_fault(faults, number, "is one too many.");
    file->lines[file->count].name = line;
    file->lines[file->count++].value = unquote(equals + 1);
    return true;
}

static bool env_file_parse(EnvFile *file, FILE *faults)
{
    bool good = true;
    char *rest = file->text, *line;
    for (size_t number = 1; (line = strsep(&rest, "\n")); number++)
        good = parse_line(file, line, number, faults) && good;
    return good;
}

/* The environment wins over the file, as everywhere. */
static const char *env_file_lookup(void *context, const char *name)
{
    const EnvFile *file = CAST_OBJECT(EnvFile, context, ENV_FILE_MAGIC);
    const char *value = file->environment->lookup(file->environment->context, name);
    if (value)
        return value;
    for (size_t i = 0; i < file->count; i++)
        if (streq(file->lines[i].name, name))
            return file->lines[i].value;
    return NULL;
}

static const char *environment_lookup(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

SettingsSource settings_environment(void)
{
    return (SettingsSource){.lookup = environment_lookup};
}

/* A misspelt MAX_VIDEO_SZIE would silently do nothing: names that can only be meant for us are
 * checked. */
static bool check_environment_names(FILE *faults)
{
    static const char *const prefixes[] = {
        "TRANSCODING_", "TRANSCODER_", "MAX_PHOTO", "MAX_VIDEO",    "MAX_AUDIO",    "JOB_LEASE",
        "JOB_MAX",      "VIDEO_MAX",   "VIDEO_CRF", "VIDEO_PRESET", "KEEP_ORIGINAL"};
    bool good = true;
    for (char **variable = environ; *variable; variable++) {
        char name[80];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*variable, "="), *variable);
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
            if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0 && !name_known(name)) {
                fprintf(faults, "%s is no setting of Reelkeep.\n", name);
                good = false;
            }
    }
    return good;
}

bool settings_read(Settings *settings, SettingPrograms program, const SettingsSource *source,
                   const char *env_file, FILE *faults)
{
    bool good = source->lookup != environment_lookup || check_environment_names(faults);
    EnvFile file = {.magic = ENV_FILE_MAGIC, .environment = source};
    SettingsSource layered = {.lookup = env_file_lookup, .context = &file};
    _cleanup_free_ char *text = NULL;
    if (env_file) {
        Error error = {0};
        text = file_read_small(AT_FDCWD, env_file, ENV_FILE_MAX, &error);
        if (!text) {
            fprintf(faults, "--env-file: %s\n", error.detail);
            return false;
        }
        file.text = text;
        good = env_file_parse(&file, faults) && good;
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].programs & program)
            good = read_row(&rows[i], settings, &layered, faults) && good;
    return good;
}

void settings_print_help(SettingPrograms program, FILE *out)
{
    fputs("Settings (environment or --env-file; a secret NAME may be read from NAME_FILE):\n", out);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const SettingRow *row = &rows[i];
        if (!(row->programs & program))
            continue;
        fprintf(out, "  %-34s %-9s %s\n", row->name,
                !row->standard   ? "required"
                : *row->standard ? row->standard
                                 : "-",
                row->help);
    }
}
