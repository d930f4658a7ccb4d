/* TCP: connections of probes and of control, few and short-lived until they have proved themselves. */
#include "probes/voice/responder_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define AT_ONCE 16 /* connections of one port before the others have their turn */

void vo_link_close(struct vo_link *link)
{
    struct vo_responder *responder = link->responder;
    vo_loop_unwatch(responder->loop, &link->watch);
    vo_loop_cancel(responder->loop, &link->expiry);
    close(link->watch.fd);
    if (link->hold)
        vo_hold_lose(link->hold);
    if (link->session)
        vo_session_end(link->session);
    *(link->previous ? &link->previous->next : &responder->oldest) = link->next;
    *(link->next ? &link->next->previous : &responder->newest) = link->previous;
    responder->counts.connections_now--;
    free(link->out);
    free(link);
}

/* Sends what waits. False: the peer is gone. */
static bool flush(struct vo_link *link)
{
    while (link->out) {
        ssize_t sent = send(link->watch.fd, link->out + link->out_sent, link->out_size - link->out_sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        link->out_sent += (uint32_t)sent;
        if (link->out_sent == link->out_size) {
            free(link->out);
            link->out = NULL;
        }
    }
    return true;
}

bool vo_link_send(struct vo_link *link, uint8_t *out, uint32_t size)
{
    link->out = out;
    link->out_size = size;
    link->out_sent = 0;
    return flush(link);
}

bool vo_link_reply(struct vo_link *link, const struct vo_session *session, struct vo_reflect_body *body)
{
    uint8_t *out = malloc(VO_REFLECT_BODY);
    body->t3 = vo_clock_now();
    if (!out || !vo_session_seal(session, body, out)) {
        free(out);
        return false;
    }
    return vo_link_send(link, out, VO_REFLECT_BODY);
}

bool vo_link_release(struct vo_link *link, const struct vo_session *session, struct vo_reflect_body *body)
{
    const struct vo_responder *responder = link->responder;
    link->hold = NULL;
    if ((body && !vo_link_reply(link, session, body)) ||
        (link->out && vo_loop_watch(responder->loop, &link->watch, EPOLLOUT, NULL) != VO_OK) ||
        !vo_loop_set(responder->loop, &link->expiry,
                     vo_loop_now(responder->loop) + (body ? responder->limits.half_open : 0))) {
        vo_link_close(link);
        return false;
    }
    return true;
}

/* What begins otherwise than a request may be a message, of which the rest is still to come: it is never
 * answered. */
static bool is_request(const struct vo_link *link)
{
    static const uint8_t magic[] = {'V', 'O', 'R', '1'};
    return memcmp(link->in, magic, link->in_size < sizeof magic ? link->in_size : sizeof magic) == 0;
}

/* The connection's one request has come: answers it, now or later. */
static bool answer_request(struct vo_link *link)
{
    struct vo_reply reply = {0};
    struct vo_reflect_body *body = &reply.body;
    struct vo_endpoint peer = vo_endpoint_of(&link->peer);
    struct vo_session_row *row = vo_session_request(link->responder, VO_REFLECT_TCP, link->listener->port,
                                                    &peer, link->in, VO_REFLECT_BODY, body);
    if (!row)
        return false;
    link->answered = true;
    bool later = body->kind == VO_REFLECT_LATER && body->delay_ms > 0;
    body->kind = VO_REFLECT_REPLY;
    body->seen_dscp = VO_REFLECT_DSCP_UNKNOWN;
    body->seen_ttl = 0;
    body->seen_port = peer.port;
    memcpy(body->seen_address, peer.address, sizeof peer.address);
    body->received = row->row.received;
    body->t2 = vo_clock_now();
    return later ? vo_hold_add(row->session, VO_REFLECT_TCP, &reply, link)
                 : vo_link_reply(link, row->session, body);
}

static bool answer_probe(struct vo_link *link, uint32_t *used)
{
    *used = 0;
    if (link->answered)
        return link->in_size == 0; /* it has had its one answer */
    if (!is_request(link)) {
        vo_message_keep(link->responder, VO_REFLECT_TCP, link->listener->port, link->in, link->in_size);
        return link->in_size < sizeof link->in; /* there is no room for more */
    }
    if (link->in_size < VO_REFLECT_BODY)
        return true;
    *used = VO_REFLECT_BODY;
    return answer_request(link);
}

/* Serves what has come. False: the connection is to be closed. */
static bool serve(struct vo_link *link)
{
    uint32_t used = 0;
    do {
        bool is_control = link->listener->role == VO_LISTEN_CONTROL;
        if (!(is_control ? vo_control_frame(link, &used) : answer_probe(link, &used)))
            return false;
        link->in_size -= used;
        memmove(link->in, link->in + used, link->in_size);
    } while (used > 0 && !link->out);
    return true;
}

static bool take(struct vo_link *link)
{
    uint32_t room = (uint32_t)sizeof link->in - link->in_size;
    ssize_t size = room ? recv(link->watch.fd, link->in + link->in_size, room, MSG_DONTWAIT) : 0;
    if (size < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    link->in_size += (uint32_t)size;
    return size > 0 && serve(link);
}

static void link_ready(void *context, uint32_t events)
{
    struct vo_link *link = context;
    bool was_waiting = link->out != NULL;
    bool alive = flush(link);
    if (alive && !link->out)
        alive = was_waiting ? serve(link) : take(link); /* frames that came meanwhile have their turn */
    else if (alive && events & (EPOLLERR | EPOLLHUP))
        alive = false;
    if (alive && was_waiting != (link->out != NULL))
        alive =
            vo_loop_watch(link->responder->loop, &link->watch, link->out ? EPOLLOUT : EPOLLIN, NULL) == VO_OK;
    if (!alive)
        vo_link_close(link);
}

/* A connection has its time to prove itself; a session lasts while it is used. */
static void link_expired(void *context)
{
    struct vo_link *link = context;
    vo_time end = link->session ? link->session->used + link->responder->limits.idle : 0;
    if (end <= vo_loop_now(link->responder->loop) || !vo_loop_set(link->responder->loop, &link->expiry, end))
        vo_link_close(link);
}

/* Whether both count as one source. Whoever has an IPv6 address has its /64. */
static bool same_source(const struct vo_link *link, const struct vo_endpoint *peer)
{
    struct vo_endpoint other = vo_endpoint_of(&link->peer);
    return memcmp(other.address, peer->address, link->peer.ss_family == AF_INET6 ? 8 : 16) == 0;
}

/* Room for one more: at the limit, the oldest connection that has not proved itself goes. */
static bool make_room(struct vo_responder *responder, const struct vo_endpoint *peer)
{
    uint32_t of_source = 0;
    struct vo_link *weakest = NULL;
    for (struct vo_link *link = responder->oldest; link; link = link->next) {
        of_source += same_source(link, peer);
        if (!link->session && !link->hold && !weakest)
            weakest = link;
    }
    if (of_source >= responder->limits.connections_per_address)
        return false;
    if (responder->counts.connections_now < responder->limits.connections)
        return true;
    if (weakest)
        vo_link_close(weakest);
    return weakest != NULL;
}

/* Makes a connection of an accepted socket. False: it is not wanted. */
static bool admit(struct vo_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct vo_responder *responder = listener->responder;
    struct vo_endpoint source = vo_endpoint_of(peer);
    struct vo_link *link = make_room(responder, &source) ? calloc(1, sizeof *link) : NULL;
    if (!link)
        return false;
    link->responder = responder;
    link->listener = listener;
    link->peer = *peer;
    link->watch = (struct vo_watch){.ready = link_ready, .context = link, .fd = fd};
    link->expiry = (struct vo_timer){.due = link_expired, .context = link};
    vo_time now = vo_loop_now(responder->loop);
    if (vo_loop_watch(responder->loop, &link->watch, EPOLLIN, NULL) != VO_OK ||
        !vo_loop_set(responder->loop, &link->expiry, now + responder->limits.half_open)) {
        vo_loop_unwatch(responder->loop, &link->watch);
        free(link);
        return false;
    }
    link->previous = responder->newest;
    *(responder->newest ? &responder->newest->next : &responder->oldest) = link;
    responder->newest = link;
    responder->counts.connections_now++;
    return true;
}

void vo_responder_resume(void *context)
{
    struct vo_responder *responder = context;
    for (size_t i = 0; i < responder->listener_count; i++)
        if (responder->listeners[i].role != VO_LISTEN_UDP)
            vo_loop_watch(responder->loop, &responder->listeners[i].watch, EPOLLIN, NULL);
}

/* There are no file descriptors: a waiting connection would wake the loop again and again. */
static void rest(struct vo_responder *responder)
{
    if (!vo_loop_set(responder->loop, &responder->resume, vo_loop_now(responder->loop) + VO_NS_PER_S))
        return;
    for (size_t i = 0; i < responder->listener_count; i++)
        if (responder->listeners[i].role != VO_LISTEN_UDP)
            vo_loop_unwatch(responder->loop, &responder->listeners[i].watch);
}

void vo_responder_accept_ready(void *context, uint32_t events)
{
    struct vo_listener *listener = context;
    struct vo_responder *responder = listener->responder;
    (void)events;
    for (int i = 0; i < AT_ONCE; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(listener->watch.fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
            rest(responder);
        if (fd < 0)
            return;
        struct vo_endpoint source = vo_endpoint_of(&peer);
        responder->counts.connections++;
        if (listener->role == VO_LISTEN_TCP)
            vo_session_accepted(responder, listener->port, &source);
        if (!admit(listener, fd, &peer)) {
            responder->counts.connections_refused++;
            close(fd);
        }
    }
}
