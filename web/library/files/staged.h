/* Files and rows of transfers that go on after a restart. Blocks on the disk. */
#pragma once

#include "web/library/library.h"

/* At start, before any transfer: staged files without a row go, and rows without a file. */
_must_check_ bool staged_recover(const Library *library, Error *error);
