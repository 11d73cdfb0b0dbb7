/*
 * What the files of a job share: job.c has its steps, job_claim.c the first of them and when claims
 * and kept results have to wait, job_end.c what becomes of a job that did not go through. A Job
 * lives in its worker's thread.
 */
#pragma once

#include "common/base/log.h"
#include "transcoder/worker/job.h"
#include "transcoder/worker/outcome.h"

typedef struct Job {
    Worker *worker;
    ScratchJob folder; /* folder.job is the job in hand */
    Lease *lease;
    OutcomePhase phase;
    bool in_hand;
    bool adopted;      /* left behind by an earlier run or kept */
    int interruptions; /* of this job, counted when it was found unfinished */
    LogContext outer;  /* while in hand */
} Job;

static inline const WorkerOptions *job_options(const Job *job)
{
    return job->worker->shared->options;
}

static inline Retry job_retry(const Job *job, BackoffPolicy policy)
{
    return (Retry){.policy = policy, .client = job->worker->client};
}

/* Waits for a job, claimed or left behind, and takes it in hand under a lease. */
bool job_step_claim(Job *job, Error *error);

/* No job came, for this reason. */
void job_note_claim_failure(Job *job, const Error *error);

/* What went wrong here may go wrong for the others too: claims wait, longer each time. */
void job_hold_claims(Job *job, int64_t maximum_ms);

/* What was kept or left behind is not taken up for so long. */
void job_put_kept_off(Job *job, int64_t delay_ms);

/* Web did not take a result, which stays: kept ones wait. */
void job_note_kept(Job *job);

/* Web has judged a delivery: the other kept results need not wait. */
void job_note_judged(Job *job);

/* What becomes of a job in hand that did not go through (outcome.h): web is told, the folder goes
 * or stays. */
void job_settle(Job *job, const Error *error);
