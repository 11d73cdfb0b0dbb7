/* Which folder is the volume. Pure but for asking the environment; main thread. */
#pragma once

#include "common/settings/settings.h"

/* MEDIA_ROOT; else Railway's mount; else ./data. On Railway without a volume: ERROR_SETTING,
 * because what is stored there vanishes with the next deployment. */
_must_check_ bool root_choose(const char *media_root, const SettingsSource *environment, char *out,
                              size_t size, Error *error);
