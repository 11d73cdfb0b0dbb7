/* Names in the volume: made safe, checked, put together. docs/volume.md tells the rules. Pure; any
 * thread. */
#pragma once

#include "common/base/error.h"
#include "common/base/id.h"

/* The folder that no URL can name. */
#define NAME_PRIVATE_FOLDER ".reelkeep"

/* A person's file name made fit for a file: the part after the last separator, valid UTF-8, without
 * controls, invisible direction marks or leading dots, at most FILE_NAME_MAX bytes with its
 * extension kept; "file" when nothing remains. */
void name_make_safe(const char *given, char out[FILE_NAME_MAX + 1]);

/* Where the extension begins, with its dot; the name's end where it has none. */
const char *name_extension(const char *name);

bool name_collection_valid(const char *text); /* [a-z0-9_-]{1,40} */
bool name_entry_valid(const char *text);      /* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */

/* collection/entry/file, each a name of ours: nothing that begins with a dot, no way up, no
 * controls. */
bool name_path_valid(const char *path);

/* {collection}/{entry}/{uuid}-{name}: false where a part is not valid. */
typedef struct NamePath {
    const char *collection, *entry;
    const char *uuid;
    const char *name;   /* safe */
    const char *suffix; /* NULL: the name as it is; else this instead of its extension */
} NamePath;
_must_check_ bool name_build_path(const NamePath *parts, char out[MEDIA_PATH_MAX + 1]);
