#include "tests/unit/http_client.h"

#include <sys/socket.h>
#include <sys/time.h>

int client_dial(int port, in_addr_t from)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = CLIENT_PATIENCE_S};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void client_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static size_t client_read_head(int fd, char *text, size_t size)
{
    size_t length = 0;
    while (length < size - 1 && recv(fd, text + length, 1, 0) == 1) {
        length++;
        if (length >= 4 && memcmp(text + length - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    text[length] = '\0';
    return length;
}

static char answer[65536];

const char *client_hear_head(int fd)
{
    client_read_head(fd, answer, sizeof answer);
    return answer;
}

const char *client_hear(int fd)
{
    size_t length = client_read_head(fd, answer, sizeof answer);
    const char *field = strstr(answer, "Content-Length: ");
    size_t wanted = length + (field ? strtoul(field + 16, NULL, 10) : 0);
    while (length < MIN_OF(wanted, sizeof answer - 1)) {
        ssize_t got = recv(fd, answer + length, MIN_OF(wanted, sizeof answer - 1) - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    answer[length] = '\0';
    return answer;
}

void client_expect(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("expected \"%s\" in: %s", wanted, text);
}

const char *client_ask(int port, const char *request)
{
    int fd = client_dial(port, INADDR_LOOPBACK);
    client_say(fd, request);
    client_hear(fd);
    close(fd);
    return answer;
}
