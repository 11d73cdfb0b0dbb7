/*
 * A small proxy between transcoder and web: it can cut, lose or hold what passes, at a request the
 * story names. One request per connection (it says so to both sides), so that a rule means exactly
 * one request.
 *
 * Rules and counts may be used from the test's thread while traffic passes. The Story owns it.
 */
#pragma once

#include "tests/story/harness.h"

typedef enum ProxyAction {
    PROXY_PASS,
    PROXY_CUT_REQUEST, /* after so many bytes of the body: both sides see the connection die */
    PROXY_CUT_ANSWER,  /* after so many bytes of the answer; 0: web has answered, nobody hears it */
    PROXY_HOLD_REQUEST, /* after so many bytes of the body, until proxy_go_on */
    PROXY_HOLD_ANSWER,  /* after so many bytes of the answer, until proxy_go_on */
} ProxyAction;

typedef struct ProxyRule {
    const char *match; /* found in the request's header or its small body; literal text */
    ProxyAction action;
    uint64_t bytes;
    int times; /* how many requests it applies to */
} ProxyRule;

typedef struct Proxy Proxy;

/* Listens, and is what WEB_SERVICE_URL names from now on. */
Proxy *proxy_start(Story *story);
void proxy_stop(Proxy *proxy);

/* Replaces the rule. */
void proxy_rule(Proxy *proxy, const ProxyRule *rule);

/* Waits until a request is held at the rule's point; fails the test when none comes. */
void proxy_await_held(Story *story);
void proxy_go_on(Proxy *proxy);

/* Requests so far whose header holds the text. */
int proxy_count(Proxy *proxy, const char *text);

/* How often the rule has been applied. */
int proxy_applied(Proxy *proxy);
