/* A TCP connection, and by transport TLS or MTLS on it. */
#include "probes/reach/check.h"

#include <stdlib.h>
#include <string.h>

/* A TLS 1.3 server tells only after the handshake that it refuses the client (RFC 8446 4.4.2.4); one that
 * is content mostly says nothing. */
#define QUIET (500 * VO_NS_PER_MS)
#define LIMIT 65536 /* bytes from a peer that talks first */

struct attempt {
    struct vo_conn *conn;
    struct vo_timer quiet;
};

static void finish(struct vo_check *check)
{
    struct attempt *attempt = check->state;
    if (check->done)
        return;
    vo_loop_cancel(check->reach->loop, &attempt->quiet);
    vo_check_observe(check);
    vo_check_put_conn(check, vo_conn_result(attempt->conn));
    vo_observe_end(check->reach->writer);
    vo_check_done(check);
}

static void on_quiet(void *context)
{
    finish(context);
}

/* Whether the server may still have something to say about the client's certificate. */
static bool may_refuse(const struct vo_check *check, const struct vo_tls_result *tls)
{
    return strcmp(check->demand->transport, "mtls") == 0 || !tls->client_certificate ||
           strcmp(tls->client_certificate, "not_asked") != 0;
}

static void on_opened(void *context)
{
    struct vo_check *check = context;
    struct attempt *attempt = check->state;
    const struct vo_tls_result *tls = vo_conn_result(attempt->conn)->tls;
    if (!tls || !may_refuse(check, tls) ||
        !vo_loop_set(check->reach->loop, &attempt->quiet, vo_loop_now(check->reach->loop) + QUIET))
        finish(check);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    finish(context);
}

static void on_ended(void *context, enum vo_conn_end end)
{
    (void)end;
    finish(context);
}

static void start(struct vo_check *check)
{
    struct vo_tls_config tls;
    struct vo_error error;
    struct vo_conn_config config = vo_check_conn_config(check, &tls);
    struct attempt *attempt = calloc(1, sizeof *attempt);
    config.limit = LIMIT;
    config.context = check;
    config.opened = on_opened;
    config.received = on_received;
    config.ended = on_ended;
    check->state = attempt;
    if (!attempt)
        vo_error_memory(&error, "a connection");
    if (attempt && vo_conn_open(check->reach->loop, &config, &attempt->conn, &error) == VO_OK) {
        attempt->quiet = (struct vo_timer){.due = on_quiet, .context = check};
        return;
    }
    vo_check_put_untried(check, NULL, NULL, error.message);
    vo_check_done(check);
}

static void release(struct vo_check *check)
{
    struct attempt *attempt = check->state;
    if (!attempt)
        return;
    vo_loop_cancel(check->reach->loop, &attempt->quiet);
    vo_conn_close(attempt->conn);
    free(attempt);
    check->state = NULL;
}

const struct vo_check_kind vo_check_tcp = {.name = "tcp", .start = start, .stop = finish, .free = release};
