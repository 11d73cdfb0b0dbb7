/* Random names and secrets, and comparing secrets. Any thread; id_init first, once. */
#pragma once

#include "common/base/base.h"

#define UUID_SIZE       37 /* with NUL */
#define TOKEN_SIZE      44 /* 32 random bytes in base64url, with NUL */
#define SHORT_ID_SIZE   11 /* ten characters of [a-z0-9], with NUL */
#define REQUEST_ID_SIZE 25 /* with NUL */

/* Prepares the random source; aborts where there is none. */
void id_init(void);

/* RFC 9562 version 4. */
void id_uuid(char uuid[UUID_SIZE]);
bool id_uuid_valid(const char *text);

void id_token(char token[TOKEN_SIZE]);

/* A name for an entry nobody named. */
void id_short(char name[SHORT_ID_SIZE]);

/* Unique within the process's life and recognisable across restarts; cheap enough for every
 * request. */
void id_request(char id[REQUEST_ID_SIZE]);

/* Compares in a time that depends on the lengths only. An empty `expected` equals nothing. */
bool id_secret_equal(const char *expected, const char *given);
