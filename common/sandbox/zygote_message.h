/* The one message a program sends its zygote: a task's words and limits, and descriptors beside
 * them. Any thread. */
#pragma once

#include "common/sandbox/sandbox.h"

#define ZYGOTE_WORDS_MAX 16
#define ZYGOTE_FDS_MAX   8
#define ZYGOTE_TEXT_MAX  1024 /* bytes of all words with their NULs */

typedef struct ZygoteMessage {
    SandboxLimits limits;
    char text[ZYGOTE_TEXT_MAX];
    size_t length;
    int fds[ZYGOTE_FDS_MAX + 1]; /* the control socket first */
    size_t fd_count;
} ZygoteMessage;

/* Joins the words; false when they are too long. */
bool zygote_message_pack(ZygoteMessage *message, const char *const *words);

/* Points `argv` into the text; returns how many words there are. */
int zygote_message_words(ZygoteMessage *message, char *argv[ZYGOTE_WORDS_MAX + 1]);

/* One datagram with SCM_RIGHTS. False with errno. Receiving 0 bytes is false with errno 0: the
 * other side has gone. */
bool zygote_message_send(int socket, const ZygoteMessage *message);
bool zygote_message_receive(int socket, ZygoteMessage *message);
