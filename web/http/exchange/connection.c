#include "web/http/exchange/connection.h"

#include <errno.h>
#include <sys/socket.h>

#define WINDOWS_MAX 4 /* sent in one turn */

Connection *connection_new(Socket *socket, size_t *excess, size_t excess_max)
{
    Connection *connection = NEW(Connection);
    *connection = (Connection){
        .magic = CONNECTION_MAGIC, .socket = socket, .excess = excess, .excess_max = excess_max};
    return connection;
}

/* What it keeps beyond what every connection may. */
static size_t connection_excess(size_t input_length)
{
    return input_length > HTTP_HEAD_READ ? input_length - HTTP_HEAD_READ : 0;
}

static void connection_set_input_length(Connection *connection, size_t length)
{
    *connection->excess -= connection_excess(connection->input_length);
    *connection->excess += connection_excess(length);
    connection->input_length = length;
}

static void connection_drop_input(Connection *connection)
{
    connection_set_input_length(connection, 0);
    free(TAKE_PTR(connection->input));
}

void connection_free(Connection *connection)
{
    connection_drop_input(connection);
    free(connection->head);
    connection->magic = 0;
    free(connection);
}

/* --- in --- */

static size_t connection_take_kept(Connection *connection, char *into, size_t size)
{
    size_t taken = MIN_OF(size, connection->input_length);
    memcpy(into, connection->input, taken);
    if (taken == connection->input_length) {
        connection_drop_input(connection);
        return taken;
    }
    connection_set_input_length(connection, connection->input_length - taken);
    memmove(connection->input, connection->input + taken, connection->input_length);
    return taken;
}

ConnectionIn connection_read(Connection *connection, char *into, size_t size, size_t *got)
{
    Socket *socket = connection->socket;
    if (connection->input_length > 0) {
        *got = connection_take_kept(connection, into, size);
        return IN_BYTES;
    }
    while (socket->readable) {
        ssize_t count = recv(socket->fd, into, size, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) {
            socket->readable = false;
            break;
        }
        if (count <= 0)
            return IN_END;
        /* Less than was asked for was all; what comes later is told anew, but for an end that is
         * there already. */
        if ((size_t)count < size && !socket->ended)
            socket->readable = false;
        *got = (size_t)count;
        return IN_BYTES;
    }
    return IN_WAIT;
}

bool connection_put_back(Connection *connection, const char *bytes, size_t length)
{
    size_t all = connection->input_length + length;
    size_t more = connection_excess(all) - connection_excess(connection->input_length);
    if (length == 0)
        return true;
    if (more > 0 && *connection->excess + more > connection->excess_max)
        return false;
    char *input = realloc(connection->input, all);
    REQUIRE(input);
    memmove(input + length, input, connection->input_length);
    memcpy(input, bytes, length);
    connection->input = input;
    connection_set_input_length(connection, all);
    return true;
}

/* --- out --- */

/* What of the head has not gone out is kept; the rest of `count` is content. */
static void connection_note_sent(Connection *connection, const char *head, size_t head_length,
                                 size_t count)
{
    size_t of_head = MIN_OF(count, head_length), left = head_length - of_head;
    char *rest = NULL;
    if (left > 0) {
        rest = base_calloc(1, left);
        memcpy(rest, head + of_head, left);
    }
    free(connection->head);
    connection->head = rest;
    connection->head_length = left;
    connection->sent += count - of_head;
    if (count > 0)
        connection->moved_ms = loop_now_ms(connection->socket->loop);
}

/* What cannot go on now, and why. */
static ConnectionOut connection_stop(Connection *connection)
{
    if (errno == EAGAIN) {
        connection->socket->writable = false;
        return OUT_WAIT;
    }
    return errno == EFAULT || errno == EIO ? OUT_FAULT : OUT_BROKEN;
}

/* A head, and up to a window of content behind it, in one call. */
static ConnectionOut connection_send_window(Connection *connection, const Response *response,
                                            const char *head, size_t head_length, uint64_t rest)
{
    const Socket *socket = connection->socket;
    uint64_t from = response->first + connection->sent;
    size_t window = (size_t)MIN_OF(rest, (uint64_t)HTTP_SEND_WINDOW);
    const char *content = response->bytes ? response->bytes + connection->sent : NULL;
    if (rest > 0 && response->pages) {
        if (!connection->unlooked)
            window = pages_ready(response->pages, from, rest, loop_now_ms(socket->loop));
        content = pages_at(response->pages, from);
    }
    if (rest > 0 && window == 0) {
        connection_note_sent(connection, head, head_length, 0);
        return OUT_COLD;
    }
    struct iovec parts[] = {{(void *)head, head_length}, {(void *)content, window}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = rest > 0 ? 2 : 1};
    ssize_t count;
    do
        count = sendmsg(socket->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    ConnectionOut out = count < 0 ? connection_stop(connection) : OUT_MORE;
    connection->unlooked = connection->unlooked && count < 0;
    connection_note_sent(connection, head, head_length, count < 0 ? 0 : (size_t)count);
    return out;
}

ConnectionOut connection_send(Connection *connection, const Response *response,
                              const Delivery *delivery, bool content)
{
    char fresh[HTTP_ANSWER_HEAD_MAX];
    const char *head = fresh;
    size_t head_length = 0;
    if (!connection->begun) {
        head_length = response_head(response, delivery, fresh);
        connection->begun = true;
        connection->moved_ms = loop_now_ms(connection->socket->loop);
    }
    for (int i = 0; i < WINDOWS_MAX; i++) {
        if (connection->head) {
            head = connection->head;
            head_length = connection->head_length;
        }
        uint64_t rest = content ? response->length - connection->sent : 0;
        ConnectionOut out = connection_send_window(connection, response, head, head_length, rest);
        if (out != OUT_MORE)
            return out;
        head_length = 0;
        if (!connection->head && (!content || connection->sent == response->length))
            return OUT_DONE;
    }
    return OUT_MORE;
}

void connection_reset(Connection *connection)
{
    REQUIRE(!connection->head);
    connection->begun = connection->unlooked = false;
    connection->sent = 0;
    connection->phase = CONNECTION_HEAD;
}

void connection_say_continue(const Connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    IGNORE_RESULT(send(connection->socket->fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT) <
                  0);
}
