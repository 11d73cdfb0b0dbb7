/*
 * Looking at the volume from outside: the database read-only, the files, and whether the two agree.
 */
#pragma once

#include "tests/story/harness.h"

/* The first column of the first row as a number; 0 without a row. */
int64_t inspect_number(Story *story, const char *sql);

/* The same as text, owned by the caller; NULL without a row. */
char *inspect_text(Story *story, const char *sql);

/* Files below MEDIA_ROOT outside .reelkeep. */
int inspect_file_count(Story *story);

/* Nothing is unfinished: every file has a row, every row a file of that size, no unfinished upload
 * and nothing to be unlinked is left. A StoryCondition; the context may be NULL. */
bool inspect_tidy(Story *story, void *context);

/* Waits until it is so, and says what is left when it never is. */
void inspect_expect_tidy(Story *story);

/* Whether scratch holds no job. A StoryCondition. */
bool inspect_scratch_empty(Story *story, void *context);
