#include "web/http/exchange/pace.h"

#include <linux/tcp.h>
#include <sys/socket.h>

/* How fast the client takes its answer, for who gives way at the limit of connections: what it has
 * acknowledged. What goes out between two looks costs nothing. */
static void pace_measure_reading(Connection *connection, int64_t now_ms)
{
    Socket *socket = connection->socket;
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (connection->phase != CONNECTION_ANSWER ||
        getsockopt(socket->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received)) {
        connection->read_start_ms = 0;
        socket->read_rate = UINT64_MAX;
        return;
    }
    if (info.tcpi_bytes_acked != connection->acked)
        connection->moved_ms = now_ms; /* by what had been written long before */
    connection->acked = info.tcpi_bytes_acked;
    int64_t passed_ms = now_ms - connection->read_start_ms;
    if (connection->read_start_ms != 0 && passed_ms >= HTTP_READ_RATE_MS) {
        uint64_t bytes = info.tcpi_bytes_acked - connection->read_bytes;
        uint64_t rate = bytes * 1000 / (uint64_t)passed_ms;
        socket->read_rate = rate < HTTP_READ_RATE_MIN ? rate : UINT64_MAX;
    }
    if (connection->read_start_ms == 0 || passed_ms >= 10 * HTTP_READ_RATE_MS) {
        connection->read_start_ms = now_ms;
        connection->read_bytes = info.tcpi_bytes_acked;
    }
}

/* What drips for ever is cut. Who announces much has to send faster. */
static Pace pace_check_body(Connection *connection, int64_t now_ms)
{
    Request *request = connection->request;
    if (connection->window_start_ms == 0) {
        connection->window_start_ms = now_ms;
        connection->window_bytes = 0;
        return PACE_GOOD;
    }
    if (now_ms - connection->window_start_ms < HTTP_BODY_RATE_SECONDS * 1000)
        return PACE_GOOD;
    uint64_t announced = request->framing.chunked ? 0 : request->framing.length;
    uint64_t rate = MAX_OF(HTTP_BODY_RATE_MIN, announced / HTTP_BODY_SECONDS_MAX);
    bool slow = connection->window_bytes < rate * HTTP_BODY_RATE_SECONDS;
    pace_restart(connection);
    if (!slow)
        return PACE_GOOD;
    error_set(&request->error, ERROR_TIMEOUT,
              "The content came slower than %llu bytes a second and was not waited for.",
              (unsigned long long)rate);
    return PACE_SLOW;
}

void pace_restart(Connection *connection)
{
    connection->window_start_ms = 0;
}

void pace_pause(Connection *connection, int64_t now_ms)
{
    connection->away_since_ms = now_ms;
}

/* The window goes on where it stopped: were it begun anew, many who drip could keep each other from
 * ever being found slow. */
void pace_resume(Connection *connection, int64_t now_ms)
{
    if (connection->window_start_ms != 0)
        connection->window_start_ms += now_ms - connection->away_since_ms;
}

Pace pace_check(Connection *connection, int64_t now_ms)
{
    pace_measure_reading(connection, now_ms);
    bool silent = false;
    switch (connection->phase) {
    case CONNECTION_HEAD:
        /* A head takes one packet or two; who needs longer holds a connection for nothing. */
        silent = connection->head_since_ms != 0
                     ? now_ms - connection->head_since_ms > HTTP_HEADER_SECONDS * 1000
                     : now_ms - connection->socket->quiet_since_ms > HTTP_IDLE_SECONDS * 1000;
        break;
    case CONNECTION_BODY:
        return pace_check_body(connection, now_ms);
    case CONNECTION_AWAY:
    case CONNECTION_BACK:
        break;
    case CONNECTION_ANSWER:
        silent = now_ms - connection->moved_ms > HTTP_IDLE_SECONDS * 1000;
        break;
    case CONNECTION_LINGER:
        silent = now_ms > connection->linger_until_ms;
        break;
    }
    return silent ? PACE_SILENT : PACE_GOOD;
}
