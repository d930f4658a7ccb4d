/*
 * A WebSocket to HAProxy, as the client keeps one until it logs off (guide 2.1, 6): upgraded, held without a
 * byte from here for the site's hold_s, then a ping must be answered (RFC 6455 5.5.2). A firewall or proxy
 * that drops idle connections shows only so.
 */
#include "probes/decode/websocket.h"
#include "probes/io/mac.h"
#include "probes/io/websocket_key.h"
#include "probes/reach/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS(ns) ((double)(ns) / (double)VO_NS_PER_S)

struct hold {
    struct vo_http_client client;
    struct vo_websocket websocket;
    struct vo_timer next;         /* the ping, then the end of the wait for its answer */
    vo_time began, pinged, ended; /* monotonic; 0: not yet */
    const char *state;            /* a word of websocket_state; NULL: not known */
    char answer[256];             /* what made it so */
    char accept[VO_WEBSOCKET_ACCEPT];
    char headers[256];
    uint8_t nonce[8]; /* of the ping */
    unsigned pings;   /* of the server */
};

static void put_held(const struct vo_check *check, const struct hold *hold)
{
    struct vo_record_writer *writer = check->reach->writer;
    const char *why = vo_http_client_why(&hold->client);
    if (!hold->began)
        vo_observe_missing(writer, VO_METRIC_WEBSOCKET_HELD_S, "it was not upgraded: %s",
                           hold->answer[0] ? hold->answer : why);
    else if (hold->pinged && hold->state && strcmp(hold->state, "held") != 0)
        vo_observe_missing(writer, VO_METRIC_WEBSOCKET_HELD_S, "it died unseen within %.0f s",
                           SECONDS(hold->pinged - hold->began));
    else
        vo_observe_metric(writer, VO_METRIC_WEBSOCKET_HELD_S,
                          SECONDS((hold->pinged  ? hold->pinged
                                   : hold->ended ? hold->ended
                                                 : vo_clock_monotonic()) -
                                  hold->began));
}

static void finish(struct vo_check *check)
{
    struct hold *hold = check->state;
    struct vo_record_writer *writer = check->reach->writer;
    if (check->done)
        return;
    vo_loop_cancel(check->reach->loop, &hold->next);
    vo_check_observe(check);
    vo_check_put_conn(check, hold->client.result);
    if (hold->state)
        vo_observe_state(writer, VO_METRIC_WEBSOCKET_STATE, hold->state);
    else
        vo_observe_missing(writer, VO_METRIC_WEBSOCKET_STATE, "%s", vo_http_client_why(&hold->client));
    put_held(check, hold);
    vo_observe_label(writer, "websocket_answer", hold->answer[0] ? hold->answer : NULL);
    if (hold->pings)
        vo_observe_label_number(writer, "websocket_server_pings", hold->pings);
    vo_observe_end(writer);
    vo_http_client_close(&hold->client);
    vo_check_done(check);
}

static void end(struct vo_check *check, const char *state, const char *answer)
{
    struct hold *hold = check->state;
    hold->state = state;
    hold->ended = vo_clock_monotonic();
    snprintf(hold->answer, sizeof hold->answer, "%s", answer);
    finish(check);
}

/* A ping, or the pong that answers the server's. */
static bool send_control(struct hold *hold, enum vo_websocket_opcode opcode, const uint8_t *payload,
                         size_t size)
{
    uint8_t frame[VO_WEBSOCKET_OVERHEAD + VO_WEBSOCKET_CONTROL_MAX], mask[4];
    if (!vo_random_bytes(mask, sizeof mask))
        return false;
    size_t wanted = vo_websocket_write(frame, sizeof frame, opcode, mask, payload, size);
    return wanted > 0 && vo_http_client_send(&hold->client, frame, wanted);
}

static void on_silence(void *context)
{
    end(context, "closed",
        "no answer to the ping after the idle hold: something on the way forgot the connection");
}

static void on_held(void *context)
{
    struct vo_check *check = context;
    struct hold *hold = check->state;
    hold->pinged = vo_clock_monotonic();
    hold->next.due = on_silence;
    if (!vo_random_bytes(hold->nonce, sizeof hold->nonce) ||
        !send_control(hold, VO_WEBSOCKET_PING, hold->nonce, sizeof hold->nonce) ||
        !vo_loop_set(check->reach->loop, &hold->next,
                     vo_loop_now(check->reach->loop) + check->reach->timeout))
        end(check, "closed", "the ping after the idle hold could not be sent");
}

static void take_control(struct vo_check *check)
{
    struct hold *hold = check->state;
    const struct vo_websocket *websocket = &hold->websocket;
    char answer[64];
    if (websocket->opcode == VO_WEBSOCKET_CLOSE) {
        snprintf(answer, sizeof answer, "the server closed it with code %u", websocket->close_code);
        end(check, "closed", answer);
    } else if (websocket->opcode == VO_WEBSOCKET_PING) {
        hold->pings++;
        send_control(hold, VO_WEBSOCKET_PONG, websocket->payload, websocket->payload_size);
    } else if (hold->pinged && websocket->payload_size == sizeof hold->nonce &&
               memcmp(websocket->payload, hold->nonce, sizeof hold->nonce) == 0) {
        end(check, "held", "");
    }
}

static void on_frames(void *context, const uint8_t *data, size_t size)
{
    struct vo_check *check = context;
    struct hold *hold = check->state;
    while (size > 0 && !check->done) {
        enum vo_websocket_event event;
        size_t taken = vo_websocket_feed(&hold->websocket, data, size, &event);
        data += taken;
        size -= taken;
        if (event == VO_WEBSOCKET_CONTROL)
            take_control(check);
        else if (event == VO_WEBSOCKET_BROKEN)
            end(check, "broken", hold->websocket.problem);
    }
}

/* RFC 6455 4.1: what a 101 must say; NULL: it does. */
static const char *fault_of(const struct hold *hold)
{
    const struct vo_http *http = &hold->client.http;
    if (!http->upgrade_websocket || !http->connection_upgrade)
        return "its 101 does not upgrade to a WebSocket";
    if (!hold->accept[0] || strcmp(http->accept, hold->accept) != 0)
        return "its Sec-WebSocket-Accept does not answer the key";
    return http->extra[0] ? "it chose an extension or protocol that was not offered" : NULL;
}

static void on_answered(void *context)
{
    struct vo_check *check = context;
    struct hold *hold = check->state;
    char answer[64];
    if (hold->client.http.status != 101) {
        snprintf(answer, sizeof answer, "status %u and no upgrade", hold->client.http.status);
        end(check, "refused", answer);
        return;
    }
    const char *fault = fault_of(hold);
    hold->next = (struct vo_timer){.due = on_held, .context = check};
    if (fault) {
        end(check, "broken", fault);
        return;
    }
    hold->began = vo_clock_monotonic();
    if (!vo_loop_set(check->reach->loop, &hold->next,
                     hold->began + check->reach->site->haproxy.hold_s * VO_NS_PER_S))
        finish(check);
}

static void on_failed(void *context)
{
    struct vo_check *check = context;
    struct hold *hold = check->state;
    const struct vo_http_client *client = &hold->client;
    bool opened = client->result->connected && (!client->result->tls || client->result->secured);
    if (hold->began)
        end(check, "closed", client->problem);
    else if (opened && (client->http.state == VO_HTTP_NOT || client->http.head_size > 0))
        end(check, "broken", client->problem);
    else if (opened)
        end(check, "refused", client->problem);
    else
        finish(check);
}

static bool prepare(struct hold *hold)
{
    uint8_t random[16];
    char key[VO_WEBSOCKET_KEY];
    if (!vo_random_bytes(random, sizeof random))
        return false;
    vo_websocket_key(random, key);
    vo_websocket_accept(key, hold->accept);
    snprintf(
        hold->headers, sizeof hold->headers,
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
        key);
    return true;
}

static void start(struct vo_check *check)
{
    struct hold *hold = calloc(1, sizeof *hold);
    const char *path = check->reach->site->haproxy.websocket_path, *why = "out of memory for a request";
    check->state = hold;
    if (!path)
        why = "the site file has no websocket_path";
    else if (hold && !prepare(hold))
        why = "the kernel gave no random bytes";
    else if (hold) {
        struct vo_http_client *client = &hold->client;
        client->path = path;
        client->headers = hold->headers;
        client->context = check;
        client->answered = on_answered;
        client->failed = on_failed;
        client->received = on_frames;
        if (vo_http_client_open(client, check))
            return;
        why = client->problem;
    }
    vo_check_put_untried(check, NULL, NULL, why);
    vo_check_done(check);
}

static void release(struct vo_check *check)
{
    struct hold *hold = check->state;
    if (hold) {
        vo_loop_cancel(check->reach->loop, &hold->next);
        vo_http_client_close(&hold->client);
    }
    free(hold);
    check->state = NULL;
}

const struct vo_check_kind vo_check_websocket = {
    .name = "websocket", .start = start, .stop = finish, .free = release};
