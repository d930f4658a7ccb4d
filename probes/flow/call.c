#include "probes/flow/call_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define UNANSWERED_NS (32 * VO_NS_PER_S) /* RFC 3261 Timer B: 64 T1 */
#define LADDER_FIRST  8

struct vo_calls *vo_calls_new(const struct vo_calls_handler *handler)
{
    struct vo_calls *calls = calloc(1, sizeof *calls);
    if (!calls)
        return NULL;
    calls->handler = *handler;
    calls->newest = VO_TIME_UNKNOWN;
    calls->media =
        vo_call_allocate(calls, sizeof *calls->media + VO_CALL_PAYLOADS * sizeof *calls->media->payloads);
    if (!calls->media) {
        free(calls);
        return NULL;
    }
    return calls;
}

void vo_calls_free(struct vo_calls *calls)
{
    if (!calls)
        return;
    for (struct vo_call *call = calls->first; call; call = call->next) {
        if (calls->handler.evicted)
            calls->handler.evicted(calls->handler.context, call);
        free(call->ladder);
        free(((struct vo_call_entry *)call)->seen);
    }
    free(calls->ids.slots);
    free(calls->endpoints.slots);
    vo_call_release_chunks(calls);
    free(calls);
}

struct vo_call *vo_calls_first(const struct vo_calls *calls)
{
    return calls->first;
}

size_t vo_calls_count(const struct vo_calls *calls)
{
    return calls->count;
}

uint64_t vo_calls_evicted(const struct vo_calls *calls)
{
    return calls->refused;
}

uint64_t vo_calls_lost(const struct vo_calls *calls)
{
    return calls->lost;
}

/* ---- finding the call ---- */

struct id {
    uint64_t hash;
    uint32_t size;
};

/* By hash and length: two of 100,000 calls are mistaken for one with a chance of 3 in 10^10. */
static bool same_id(const void *item, const void *key)
{
    const struct vo_call_entry *entry = item;
    const struct id *id = key;
    return entry->hash == id->hash && entry->id_size == id->size;
}

/* Requests that only a call has, and their responses. */
static bool belongs_to_call(const struct vo_sip *message)
{
    static const bool belongs[] = {
        [VO_SIP_INVITE] = true, [VO_SIP_ACK] = true,    [VO_SIP_BYE] = true,  [VO_SIP_CANCEL] = true,
        [VO_SIP_PRACK] = true,  [VO_SIP_UPDATE] = true, [VO_SIP_INFO] = true,
    };
    return (size_t)message->method < sizeof belongs / sizeof *belongs && belongs[message->method];
}

static bool is_initial_invite(const struct vo_sip *message)
{
    return message->request && message->method == VO_SIP_INVITE && message->to_tag.size == 0;
}

static bool link_call(struct vo_calls *calls, struct vo_call_entry *entry)
{
    if (!vo_call_table_add(&calls->ids, entry->hash, entry))
        return false;
    if (calls->last)
        calls->last->next = &entry->call;
    else
        calls->first = &entry->call;
    calls->last = &entry->call;
    calls->count++;
    return true;
}

static struct vo_call_entry *begin_call(struct vo_calls *calls, const struct vo_sip *message,
                                        const struct id *id, enum vo_sip_transport transport)
{
    if (calls->count == VO_CALLS_MAX) {
        calls->refused += is_initial_invite(message);
        return NULL;
    }
    struct vo_call_entry *entry = vo_call_allocate(calls, sizeof *entry);
    char *text = vo_call_copy(calls, message->call_id);
    if (!entry || !text) {
        calls->lost++;
        return NULL;
    }
    entry->hash = id->hash;
    entry->id_size = id->size;
    entry->caller_tag = vo_call_hash_span(message->from_tag);
    entry->caller_uri = vo_call_hash_span(message->from_uri);
    entry->callee_uri = vo_call_hash_span(message->to_uri);
    entry->invite_cseq = entry->reinvite_cseq[VO_CALLER] = entry->reinvite_cseq[VO_CALLEE] = -1;
    entry->attempted = entry->cancelled = VO_TIME_UNKNOWN;
    struct vo_call *call = &entry->call;
    call->id = text;
    call->caller = vo_call_copy(calls, message->from_uri);
    call->callee = vo_call_copy(calls, message->to_uri);
    call->transport = transport;
    call->first = call->last = VO_TIME_UNKNOWN;
    call->invited = call->progressed = call->ringing = VO_TIME_UNKNOWN;
    call->answered = call->acknowledged = call->ended = VO_TIME_UNKNOWN;
    if (link_call(calls, entry))
        return entry;
    calls->lost++;
    return NULL;
}

static struct vo_call_entry *find_call(struct vo_calls *calls, const struct vo_sip *message,
                                       enum vo_sip_transport transport)
{
    struct id id = {vo_call_hash_span(message->call_id), message->call_id.size};
    if (id.hash == 0)
        return NULL;
    const struct vo_call_slot *slot = vo_call_table_find(&calls->ids, id.hash, same_id, &id);
    if (slot)
        return slot->item;
    return belongs_to_call(message) ? begin_call(calls, message, &id, transport) : NULL;
}

/* The side that made the request, also for its response: From stays as it was there. */
static int requester_side(const struct vo_call_entry *entry, const struct vo_sip *message)
{
    if (entry->caller_tag) {
        if (vo_call_hash_span(message->from_tag) == entry->caller_tag)
            return VO_CALLER;
        if (vo_call_hash_span(message->to_tag) == entry->caller_tag)
            return VO_CALLEE;
    }
    /* no tags (RFC 2543), or others behind a back-to-back agent that keeps the Call-ID */
    uint64_t from = vo_call_hash_span(message->from_uri), to = vo_call_hash_span(message->to_uri);
    return from != entry->caller_uri && to == entry->caller_uri ? VO_CALLEE : VO_CALLER;
}

/* ---- what is kept of every message ---- */

/* What a copy of a message has in common with it, and nothing else of the call has. The branch differs on
 * every hop, the To tag between forks, the body between reliable provisional responses. */
static uint64_t hash_message(const struct vo_sip *message, const struct vo_packet *packet)
{
    uint64_t endpoints =
        (uint64_t)packet->source_port << 48 | (uint64_t)packet->destination_port << 32 | packet->encap_hash;
    uint64_t kind = (uint64_t)message->cseq << 32 | (uint32_t)message->method << 16 | message->status;
    uint64_t hash = vo_call_hash(endpoints, packet->source, 16);
    hash = vo_call_hash(hash, packet->destination, 16);
    hash = vo_call_hash(hash, &kind, sizeof kind);
    const struct vo_span parts[] = {message->branch, message->to_tag, message->body};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hash = vo_call_hash(hash, parts[i].at ? parts[i].at : "", parts[i].at ? parts[i].size : 0);
    return hash;
}

static bool was_seen(const struct vo_call_entry *entry, uint64_t hash)
{
    uint32_t count = entry->seen_count < entry->capacity ? entry->seen_count : entry->capacity;
    for (uint32_t i = 0; i < count; i++)
        if (entry->seen[i] == hash)
            return true;
    return false;
}

/* Room for one more in the ladder, until that is full, and among the seen. */
static bool make_room(struct vo_call_entry *entry)
{
    struct vo_call *call = &entry->call;
    if (call->ladder_count < entry->capacity || entry->capacity == VO_CALL_LADDER)
        return true;
    uint32_t capacity = entry->capacity ? 2 * entry->capacity : LADDER_FIRST;
    if (capacity > VO_CALL_LADDER)
        capacity = VO_CALL_LADDER;
    struct vo_ladder *ladder = realloc(call->ladder, capacity * sizeof *ladder);
    if (!ladder)
        return false;
    call->ladder = ladder;
    uint64_t *seen = realloc(entry->seen, capacity * sizeof *seen);
    if (!seen)
        return false;
    entry->seen = seen;
    entry->capacity = capacity;
    return true;
}

static void add_to_ladder(struct vo_call *call, const struct vo_sip *message, const struct vo_packet *packet,
                          vo_time time, bool retransmission)
{
    if (call->ladder_count == VO_CALL_LADDER) {
        call->ladder_left_out++;
        return;
    }
    struct vo_ladder *line = &call->ladder[call->ladder_count++];
    *line = (struct vo_ladder){
        .time = time,
        .source_port = packet->source_port,
        .destination_port = packet->destination_port,
        .status = message->request ? 0 : message->status,
        .cseq = message->cseq,
        .retransmission = retransmission,
        .sdp = message->sdp.at != NULL,
        .dscp = packet->dscp,
    };
    memcpy(line->source, packet->source, 16);
    memcpy(line->destination, packet->destination, 16);
    int used = message->request ? 0 : snprintf(line->text, sizeof line->text, "%u ", message->status);
    vo_call_print(line->text + used, sizeof line->text - (size_t)used,
                  message->request ? message->method_text : message->reason);
}

static void tally(struct vo_call_entry *entry, const struct vo_packet *packet, int sender, vo_time time,
                  bool retransmission)
{
    struct vo_call *call = &entry->call;
    call->packets[sender]++;
    call->dscp[sender][packet->dscp & 63]++;
    call->retransmissions += retransmission;
    if (time == VO_TIME_UNKNOWN)
        return;
    if (call->first == VO_TIME_UNKNOWN || time < call->first)
        call->first = time;
    if (call->last == VO_TIME_UNKNOWN || time > call->last)
        call->last = time;
}

/* ---- who is who ---- */

static struct vo_span find_parameter(struct vo_span value, const char *name)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i + size <= value.size; i++)
        if (value.at[i] == ';' && strncasecmp(value.at + i, name, size) == 0)
            return (struct vo_span){value.at + i + size, value.size - i - (uint32_t)size};
    return (struct vo_span){NULL, 0};
}

/* RFC 7989: the sender's UUID, then "remote=" the other's; before it (RFC 7329) one for both. */
static void keep_session_id(struct vo_calls *calls, struct vo_call *call, const struct vo_sip *message,
                            int sender)
{
    struct vo_span id = message->session_id, remote = {NULL, 0};
    if (call->session_id || !id.at)
        return;
    if (sender == VO_CALLEE)
        remote = find_parameter(id, ";remote=");
    if (remote.at)
        id = remote;
    char text[33] = "";
    uint32_t used = 0;
    bool nil = true;
    while (used < id.size && used < 32 && isxdigit((unsigned char)id.at[used])) {
        text[used] = (char)tolower((unsigned char)id.at[used]);
        nil &= text[used++] == '0';
    }
    if (used == 32 && !nil)
        call->session_id = vo_call_copy(calls, (struct vo_span){text, used});
}

static void learn_names(struct vo_calls *calls, struct vo_call *call, const struct vo_sip *message,
                        int sender)
{
    keep_session_id(calls, call, message, sender);
    bool proxy =
        !message->request && (message->status == 100 || message->status == 401 || message->status == 407);
    if (!call->user_agent[sender] && !proxy)
        call->user_agent[sender] = vo_call_copy(calls, message->user_agent);
}

void vo_calls_add(struct vo_calls *calls, const struct vo_sip *message, const struct vo_packet *packet,
                  vo_time time, enum vo_sip_transport transport)
{
    if (time > calls->newest)
        calls->newest = time;
    struct vo_call_entry *entry = find_call(calls, message, transport);
    if (!entry)
        return;
    if (!make_room(entry)) {
        calls->lost++;
        return;
    }
    int requester = requester_side(entry, message);
    int sender = message->request ? requester : !requester;
    uint64_t hash = hash_message(message, packet);
    bool retransmission = was_seen(entry, hash);
    tally(entry, packet, sender, time, retransmission);
    add_to_ladder(&entry->call, message, packet, time, retransmission);
    if (retransmission)
        return;
    entry->seen[entry->seen_count++ % entry->capacity] = hash;
    learn_names(calls, &entry->call, message, sender);
    vo_call_take_sdp(calls, entry, message, sender, time);
    vo_call_advance(calls, entry, message, requester, time);
}

/* Not negative, and without overflow: times are what the capture says. */
static bool nanoseconds(vo_time from, vo_time to, uint64_t *span)
{
    if (from == VO_TIME_UNKNOWN || to == VO_TIME_UNKNOWN || to < from)
        return false;
    *span = (uint64_t)to - (uint64_t)from;
    return true;
}

void vo_calls_finish(struct vo_calls *calls, vo_time now)
{
    uint64_t waited;
    if (now < calls->newest)
        now = calls->newest;
    for (struct vo_call *call = calls->first; call; call = call->next) {
        const struct vo_call_entry *entry = (struct vo_call_entry *)call;
        if (call->state == VO_CALL_IN_PROGRESS && !entry->responded &&
            nanoseconds(entry->attempted, now, &waited) && waited >= UNANSWERED_NS)
            call->state = VO_CALL_UNANSWERED;
    }
}

double vo_call_post_dial_ms(const struct vo_call *call)
{
    uint64_t span;
    vo_time fate = call->progressed;
    if (fate == VO_TIME_UNKNOWN)
        fate = call->answered;
    if (fate == VO_TIME_UNKNOWN && (call->state == VO_CALL_REJECTED || call->state == VO_CALL_FAILED))
        fate = call->ended;
    return nanoseconds(call->invited, fate, &span) ? (double)span / 1e6 : NAN;
}
