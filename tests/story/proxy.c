#include "tests/story/proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "common/base/buffer.h"
#include "tests/story/ask.h"

#define HEAD_MAX        65536
#define SMALL_BODY      8192 /* bodies up to this are read before the rule is looked at */
#define CONNECTIONS_MAX 512  /* over the proxy's life */
#define STOP_POLL_MS    50

struct Proxy {
    int listener, web_port;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by the lock */
    ProxyRule rule;
    int left, applied, held;
    bool stopping;
    unsigned go_ons;
    pthread_t threads[CONNECTIONS_MAX];
    size_t thread_count;
    Buffer heads;
};

typedef struct Link {
    Proxy *proxy;
    int client, web;
} Link;

/* The rule's action for this request; PROXY_PASS when it is not meant. */
static ProxyRule take_rule(Proxy *proxy, const Buffer *request)
{
    ProxyRule rule = {.action = PROXY_PASS};
    pthread_mutex_lock(&proxy->lock);
    REQUIRE(buffer_append_format(&proxy->heads, "%.*s\n", (int)strcspn(request->data, "\r"),
                                 request->data));
    if (proxy->left > 0 && strstr(request->data, proxy->rule.match)) {
        rule = proxy->rule;
        proxy->left--;
        proxy->applied++;
    }
    pthread_mutex_unlock(&proxy->lock);
    return rule;
}

/* Waits for the test; false when the proxy ends meanwhile. */
static bool hold(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    unsigned before = proxy->go_ons;
    proxy->held++;
    while (proxy->go_ons == before && !proxy->stopping)
        pthread_cond_wait(&proxy->changed, &proxy->lock);
    proxy->held--;
    bool on = !proxy->stopping;
    pthread_mutex_unlock(&proxy->lock);
    return on;
}

static bool stopping(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    bool stop = proxy->stopping;
    pthread_mutex_unlock(&proxy->lock);
    return stop;
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t put = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        sent += (size_t)put;
    }
    return true;
}

static bool receive(Link *link, int fd, Buffer *into, size_t room)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    while (poll(&waiting, 1, STOP_POLL_MS) == 0)
        if (stopping(link->proxy))
            return false;
    char *space = buffer_reserve(into, room + 1);
    ssize_t got = space ? recv(fd, space, room, 0) : -1;
    if (got <= 0)
        return false;
    into->length += (size_t)got;
    into->data[into->length] = '\0';
    return true;
}

/* Reads the header, and a body that is small. *head is the header's length. */
static bool read_request(Link *link, Buffer *request, size_t *head)
{
    const char *end;
    while (!request->data || !(end = strstr(request->data, "\r\n\r\n")))
        if (!receive(link, link->client, request, 4096))
            return false;
    *head = (size_t)(end + 4 - request->data);
    const char *field = strcasestr(request->data, "\r\nContent-Length:");
    size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    while (body <= SMALL_BODY && request->length < *head + body)
        if (!receive(link, link->client, request, 4096))
            return false;
    return true;
}

/* The header again, with "Connection: close" and without Expect, whose 100 would look like an
 * answer. */
static bool send_head(Link *link, const Buffer *request, size_t head)
{
    _cleanup_buffer_ Buffer out = BUFFER(HEAD_MAX);
    for (const char *line = request->data; line < request->data + head - 2;) {
        size_t length = (size_t)(strstr(line, "\r\n") + 2 - line);
        if (strncasecmp(line, "Expect:", 7) != 0 && strncasecmp(line, "Connection:", 11) != 0)
            REQUIRE(buffer_append(&out, line, length));
        line += length;
    }
    REQUIRE(buffer_append_text(&out, "Connection: close\r\n\r\n"));
    return send_all(link->web, out.data, out.length);
}

/* What one direction may still pass before the rule says hold or cut. */
typedef struct Flow {
    int from, to;
    bool ruled;
    bool cuts;
    uint64_t left;
    bool ended;
} Flow;

/* Passes bytes on; false when the connection is over. */
static bool pass(Link *link, Flow *flow, const char *bytes, size_t length)
{
    size_t first = flow->ruled && length >= flow->left ? (size_t)flow->left : length;
    if (!send_all(flow->to, bytes, first))
        return false;
    if (!flow->ruled)
        return true;
    flow->left -= first;
    if (flow->left > 0)
        return true;
    flow->ruled = false;
    if (flow->cuts || !hold(link->proxy))
        return false;
    return send_all(flow->to, bytes + first, length - first);
}

static bool pump(Link *link, Flow *flow)
{
    char bytes[65536];
    ssize_t got = recv(flow->from, bytes, sizeof bytes, 0);
    if (got > 0)
        return pass(link, flow, bytes, (size_t)got);
    flow->ended = true;
    if (got == 0)
        shutdown(flow->to, SHUT_WR);
    return got == 0;
}

static void pump_both(Link *link, Flow *up, Flow *down)
{
    while (!down->ended && !stopping(link->proxy)) {
        struct pollfd waiting[] = {{.fd = up->ended ? -1 : up->from, .events = POLLIN},
                                   {.fd = down->from, .events = POLLIN}};
        if (poll(waiting, ARRAY_SIZE(waiting), STOP_POLL_MS) <= 0)
            continue;
        if (waiting[1].revents && !pump(link, down))
            return;
        if (waiting[0].revents && !pump(link, up))
            return;
    }
}

static void serve(Link *link)
{
    _cleanup_buffer_ Buffer request = BUFFER(HEAD_MAX + SMALL_BODY);
    size_t head;
    if (!read_request(link, &request, &head))
        return;
    ProxyRule rule = take_rule(link->proxy, &request);
    bool on_request = rule.action == PROXY_CUT_REQUEST || rule.action == PROXY_HOLD_REQUEST;
    bool on_answer = rule.action == PROXY_CUT_ANSWER || rule.action == PROXY_HOLD_ANSWER;
    Flow up = {.from = link->client,
               .ruled = on_request,
               .cuts = rule.action == PROXY_CUT_REQUEST,
               .left = rule.bytes};
    Flow down = {.to = link->client,
                 .ruled = on_answer,
                 .cuts = rule.action == PROXY_CUT_ANSWER,
                 .left = rule.bytes};
    if (on_request && rule.bytes == 0) {
        if (up.cuts || !hold(link->proxy))
            return;
        up.ruled = false;
    }
    link->web = ask_connect(link->proxy->web_port);
    if (link->web < 0)
        return;
    up.to = down.from = link->web;
    if (!send_head(link, &request, head) ||
        !pass(link, &up, request.data + head, request.length - head))
        return;
    pump_both(link, &up, &down);
}

static void *serve_link(void *context)
{
    Link *link = context;
    serve(link);
    base_close(&link->client);
    base_close(&link->web);
    free(link);
    return NULL;
}

static void *accept_links(void *context)
{
    Proxy *proxy = context;
    while (!stopping(proxy)) {
        struct pollfd waiting = {.fd = proxy->listener, .events = POLLIN};
        if (poll(&waiting, 1, STOP_POLL_MS) != 1)
            continue;
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        Link *link = NEW(Link);
        *link = (Link){.proxy = proxy, .client = client, .web = -1};
        pthread_mutex_lock(&proxy->lock);
        REQUIRE(proxy->thread_count < CONNECTIONS_MAX);
        REQUIRE(pthread_create(&proxy->threads[proxy->thread_count++], NULL, serve_link, link) ==
                0);
        pthread_mutex_unlock(&proxy->lock);
    }
    return NULL;
}

Proxy *proxy_start(Story *story)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    Proxy *proxy = NEW(Proxy);
    REQUIRE(!story->proxy);
    proxy->web_port = story->port;
    proxy->heads = BUFFER(1 << 20);
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->changed, NULL);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(proxy->listener, (struct sockaddr *)&address, length) == 0);
    REQUIRE(listen(proxy->listener, 64) == 0);
    REQUIRE(getsockname(proxy->listener, (struct sockaddr *)&address, &length) == 0);
    REQUIRE(pthread_create(&proxy->acceptor, NULL, accept_links, proxy) == 0);
    story_set(story, "WEB_SERVICE_URL", "http://127.0.0.1:%d", ntohs(address.sin_port));
    story->proxy = proxy;
    return proxy;
}

void proxy_stop(Proxy *proxy)
{
    if (!proxy)
        return;
    pthread_mutex_lock(&proxy->lock);
    proxy->stopping = true;
    pthread_cond_broadcast(&proxy->changed);
    pthread_mutex_unlock(&proxy->lock);
    pthread_join(proxy->acceptor, NULL);
    for (size_t i = 0; i < proxy->thread_count; i++)
        pthread_join(proxy->threads[i], NULL);
    close(proxy->listener);
    buffer_release(&proxy->heads);
    free(proxy);
}

void proxy_rule(Proxy *proxy, const ProxyRule *rule)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->rule = *rule;
    proxy->left = rule->times;
    proxy->applied = 0;
    pthread_mutex_unlock(&proxy->lock);
}

static bool someone_held(Story *story, void *context)
{
    (void)context;
    pthread_mutex_lock(&story->proxy->lock);
    bool held = story->proxy->held > 0;
    pthread_mutex_unlock(&story->proxy->lock);
    return held;
}

void proxy_await_held(Story *story)
{
    char what[200];
    snprintf(what, sizeof what, "the request \"%s\" to be held", story->proxy->rule.match);
    story_until(story, someone_held, NULL, what);
}

void proxy_go_on(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->go_ons++;
    pthread_cond_broadcast(&proxy->changed);
    pthread_mutex_unlock(&proxy->lock);
}

int proxy_count(Proxy *proxy, const char *text)
{
    int count = 0;
    pthread_mutex_lock(&proxy->lock);
    for (const char *at = proxy->heads.data; at && (at = strstr(at, text)); at += strlen(text))
        count++;
    pthread_mutex_unlock(&proxy->lock);
    return count;
}

int proxy_applied(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    int applied = proxy->applied;
    pthread_mutex_unlock(&proxy->lock);
    return applied;
}
