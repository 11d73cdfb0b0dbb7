#include "common/sandbox/zygote_message.h"

#include <errno.h>
#include <sys/socket.h>

typedef union FdBlock {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int) * (ZYGOTE_FDS_MAX + 1))];
} FdBlock;

bool zygote_message_pack(ZygoteMessage *message, const char *const *words)
{
    message->length = 0;
    for (size_t i = 0; words[i]; i++) {
        size_t size = strlen(words[i]) + 1;
        if (i == ZYGOTE_WORDS_MAX || size > sizeof message->text - message->length)
            return false;
        memcpy(message->text + message->length, words[i], size);
        message->length += size;
    }
    return true;
}

int zygote_message_words(ZygoteMessage *message, char *argv[ZYGOTE_WORDS_MAX + 1])
{
    int count = 0;
    for (size_t at = 0; at < message->length && count < ZYGOTE_WORDS_MAX;
         at += strlen(message->text + at) + 1)
        argv[count++] = message->text + at;
    argv[count] = NULL;
    return count;
}

bool zygote_message_send(int socket, const ZygoteMessage *message)
{
    FdBlock block = {.bytes = {0}};
    struct iovec parts[] = {{(void *)&message->order, sizeof message->order},
                            {(void *)message->text, message->length}};
    struct msghdr header = {.msg_iov = parts,
                            .msg_iovlen = ARRAY_SIZE(parts),
                            .msg_control = block.bytes,
                            .msg_controllen = CMSG_SPACE(sizeof(int) * message->fd_count)};
    struct cmsghdr *control = CMSG_FIRSTHDR(&header);
    *control = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                .cmsg_type = SCM_RIGHTS,
                                .cmsg_len = CMSG_LEN(sizeof(int) * message->fd_count)};
    memcpy(CMSG_DATA(control), message->fds, sizeof(int) * message->fd_count);
    ssize_t whole = (ssize_t)(sizeof message->order + message->length);
    return sendmsg(socket, &header, MSG_NOSIGNAL) == whole;
}

bool zygote_message_receive(int socket, ZygoteMessage *message)
{
    FdBlock block;
    struct iovec parts[] = {{&message->order, sizeof message->order},
                            {message->text, sizeof message->text}};
    struct msghdr header = {.msg_iov = parts,
                            .msg_iovlen = ARRAY_SIZE(parts),
                            .msg_control = block.bytes,
                            .msg_controllen = sizeof block.bytes};
    ssize_t got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    if (got <= (ssize_t)sizeof message->order) {
        errno = got >= 0 ? 0 : errno;
        return false;
    }
    message->length = (size_t)got - sizeof message->order;
    if (message->text[message->length - 1] != '\0') {
        errno = EBADMSG;
        return false;
    }
    message->fd_count = 0;
    struct cmsghdr *control = CMSG_FIRSTHDR(&header);
    if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
        message->fd_count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(message->fds, CMSG_DATA(control), sizeof(int) * message->fd_count);
    }
    return true;
}
