/* A GET on the role's path over HTTPS (guide 6, 12): any status code proves that HTTP is reached. */
#include "probes/reach/http_client.h"

#include <stdlib.h>
#include <string.h>

static const char *path_of(const struct vo_check *check)
{
    const struct vo_site *site = check->reach->site;
    const char *role = check->demand->role, *path = NULL;
    if (role && strcmp(role, "haproxy") == 0)
        path = site->haproxy.path;
    else if (role && strcmp(role, "uc") == 0)
        path = site->uc.path;
    return path ? path : "/";
}

/* Writes what is known, which is all or has its reason. */
static void finish(struct vo_check *check)
{
    struct vo_http_client *client = check->state;
    struct vo_record_writer *writer = check->reach->writer;
    const struct vo_http *http = &client->http;
    if (check->done)
        return;
    vo_check_observe(check);
    vo_check_put_conn(check, client->result);
    if (http->state == VO_HTTP_BODY || http->state == VO_HTTP_DONE) {
        vo_observe_metric(writer, VO_METRIC_HTTP_STATUS, http->status);
        vo_observe_label(writer, "http_server", http->server[0] ? http->server : NULL);
        vo_observe_label(writer, "http_location", http->location[0] ? http->location : NULL);
        vo_check_note_status(check, http->status);
    } else {
        vo_observe_missing(writer, VO_METRIC_HTTP_STATUS, "%s", vo_http_client_why(client));
    }
    vo_observe_end(writer);
    vo_http_client_close(client);
    vo_check_done(check);
}

static void over(void *context)
{
    finish(context);
}

static void start(struct vo_check *check)
{
    struct vo_http_client *client = calloc(1, sizeof *client);
    check->state = client;
    if (client) {
        client->path = path_of(check);
        client->context = check;
        client->answered = client->failed = over;
        if (vo_http_client_open(client, check))
            return;
    }
    vo_check_put_untried(check, NULL, NULL, client ? client->problem : "out of memory for a request");
    vo_check_done(check);
}

static void release(struct vo_check *check)
{
    struct vo_http_client *client = check->state;
    if (client)
        vo_http_client_close(client);
    free(client);
    check->state = NULL;
}

const struct vo_check_kind vo_check_https = {
    .name = "https", .start = start, .stop = finish, .free = release};
