/*
 * job.json of a scratch folder: the job with its lease, how far it came, and the result once there
 * is one. Mode 0600, replaced as a whole and durably. Private to scratch.c.
 */
#pragma once

#include "transcoder/scratch/scratch.h"

bool scratch_manifest_write(const ScratchJob *folder, Error *error);

/* Fills job, encoded and result from the folder's descriptor. The job must be the one that the
 * folder is named after. */
bool scratch_manifest_read(ScratchJob *folder, const char *job_id, Error *error);
