#include "probes/flow/on_air.h"

#include <stdlib.h>

#define MEMORY_MS (10 * 1000) /* a repetition comes sooner */

struct heard {
    uint32_t content; /* its hash */
    uint32_t time_ms;
    uint16_t sequence;
    bool used;
};

struct flow {
    vo_wlan_address transmitter, receiver;
    uint64_t ear; /* interface and TID */
    vo_time last;
    uint16_t link, unheard;
    uint16_t most; /* packets in one frame */
    uint8_t state;
    struct vo_on_air_numbers numbers;
    struct heard kept[VO_ON_AIR_KEPT]; /* by sequence number */
};

struct vo_on_air {
    struct flow **slots; /* open addressing; at most half full */
    size_t room, count;
    struct flow *last;
    uint64_t left_out, lost;
};

struct vo_on_air *vo_on_air_new(void)
{
    return calloc(1, sizeof(struct vo_on_air));
}

void vo_on_air_free(struct vo_on_air *air)
{
    for (size_t i = 0; air && i < air->room; i++)
        free(air->slots[i]);
    if (air)
        free(air->slots);
    free(air);
}

uint64_t vo_on_air_left_out(const struct vo_on_air *air)
{
    return air->left_out;
}

uint64_t vo_on_air_lost(const struct vo_on_air *air)
{
    return air->lost;
}

/* --- Flows ---------------------------------------------------------------------------------------- */

static size_t slot_of(size_t room, vo_wlan_address transmitter, vo_wlan_address receiver, uint64_t ear)
{
    uint64_t mixed =
        transmitter * UINT64_C(0x9e3779b97f4a7c15) ^ receiver * UINT64_C(0xd6e8feb86659fd93) ^ ear;
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(mixed >> 32) & (room - 1);
}

static bool is_of(const struct flow *flow, const struct vo_mpdu *mpdu, uint64_t ear)
{
    return flow->transmitter == mpdu->transmitter && flow->receiver == mpdu->receiver && flow->ear == ear;
}

static bool grow(struct vo_on_air *air)
{
    enum { SMALLEST = 64 };
    size_t room = air->room ? 2 * air->room : SMALLEST;
    struct flow **slots = calloc(room, sizeof(struct flow *));
    if (!slots)
        return false;
    for (size_t i = 0; i < air->room; i++) {
        const struct flow *flow = air->slots[i];
        if (!flow)
            continue;
        size_t at = slot_of(room, flow->transmitter, flow->receiver, flow->ear);
        while (slots[at])
            at = (at + 1) & (room - 1);
        slots[at] = air->slots[i];
    }
    free(air->slots);
    air->slots = slots;
    air->room = room;
    return true;
}

/* Where the flow is, or would be. The table has a free slot. */
static struct flow **place_of(const struct vo_on_air *air, const struct vo_mpdu *mpdu, uint64_t ear)
{
    size_t at = slot_of(air->room, mpdu->transmitter, mpdu->receiver, ear);
    while (air->slots[at] && !is_of(air->slots[at], mpdu, ear))
        at = (at + 1) & (air->room - 1);
    return &air->slots[at];
}

/* Two links of one stream, before and after a roam, have the same number once in 65,535 times. */
static uint16_t link_of(const struct vo_mpdu *mpdu, uint32_t interface)
{
    enum { NUMBERS = 65535 };
    return (uint16_t)(1 + slot_of((size_t)1 << 32, mpdu->transmitter, mpdu->receiver, interface) % NUMBERS);
}

/* Finds or begins it; NULL: too many, or no memory. */
static struct flow *flow_of(struct vo_on_air *air, const struct vo_mpdu *mpdu, uint32_t interface)
{
    uint64_t ear = (uint64_t)interface << 8 | mpdu->tid;
    if (air->last && is_of(air->last, mpdu, ear))
        return air->last;
    if (air->room && (air->last = *place_of(air, mpdu, ear)) != NULL)
        return air->last;
    if (air->count == VO_ON_AIR_FLOWS || (2 * (air->count + 1) > air->room && !grow(air)))
        return NULL;
    struct flow *flow = calloc(1, sizeof *flow);
    if (!flow)
        return NULL;
    flow->transmitter = mpdu->transmitter;
    flow->receiver = mpdu->receiver;
    flow->ear = ear;
    flow->link = link_of(mpdu, interface);
    flow->state = mpdu->tid;
    flow->most = 1;
    air->count++;
    *place_of(air, mpdu, ear) = flow;
    air->last = flow;
    return flow;
}

/* --- Frames --------------------------------------------------------------------------------------- */

/* What an attempt has in common with the one before, and frames 4096 numbers further have not: LLC, IP, UDP
 * and RTP headers. No more: behind small payloads an FCS may stand that nobody told of, and it differs. */
static uint32_t hash_of(const struct vo_mpdu *mpdu)
{
    enum { LLC = 8, IPV4 = 20, IPV6 = 40, UDP = 8, RTP = 12, TYPE = 6, ETHERTYPE_IPV4 = 0x0800 };
    bool ipv4 = mpdu->size >= LLC && vo_load16(mpdu->body + TYPE) == ETHERTYPE_IPV4;
    uint32_t wanted = LLC + (ipv4 ? IPV4 : IPV6) + UDP + RTP, at = 0;
    uint32_t size = mpdu->size < wanted ? mpdu->size : wanted;
    uint64_t hash = size;
    for (; at + 8 <= size; at += 8) {
        uint64_t word;
        memcpy(&word, mpdu->body + at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; at < size; at++)
        hash = (hash ^ mpdu->body[at]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

static void note_number(struct flow *flow, uint16_t sequence, vo_time time)
{
    vo_time pause;
    if (flow->numbers.begun && time != VO_TIME_UNKNOWN && flow->last != VO_TIME_UNKNOWN &&
        (__builtin_sub_overflow(time, flow->last, &pause) || pause > VO_ON_AIR_PAUSE)) {
        flow->numbers.begun = false;
        flow->state = (uint8_t)(flow->state + VO_ON_AIR_ONE_PAUSE);
    }
    flow->unheard = (uint16_t)(flow->unheard + vo_on_air_skipped(&flow->numbers, sequence) * flow->most);
    flow->last = time;
}

struct vo_on_air_frame vo_on_air_hear(struct vo_on_air *air, uint32_t interface, const struct vo_mpdu *mpdu,
                                      vo_time time)
{
    struct flow *flow = flow_of(air, mpdu, interface);
    if (!flow) {
        air->left_out += air->count == VO_ON_AIR_FLOWS;
        air->lost += air->count < VO_ON_AIR_FLOWS;
        return (struct vo_on_air_frame){0};
    }
    uint32_t content = hash_of(mpdu), now_ms = (uint32_t)(time / VO_NS_PER_MS);
    struct heard *kept = &flow->kept[mpdu->sequence % VO_ON_AIR_KEPT];
    bool repeated = mpdu->retry && kept->used && kept->sequence == mpdu->sequence &&
                    kept->content == content && now_ms - kept->time_ms + MEMORY_MS <= 2 * MEMORY_MS;
    *kept = (struct heard){content, now_ms, mpdu->sequence, true};
    if (!repeated)
        note_number(flow, mpdu->sequence, time);
    return (struct vo_on_air_frame){repeated, flow->link, flow->unheard, flow->state};
}

void vo_on_air_count(struct vo_on_air *air, unsigned packets)
{
    enum { MOST = 64 };
    if (air->last && packets > air->last->most)
        air->last->most = (uint16_t)(packets < MOST ? packets : MOST);
}
