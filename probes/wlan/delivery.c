#include "probes/wlan/delivery.h"

#include <stdlib.h>
#include <string.h>

#define MS(time) ((uint32_t)((time) / VO_NS_PER_MS))
enum { FORGET_MS = 1000, END_MS = 100 };

void vo_delivery_init(struct vo_delivery *delivery, const struct vo_voice_told *told, unsigned count)
{
    memset(delivery, 0, sizeof *delivery);
    delivery->end = &delivery->first;
    delivery->told = told;
    delivery->told_count = count;
}

void vo_delivery_release(struct vo_delivery *delivery)
{
    while (delivery->first) {
        struct vo_link *next = delivery->first->next;
        for (unsigned i = 0; i < VO_FLOWS; i++)
            free(delivery->first->flows[i]);
        free(delivery->first);
        delivery->first = next;
    }
    vo_lookup_release(&delivery->by);
    vo_delivery_init(delivery, NULL, 0);
}

/* --- Links ---------------------------------------------------------------------------------------- */

static struct vo_link *add_link(struct vo_delivery *delivery, const struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_link *link = delivery->count < VO_LINK_MOST ? calloc(1, sizeof *link) : NULL;
    if (!link || !vo_lookup_add(&delivery->by, frame->transmitter, frame->receiver, link)) {
        free(link);
        delivery->left_out++;
        return NULL;
    }
    link->transmitter = frame->transmitter;
    link->receiver = frame->receiver;
    link->first = heard->time;
    link->direction = frame->bssid == frame->transmitter ? VO_LINK_FROM_AP
                      : frame->bssid == frame->receiver  ? VO_LINK_TO_AP
                                                         : VO_LINK_OTHER;
    for (unsigned i = 0; i < delivery->told_count; i++)
        if (delivery->told[i].address == link->transmitter || delivery->told[i].address == link->receiver)
            link->voice.told = &delivery->told[i];
    *delivery->end = link;
    delivery->end = &link->next;
    delivery->count++;
    return link;
}

struct vo_link *vo_delivery_find(struct vo_delivery *delivery, vo_wlan_address transmitter,
                                 vo_wlan_address receiver)
{
    struct vo_link *last = delivery->last;
    if (last && last->transmitter == transmitter && last->receiver == receiver)
        return last;
    last = vo_lookup_find(&delivery->by, transmitter, receiver);
    if (last)
        delivery->last = last;
    return last;
}

static struct vo_link *link_of(struct vo_delivery *delivery, const struct vo_heard *heard)
{
    const struct vo_ieee80211 *frame = heard->frame;
    if (frame->receiver == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(frame->receiver) ||
        frame->transmitter == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(frame->transmitter))
        return NULL;
    struct vo_link *link = vo_delivery_find(delivery, frame->transmitter, frame->receiver);
    return link ? link : add_link(delivery, heard);
}

/* Frames of a standing link, see the header. */
static bool is_counted(const struct vo_ieee80211 *frame)
{
    switch (frame->kind) {
    case VO_IEEE80211_ASSOCIATION_REQUEST:
    case VO_IEEE80211_ASSOCIATION_RESPONSE:
    case VO_IEEE80211_REASSOCIATION_REQUEST:
    case VO_IEEE80211_REASSOCIATION_RESPONSE:
    case VO_IEEE80211_AUTHENTICATION:
    case VO_IEEE80211_ACTION:
        return true;
    default:
        return frame->type == VO_IEEE80211_DATA && !(frame->has & VO_IEEE80211_NO_BODY);
    }
}

/* --- Frames and their fate ------------------------------------------------------------------------ */

static void settle(struct vo_link *link, const struct vo_sent *sent)
{
    if (sent->state & VO_SENT_ACKNOWLEDGED) {
        link->acknowledged++;
        link->repeated_acknowledged += (sent->state & VO_SENT_REPEATED) != 0;
    } else if (sent->state & (sent->state & VO_SENT_BLOCK ? VO_SENT_DENIED : VO_SENT_REPEATED)) {
        link->undelivered++;
    } else {
        link->unheard++;
    }
}

static struct vo_flow *flow_of(struct vo_delivery *delivery, struct vo_link *link, unsigned at)
{
    enum { OF_TID = 1024, OTHER = 16 }; /* the largest window of BlockAck; frames one by one */
    unsigned room = at == VO_FLOW_NO_TID ? OTHER : OF_TID;
    if (link->flows[at] || delivery->flow_count == VO_FLOW_MOST)
        return link->flows[at];
    struct vo_flow *flow = calloc(1, sizeof *flow + room * sizeof *flow->sent);
    if (!flow)
        return NULL;
    flow->mask = (uint16_t)(room - 1);
    delivery->flow_count++;
    link->flows[at] = flow;
    return flow;
}

/* Sequence numbers between this frame and the newest before it. */
static void note_skipped(struct vo_link *link, struct vo_flow *flow, uint16_t sequence)
{
    int skipped = vo_on_air_skipped(&flow->numbers, sequence);
    if (skipped >= 0)
        link->skipped += (uint64_t)skipped;
    else /* it was counted as skipped */
        link->skipped -= link->skipped > 0;
}

/* One attempt; returns the frame that it is of. */
static struct vo_sent *take_attempt(struct vo_link *link, struct vo_flow *flow, const struct vo_heard *heard,
                                    bool in_block)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_sent *sent = &flow->sent[frame->sequence & flow->mask];
    bool same = sent->state && sent->sequence == frame->sequence && sent->fragment == frame->fragment &&
                MS(heard->time) - sent->time_ms <= FORGET_MS;
    if (same) {
        link->duplicates += (sent->state & VO_SENT_ACKNOWLEDGED) != 0;
        sent->state = (uint8_t)((sent->state | VO_SENT_REPEATED) & ~VO_SENT_DENIED);
    } else {
        if (sent->state)
            settle(link, sent);
        bool fragment = sent->state && sent->sequence == frame->sequence;
        *sent = (struct vo_sent){frame->sequence, frame->fragment, VO_SENT_USED, 0};
        link->frames++;
        if (frame->has & VO_IEEE80211_HAS_QOS && !fragment)
            note_skipped(link, flow, frame->sequence);
    }
    if (frame->control & VO_IEEE80211_RETRY)
        sent->state |= VO_SENT_REPEATED;
    if (in_block)
        sent->state |= VO_SENT_BLOCK;
    sent->time_ms = MS(heard->time);
    return sent;
}

static void await(struct vo_delivery *delivery, struct vo_link *link, struct vo_sent *sent,
                  const struct vo_heard *heard, uint64_t air_ns)
{
    delivery->awaiting.sent = sent;
    delivery->awaiting.link = link;
    delivery->awaiting.time = heard->time;
    delivery->awaiting.air_ns = air_ns;
    delivery->awaiting.has_tsft = vo_radiotap_has_clock(heard->radio);
    delivery->awaiting.tsft_us = heard->radio->tsft_us;
}

/* A frame that this host sent, as its driver hands it back when it is done with it: with the number of
 * repetitions, and whether it was acknowledged. */
static bool is_reported(const struct vo_radiotap *radio)
{
    return vo_radiotap_has(radio, VO_RADIOTAP_TX_FLAGS) && vo_radiotap_has(radio, VO_RADIOTAP_DATA_RETRIES);
}

static void take_reported(struct vo_delivery *delivery, struct vo_link *link, const struct vo_heard *heard)
{
    bool failed = heard->radio->tx_flags & VO_RADIOTAP_TX_FAILED;
    unsigned retries = heard->radio->data_retries;
    link->attempts += 1 + retries;
    link->retries += retries;
    link->frames++;
    link->reported++;
    link->undelivered += failed;
    link->acknowledged += !failed;
    link->repeated_acknowledged += !failed && retries;
    if (!failed)
        delivery->confirmed = link;
}

static void take_sent(struct vo_delivery *delivery, struct vo_link *link, const struct vo_heard *heard,
                      uint64_t air_ns)
{
    enum { POLICY = 0x60, NO_ACK = 0x20, BLOCK_ACK = 0x60 };
    const struct vo_ieee80211 *frame = heard->frame;
    unsigned policy = frame->has & VO_IEEE80211_HAS_QOS ? frame->qos_control & POLICY : 0;
    bool without =
        vo_radiotap_has(heard->radio, VO_RADIOTAP_TX_FLAGS) && heard->radio->tx_flags & VO_RADIOTAP_TX_NO_ACK;
    if (policy == NO_ACK || without) {
        link->unacknowledgeable++;
        return;
    }
    if (is_reported(heard->radio)) {
        take_reported(delivery, link, heard);
        return;
    }
    link->attempts++;
    link->retries += (frame->control & VO_IEEE80211_RETRY) != 0;
    struct vo_flow *flow =
        flow_of(delivery, link, frame->has & VO_IEEE80211_HAS_QOS ? frame->tid : (unsigned)VO_FLOW_NO_TID);
    if (!flow) {
        link->unsorted++;
        delivery->unsorted++;
        return;
    }
    struct vo_sent *sent = take_attempt(link, flow, heard, heard->aggregated || policy == BLOCK_ACK);
    if (policy != BLOCK_ACK && !heard->joined)
        await(delivery, link, sent, heard, air_ns);
}

/* --- Acknowledgements ----------------------------------------------------------------------------- */

/* Whether this ACK, the next frame heard, can be the answer: it comes a SIFS behind the frame. By the
 * receiver's clock, whichever end of a frame that stamps, within the frame's own time and that of a slow ACK;
 * the kernel's times are coarser. */
static bool is_in_time(const struct vo_delivery *delivery, const struct vo_heard *heard)
{
    enum { ACK_US = 500, LONGEST_US = 5500 };
    static const vo_time coarse = 5 * VO_NS_PER_MS;
    uint64_t air_us = delivery->awaiting.air_ns ? delivery->awaiting.air_ns / 1000 : LONGEST_US;
    if (delivery->awaiting.has_tsft && vo_radiotap_has_clock(heard->radio))
        return heard->radio->tsft_us - delivery->awaiting.tsft_us <= air_us + ACK_US;
    vo_time since = heard->time - delivery->awaiting.time;
    return since >= 0 && since <= coarse;
}

/* The frame before this one, to whose transmitter it is, was received. */
static void confirm_awaited(struct vo_delivery *delivery)
{
    delivery->awaiting.sent->state |= VO_SENT_ACKNOWLEDGED;
    delivery->confirmed = delivery->awaiting.link;
}

static bool answers_awaited(const struct vo_delivery *delivery, const struct vo_heard *heard)
{
    return delivery->awaiting.sent && heard->frame->receiver == delivery->awaiting.link->transmitter;
}

static void take_ack(struct vo_delivery *delivery, const struct vo_heard *heard)
{
    delivery->acks++;
    if (answers_awaited(delivery, heard) && is_in_time(delivery, heard))
        confirm_awaited(delivery);
}

/* True if it acknowledges anything that was heard. */
static bool take_bitmap(struct vo_flow *flow, const struct vo_ieee80211_block_ack *ack, uint32_t now_ms)
{
    enum { MODULUS = 4096 };
    unsigned bits = ack->bitmap_size * 8;
    bool any = false;
    unsigned sent_of = (unsigned)(flow->numbers.newest - ack->start) % MODULUS + 1;
    for (unsigned i = 0; i < bits && i < sent_of; i++) {
        uint16_t sequence = (uint16_t)((ack->start + i) % MODULUS);
        struct vo_sent *sent = &flow->sent[sequence & flow->mask];
        if (!sent->state || sent->sequence != sequence || now_ms - sent->time_ms > FORGET_MS)
            continue;
        bool received = ack->bitmap[i / 8] >> i % 8 & 1;
        sent->state |= received ? VO_SENT_ACKNOWLEDGED : VO_SENT_BLOCK | VO_SENT_DENIED;
        any |= received;
    }
    return any;
}

static void take_block_ack(struct vo_delivery *delivery, const struct vo_heard *heard)
{
    struct vo_ieee80211_block_acks acks;
    struct vo_ieee80211_block_ack ack;
    delivery->block_acks++;
    struct vo_link *link = vo_lookup_find(&delivery->by, heard->frame->receiver, heard->frame->transmitter);
    bool answers = answers_awaited(delivery, heard);
    if (!link || !vo_ieee80211_block_acks_begin(heard->frame, &acks))
        return;
    while (vo_ieee80211_block_ack_next(&acks, &ack)) {
        if ((ack.all || ack.bitmap_size == 0) && answers)
            confirm_awaited(delivery);
        else if (ack.tid < VO_FLOW_NO_TID && link->flows[ack.tid] && link->flows[ack.tid]->numbers.begun &&
                 take_bitmap(link->flows[ack.tid], &ack, MS(heard->time)))
            delivery->confirmed = link;
    }
}

struct vo_link *vo_delivery_hear(struct vo_delivery *delivery, const struct vo_heard *heard,
                                 struct vo_bss *bss, uint64_t air_ns)
{
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_link *link = NULL;
    delivery->confirmed = NULL;
    if (frame && frame->kind == VO_IEEE80211_ACK)
        take_ack(delivery, heard);
    else if (frame && frame->kind == VO_IEEE80211_BLOCK_ACK)
        take_block_ack(delivery, heard);
    delivery->awaiting.sent = NULL;
    if (frame && is_counted(frame))
        link = link_of(delivery, heard);
    if (!link)
        return NULL;
    link->last = heard->time;
    link->air_ns += air_ns;
    if (bss)
        link->bss = bss;
    take_sent(delivery, link, heard, air_ns);
    return link;
}

static void finish_flow(struct vo_link *link, const struct vo_flow *flow, vo_time end)
{
    for (unsigned i = 0; i <= flow->mask; i++) {
        const struct vo_sent *sent = &flow->sent[i];
        if (!sent->state)
            continue;
        if (!(sent->state & VO_SENT_ACKNOWLEDGED) && MS(end) - sent->time_ms < END_MS)
            link->open++;
        else
            settle(link, sent);
    }
}

void vo_delivery_finish(struct vo_delivery *delivery, vo_time end)
{
    for (struct vo_link *link = delivery->first; link; link = link->next)
        for (unsigned i = 0; i < VO_FLOWS; i++)
            if (link->flows[i])
                finish_flow(link, link->flows[i], end);
}

bool vo_link_per(const struct vo_link *link, double *percent, double *uncertainty, const char **why)
{
    static const double deaf =
        0.1; /* more acknowledgements missed than this: what is undelivered is not known */
    double sent = (double)(link->acknowledged + link->undelivered + link->unheard);
    *why = NULL;
    if (sent <= 0)
        *why = link->unsorted ? "more links were heard than are followed, or memory ran out"
                              : "no frame was sent that asks for an acknowledgement";
    else if (link->acknowledged == 0)
        *why = "no acknowledgement of its receiver was heard: too far away, or not captured";
    else if ((double)link->unheard > deaf * sent)
        *why = "this receiver misses more than a tenth of the acknowledgements";
    if (*why)
        return false;
    double repeated = (double)(link->repeated_acknowledged + link->undelivered);
    *percent = 100 * (double)link->undelivered / sent;
    *uncertainty = 100 * repeated / sent * ((double)link->unheard / sent);
    return true;
}
