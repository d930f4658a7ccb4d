/* Delayed replies: they tell how long NAT and firewalls remember an idle flow. The time is kept here, so that
 * nothing that the client sends renews the flow. */
#include "probes/voice/responder_private.h"

#include <stdlib.h>

static void on_due(void *context)
{
    struct vo_hold *hold = context;
    struct vo_link *link = hold->link;
    bool sent;
    hold->link = NULL;
    if (hold->told.protocol == VO_REFLECT_TCP)
        sent = link && vo_link_release(link, hold->session, &hold->reply.body);
    else
        sent = vo_responder_udp_reply(hold->session, &hold->reply);
    hold->told.state = sent ? VO_REFLECT_SENT : VO_REFLECT_LOST;
}

bool vo_hold_add(struct vo_session *session, enum vo_reflect_protocol protocol, const struct vo_reply *reply,
                 struct vo_link *link)
{
    struct vo_loop *loop = session->responder->loop;
    vo_time due = vo_loop_now(loop) + reply->body.delay_ms * VO_NS_PER_MS;
    if (session->hold_count == VO_REFLECT_HOLDS || reply->body.delay_ms > VO_REFLECT_DELAY_MS)
        return false;
    struct vo_hold *hold = malloc(sizeof *hold);
    if (!hold)
        return false;
    *hold = (struct vo_hold){.session = session,
                             .told = {reply->body.sequence, protocol, VO_REFLECT_WAITING},
                             .reply = *reply,
                             .link = link};
    hold->due = (struct vo_timer){.due = on_due, .context = hold};
    /* a link without a reply that waits has a short life */
    if (!vo_loop_set(loop, &hold->due, due) ||
        (link && !vo_loop_set(loop, &link->expiry, due + session->responder->limits.half_open))) {
        vo_loop_cancel(loop, &hold->due);
        free(hold);
        return false;
    }
    if (link)
        link->hold = hold;
    session->holds[session->hold_count++] = hold;
    return true;
}

void vo_hold_lose(struct vo_hold *hold)
{
    hold->link = NULL;
    if (hold->told.state == VO_REFLECT_WAITING)
        hold->told.state = VO_REFLECT_LOST;
    vo_loop_cancel(hold->session->responder->loop, &hold->due);
}

void vo_hold_free(struct vo_hold *hold)
{
    vo_loop_cancel(hold->session->responder->loop, &hold->due);
    if (hold->link)
        vo_link_release(hold->link, hold->session, NULL);
    free(hold);
}
