/*
 * A file as it is sent: mapped. What is sent from pages that are not in memory waits for the disk;
 * a loop must not, so it asks first, and has the next ones read by a worker.
 *
 * Nobody here reads a mapping: only the kernel does, where a page lost to a disk error is an error
 * of the call and not a signal. Shared by counting; any thread.
 */
#pragma once

#include "web/http/http.h"

typedef struct Pages Pages;

/* Maps the file and begins to read it ahead. Takes over the content in any case. Blocks. NULL and
 * *error. */
_must_check_ Pages *pages_open(StoredFile *content, Error *error);

Pages *pages_share(Pages *pages);
void pages_release(Pages *pages); /* NULL is fine */

uint64_t pages_size(const Pages *pages);

/* How many of the bytes from the offset on can be sent without waiting; HTTP_SEND_WINDOW at most.
 * 0: pages_read() first. */
size_t pages_ready(Pages *pages, uint64_t offset, uint64_t length, int64_t now_ms);

/* Waits for the disk: the next HTTP_SEND_WINDOW from the offset on, and begins with those behind.
 */
void pages_read(Pages *pages, uint64_t offset);

/* Where the bytes lie: for the kernel alone. */
const char *pages_at(const Pages *pages, uint64_t offset);
