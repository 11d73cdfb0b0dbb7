/*
 * A delivery as a transcoder sends it, for tests of what web makes of it: packed for a claimed job
 * of an archive, spoilt by the test, sent, and looked at in the journal. Everything here fails the
 * test when something is not as it should be.
 */
#pragma once

#include "tests/unit/archive.h"
#include "web/library/results/delivery.h"

#define PARCEL_START 1000000
#define PARCEL_SIZE  3000 /* bytes of the delivered video */

typedef struct Bytes {
    char *data; /* NULL: is not sent */
    size_t size;
} Bytes;

/* Everything about one delivery; a test changes what it wants to be wrong. */
typedef struct Parcel {
    Archive *archive;
    ArchiveVideo original;
    TransferJob job;
    Bytes files[TRANSFER_FILE_COUNT]; /* until parcel_unpack() */
    TransferResult result;
    int64_t now;
    Delivered out;
} Parcel;

/* Packs what belongs to the claimed job of a new video, as the original's transcoder would. A video
 * and its poster; all that may come with a video; sound alone. parcel_unpack() ends each. */
Parcel parcel_pack(Archive *archive);
Parcel parcel_pack_claimed(Archive *archive, ArchiveVideo original);
Parcel parcel_pack_all(Archive *archive);
Parcel parcel_pack_sound(Archive *archive);
void parcel_unpack(Parcel *parcel);

/* Puts a copy of a file in, or takes it out; parcel_describe() makes the metadata fit again. */
void parcel_put(Parcel *parcel, TransferFile which, const void *data, size_t size);
void parcel_put_text(Parcel *parcel, TransferFile which, const char *text);
void parcel_leave_out(Parcel *parcel, TransferFile which);
void parcel_describe(Parcel *parcel);

/* The whole delivery, or its parts one by one. */
bool parcel_send(Parcel *parcel, Error *error);
bool parcel_put_fields(Delivery *delivery, const Parcel *parcel, Error *error);
bool parcel_put_files(Delivery *delivery, const Parcel *parcel, Error *error);
bool parcel_put_file(Delivery *delivery, const Parcel *parcel, TransferFile which, Error *error);

/* What is to be unlinked goes. */
void parcel_sweep(const Parcel *parcel);

/* The last row of the job's journal, which must have this outcome. */
ArchiveEnd parcel_expect_journal(const Parcel *parcel, DeliveryOutcome outcome);
