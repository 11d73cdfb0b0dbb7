/* What passes between a program and its zygote: an order for a child (the task's words, the
 * profile, and descriptors beside them), and later the child's end. Any thread. */
#pragma once

#include "common/sandbox/sandbox.h"

#define ZYGOTE_WORDS_MAX 16
#define ZYGOTE_FDS_MAX   8
#define ZYGOTE_TEXT_MAX  1024 /* bytes of all words with their NULs */

typedef struct ZygoteMessage {
    SandboxOrder order;
    char text[ZYGOTE_TEXT_MAX];
    size_t length;
    int fds[ZYGOTE_FDS_MAX + 1]; /* the control socket first */
    size_t fd_count;
} ZygoteMessage;

/* Sent on the control socket when the child has ended. */
typedef struct ChildExit {
    bool lost; /* the zygote went, and the child with it: its own doing or not, nobody knows */
    bool signalled;
    int status; /* exit status, or the signal's number */
} ChildExit;

/* Joins the words; false when they are too long. */
_must_check_ bool zygote_message_pack(ZygoteMessage *message, const char *const *words);

/* Points `argv` into the text; returns how many words there are. */
int zygote_message_words(ZygoteMessage *message, char *argv[ZYGOTE_WORDS_MAX + 1]);

/* One datagram with SCM_RIGHTS. False with errno. Receiving 0 bytes is false with errno 0: the
 * other side has gone. */
_must_check_ bool zygote_message_send(int socket, const ZygoteMessage *message);
_must_check_ bool zygote_message_receive(int socket, ZygoteMessage *message);
