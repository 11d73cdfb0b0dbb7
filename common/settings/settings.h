/*
 * Settings: read once at start from the environment (over the --env-file), checked whole, then
 * never changed. A secret NAME may come from the file named by NAME_FILE. Main thread, before any
 * other is started; afterwards any thread may read. Secrets are never printed or logged.
 */
#pragma once

#include "common/base/error.h"
#include "common/settings/settings_table.h"

typedef enum SettingPrograms {
    SETTING_WEB = 1,
    SETTING_TRANSCODER = 2,
    SETTING_BOTH = 3,
} SettingPrograms;

typedef enum SettingKind {
    SETTING_INTEGER,
    SETTING_SIZE, /* bytes; suffixes K M G, powers of 1024 */
    SETTING_BOOLEAN,
    SETTING_TEXT,
    SETTING_ADDRESS,  /* IPv4 or IPv6, as numbers */
    SETTING_NETWORKS, /* a list of them, with or without prefix lengths; may be empty */
    SETTING_URL,
    SETTING_OPTIONAL_URL,
    SETTING_SECRET,
    SETTING_OPTIONAL_SECRET,
    SETTING_LOG_FORMAT,
    SETTING_LOG_LEVEL,
    SETTING_SANDBOX,
    SETTING_KEEP,
    SETTING_PRESET,
} SettingKind;

/* Indices of the choices of SANDBOX. */
typedef enum SettingSandbox { SETTING_SANDBOX_AUTO, SETTING_SANDBOX_REQUIRED } SettingSandbox;

/* Likewise, of KEEP_ORIGINAL_VIDEOS. */
typedef enum SettingKeep { SETTING_KEEP_AUTO, SETTING_KEEP_YES, SETTING_KEEP_NO } SettingKeep;

/* A checked value: the text as given, and the number it means where it means one. */
typedef struct Setting {
    char text[SETTING_VALUE_MAX];
    int64_t number; /* integers, bytes, 0/1 for booleans, index of a choice */
} Setting;

typedef struct Settings {
#define X(field, name, programs, kind, standard, minimum, maximum, help) Setting field;
    SETTINGS_TABLE(X)
#undef X
} Settings;

/* Where the values come from: getenv's shape, so that tests can bring their own. */
typedef struct SettingsSource {
    const char *(*lookup)(void *context, const char *name);
    void *context;
} SettingsSource;

/* Reads and checks the settings of one program. Each fault is one line in `faults`, naming the
 * variable; returns whether there were none. A file (KEY=value lines, # comments, optional quotes)
 * may be NULL. Unknown names in it are faults. */
_must_check_ bool settings_read(Settings *settings, SettingPrograms program,
                                const SettingsSource *source, const char *env_file, FILE *faults);

SettingsSource settings_environment(void);

/* One row per setting of the program, for --help: name, default, help. */
void settings_print_help(SettingPrograms program, FILE *out);

/* "50M" → 52428800. False for anything but digits and one optional K, M or G. */
_must_check_ bool settings_parse_size(const char *text, int64_t *bytes);
