/*
 * Talking to web: one call per request, by libcurl or byte by byte. Requests may be sent from
 * threads of their own (AskThread), with a gate in the body where they stop and wait.
 *
 * A request that cannot be sent fails the test unless may_fail is set.
 */
#pragma once

#include <pthread.h>

#include "common/base/json.h"
#include "tests/story/harness.h"

#define ASK_FIELDS_MAX  12
#define ASK_HEADERS_MAX 8

/* Holds a body back after so many bytes of its file, until the test opens it. */
typedef struct Gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int reached;    /* bodies that have come this far */
    bool open, cut; /* cut: the body ends here, with the connection */
} Gate;

#define GATE_CLOSED ((Gate){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER})
void gate_await(Gate *gate, int bodies); /* until so many bodies have come this far */
void gate_open(Gate *gate);
void gate_cut(Gate *gate);

/* A part of multipart/form-data. */
typedef struct Field {
    const char *name;
    const char *value;     /* a plain field … */
    const char *file;      /* … or a file with this content … */
    const void *bytes;     /* … or with these bytes */
    size_t length;         /* of bytes */
    uint64_t padding;      /* followed by an MP4 "free" box of so many bytes, made on the fly */
    const char *file_name; /* NULL: a plain field */
    const char *type;      /* content type; NULL: none */
    Gate *gate;            /* holds the part back … */
    uint64_t gate_at;      /* … after so many bytes of it */
} Field;

typedef struct Ask {
    const char *method; /* NULL: GET, or POST with a body */
    const char *path;   /* as it is put on the wire */
    const char *headers[ASK_HEADERS_MAX];
    bool as_transcoder; /* Authorization: Bearer <the token> */
    json_t *json;       /* body; taken over */
    const void *body;   /* or these bytes */
    size_t length;
    Field form[ASK_FIELDS_MAX]; /* or this form, up to a field without name */
    bool may_fail;
    int port;           /* 0: web's */
    int64_t timeout_ms; /* 0: a minute */
} Ask;

typedef struct Answer {
    int status; /* 0: there was none */
    char *headers;
    char *body;
    size_t length;
    json_t *json; /* the parsed body, once answer_json was called */
    int64_t took_us;
} Answer;

Answer ask(Story *story, const Ask *request);
void answer_release(Answer *answer);
#define _cleanup_answer_ _cleanup_(answer_release)

/* The field's value (first line of that name), in a buffer that lives until the next call; NULL
 * when absent. */
const char *answer_header(const Answer *answer, const char *name);

/* The body as a JSON object; fails the test when it is none. */
const json_t *answer_json(Story *story, Answer *answer);
const char *answer_text(Story *story, Answer *answer, const char *field);

/* Expects the status; for an error also a problem document (RFC 9457) with this code and a full
 * sentence. code NULL: any. */
void expect_answer(Story *story, Answer *answer, int status, const char *code, const char *what);

/* Sends the bytes as they are and reads until the connection ends or an answer is complete. */
Answer ask_raw(Story *story, const void *bytes, size_t length);

/* A loopback connection to a port; -1 when nobody listens. */
int ask_connect(int port);

/* A request under way in a thread of its own. The Ask is copied; what it points to must live until
 * the end. */
typedef struct AskThread {
    pthread_t thread;
    Story *story;
    Ask request;
    Answer answer;
} AskThread;

void ask_start(AskThread *under_way, Story *story, const Ask *request);
Answer ask_finish(AskThread *under_way); /* the caller owns the answer */
