/* Prints the settings table for the lint step: name, programs, default ("required" for none), help;
 * separated by tabs. */
#include <stdint.h>
#include <stdio.h>

#include "common/settings/settings.h"

int main(void)
{
    static const struct {
        const char *name, *standard, *help;
        SettingPrograms programs;
    } rows[] = {
#define X(field, name, programs, kind, standard, minimum, maximum, help)                           \
    {name, standard, help, programs},
        SETTINGS_TABLE(X)
#undef X
    };
    static const char *const programs[] = {
        [SETTING_WEB] = "web", [SETTING_TRANSCODER] = "transcoder", [SETTING_BOTH] = "both"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        printf("%s\t%s\t%s\t%s\n", rows[i].name, programs[rows[i].programs],
               rows[i].standard ? rows[i].standard : "required", rows[i].help);
    return 0;
}
