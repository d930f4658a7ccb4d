/*
 * The push services' provider side (guide 4.3.2 to 4.3.4): HTTP/2 chosen by ALPN, and an answer to a request
 * without credentials. Any status code proves that the service is reached; 403 or 405 are the usual ones.
 */
#include "core/version.h"
#include "probes/io/http2.h"
#include "probes/reach/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT (256 * 1024) /* bytes from the peer, TLS included */

struct exchange {
    struct vo_conn *conn;
    struct vo_http2 *http2;
    struct vo_timer deadline;
    char problem[VO_ERROR_SIZE]; /* why HTTP/2 was not spoken or not answered */
};

static bool was_secured(const struct vo_conn_result *result)
{
    return result->connected && result->secured;
}

/* A server that knows no h2 either ends TLS with the alert no_application_protocol (RFC 7301 3.2) or chooses
 * nothing. */
static bool was_refused(const struct vo_conn_result *result)
{
    return was_secured(result) || (result->tls && result->tls->alert == 120);
}

static void put_http2(const struct vo_check *check, const struct exchange *exchange)
{
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_conn_result *result = vo_conn_result(exchange->conn);
    const struct vo_http2_result *http2 = exchange->http2 ? vo_http2_result(exchange->http2) : NULL;
    const char *why = exchange->problem[0] ? exchange->problem : "stopped before it was over";
    if (http2 && http2->spoken)
        vo_observe_state(writer, VO_METRIC_HTTP2_STATE, "spoken");
    else if (was_refused(result) && exchange->problem[0])
        vo_observe_state(writer, VO_METRIC_HTTP2_STATE, "refused");
    else
        vo_observe_missing(writer, VO_METRIC_HTTP2_STATE, "%s", why);
    if (http2 && http2->status)
        vo_observe_metric(writer, VO_METRIC_HTTP_STATUS, http2->status);
    else
        vo_observe_missing(writer, VO_METRIC_HTTP_STATUS, "%s", why);
    vo_observe_label(writer, "http2_answer", exchange->problem[0] ? exchange->problem : NULL);
}

static void finish(struct vo_check *check)
{
    struct exchange *exchange = check->state;
    if (check->done)
        return;
    vo_loop_cancel(check->reach->loop, &exchange->deadline);
    vo_check_observe(check);
    vo_check_put_conn(check, vo_conn_result(exchange->conn));
    put_http2(check, exchange);
    vo_observe_end(check->reach->writer);
    vo_conn_close(exchange->conn);
    exchange->conn = NULL;
    vo_check_done(check);
}

static void fail(struct vo_check *check, const char *problem)
{
    struct exchange *exchange = check->state;
    if (!exchange->problem[0])
        snprintf(exchange->problem, sizeof exchange->problem, "%s", problem);
    finish(check);
}

static bool flush(struct exchange *exchange)
{
    const uint8_t *data;
    size_t size;
    while ((size = vo_http2_output(exchange->http2, &data)) > 0)
        if (!vo_conn_send(exchange->conn, data, size))
            return false;
    return true;
}

static void on_deadline(void *context)
{
    struct vo_check *check = context;
    const struct exchange *exchange = check->state;
    bool spoken = exchange->http2 && vo_http2_result(exchange->http2)->spoken;
    char problem[96];
    snprintf(problem, sizeof problem, "%s within %g s",
             spoken ? "no answer to the request" : "h2 was negotiated, but no HTTP/2 came",
             (double)check->reach->timeout / (double)VO_NS_PER_S);
    fail(check, problem);
}

static void on_opened(void *context)
{
    struct vo_check *check = context;
    struct exchange *exchange = check->state;
    const struct vo_tls_result *tls = vo_conn_result(exchange->conn)->tls;
    struct vo_loop *loop = check->reach->loop;
    char authority[VO_HTTP_AUTHORITY];
    struct vo_error error;
    if (!tls || strcmp(tls->alpn, "h2") != 0) {
        fail(check, "the server did not choose h2 (ALPN)");
        return;
    }
    if (vo_http2_new(vo_http_authority(check->demand, authority), "/", "voready/" VO_VERSION,
                     &exchange->http2, &error) != VO_OK)
        fail(check, error.message);
    else if (!flush(exchange) ||
             !vo_loop_set(loop, &exchange->deadline, vo_loop_now(loop) + check->reach->timeout))
        fail(check, "the request could not be sent");
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct vo_check *check = context;
    struct exchange *exchange = check->state;
    if (check->done || !exchange->http2)
        return;
    vo_http2_feed(exchange->http2, data, size);
    bool sent = flush(exchange);
    enum vo_http2_phase phase = vo_http2_result(exchange->http2)->phase;
    if (phase == VO_HTTP2_ANSWERED)
        finish(check);
    else if (phase == VO_HTTP2_ENDED)
        fail(check, vo_http2_result(exchange->http2)->problem);
    else if (!sent)
        fail(check, "the server takes nothing any more");
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct vo_check *check = context;
    struct exchange *exchange = check->state;
    if (end == VO_CONN_PEER_CLOSED && exchange->http2) {
        vo_http2_feed(exchange->http2, NULL, 0);
        fail(check, vo_http2_result(exchange->http2)->problem);
    } else {
        fail(check, vo_conn_result(exchange->conn)->text);
    }
}

static void start(struct vo_check *check)
{
    static const char *const alpn[] = {"h2"};
    struct vo_tls_config tls;
    struct vo_error error;
    struct vo_conn_config config = vo_check_conn_config(check, &tls);
    struct exchange *exchange = calloc(1, sizeof *exchange);
    check->state = exchange;
    if (!exchange)
        vo_error_memory(&error, "a request");
    if (config.tls) {
        tls.alpn = alpn;
        tls.alpn_count = 1;
    }
    config.limit = LIMIT;
    config.context = check;
    config.opened = on_opened;
    config.received = on_received;
    config.ended = on_ended;
    if (exchange && vo_conn_open(check->reach->loop, &config, &exchange->conn, &error) == VO_OK) {
        exchange->deadline = (struct vo_timer){.due = on_deadline, .context = check};
        return;
    }
    vo_check_put_untried(check, NULL, NULL, error.message);
    vo_check_done(check);
}

static void release(struct vo_check *check)
{
    struct exchange *exchange = check->state;
    if (!exchange)
        return;
    vo_loop_cancel(check->reach->loop, &exchange->deadline);
    vo_conn_close(exchange->conn);
    vo_http2_free(exchange->http2);
    free(exchange);
    check->state = NULL;
}

const struct vo_check_kind vo_check_http2 = {
    .name = "http2", .start = start, .stop = finish, .free = release};
