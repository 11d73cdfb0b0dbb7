/*
 * What an AAC track says of itself (ISO/IEC 14496-3 §1.6), as far as the media library does not
 * tell. Pure; any thread. Meets strangers' bytes, so only inside a child.
 */
#pragma once

#include "common/base/base.h"

/* The audio object type (table 1.17) that an AudioSpecificConfig begins with; 0: it is too short.
 */
int aac_object_type(const uint8_t *config, size_t size);

/* What people call a type that the library has no decoder for ("xHE-AAC"); NULL for one that it
 * decodes, and for those without a name. */
const char *aac_strange_name(int object_type);
