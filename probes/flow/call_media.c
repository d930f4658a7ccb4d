/* What SDP announces: which endpoint belongs to which side of which call, and what is sent there. */
#include "probes/flow/call_private.h"

#include <math.h>
#include <strings.h>

struct announcement {
    struct vo_calls *calls;
    struct vo_call_entry *entry;
    const struct vo_media *kept; /* calls->media in lasting memory, once a binding needs it */
    vo_time time;
    int side;
    uint8_t index; /* of the m= line */
};

struct endpoint {
    const uint8_t *address;
    uint16_t port;
};

static uint64_t hash_endpoint(struct endpoint endpoint)
{
    return vo_call_hash(endpoint.port, endpoint.address, 16);
}

static bool same_endpoint(const void *item, const void *key)
{
    const struct vo_binding *binding = item;
    const struct endpoint *endpoint = key;
    return binding->port == endpoint->port && memcmp(binding->address, endpoint->address, 16) == 0;
}

static struct vo_call_slot *find_slot(const struct vo_calls *calls, struct endpoint endpoint)
{
    return vo_call_table_find(&calls->endpoints, hash_endpoint(endpoint), same_endpoint, &endpoint);
}

const struct vo_binding *vo_calls_binding(const struct vo_calls *calls, const uint8_t address[16],
                                          uint16_t port)
{
    const struct vo_call_slot *slot = find_slot(calls, (struct endpoint){address, port});
    return slot ? slot->item : NULL;
}

const struct vo_media_payload *vo_media_find(const struct vo_media *media, uint8_t payload_type)
{
    for (unsigned i = 0; i < media->payload_count; i++)
        if (media->payloads[i].type == payload_type)
            return &media->payloads[i];
    return NULL;
}

const struct vo_media_payload *vo_media_named(const struct vo_binding *to, const struct vo_binding *from,
                                              uint8_t payload_type)
{
    const struct vo_media_payload *told = to ? vo_media_find(to->media, payload_type) : NULL;
    if (told && (told->clock_hz || told->differs))
        return told;
    const struct vo_media_payload *sent = from ? vo_media_find(from->media, payload_type) : NULL;
    return sent ? sent : told;
}

/* ---- media ---- */

static bool is_bundled(const struct vo_sdp_media *a, const struct vo_sdp_media *b)
{
    return a->port == b->port && a->has_address && b->has_address && !a->held &&
           memcmp(a->address, b->address, 16) == 0;
}

static struct vo_media_payload *listed(struct vo_media *media, uint8_t type)
{
    for (unsigned i = 0; i < media->payload_count; i++)
        if (media->payloads[i].type == type)
            return &media->payloads[i];
    return NULL;
}

/* Another line lists the same type: what they do not agree on is not known. */
static void list_again(struct vo_media_payload *to, const struct vo_sdp_payload *payload,
                       const struct vo_sdp_media *from)
{
    if (strcmp(to->kind, from->kind) != 0)
        to->kind[0] = '\0';
    if (fabs(to->ptime_ms - from->ptime_ms) > 1e-6)
        to->ptime_ms = 0;
    if (to->clock_hz == payload->clock_hz && strcasecmp(to->codec, payload->codec) == 0)
        return;
    to->differs = true;
    to->clock_hz = 0;
    to->codec[0] = '\0';
}

static void add_payloads(struct vo_media *media, const struct vo_sdp_media *from)
{
    for (unsigned i = 0; i < from->payload_count && media->payload_count < VO_CALL_PAYLOADS; i++) {
        const struct vo_sdp_payload *payload = &from->payloads[i];
        struct vo_media_payload *to = listed(media, payload->type);
        if (to) {
            list_again(to, payload, from);
            continue;
        }
        to = &media->payloads[media->payload_count++];
        to->differs = false;
        to->ptime_ms = from->ptime_ms;
        memcpy(to->kind, from->kind, sizeof to->kind);
        to->type = payload->type;
        to->channels = payload->channels;
        to->clock_hz = payload->clock_hz;
        memcpy(to->codec, payload->codec, sizeof to->codec);
    }
}

/* m= lines on one endpoint (RFC 9143) are one media: a packet there may be of any of them, and its payload
 * type tells of which. */
static void read_media(struct vo_media *media, const struct vo_sdp *sdp, unsigned index)
{
    const struct vo_sdp_media *from = &sdp->media[index];
    memcpy(media->kind, from->kind, sizeof media->kind);
    media->ptime_ms = from->ptime_ms;
    media->secure = from->secure;
    media->dtls = from->dtls;
    media->rtcp_mux = from->rtcp_mux;
    media->held = from->held;
    media->direction = from->direction;
    media->payload_count = 0;
    add_payloads(media, from);
    for (unsigned i = index + 1; i < sdp->media_count; i++) {
        const struct vo_sdp_media *other = &sdp->media[i];
        if (!is_bundled(from, other))
            continue;
        add_payloads(media, other);
        if (strcmp(media->kind, other->kind) != 0)
            media->kind[0] = '\0';
        if (fabs(media->ptime_ms - other->ptime_ms) > 1e-6)
            media->ptime_ms = 0;
    }
}

static bool same_media(const struct vo_media *a, const struct vo_media *b)
{
    if (strcmp(a->kind, b->kind) != 0 || a->secure != b->secure || a->dtls != b->dtls ||
        a->rtcp_mux != b->rtcp_mux || a->held != b->held || a->direction != b->direction ||
        a->payload_count != b->payload_count || fabs(a->ptime_ms - b->ptime_ms) > 1e-6)
        return false;
    for (unsigned i = 0; i < a->payload_count; i++) {
        const struct vo_media_payload *p = &a->payloads[i], *q = &b->payloads[i];
        if (p->type != q->type || p->channels != q->channels || p->clock_hz != q->clock_hz ||
            p->differs != q->differs || strcmp(p->codec, q->codec) != 0 || strcmp(p->kind, q->kind) != 0 ||
            fabs(p->ptime_ms - q->ptime_ms) > 1e-6)
            return false;
    }
    return true;
}

static const struct vo_media *keep_media(struct announcement *announcement)
{
    const struct vo_media *media = announcement->calls->media;
    size_t size = sizeof *media + media->payload_count * sizeof *media->payloads;
    if (!announcement->kept) {
        void *copy = vo_call_allocate(announcement->calls, size);
        announcement->kept = copy ? memcpy(copy, media, size) : NULL;
    }
    return announcement->kept;
}

/* ---- bindings ---- */

static bool is_unspecified(const uint8_t address[16])
{
    static const uint8_t v4[16] = {[10] = 0xFF, [11] = 0xFF}, v6[16];
    return memcmp(address, v4, 16) == 0 || memcmp(address, v6, 16) == 0;
}

/* Of one SDP's uses of an endpoint the more telling one counts, whatever their order. */
static int rank(bool rtcp, bool candidate)
{
    return 2 * !rtcp + !candidate;
}

static bool says_nothing_new(const struct announcement *announcement, const struct vo_binding *newest,
                             bool rtcp, bool candidate)
{
    if (newest->call != &announcement->entry->call || newest->caller != (announcement->side == VO_CALLER))
        return false;
    int before = rank(newest->rtcp, newest->candidate), now = rank(rtcp, candidate);
    return now < before || (now == before && newest->media_index == announcement->index &&
                            same_media(newest->media, announcement->calls->media));
}

static void bind_endpoint(struct announcement *announcement, const uint8_t address[16], uint16_t port,
                          bool rtcp, bool candidate)
{
    struct vo_calls *calls = announcement->calls;
    struct endpoint endpoint = {address, port};
    if (port == 0 || is_unspecified(address))
        return;
    struct vo_call_slot *slot = find_slot(calls, endpoint);
    if (slot && says_nothing_new(announcement, slot->item, rtcp, candidate))
        return;
    const struct vo_media *media = calls->bindings < VO_CALL_BINDINGS_MAX ? keep_media(announcement) : NULL;
    struct vo_binding *binding = media ? vo_call_allocate(calls, sizeof *binding) : NULL;
    if (!binding || (!slot && !vo_call_table_add(&calls->endpoints, hash_endpoint(endpoint), binding))) {
        calls->lost++;
        return;
    }
    memcpy(binding->address, address, 16);
    binding->port = port;
    binding->rtcp = rtcp;
    binding->candidate = candidate;
    binding->caller = announcement->side == VO_CALLER;
    binding->media_index = announcement->index;
    binding->call = &announcement->entry->call;
    binding->media = media;
    binding->since = announcement->time;
    if (slot) {
        binding->older = slot->item;
        slot->item = binding;
    }
    calls->bindings++;
    if (calls->handler.bound)
        calls->handler.bound(calls->handler.context, binding);
}

static bool is_bundled_before(const struct vo_sdp *sdp, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (is_bundled(&sdp->media[i], &sdp->media[index]))
            return true;
    return false;
}

static void announce(struct announcement *announcement, const struct vo_sdp *sdp, unsigned index)
{
    const struct vo_sdp_media *media = &sdp->media[index];
    if (media->port == 0)
        return;
    announcement->index = (uint8_t)index;
    announcement->kept = NULL;
    announcement->entry->call.media_announced[announcement->side] = true;
    if (is_bundled_before(sdp, index))
        return;
    read_media(announcement->calls->media, sdp, index);
    if (media->has_address) {
        bind_endpoint(announcement, media->address, media->port, false, false);
        const uint8_t *address = media->has_rtcp_address ? media->rtcp_address : media->address;
        if (!media->rtcp_mux && (media->rtcp_port != media->port || media->has_rtcp_address))
            bind_endpoint(announcement, address, media->rtcp_port, true, false);
    }
    for (unsigned i = 0; i < media->candidate_count; i++) {
        const struct vo_sdp_candidate *candidate = &media->candidates[i];
        if (candidate->component == 1 || candidate->component == 2)
            bind_endpoint(announcement, candidate->address, candidate->port, candidate->component == 2, true);
    }
}

/* ---- hold ---- */

/* True if the side puts this stream on hold now. An answer that only mirrors the other side's hold is none of
 * its own. */
static bool take_direction(struct vo_call_entry *entry, int side, unsigned index,
                           const struct vo_sdp_media *media, bool answer)
{
    uint8_t *flow = &entry->flow[side][index], other = entry->flow[!side][index];
    if (media->held || media->direction == VO_SDP_SENDONLY || media->direction == VO_SDP_INACTIVE) {
        bool began = *flow == VO_FLOW_ACTIVE && !(answer && other == VO_FLOW_HELD);
        *flow = *flow == VO_FLOW_UNSEEN ? VO_FLOW_UNSEEN : VO_FLOW_HELD;
        return began;
    }
    if (media->direction == VO_SDP_SENDRECV || *flow == VO_FLOW_HELD)
        *flow = VO_FLOW_ACTIVE;
    return false;
}

/* Before the answer there is nothing to hold: sendonly is early media there. */
static void count_hold(struct vo_call_entry *entry, const struct vo_sdp *sdp, int side, bool answer)
{
    bool hold = false;
    for (unsigned i = 0; i < sdp->media_count; i++)
        if (sdp->media[i].port)
            hold |= take_direction(entry, side, i, &sdp->media[i], answer);
    entry->call.holds += hold && (entry->accepted || !entry->call.invite);
}

static void keep_origin(struct vo_calls *calls, char **origin, const struct vo_sdp *sdp)
{
    char text[VO_CALL_TEXT];
    if (*origin || !sdp->origin.at)
        return;
    vo_call_print(text, sizeof text / 2, sdp->origin);
    size_t used = strlen(text);
    text[used++] = ' ';
    vo_call_print(text + used, sizeof text - used, sdp->origin_address);
    *origin = vo_call_copy(calls, (struct vo_span){text, (uint32_t)strlen(text)});
}

/* Only these carry offers and answers; OPTIONS and refusals list what would be possible (RFC
 * 3261 11.2, 21.4.26). */
static bool negotiates(const struct vo_sip *message)
{
    bool method = message->method == VO_SIP_INVITE || message->method == VO_SIP_ACK ||
                  message->method == VO_SIP_PRACK || message->method == VO_SIP_UPDATE;
    return method && message->status < 300 && message->sdp.at;
}

void vo_call_take_sdp(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                      int side, vo_time time)
{
    if (!negotiates(message))
        return;
    uint64_t hash = vo_call_hash_span(message->sdp);
    if (hash == entry->sdp[side]) /* seen on another hop */
        return;
    entry->sdp[side] = hash;
    struct vo_sdp *sdp = &calls->sdp;
    if (!vo_sdp_decode(message->sdp.at, message->sdp.size, sdp))
        return;
    struct announcement announcement = {.calls = calls, .entry = entry, .time = time, .side = side};
    keep_origin(calls, &entry->call.origin[side], sdp);
    for (unsigned i = 0; i < sdp->media_count; i++)
        announce(&announcement, sdp, i);
    count_hold(entry, sdp, side, !message->request || message->method == VO_SIP_ACK);
}
