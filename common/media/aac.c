#include "common/media/aac.h"

#include "common/media/media_compat.h"

#define TYPE_ESCAPE 31 /* the type follows in six bits, less 32 */

int aac_object_type(const uint8_t *config, size_t size)
{
    if (size < 2)
        return 0;
    int type = config[0] >> 3;
    if (type != TYPE_ESCAPE)
        return type;
    return 32 + (((config[0] & 7) << 3) | (config[1] >> 5));
}

const char *aac_strange_name(int object_type)
{
    enum { USAC = 42 };
    static const struct {
        int type;
        const char *name;
    } types[] = {{6, "AAC Scalable"}, {7, "TwinVQ"},           {8, "CELP"},
                 {9, "HVXC"},         {20, "ER AAC Scalable"}, {USAC, "xHE-AAC"}};
    if (object_type == USAC && media_compat_decodes_usac())
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].type == object_type)
            return types[i].name;
    return NULL;
}
