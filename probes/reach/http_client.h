/*
 * One HTTP/1.1 request of a check and the head of its response, over a connection as the check's transport
 * says. What follows the head is the caller's (a WebSocket), or is not waited for.
 *
 * Bounded: the response must be there within the run's time-out after the connection was opened, however
 * slowly it drips; its size is bounded by probes/decode/http.h.
 */
#ifndef VO_PROBES_REACH_HTTP_CLIENT_H
#define VO_PROBES_REACH_HTTP_CLIENT_H

#include "probes/decode/http.h"
#include "probes/reach/check.h"

struct vo_http_client {
    /* Set by the caller. */
    const char *path;
    const char *headers; /* further ones, each with CR LF; NULL: "Connection: close" */
    void *context;
    void (*answered)(void *context); /* status and headers are there */
    void (*failed)(void *context); /* they will not come, says `problem`; also told if the peer ends later */
    void (*received)(void *context, const uint8_t *data, size_t size); /* after the head; NULL: left out */

    /* What there is to know. */
    const struct vo_conn_result *result; /* of the connection; NULL after a failure to begin */
    struct vo_http http;
    char problem[256]; /* "" if there is none */

    /* Its own. */
    struct vo_check *check;
    struct vo_conn *conn;
    struct vo_timer deadline;
    bool over; /* answered or failed */
};

/* False: it could not begin, says `problem`; nothing is called then. Calls nothing before it returns. */
bool vo_http_client_open(struct vo_http_client *client, struct vo_check *check);
bool vo_http_client_send(struct vo_http_client *client, const void *data, size_t size);
/* Why there is no response, with the step at which it was missed; also when it was stopped. */
const char *vo_http_client_why(const struct vo_http_client *client);
void vo_http_client_close(struct vo_http_client *client); /* also if it was never opened */

/* "host", "host:8443", "[2001:db8::1]"; without the port that is HTTPS's own. `to` holds VO_HTTP_AUTHORITY
 * bytes. */
#define VO_HTTP_AUTHORITY 272
char *vo_http_authority(const struct vo_demand *demand, char *to);

#endif
