/* SIP out of datagrams, TCP streams and TLS sessions; and signalling that stays hidden. */
#include "probes/flow/rtp_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNREAD_MAX VO_SIP_MESSAGE_MAX

/* One TCP connection that carries SIP, or TLS that may. */
struct connection {
    struct vo_rtp_session *session;
    struct vo_tcp_connection *tcp;
    struct vo_tls *tls;             /* NULL: plain */
    bool sip, foreign;              /* SIP was found in it; something else was */
    const struct vo_packet *packet; /* while bytes of it are being handled */
    struct {
        uint8_t *unread; /* the beginning of a message whose end has not come */
        uint32_t size;
    } side[2];
    vo_time first, last;
    uint32_t packets[2], dscp[2][64];
};

static bool is_sip_tls_port(uint16_t port)
{
    return port == 5061 || port == 5161;
}

static void count_sip(struct vo_rtp_session *session, const struct vo_packet *packet)
{
    session->counts.sip_packets++;
    session->counts.sip_40 += packet->dscp == 40;
}

void vo_rtp_sip_datagram(struct vo_rtp_session *session, const struct vo_packet *packet)
{
    struct vo_sip message;
    switch (vo_sip_decode(packet->payload, packet->payload_size, false, &message)) {
    case VO_SIP_MESSAGE:
        count_sip(session, packet);
        vo_calls_add(session->calls, &message, packet, session->now, VO_SIP_UDP);
        break;
    case VO_SIP_MALFORMED:
        session->counts.malformed_sip++;
        break;
    case VO_SIP_INCOMPLETE:
    case VO_SIP_KEEPALIVE:
    case VO_SIP_NOT:
        break;
    }
}

/* Takes the messages off the front of `data`; returns how many bytes were used. After something that is not
 * SIP, all. */
static uint32_t take_messages(struct connection *connection, const uint8_t *data, uint32_t size)
{
    struct vo_rtp_session *session = connection->session;
    enum vo_sip_transport transport = connection->tls ? VO_SIP_TLS : VO_SIP_TCP;
    uint32_t used = 0;
    while (used < size) {
        struct vo_sip message;
        message.size = 0;
        switch (vo_sip_decode(data + used, size - used, true, &message)) {
        case VO_SIP_MESSAGE:
            connection->sip = true;
            vo_calls_add(session->calls, &message, connection->packet, session->now, transport);
            used += message.size;
            break;
        case VO_SIP_KEEPALIVE:
            used += message.size ? message.size : 1;
            break;
        case VO_SIP_INCOMPLETE:
            return used;
        case VO_SIP_MALFORMED:
            session->counts.malformed_sip++;
            return size;
        case VO_SIP_NOT:
            connection->foreign = !connection->sip;
            return size;
        }
    }
    return used;
}

static void take_bytes(void *context, int direction, const uint8_t *data, uint32_t size)
{
    struct connection *connection = context;
    uint8_t **unread = &connection->side[direction].unread;
    uint32_t *held = &connection->side[direction].size;
    if (connection->foreign)
        return;
    if (*held) {
        bool bounded = *held + size <= UNREAD_MAX + 16384;
        uint8_t *joined = bounded ? realloc(*unread, *held + size) : NULL;
        if (!joined) {
            connection->session->counts.malformed_sip += !bounded;
            connection->session->counts.memory += bounded;
            *held = 0;
            return;
        }
        memcpy(joined + *held, data, size);
        *unread = joined;
        *held += size;
        uint32_t used = take_messages(connection, joined, *held);
        memmove(joined, joined + used, *held - used);
        *held -= used;
        return;
    }
    uint32_t used = take_messages(connection, data, size);
    if (used == size || connection->foreign)
        return;
    uint8_t *kept = realloc(*unread, size - used);
    if (!kept) {
        connection->session->counts.memory++;
        return;
    }
    memcpy(kept, data + used, size - used);
    *unread = kept;
    *held = size - used;
}

/* Decryption secrets that the capture file itself carries join the key log as they come. */
static void take_secrets(struct vo_rtp_session *session)
{
    size_t size = 0;
    const struct vo_frame_source *source = &session->source;
    const char *text = source->secrets ? source->secrets(source->context, &size) : NULL;
    if (!text || size <= session->secrets_taken)
        return;
    if (vo_keylog_add(&session->keylog, text + session->secrets_taken, size - session->secrets_taken, NULL) !=
        VO_OK)
        session->counts.memory++;
    session->secrets_taken = size;
}

static bool on_accept(void *context, struct vo_tcp_connection *tcp, int direction, const uint8_t *data,
                      uint32_t size)
{
    struct vo_rtp_session *session = context;
    (void)direction;
    bool likely_tls = vo_tls_likely(data, size);
    bool hidden_port = is_sip_tls_port(tcp->port[0]) || is_sip_tls_port(tcp->port[1]);
    take_secrets(session);
    bool tls = likely_tls && (hidden_port || vo_keylog_count(session->keylog) > 0);
    if (!tls && !vo_sip_likely(data, size))
        return false;
    struct connection *connection = calloc(1, sizeof *connection);
    struct vo_tls *opened = tls ? vo_tls_new(session->keylog) : NULL;
    if (!connection || (tls && !opened)) {
        session->counts.memory++;
        vo_tls_free(opened);
        free(connection);
        return false;
    }
    connection->session = session;
    connection->tcp = tcp;
    connection->first = session->now;
    connection->tls = opened;
    tcp->user = connection;
    return true;
}

static void on_data(void *context, struct vo_tcp_connection *tcp, int direction, const uint8_t *data,
                    uint32_t size, const struct vo_packet *packet, vo_time time)
{
    struct connection *connection = tcp->user;
    struct vo_rtp_session *session = context;
    connection->packet = packet;
    connection->last = time;
    if (connection->tls)
        take_secrets(session);
    connection->packets[direction]++;
    connection->dscp[direction][packet->dscp & 63]++;
    if (connection->tls)
        vo_tls_feed(connection->tls, direction, data, size, take_bytes, connection);
    else
        take_bytes(connection, direction, data, size);
    bool hidden = connection->tls && (is_sip_tls_port(tcp->port[0]) || is_sip_tls_port(tcp->port[1]));
    if (connection->sip || (hidden && !connection->foreign))
        count_sip(session, packet);
    connection->packet = NULL;
}

static void on_hole(void *context, struct vo_tcp_connection *tcp, int direction, uint32_t size, vo_time time)
{
    struct vo_rtp_session *session = context;
    struct connection *connection = tcp->user;
    (void)time;
    session->counts.sip_holes++;
    connection->side[direction].size = 0;
    if (connection->tls)
        vo_tls_hole(connection->tls, direction, size);
}

/* The entry of the server that this connection's side `server` is, begun if there is none; NULL: no memory,
 * or no room. */
static struct vo_hidden_signalling *hidden_of(const struct connection *connection, int server)
{
    struct vo_rtp_session *session = connection->session;
    const struct vo_tcp_connection *tcp = connection->tcp;
    const uint8_t *address = tcp->address[server];
    uint32_t mixed = tcp->port[server];
    for (unsigned i = 0; i < 16; i++)
        mixed = (mixed ^ address[i]) * 16777619u;
    struct vo_hidden_signalling **bucket = &session->hidden_by[(mixed >> 16) % VO_RTP_HIDDEN_BUCKETS];
    for (struct vo_hidden_signalling *h = *bucket; h; h = h->next_in_bucket)
        if (h->server_port == tcp->port[server] && memcmp(h->server, address, 16) == 0)
            return h;
    if (session->hidden_count == VO_RTP_HIDDEN_MAX) {
        session->counts.hidden_left_out++;
        return NULL;
    }
    struct vo_hidden_signalling *hidden = calloc(1, sizeof *hidden);
    if (!hidden) {
        session->counts.memory++;
        return NULL;
    }
    memcpy(hidden->server, address, 16);
    memcpy(hidden->client, tcp->address[!server], 16);
    hidden->server_port = tcp->port[server];
    hidden->client_port = tcp->port[!server];
    hidden->first = connection->first;
    hidden->last = connection->last;
    snprintf(hidden->why, sizeof hidden->why, "%s", vo_tls_explain(connection->tls));
    hidden->next = session->hidden;
    hidden->next_in_bucket = *bucket;
    session->hidden = *bucket = hidden;
    session->hidden_count++;
    return hidden;
}

/* Remembers a TLS connection on a SIP port that gave no SIP. */
static void remember_hidden(struct connection *connection)
{
    const struct vo_tcp_connection *tcp = connection->tcp;
    int client = tcp->client == 1 || (tcp->client < 0 && is_sip_tls_port(tcp->port[0]));
    struct vo_hidden_signalling *hidden = hidden_of(connection, !client);
    if (!hidden)
        return;
    hidden->connections++;
    hidden->first = connection->first < hidden->first ? connection->first : hidden->first;
    hidden->last = connection->last > hidden->last ? connection->last : hidden->last;
    hidden->others_differ |= strcmp(hidden->why, vo_tls_explain(connection->tls)) != 0;
    for (int i = 0; i < 2; i++) {
        hidden->packets[i] += connection->packets[i ^ client];
        for (int dscp = 0; dscp < 64; dscp++)
            hidden->dscp[i][dscp] += connection->dscp[i ^ client][dscp];
    }
}

static void on_closed(void *context, struct vo_tcp_connection *tcp)
{
    struct connection *connection = tcp->user;
    (void)context;
    if (!connection)
        return;
    bool sip_port = is_sip_tls_port(tcp->port[0]) || is_sip_tls_port(tcp->port[1]);
    if (connection->tls && !connection->sip && !connection->foreign && sip_port)
        remember_hidden(connection);
    vo_tls_free(connection->tls);
    free(connection->side[0].unread);
    free(connection->side[1].unread);
    free(connection);
    tcp->user = NULL;
}

bool vo_rtp_signalling_open(struct vo_rtp_session *session)
{
    const struct vo_tcp_handler handler = {on_accept, on_data, on_hole, on_closed};
    session->tcp = vo_tcp_new(&handler, session);
    return session->tcp != NULL;
}
