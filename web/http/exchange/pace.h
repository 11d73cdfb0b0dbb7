/*
 * How long a connection may take: for a head, for a body, for reading its answer, for saying
 * nothing. Looked at four times a second; loop thread.
 */
#pragma once

#include "web/http/exchange/request.h"

typedef enum Pace {
    PACE_GOOD,
    PACE_SILENT, /* nothing has moved for too long: close */
    PACE_SLOW,   /* the body drips; the request's error says so */
} Pace;

Pace pace_check(Connection *connection, int64_t now_ms);

/* The body's pace is measured anew, for another body; and not while nobody would read it. */
void pace_restart(Connection *connection);
void pace_pause(Connection *connection, int64_t now_ms);
void pace_resume(Connection *connection, int64_t now_ms);
