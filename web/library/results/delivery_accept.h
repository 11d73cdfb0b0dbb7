/*
 * The rows of a result: who may deliver, and the one transaction that accepts. Called inside
 * store_read() and store_write(), as their functions.
 */
#pragma once

#include "web/library/results/delivery.h"
#include "web/store/store_file.h"

/* Who brings a result for what, and how these stand. */
typedef struct Admission {
    const char *media_id;
    JobHolder holder;
    JobRow job; /* filled by delivery_admit, as the next */
    MediaRow media;
} Admission;

/* Whether the job takes a result of this holder at all: ERROR_NOT_FOUND for an unknown job,
 * ERROR_GONE and ERROR_LEASE_LOST as in jobs.h. The argument is an Admission. */
bool delivery_admit(StoreConnection *connection, void *admission, Error *error);

typedef struct DeliveryAccept {
    const Library *library;
    const TransferResult *result;
    Admission admission;
    FileRow files[TRANSFER_FILE_COUNT]; /* "" as its path: not there */
    Delivered *out;
} DeliveryAccept;

/* The job is done with the very result whose main file has this digest. */
bool delivery_is_repeat(const Admission *admission, const Digest *main_file);

/* Answers a result that was accepted before. The argument is a DeliveryAccept, whose files do not
 * count. */
bool delivery_repeat(StoreConnection *connection, void *accept, Error *error);

/* Makes the files the item's, ends the job and lets the original go where it may go, or answers
 * what another thread has just accepted. The argument is a DeliveryAccept. */
bool delivery_accept(StoreConnection *connection, void *accept, Error *error);
