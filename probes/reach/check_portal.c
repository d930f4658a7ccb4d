/* A captive portal (RFC 8952), or a proxy that nobody told of: a plain HTTP request to a page whose answer is
 * known, and whether that answer comes. */
#include "probes/decode/http.h"
#include "probes/reach/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT  512   /* bytes of the body: the known pages are shorter */
#define LIMIT 65536 /* bytes of an answer: portals send whole pages */

struct visit {
    struct vo_conn *conn;
    struct vo_timer patience; /* the connection's time-out does not count the answer */
    struct vo_http http;
    uint8_t body[KEPT];
    const char *problem; /* why there is no answer */
};

/* What the well-known pages say that do not answer 204. */
static const char *const bodies[] = {"success", "Success", "Microsoft NCSI", "Microsoft Connect Test"};

static bool body_is_known(const struct visit *visit)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (memmem(visit->body, visit->http.body_kept, bodies[i], strlen(bodies[i])))
            return true;
    return false;
}

/* "none", "captive", or NULL: the answer tells neither. */
static const char *judge(const struct visit *visit)
{
    unsigned status = visit->http.status;
    if (status == 204)
        return "none";
    if (status == 200)
        return body_is_known(visit) ? "none" : "captive";
    return (status >= 300 && status < 400) || status == 511 ? "captive" : NULL; /* RFC 6585 6 */
}

static void put_answer(struct vo_check *check, const struct visit *visit)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_conn_result *result = vo_conn_result(visit->conn);
    const char *word = judge(visit);
    if (word)
        vo_observe_state(writer, VO_METRIC_NET_PORTAL, word);
    else if (visit->http.status)
        vo_observe_missing(writer, VO_METRIC_NET_PORTAL, "%s answers %u: give a portal_url that answers 204",
                           check->reach->site->portal_url, visit->http.status);
    else
        vo_observe_missing(writer, VO_METRIC_NET_PORTAL, "no HTTP answer: %s",
                           visit->problem           ? visit->problem
                           : check->reach->stopping ? "stopped before it was over"
                           : result->text[0]        ? result->text
                           : result->state          ? result->state
                                                    : "the connection was not tried");
    if (visit->http.status)
        vo_observe_label_number(writer, "portal_status", visit->http.status);
    vo_observe_label(writer, "portal_location", visit->http.location[0] ? visit->http.location : NULL);
    vo_observe_label(writer, "portal_server", visit->http.server[0] ? visit->http.server : NULL);
}

static void finish(struct vo_check *check)
{
    struct visit *visit = check->state;
    if (check->done)
        return;
    vo_loop_cancel(check->reach->loop, &visit->patience);
    vo_check_observe(check);
    put_answer(check, visit);
    vo_observe_end(check->reach->writer);
    vo_check_done(check);
}

static void on_patience(void *context)
{
    struct vo_check *check = context;
    struct visit *visit = check->state;
    visit->problem = "the server took the request and was silent";
    finish(check);
}

static void on_opened(void *context)
{
    struct vo_check *check = context;
    struct visit *visit = check->state;
    char host[256], request[1024];
    const char *path;
    uint16_t port;
    if (!vo_plan_split_url(check->reach->site->portal_url, host, &port, &path))
        return;
    bool literal = strchr(host, ':') != NULL;
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: voready\r\nAccept: */*\r\n"
                        "Connection: close\r\n\r\n",
                        path, literal ? "[" : "", host, literal ? "]" : "", port);
    if (size < 0 || (size_t)size >= sizeof request || !vo_conn_send(visit->conn, request, (size_t)size)) {
        visit->problem = "the request could not be sent: is portal_url too long?";
        finish(check);
        return;
    }
    vo_loop_set(check->reach->loop, &visit->patience,
                vo_loop_now(check->reach->loop) + check->reach->timeout);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct vo_check *check = context;
    struct visit *visit = check->state;
    while (size && visit->http.state <= VO_HTTP_BODY) {
        size_t used = vo_http_feed(&visit->http, data, size);
        data += used;
        size -= used;
        if (used == 0 && visit->http.state <= VO_HTTP_BODY)
            break;
    }
    if (visit->http.state == VO_HTTP_NOT || visit->http.state == VO_HTTP_BROKEN)
        visit->problem = visit->http.problem ? visit->http.problem : "what answers is no HTTP server";
    if (visit->http.state > VO_HTTP_BODY || visit->http.body_kept == KEPT)
        finish(check);
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct vo_check *check = context;
    struct visit *visit = check->state;
    if (end == VO_CONN_PEER_CLOSED)
        vo_http_end(&visit->http);
    finish(check);
}

static void start(struct vo_check *check)
{
    struct vo_error error;
    struct vo_conn_config config = vo_check_conn_config(check, NULL);
    struct visit *visit = calloc(1, sizeof *visit);
    config.limit = LIMIT;
    config.context = check;
    config.opened = on_opened;
    config.received = on_received;
    config.ended = on_ended;
    check->state = visit;
    if (!visit)
        vo_error_memory(&error, "a connection");
    if (visit && vo_conn_open(check->reach->loop, &config, &visit->conn, &error) == VO_OK) {
        visit->patience = (struct vo_timer){.due = on_patience, .context = check};
        vo_http_begin(&visit->http, false);
        visit->http.body = visit->body;
        visit->http.body_room = KEPT;
        return;
    }
    vo_check_put_untried(check, NULL, NULL, error.message);
    vo_check_done(check);
}

static void release(struct vo_check *check)
{
    struct visit *visit = check->state;
    if (!visit)
        return;
    vo_loop_cancel(check->reach->loop, &visit->patience);
    vo_conn_close(visit->conn);
    free(visit);
    check->state = NULL;
}

const struct vo_check_kind vo_check_portal = {
    .name = "portal", .start = start, .stop = finish, .free = release};
