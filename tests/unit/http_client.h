/* A client made of a plain socket, for what no library would send. Fails the test where something
 * does not come within CLIENT_PATIENCE_S. */
#pragma once

#include <netinet/in.h>

#include "tests/unit/unit.h"

#define CLIENT_PATIENCE_S 30

/* A connection to the port of this machine, from one of its loopback addresses (host order). The
 * caller closes it. */
int client_dial(int port, in_addr_t from);

void client_say(int fd, const char *text);

/* One answer: header and as much body as Content-Length says. The text lives until the next call.
 */
const char *client_hear(int fd);

/* The header of one answer, likewise. */
const char *client_hear_head(int fd);

/* One request on a connection of its own, and its answer. */
const char *client_ask(int port, const char *request);

void client_expect(const char *text, const char *wanted);
