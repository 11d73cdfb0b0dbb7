/*
 * The HTTP server as a whole with a small application behind it, for tests with plain sockets in
 * front. What the application saw, and what it waits for, is in `app`.
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>

#include "tests/unit/http_client.h"
#include "web/http/http.h"

#define TOKEN      "0123456789abcdef0123456789abcdef"
#define PATIENCE_S CLIENT_PATIENCE_S

typedef struct HttpApp {
    Http *http;
    char folder[64];
    int folder_fd;
    atomic_uint opened, closed, finished;
    atomic_ullong received;
    sem_t parked, fed;
    _Atomic(Request *) waiting;
    atomic_bool time_up, let_go;
    atomic_ullong refused_audience; /* nobody may read its files */
    atomic_int last_status;         /* of the last request of the route "hello", on any loop */
    atomic_ullong last_sent;
    atomic_uint ended, unrouted; /* requests that are over; those without a route */
    sem_t held;                  /* handlers of /hold wait for it */
} HttpApp;

extern HttpApp app;

/* The columns of the routes, as this application means them. */
enum { OPEN_TO_ALL = 1, WITH_TOKEN };

/* Setups and the teardown of a test. Patient: for what must not wait for the deadline, a test that
 * does runs into its own. Small: one loop, and only HTTP_APP_FEW connections, until one has to give
 * way. */
#define HTTP_APP_FEW 6
int http_app_start(void **state);
int http_app_start_patient(void **state);
int http_app_start_small(void **state);
int http_app_stop(void **state);

/* Its handlers and its form, for tables of a test's own. */
Response *http_app_hello(Request *request, Error *error);
Response *http_app_echo(Request *request, Error *error);
bool http_app_resolve(void *context, const char *path, ServedFile *file, Error *error);
uint64_t http_app_body_max(const void *context);
extern const FormHandler http_app_form;

/* Clients of it (http_client.h), and its folder of files. */
int dial_from(in_addr_t from);
int dial(void);
const char *ask(const char *request);
void write_file(const char *name, size_t size);

void wait_for(const atomic_uint *counter, unsigned value);
