/* An order to the zygote: words that fit arrive as they were, with a descriptor that is the same
 * file; and whatever arrives, its words lie within the message. */
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/sandbox/zygote_message.h"
#include "tests/fuzz/fuzz.h"

static void check_words(ZygoteMessage *message, char *argv[ZYGOTE_WORDS_MAX + 1])
{
    int count = zygote_message_words(message, argv);
    REQUIRE(count <= ZYGOTE_WORDS_MAX && !argv[count]);
    for (int i = 0; i < count; i++) {
        const char *end = message->text + message->length;
        REQUIRE(argv[i] >= message->text && argv[i] < end);
        REQUIRE(memchr(argv[i], '\0', (size_t)(end - argv[i])));
    }
}

static void check_received(const char *const *words, int socket)
{
    struct stat before, after;
    char *argv[ZYGOTE_WORDS_MAX + 1];
    ZygoteMessage message;
    REQUIRE(zygote_message_receive(socket, &message));
    REQUIRE(message.fd_count == 1);
    REQUIRE(fstat(socket, &before) == 0 && fstat(message.fds[0], &after) == 0);
    REQUIRE(before.st_ino == after.st_ino);
    close(message.fds[0]);
    check_words(&message, argv);
    for (size_t i = 0; words[i] || argv[i]; i++)
        REQUIRE(words[i] && argv[i] && streq(words[i], argv[i]));
}

static void send_words(const char *const *words, const int ends[2])
{
    ZygoteMessage message = {.fds = {ends[0]}, .fd_count = 1};
    if (!words[0] || !zygote_message_pack(&message, words))
        return;
    REQUIRE(zygote_message_send(ends[1], &message));
    check_received(words, ends[0]);
}

static void receive_bytes(const void *bytes, size_t size, const int ends[2])
{
    char *argv[ZYGOTE_WORDS_MAX + 1];
    ZygoteMessage message;
    memset(&message, 'x', sizeof message);
    if (size > 0 && send(ends[1], bytes, size, 0) == (ssize_t)size &&
        zygote_message_receive(ends[0], &message)) {
        REQUIRE(message.fd_count == 0);
        check_words(&message, argv);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    char *words[ZYGOTE_WORDS_MAX + 3] = {NULL};
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    receive_bytes(data, size, ends);
    for (size_t i = 0; i < ZYGOTE_WORDS_MAX + 2 && input.left > 0; i++)
        words[i] = fuzz_line(&input);
    send_words((const char *const *)words, ends);
    for (size_t i = 0; words[i]; i++)
        free(words[i]);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
