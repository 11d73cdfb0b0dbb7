/*
 * The scratch folder: WORK_DIR/{job_id}/ with job.json (what the job is and how far it came),
 * `original` and the files of the result under their usual names, and beside it
 * WORK_DIR/{job_id}.interrupted with a byte for each time the job was found unfinished. It may
 * vanish at any time and is made anew.
 *
 * Any thread may use one Scratch. A folder belongs to the thread that created or adopted it, until
 * that thread removes it or leaves it behind; the folder is locked (flock) for so long, and the
 * whole of WORK_DIR by the Scratch, so that two transcoders never share it.
 */
#pragma once

#include "common/transfer/transfer.h"

typedef struct Scratch Scratch;

/* Makes the folder where it is missing. ERROR_CONFLICT when another transcoder uses it. */
_must_check_ bool scratch_open(const char *path, Scratch **out, Error *error);
void scratch_close(Scratch **scratch);

/* Whether a file can be made there; for `check`, also beside a running transcoder. */
_must_check_ bool scratch_check(const char *path, uint64_t *free_bytes, Error *error);

/* Bytes that no job in hand may still claim; makes the folder anew when it vanished. */
_must_check_ bool scratch_free_space(Scratch *scratch, uint64_t *bytes, Error *error);

/* Bytes that jobs in hand may still claim. */
uint64_t scratch_reserved(Scratch *scratch);

/* A job's folder in hand. */
typedef struct ScratchJob {
    TransferJob job;
    TransferResult result; /* once encoded */
    bool encoded;
    int folder_fd; /* locked */
    int original_fd;
    int fds[TRANSFER_FILE_COUNT]; /* of the result */
    uint64_t reserved;            /* bytes */
} ScratchJob;

#define SCRATCH_JOB_NONE                                                                           \
    ((ScratchJob){                                                                                 \
        .folder_fd = -1, .original_fd = -1, .fds = {[0 ... TRANSFER_FILE_COUNT - 1] = -1}})

/* Makes the folder with its manifest and empty files; a result kept of the same job and original is
 * taken over instead, under the new lease (encoded). ERROR_NO_SPACE when what it may need does
 * not fit, ERROR_CONFLICT when the same job is in hand already. */
_must_check_ bool scratch_create(Scratch *scratch, const TransferJob *job, ScratchJob *out,
                                 Error *error);

/* Durable: from now on a restart delivers instead of encoding. The files are fsynced already. The
 * original goes. */
_must_check_ bool scratch_save_result(ScratchJob *folder, const TransferResult *result,
                                      Error *error);

/* Whether the folder in hand is still linked; none in hand counts as there. Not once removed. */
bool scratch_is_there(const ScratchJob *folder);

/* Whether there is a folder left behind. */
bool scratch_has_left(Scratch *scratch);

/* Takes a folder left behind into hand, if there is one, each in its turn: with a complete result
 * (encoded) or without. Damaged folders are removed. */
_must_check_ bool scratch_adopt(Scratch *scratch, ScratchJob *out);

/* Removes the folder for certain. On failure it is left behind. Either way it is in hand no more;
 * what is known of the job stays readable. */
_must_check_ bool scratch_remove(Scratch *scratch, ScratchJob *folder, Error *error);

/* Counts one more interruption of a job, over all its leases here; returns how many there were. */
int scratch_count_interruption(Scratch *scratch, const char *job_id);
void scratch_forget_interruptions(Scratch *scratch, const char *job_id);

/* Closes the folder and keeps it for a later scratch_adopt. */
void scratch_leave(Scratch *scratch, ScratchJob *folder);
