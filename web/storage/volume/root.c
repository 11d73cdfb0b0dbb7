#include "web/storage/volume/root.h"

static const char *root_look_up(const SettingsSource *environment, const char *name)
{
    const char *value = environment->lookup(environment->context, name);
    return value ? value : "";
}

bool root_choose(const char *media_root, const SettingsSource *environment, char *out, size_t size,
                 Error *error)
{
    const char *mount = root_look_up(environment, "RAILWAY_VOLUME_MOUNT_PATH");
    bool railway = *root_look_up(environment, "RAILWAY_ENVIRONMENT") ||
                   *root_look_up(environment, "RAILWAY_SERVICE_ID");
    if (railway && !*mount)
        return error_set(error, ERROR_SETTING,
                         "MEDIA_ROOT: this service runs on Railway without a volume, so everything "
                         "stored would be lost with the next deployment. Attach a volume to it.");
    const char *chosen = *media_root ? media_root : *mount ? mount : "./data";
    if (!base_copy(out, size, chosen))
        return error_set(error, ERROR_SETTING, "MEDIA_ROOT is too long.");
    return true;
}
