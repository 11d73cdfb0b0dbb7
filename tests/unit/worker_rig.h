/*
 * What stories of the worker stand on: a scripted web, a scratch folder, one job to be claimed, and
 * encoders of the test's own. Nothing waits longer than milliseconds here. For the test's thread.
 */
#pragma once

#include "tests/unit/job_fixture.h"
#include "tests/unit/scripted_server.h"
#include "transcoder/worker/worker.h"

#define RIG_VIDEO "the playable video"

#define RIG_PROBLEM "Content-Type: application/problem+json\r\n"

/* Answers of the scripted web. */
#define RIG_CLAIMED(text)                                                                          \
    {                                                                                              \
        .route = "POST /claim", .status = 200, .body = (text)                                      \
    }
#define RIG_NO_MORE                                                                                \
    {                                                                                              \
        .route = "POST /claim", .hold = true, .repeat = true                                       \
    }
#define RIG_ORIGINAL                                                                               \
    {                                                                                              \
        .route = "GET /original", .status = 200, .headers = FIXTURE_ETAG,                          \
        .body = fixture_content(), .length = FIXTURE_SIZE                                          \
    }
#define RIG_LEASE_HOLDS                                                                            \
    {                                                                                              \
        .route = "POST /progress", .status = 200, .body = "{}", .repeat = true                     \
    }
#define RIG_CONFIRMED                                                                              \
    {                                                                                              \
        .route = "POST /upload/", .status = 200, .body = "{\"success\":true}"                      \
    }
#define RIG_FAIL_TAKEN                                                                             \
    {                                                                                              \
        .route = "POST /fail", .status = 200, .body = "{}"                                         \
    }
#define RIG_RELEASE_TAKEN                                                                          \
    {                                                                                              \
        .route = "POST /release", .status = 200, .body = "{}"                                      \
    }
#define RIG_CLOSED(method)                                                                         \
    {                                                                                              \
        .route = (method), .status = 0                                                             \
    }
#define RIG_END                                                                                    \
    {                                                                                              \
        0                                                                                          \
    }

typedef struct Rig {
    char path[64];
    TransferJob job;
    char *claim;
    ScriptedServer *server;
    Scratch *scratch;
    JobOptions options;
    Workers *workers;
} Rig;

/* A cmocka state: a Rig. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

typedef bool (*RigEncode)(const EncoderJob *job, TransferResult *result, Error *error);

/* Starts a web with these answers and the workers. */
void rig_start(Rig *rig, const ScriptedAnswer *answers, RigEncode encode);

/* Ends both at once; every request must have had its answer. */
void rig_halt(Rig *rig);

/* Waits until so many requests of the route have come and no job is in the scratch folder any more;
 * then stops the workers, so that nothing more is asked. */
void rig_await_done(Rig *rig, const char *route, size_t count);

/* Waits until the workers have ended by themselves. */
void rig_await_end(const Rig *rig);

/* Jobs in the scratch folder. */
size_t rig_folders(const Rig *rig);

/* A folder as a transcoder leaves it that was killed: claimed, or with its result. */
void rig_leave_behind(const Rig *rig, const TransferJob *job, bool encoded);

/* Puts the scratch folder on a file system of 2 MiB that only this process sees; false where the
 * system does not let us. And back, once the workers have ended. */
bool rig_small_disk(Rig *rig);
void rig_large_disk(Rig *rig);

/* Checks the original, makes RIG_VIDEO and a poster. */
bool rig_encode_well(const EncoderJob *job, TransferResult *result, Error *error);

/* How often it was called since the set-up. */
int rig_encodes(void);

/* Works until it is told to stop. */
bool rig_encode_for_ever(const EncoderJob *job, TransferResult *result, Error *error);

#define RIG_TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)
