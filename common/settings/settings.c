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
static const char *const keepings[] = {"auto", "yes", "no", NULL};
static const char *const booleans[] = {"no", "yes", NULL};
static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster",   "fast",
                                      "medium",    "slow",      "slower",   "veryslow", NULL};

static const char *const *const choices[] = {
    [SETTING_BOOLEAN] = booleans,     [SETTING_LOG_FORMAT] = log_formats,
    [SETTING_LOG_LEVEL] = log_levels, [SETTING_SANDBOX] = sandboxes,
    [SETTING_KEEP] = keepings,        [SETTING_PRESET] = presets,
};

static bool settings_is_secret(SettingKind kind)
{
    return kind == SETTING_SECRET || kind == SETTING_OPTIONAL_SECRET;
}

static bool settings_parse_integer(const char *text, int64_t *number)
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
    if (!settings_parse_integer(number, &value) || value > (INT64_MAX >> shift))
        return false;
    *bytes = value << shift;
    return true;
}

static bool settings_fault(FILE *faults, const SettingRow *row, const char *what)
{
    fprintf(faults, "%s %s\n", row->name, what);
    return false;
}

static bool settings_check_choice(const SettingRow *row, Setting *setting, FILE *faults)
{
    const char *const *options = choices[row->kind];
    for (int64_t i = 0; options[i]; i++)
        if (streq(options[i], setting->text)) {
            setting->number = i;
            return true;
        }
    fprintf(faults, "%s must be one of:", row->name);
    for (; *options; options++)
        fprintf(faults, " %s", *options);
    fputs(".\n", faults);
    return false;
}

static bool settings_check_range(const SettingRow *row, const Setting *setting, FILE *faults)
{
    char what[120];
    if (setting->number >= row->minimum && setting->number <= row->maximum)
        return true;
    if (row->maximum == INT64_MAX)
        snprintf(what, sizeof what, "must be at least %lld.", (long long)row->minimum);
    else
        snprintf(what, sizeof what, "must be between %lld and %lld.", (long long)row->minimum,
                 (long long)row->maximum);
    return settings_fault(faults, row, what);
}

static bool settings_check_secret(const SettingRow *row, const Setting *setting, FILE *faults)
{
    for (const char *byte = setting->text; *byte; byte++)
        if (*byte <= 0x20 || *byte >= 0x7F)
            return settings_fault(faults, row, "must hold visible ASCII characters only.");
    if (strlen(setting->text) < TOKEN_LENGTH_MIN)
        return settings_fault(faults, row, "must be at least 32 bytes long.");
    return true;
}

static bool settings_check_value(const SettingRow *row, Setting *setting, FILE *faults)
{
    unsigned char address[sizeof(struct in6_addr)];
    NetworkList networks;
    switch (row->kind) {
    case SETTING_INTEGER:
        return settings_parse_integer(setting->text, &setting->number)
                   ? settings_check_range(row, setting, faults)
                   : settings_fault(faults, row, "must be a whole number.");
    case SETTING_SIZE:
        return settings_parse_size(setting->text, &setting->number)
                   ? settings_check_range(row, setting, faults)
                   : settings_fault(faults, row, "must be a size such as 50M or 4G.");
    case SETTING_URL:
    case SETTING_OPTIONAL_URL:
        return url_is_base(setting->text) ||
               settings_fault(faults, row, "must be an http or https URL.");
    case SETTING_SECRET:
    case SETTING_OPTIONAL_SECRET:
        return settings_check_secret(row, setting, faults);
    case SETTING_ADDRESS:
        return inet_pton(AF_INET6, setting->text, address) == 1 ||
               inet_pton(AF_INET, setting->text, address) == 1 ||
               settings_fault(faults, row, "must be an IP address.");
    case SETTING_NETWORKS:
        return network_parse_list(setting->text, &networks) ||
               settings_fault(faults, row,
                              "must be addresses or networks, such as 10.0.0.0/8, ::1.");
    case SETTING_TEXT:
        return true;
    case SETTING_BOOLEAN:
    case SETTING_LOG_FORMAT:
    case SETTING_LOG_LEVEL:
    case SETTING_SANDBOX:
    case SETTING_KEEP:
    case SETTING_PRESET:
        return settings_check_choice(row, setting, faults);
    }
    UNREACHABLE();
}

/* The value of NAME, or of the file named by NAME_FILE for a secret; owned by the caller. */
static bool settings_look_up(const SettingRow *row, const SettingsSource *source, char **value,
                             FILE *faults)
{
    char file_variable[80];
    Error error = {0};
    const char *plain = source->lookup(source->context, row->name);
    snprintf(file_variable, sizeof file_variable, "%s_FILE", row->name);
    const char *path =
        settings_is_secret(row->kind) ? source->lookup(source->context, file_variable) : NULL;
    if (plain && *plain && path && *path)
        return settings_fault(faults, row, "and its _FILE form are both set; keep one.");
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

static bool settings_read_row(const SettingRow *row, Settings *settings,
                              const SettingsSource *source, FILE *faults)
{
    Setting *setting = (Setting *)((char *)settings + row->offset);
    _cleanup_free_ char *value = NULL;
    *setting = (Setting){0};
    if (!settings_look_up(row, source, &value, faults))
        return false;
    if (!value && !row->standard)
        return settings_fault(faults, row, "is required and not set.");
    if (!value && !*row->standard)
        return true;
    if (!base_copy(setting->text, sizeof setting->text, value ? value : row->standard))
        return settings_fault(faults, row, "is too long.");
    return settings_check_value(row, setting, faults);
}

#define ENV_FILE_MAGIC 0x454e5646u /* "ENVF" */

/* The --env-file: names and values as pointers into one text. */
typedef struct EnvFile {
    unsigned magic;
    struct {
        const char *name, *value;
    } lines[128];
    size_t count;
    const SettingsSource *environment;
} EnvFile;

static bool settings_name_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t length = strlen(rows[i].name);
        if (streq(rows[i].name, name))
            return true;
        if (settings_is_secret(rows[i].kind) && strncmp(rows[i].name, name, length) == 0 &&
            streq(name + length, "_FILE"))
            return true;
    }
    return false;
}

/* The line itself is never repeated: it may be a secret in the wrong place. */
static bool env_file_take_line(EnvFile *file, char *line, size_t number, FILE *faults)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    line += strspn(line, " \t");
    for (size_t end = strlen(line); end > 0 && strchr(" \t\r", line[end - 1]); end--)
        line[end - 1] = '\0';
    if (!*line || *line == '#')
        return true;
    size_t name = strspn(line, letters);
    if (name == 0 || line[name] != '=') {
        fprintf(faults, "Line %zu of the settings file must be NAME=value.\n", number);
        return false;
    }
    line[name] = '\0';
    if (!settings_name_known(line)) {
        fprintf(faults, "%s is no setting of Reelkeep.\n", line);
        return false;
    }
    if (file->count == ARRAY_SIZE(file->lines)) {
        fprintf(faults, "Line %zu of the settings file is one too many.\n", number);
        return false;
    }
    char *value = line + name + 1;
    size_t length = strlen(value);
    if (length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0]) {
        value[length - 1] = '\0';
        value++;
    }
    file->lines[file->count].name = line;
    file->lines[file->count++].value = value;
    return true;
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

static const char *settings_environment_lookup(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

SettingsSource settings_environment(void)
{
    return (SettingsSource){.lookup = settings_environment_lookup};
}

/* Words that settings of ours begin with, and those of other programs too. */
static bool settings_prefix_shared(const char *prefix, size_t length)
{
    static const char *const shared[] = {"JOB_",         "KEEP_", "LOG_",    "MAX_",
                                         "MEDIA_",       "MIN_",  "PUBLIC_", "WEB_",
                                         "WEB_SERVICE_", "WORK_", "TRUSTED_"};
    for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
        if (strlen(shared[i]) == length && strncmp(shared[i], prefix, length) == 0)
            return true;
    return false;
}

/* A name of eight letters and more that differs by one of them, or by two neighbours swapped. */
static bool settings_name_resembles(const char *name, const char *other)
{
    size_t length = strlen(name), other_length = strlen(other), head = 0, tail = 0;
    size_t shorter = MIN_OF(length, other_length);
    if (other_length < 8)
        return false;
    while (head < shorter && name[head] == other[head])
        head++;
    while (tail < shorter - head && name[length - tail - 1] == other[other_length - tail - 1])
        tail++;
    size_t rest = length - head - tail, other_rest = other_length - head - tail;
    bool swapped = rest == 2 && other_rest == 2 && name[head] == other[head + 1] &&
                   name[head + 1] == other[head];
    return swapped || (rest <= 1 && other_rest <= 1);
}

/* Whether an unknown name can only be meant for this setting: it begins with words that nobody
 * else's does, or is all but the same. */
static bool settings_name_meant(const char *name, const SettingRow *row)
{
    for (const char *end = row->name; (end = strchr(end, '_'));) {
        size_t length = (size_t)(++end - row->name);
        if (strncmp(name, row->name, length) == 0 && !settings_prefix_shared(name, length))
            return true;
    }
    return settings_name_resembles(name, row->name);
}

/* A misspelt MAX_VIDEO_SZIE would silently do nothing. */
static bool settings_check_environment(FILE *faults)
{
    bool good = true;
    for (char **variable = environ; *variable; variable++) {
        char name[80];
        bool meant = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*variable, "="), *variable);
        for (size_t i = 0; i < ARRAY_SIZE(rows) && !meant; i++)
            meant = settings_name_meant(name, &rows[i]);
        if (meant && !settings_name_known(name)) {
            fprintf(faults, "%s is no setting of Reelkeep.\n", name);
            good = false;
        }
    }
    return good;
}

bool settings_read(Settings *settings, SettingPrograms program, const SettingsSource *source,
                   const char *env_file, FILE *faults)
{
    bool good = source->lookup != settings_environment_lookup || settings_check_environment(faults);
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
        char *rest = text, *line;
        for (size_t number = 1; (line = strsep(&rest, "\n")); number++)
            good = env_file_take_line(&file, line, number, faults) && good;
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].programs & program)
            good = settings_read_row(&rows[i], settings, &layered, faults) && good;
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
