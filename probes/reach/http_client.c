#include "probes/reach/http_client.h"

#include "core/version.h"

#include <stdio.h>
#include <string.h>

#define REQUEST_MAX 4096
#define LIMIT       (1 << 20) /* bytes from the peer, TLS and what follows the head included */

char *vo_http_authority(const struct vo_demand *demand, char *to)
{
    bool literal = strchr(demand->host, ':') != NULL && demand->host[0] != '[';
    int size = snprintf(to, VO_HTTP_AUTHORITY, literal ? "[%.255s]" : "%.255s", demand->host);
    if (demand->port != 443)
        snprintf(to + size, VO_HTTP_AUTHORITY - (size_t)size, ":%u", demand->port);
    return to;
}

static void fail(struct vo_http_client *client, const char *problem)
{
    if (!client->problem[0])
        snprintf(client->problem, sizeof client->problem, "%s", problem);
    vo_loop_cancel(client->check->reach->loop, &client->deadline);
    client->over = true;
    client->failed(client->context);
}

static void on_deadline(void *context)
{
    struct vo_http_client *client = context;
    char problem[128];
    double seconds = (double)client->check->reach->timeout / (double)VO_NS_PER_S;
    if (client->http.head_size > 0)
        snprintf(problem, sizeof problem, "its response head was not complete after %g s: %u bytes came",
                 seconds, client->http.head_size);
    else
        snprintf(problem, sizeof problem, "no response to the request within %g s", seconds);
    fail(client, problem);
}

static void on_opened(void *context)
{
    struct vo_http_client *client = context;
    char request[REQUEST_MAX], authority[VO_HTTP_AUTHORITY];
    vo_time end = vo_loop_now(client->check->reach->loop) + client->check->reach->timeout;
    int size =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: voready/" VO_VERSION "\r\nAccept: */*\r\n%s\r\n",
                 client->path, vo_http_authority(client->check->demand, authority),
                 client->headers ? client->headers : "Connection: close\r\n");
    if (size <= 0 || (size_t)size >= sizeof request)
        fail(client, "the request is too long: shorten the path");
    else if (!vo_conn_send(client->conn, request, (size_t)size) ||
             !vo_loop_set(client->check->reach->loop, &client->deadline, end))
        fail(client, "the request could not be sent");
}

/* After VO_HTTP_HEAD: the response's head came, or what came is none. */
static void judge(struct vo_http_client *client)
{
    const struct vo_http *http = &client->http;
    char problem[160];
    if (http->state == VO_HTTP_NOT || http->state == VO_HTTP_BROKEN) {
        snprintf(problem, sizeof problem, "its response is not usable: %s", http->problem);
        fail(client, problem);
        return;
    }
    vo_loop_cancel(client->check->reach->loop, &client->deadline);
    client->over = true;
    client->answered(client->context);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct vo_http_client *client = context;
    size_t taken = 0;
    if (!client->over) {
        taken = vo_http_feed(&client->http, data, size);
        if (client->http.state == VO_HTTP_HEAD)
            return;
        judge(client);
    }
    if (taken < size && client->received && client->conn)
        client->received(client->context, data + taken, size - taken);
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct vo_http_client *client = context;
    char problem[240];
    (void)end;
    if (client->over || client->http.head_size == 0)
        snprintf(problem, sizeof problem, "%s", client->result->text);
    else
        snprintf(problem, sizeof problem, "%s within the head of its response", client->result->text);
    fail(client, problem);
}

bool vo_http_client_open(struct vo_http_client *client, struct vo_check *check)
{
    /* HTTP/2 is not offered: a server that prefers it would not understand what is asked here. */
    static const char *const alpn[] = {"http/1.1"};
    struct vo_tls_config tls;
    struct vo_error error;
    struct vo_conn_config config = vo_check_conn_config(check, &tls);
    client->check = check;
    client->deadline = (struct vo_timer){.due = on_deadline, .context = client};
    vo_http_begin(&client->http, false);
    if (config.tls) {
        tls.alpn = alpn;
        tls.alpn_count = 1;
    }
    config.limit = LIMIT;
    config.context = client;
    config.opened = on_opened;
    config.received = on_received;
    config.ended = on_ended;
    if (vo_conn_open(check->reach->loop, &config, &client->conn, &error) != VO_OK) {
        snprintf(client->problem, sizeof client->problem, "%.250s", error.message);
        return false;
    }
    client->result = vo_conn_result(client->conn);
    return true;
}

bool vo_http_client_send(struct vo_http_client *client, const void *data, size_t size)
{
    return client->conn && vo_conn_send(client->conn, data, size);
}

const char *vo_http_client_why(const struct vo_http_client *client)
{
    return client->problem[0] ? client->problem : "stopped before it was over";
}

void vo_http_client_close(struct vo_http_client *client)
{
    if (client->check)
        vo_loop_cancel(client->check->reach->loop, &client->deadline);
    vo_conn_close(client->conn);
    client->conn = NULL;
    client->result = NULL;
}
