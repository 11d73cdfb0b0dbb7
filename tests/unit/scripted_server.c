#include "tests/unit/scripted_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "tests/unit/unit.h"

#define HEAD_MAX        16384
#define CONNECTIONS_MAX 512
#define AWAIT_SECONDS   20

typedef struct Connection {
    ScriptedServer *server;
    int fd;
    pthread_t thread;
    char input[HEAD_MAX]; /* read and not yet used */
    size_t length;
} Connection;

struct ScriptedServer {
    int listen_fd, stop_fd, open_fd; /* eventfds: readable for good once set */
    char url[64];
    pthread_t acceptor;
    Connection *connections[CONNECTIONS_MAX];
    size_t connection_count; /* the acceptor's; read after it ended */

    /* Guarded by the lock; changed is signalled with every request. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    ScriptedAnswer answers[SCRIPTED_ANSWERS_MAX];
    bool used[SCRIPTED_ANSWERS_MAX];
    ScriptedRequest *requests[SCRIPTED_REQUESTS_MAX];
    size_t request_count, unscripted;
};

/* "POST /claim" fits "POST /api/transcoding/jobs/claim HTTP/1.1…". */
static bool route_fits(const char *route, const char *head)
{
    size_t method = strcspn(route, " ") + 1;
    size_t target = method + strcspn(head + method, " ");
    size_t tail = strlen(route + method);
    return strncmp(route, head, method) == 0 && target >= method + tail &&
           strncmp(head + target - tail, route + method, tail) == 0;
}

static bool take_answer(ScriptedServer *server, const char *head, ScriptedAnswer *out)
{
    bool found = false;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < SCRIPTED_ANSWERS_MAX && server->answers[i].route && !found; i++) {
        found = !server->used[i] && route_fits(server->answers[i].route, head);
        if (!found)
            continue;
        *out = server->answers[i];
        server->used[i] = !out->repeat;
    }
    if (!found)
        server->unscripted++;
    pthread_mutex_unlock(&server->lock);
    return found;
}

/* False when the server stops or the client leaves. */
static bool wait_until_open(const Connection *connection)
{
    struct pollfd waiting[] = {{.fd = connection->server->open_fd, .events = POLLIN},
                               {.fd = connection->server->stop_fd, .events = POLLIN},
                               {.fd = connection->fd, .events = POLLIN}};
    while (poll(waiting, ARRAY_SIZE(waiting), -1) < 0)
        REQUIRE(errno == EINTR);
    return waiting[0].revents && !waiting[1].revents;
}

static bool send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* Adds what has come to the input; false at the connection's or the server's end. */
static bool receive(Connection *connection)
{
    struct pollfd waiting[] = {{.fd = connection->server->stop_fd, .events = POLLIN},
                               {.fd = connection->fd, .events = POLLIN}};
    while (poll(waiting, ARRAY_SIZE(waiting), -1) < 0)
        REQUIRE(errno == EINTR);
    if (waiting[0].revents || connection->length == HEAD_MAX)
        return false;
    ssize_t got = recv(connection->fd, connection->input + connection->length,
                       HEAD_MAX - connection->length, 0);
    if (got <= 0)
        return false;
    connection->length += (size_t)got;
    return true;
}

static void use_input(Connection *connection, size_t length)
{
    connection->length -= length;
    memmove(connection->input, connection->input + length, connection->length);
}

static char *receive_head(Connection *connection)
{
    char *end;
    while (!(end = memmem(connection->input, connection->length, "\r\n\r\n", 4)))
        if (!receive(connection))
            return NULL;
    size_t length = (size_t)(end - connection->input) + 4;
    char *head = strndup(connection->input, length);
    REQUIRE(head);
    use_input(connection, length);
    return head;
}

static bool receive_body(Connection *connection, ScriptedRequest *request)
{
    const char *declared = strcasestr(request->head, "\r\nContent-Length:");
    size_t left = declared ? strtoull(declared + 17, NULL, 10) : 0;
    if (strcasestr(request->head, "\r\nExpect: 100-continue") &&
        !send_all(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
        return false;
    while (left > 0) {
        if (connection->length == 0 && !receive(connection))
            return false;
        size_t now = MIN_OF(left, connection->length);
        size_t kept = MIN_OF(request->body_length, (size_t)SCRIPTED_BODY_KEPT);
        memcpy(request->body + kept, connection->input, MIN_OF(now, SCRIPTED_BODY_KEPT - kept));
        request->body_length += now;
        left -= now;
        use_input(connection, now);
    }
    return true;
}

static void remember(ScriptedServer *server, ScriptedRequest *request)
{
    pthread_mutex_lock(&server->lock);
    REQUIRE(server->request_count < SCRIPTED_REQUESTS_MAX);
    server->requests[server->request_count++] = request;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* Returns whether the connection goes on. */
static bool answer_request(const Connection *connection, const ScriptedAnswer *answer)
{
    char head[1024], length_line[64] = "";
    size_t length = answer->length ? answer->length : answer->body ? strlen(answer->body) : 0;
    size_t sent = answer->cut_at ? answer->cut_at : length;
    if (answer->hold && !wait_until_open(connection))
        return false;
    if (answer->status == 0)
        return false;
    if (!answer->undeclared && answer->status != 204)
        snprintf(length_line, sizeof length_line, "Content-Length: %zu\r\n", length);
    snprintf(head, sizeof head, "HTTP/1.1 %d Scripted\r\n%s%s\r\n", answer->status, length_line,
             answer->headers ? answer->headers : "");
    return send_all(connection->fd, head, strlen(head)) &&
           (sent == 0 || send_all(connection->fd, answer->body, sent)) && sent == length &&
           !answer->undeclared && !answer->early;
}

static bool serve_one(Connection *connection)
{
    ScriptedServer *server = connection->server;
    ScriptedAnswer answer = {.status = 500, .body = "unscripted"};
    char *head = receive_head(connection);
    if (!head)
        return false;
    ScriptedRequest *request = NEW(ScriptedRequest);
    request->head = head;
    take_answer(server, head, &answer);
    bool whole = answer.early || receive_body(connection, request);
    remember(server, request);
    return whole && answer_request(connection, &answer);
}

/* The end is announced, and what the client still sends is taken, so that no reset overtakes the
 * answer. */
static void linger(Connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    do
        connection->length = 0;
    while (receive(connection));
}

static void *serve(void *context)
{
    Connection *connection = context;
    while (serve_one(connection))
        ;
    linger(connection);
    shutdown(connection->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *context)
{
    ScriptedServer *server = context;
    struct pollfd waiting[] = {{.fd = server->stop_fd, .events = POLLIN},
                               {.fd = server->listen_fd, .events = POLLIN}};
    for (;;) {
        while (poll(waiting, ARRAY_SIZE(waiting), -1) < 0)
            REQUIRE(errno == EINTR);
        if (waiting[0].revents)
            return NULL;
        REQUIRE(server->connection_count < CONNECTIONS_MAX);
        Connection *connection = NEW(Connection);
        connection->server = server;
        connection->fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        REQUIRE(connection->fd >= 0);
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        server->connections[server->connection_count++] = connection;
        REQUIRE(pthread_create(&connection->thread, NULL, serve, connection) == 0);
    }
}

static void listen_on_loopback(ScriptedServer *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(server->listen_fd, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(listen(server->listen_fd, 64) == 0);
    REQUIRE(getsockname(server->listen_fd, (struct sockaddr *)&address, &size) == 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

ScriptedServer *scripted_server_start(const ScriptedAnswer *answers)
{
    ScriptedServer *server = NEW(ScriptedServer);
    pthread_condattr_t monotonic;
    for (size_t i = 0; answers[i].route; i++) {
        REQUIRE(i + 1 < SCRIPTED_ANSWERS_MAX);
        server->answers[i] = answers[i];
    }
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->open_fd = eventfd(0, EFD_CLOEXEC);
    listen_on_loopback(server);
    REQUIRE(pthread_create(&server->acceptor, NULL, accept_all, server) == 0);
    return server;
}

void scripted_server_stop(ScriptedServer **server_taken)
{
    ScriptedServer *server = *server_taken;
    *server_taken = NULL;
    REQUIRE(eventfd_write(server->stop_fd, 1) == 0);
    pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->connection_count; i++) {
        shutdown(server->connections[i]->fd, SHUT_RDWR);
        pthread_join(server->connections[i]->thread, NULL);
        close(server->connections[i]->fd);
        free(server->connections[i]);
    }
    for (size_t i = 0; i < server->request_count; i++) {
        free(server->requests[i]->head);
        free(server->requests[i]);
    }
    close(server->listen_fd);
    close(server->stop_fd);
    close(server->open_fd);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *scripted_server_url(const ScriptedServer *server)
{
    return server->url;
}

void scripted_server_open(ScriptedServer *server)
{
    REQUIRE(eventfd_write(server->open_fd, 1) == 0);
}

/* With the lock held: how many, and the one with the index. */
static size_t find(const ScriptedServer *server, const char *route, size_t index,
                   const ScriptedRequest **out)
{
    size_t count = 0;
    for (size_t i = 0; i < server->request_count; i++)
        if (route_fits(route, server->requests[i]->head)) {
            if (count == index && out)
                *out = server->requests[i];
            count++;
        }
    return count;
}

void scripted_server_await(ScriptedServer *server, const char *route, size_t count)
{
    int64_t end = clock_monotonic_ms() + AWAIT_SECONDS * 1000;
    struct timespec until = {end / 1000, end % 1000 * 1000000};
    size_t come = 0;
    int result = 0;
    pthread_mutex_lock(&server->lock);
    while ((come = find(server, route, 0, NULL)) < count && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
    if (come < count)
        fail_msg("%zu of %zu requests came for %s", come, count, route);
}

size_t scripted_server_count(ScriptedServer *server, const char *route)
{
    pthread_mutex_lock(&server->lock);
    size_t count = find(server, route, 0, NULL);
    pthread_mutex_unlock(&server->lock);
    return count;
}

const ScriptedRequest *scripted_server_request(ScriptedServer *server, const char *route,
                                               size_t index)
{
    const ScriptedRequest *request = NULL;
    pthread_mutex_lock(&server->lock);
    find(server, route, index, &request);
    pthread_mutex_unlock(&server->lock);
    if (!request)
        fail_msg("request %zu of %s has not come", index, route);
    return request;
}

size_t scripted_server_unscripted(ScriptedServer *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->unscripted;
    pthread_mutex_unlock(&server->lock);
    return count;
}
