/*
 * The rows of a result: who may deliver, and the one transaction that accepts. Called inside
 * store_read() and store_write(), as their functions.
 */
#pragma once

#include "common/transfer/transfer.h"
#include "web/jobs/jobs.h"
#include "web/library/retention.h"
#include "web/store/store_file.h"
#include "web/store/store_media.h"

#define ADMISSION_MAGIC       0x41444d54u /* "ADMT" */
#define DELIVERY_ACCEPT_MAGIC 0x41434350u /* "ACCP" */

/* Who brings a result for what, and how these stand. */
typedef struct Admission {
    unsigned magic;
    const char *media_id;
    JobHolder holder;
    JobRow job; /* filled by delivery_admit, as the next */
    MediaRow media;
} Admission;

/* Whether the job takes a result of this holder at all: ERROR_NOT_FOUND for an unknown job,
 * ERROR_GONE and ERROR_LEASE_LOST as in jobs.h. The argument is an Admission. */
_must_check_ bool delivery_admit(StoreConnection *connection, void *admission, Error *error);

/* The job is done with the very result whose main file has this digest. */
bool delivery_is_repeat(const Admission *admission, const Digest *main_file);

typedef struct DeliveryAccept {
    unsigned magic;
    const TransferResult *result;
    Retention retention;
    Admission admission;
    FileRow files[TRANSFER_FILE_COUNT]; /* "" as its path: not there */
    /* What the item is afterwards, the same for the first and for every repeated delivery. */
    bool repeated;
    MediaRow media;
    FilePaths paths;
} DeliveryAccept;

/* Answers a result that was accepted before. The argument is a DeliveryAccept, whose files do not
 * count. */
_must_check_ bool delivery_repeat(StoreConnection *connection, void *accept, Error *error);

/* Makes the files the item's, ends the job and lets the original go where it may go, or answers
 * what another thread has just accepted. The argument is a DeliveryAccept. */
_must_check_ bool delivery_accept(StoreConnection *connection, void *accept, Error *error);
