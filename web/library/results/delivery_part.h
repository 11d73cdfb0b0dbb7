/*
 * One file of a result on its way in. Media go to the disk as they come; text stays in memory, as
 * what is stored of it is written anew. One thread at a time per part; every call may block on the
 * disk.
 */
#pragma once

#include "common/base/buffer.h"
#include "web/library/results/delivery_check.h"
#include "web/storage/volume/staging.h"

typedef struct DeliveryPart {
    bool present;
    TransferFile which;
    Staging *staging; /* NULL for text that was not written yet */
    Buffer text;
    unsigned char head[MEDIA_TYPE_HEAD];
    size_t head_length;
} DeliveryPart;

/* The file comes, announced as `content_type` ("" for nothing): ERROR_INVALID for one that cannot
 * be right, and for a second file. Zeroed memory is a part before that. */
bool delivery_part_begin(DeliveryPart *part, TransferFile which, const char *content_type,
                         Reservation *room, Error *error);

/* ERROR_TOO_LARGE beyond what this kind of file may have. */
bool delivery_part_append(DeliveryPart *part, const void *bytes, size_t length, Error *error);

/* No more bytes come: what was received. Nothing for a part that did not come. */
bool delivery_part_finish(DeliveryPart *part, ReceivedFile *out, Error *error);

/* Writes a text file as it is stored: `sprite` is the name of the storyboard's picture. *file gets
 * its size and digest; others are left alone. ERROR_INVALID for text that cannot be used. */
bool delivery_part_rewrite(DeliveryPart *part, const char *sprite, Reservation *room, FileRow *file,
                           Error *error);

void delivery_part_release(DeliveryPart *part);
