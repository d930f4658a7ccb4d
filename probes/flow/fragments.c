#include "probes/flow/fragments.h"

#include <stdlib.h>

#define DATAGRAM_MAX 65535
#define KEEP_TIME    (30 * VO_NS_PER_S)

/* OVERLAPPED and CUT datagrams stay until they time out, so that their late fragments do not begin a new one.
 */
enum state { FREE, COLLECTING, CUT, OVERLAPPED };

struct range {
    uint32_t begin, end;
};

/* Ranges are sorted and never touch the same byte, so that a datagram is complete when `received` is its
 * size. */
struct datagram {
    enum state state;
    uint8_t source[16], destination[16];
    uint8_t protocol;
    uint32_t id, encap_hash;
    vo_time first;
    uint64_t serial;   /* order of arrival, for "the oldest goes" */
    uint32_t size;     /* 0 until the last fragment came */
    uint32_t received; /* bytes */
    uint8_t *data;
    uint32_t capacity;
    struct range *ranges;
    uint32_t range_count, range_capacity;
};

struct vo_fragments {
    struct vo_fragments_stats stats;
    uint64_t serial;
    uint8_t *completed; /* handed out by the last call */
    struct datagram datagrams[VO_FRAGMENTS_MAX];
};

struct vo_fragments *vo_fragments_new(void)
{
    return calloc(1, sizeof(struct vo_fragments));
}

static void release(struct datagram *datagram)
{
    free(datagram->data);
    free(datagram->ranges);
    *datagram = (struct datagram){.state = FREE};
}

void vo_fragments_free(struct vo_fragments *fragments)
{
    if (!fragments)
        return;
    for (unsigned i = 0; i < VO_FRAGMENTS_MAX; i++)
        release(&fragments->datagrams[i]);
    free(fragments->completed);
    free(fragments);
}

/* Gives up the content but remembers the datagram. */
static void discard(struct datagram *datagram, enum state reason)
{
    free(datagram->data);
    free(datagram->ranges);
    datagram->data = NULL;
    datagram->ranges = NULL;
    datagram->state = reason;
}

/* Times come from a file and may be anything: no plain subtraction. */
static bool expired(vo_time first, vo_time now)
{
    vo_time age;
    if (first == VO_TIME_UNKNOWN || now <= first)
        return false;
    return __builtin_sub_overflow(now, first, &age) || age > KEEP_TIME;
}

static bool same(const struct datagram *datagram, const struct vo_packet *packet)
{
    return datagram->id == packet->fragment.id && datagram->protocol == packet->fragment.protocol &&
           datagram->encap_hash == packet->encap_hash && !memcmp(datagram->source, packet->source, 16) &&
           !memcmp(datagram->destination, packet->destination, 16);
}

/* The packet's datagram, begun if it is new. Lets go what timed out on the way. */
static struct datagram *find(struct vo_fragments *fragments, const struct vo_packet *packet, vo_time time)
{
    struct datagram *found = NULL, *unused = NULL, *oldest = &fragments->datagrams[0];
    for (unsigned i = 0; i < VO_FRAGMENTS_MAX; i++) {
        struct datagram *datagram = &fragments->datagrams[i];
        if (datagram->state != FREE && expired(datagram->first, time)) {
            fragments->stats.timed_out += datagram->state != OVERLAPPED;
            release(datagram);
        }
        if (datagram->state == FREE)
            unused = datagram;
        else if (same(datagram, packet))
            found = datagram;
        else if (datagram->serial < oldest->serial)
            oldest = datagram;
    }
    if (found)
        return found;
    if (!unused) {
        fragments->stats.evicted++;
        release(oldest);
        unused = oldest;
    }
    *unused = (struct datagram){.state = COLLECTING,
                                .protocol = packet->fragment.protocol,
                                .id = packet->fragment.id,
                                .encap_hash = packet->encap_hash,
                                .first = time,
                                .serial = ++fragments->serial};
    memcpy(unused->source, packet->source, 16);
    memcpy(unused->destination, packet->destination, 16);
    return unused;
}

/* Index of the first range that ends after `offset`. */
static uint32_t range_after(const struct datagram *datagram, uint32_t offset)
{
    uint32_t low = 0, high = datagram->range_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (datagram->ranges[middle].end > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool make_room(struct datagram *datagram, uint32_t end)
{
    if (end > datagram->capacity) {
        uint32_t capacity = end * 2 > DATAGRAM_MAX ? DATAGRAM_MAX : end * 2;
        uint8_t *data = realloc(datagram->data, capacity);
        if (!data)
            return false;
        datagram->data = data;
        datagram->capacity = capacity;
    }
    if (datagram->range_count == datagram->range_capacity) {
        uint32_t capacity = datagram->range_capacity ? datagram->range_capacity * 2 : 4;
        struct range *ranges = realloc(datagram->ranges, capacity * sizeof *ranges);
        if (!ranges)
            return false;
        datagram->ranges = ranges;
        datagram->range_capacity = capacity;
    }
    return true;
}

/* Puts one fragment in its place. False if the datagram must be discarded: `why` tells. */
static bool insert(struct datagram *datagram, const struct vo_packet *packet, enum state *why)
{
    struct range range = {packet->fragment.offset, packet->fragment.offset + packet->payload_size};
    uint32_t at = range_after(datagram, range.begin);
    const struct range *next = at < datagram->range_count ? &datagram->ranges[at] : NULL;
    bool last = !packet->fragment.more;
    *why = OVERLAPPED;
    if (datagram->size && (range.end > datagram->size || (last && range.end != datagram->size)))
        return false;
    if (next && next->begin < range.end) /* shares bytes with what is here: good only if it is a copy */
        return next->begin == range.begin && next->end == range.end &&
               last == (range.end == datagram->size) &&
               !memcmp(datagram->data + range.begin, packet->payload, packet->payload_size);
    if (last && next)
        return false; /* data beyond the end */
    *why = CUT;
    if (!make_room(datagram, range.end))
        return false;
    memcpy(datagram->data + range.begin, packet->payload, packet->payload_size);
    memmove(datagram->ranges + at + 1, datagram->ranges + at,
            (datagram->range_count - at) * sizeof *datagram->ranges);
    datagram->ranges[at] = range;
    datagram->range_count++;
    datagram->received += packet->payload_size;
    if (last)
        datagram->size = range.end;
    return true;
}

/* A fragment that no sender makes: empty, beyond the largest datagram, or cut at no multiple of 8 bytes. */
static bool nonsense(const struct vo_packet *packet)
{
    return !packet->payload_length || packet->payload_size > packet->payload_length ||
           packet->payload_length > DATAGRAM_MAX || packet->fragment.offset > DATAGRAM_MAX ||
           packet->fragment.offset + packet->payload_length > DATAGRAM_MAX || packet->fragment.offset % 8 ||
           (packet->fragment.more && packet->payload_length % 8);
}

bool vo_fragments_add(struct vo_fragments *fragments, const struct vo_packet *packet, vo_time time,
                      const uint8_t **data, uint32_t *size)
{
    free(fragments->completed);
    fragments->completed = NULL;
    fragments->stats.fragments++;
    if (nonsense(packet))
        return false;
    bool cut = packet->payload_size < packet->payload_length;
    if (!packet->fragment.offset && !packet->fragment.more) { /* an atomic fragment stands alone (RFC 6946) */
        *data = packet->payload;
        *size = packet->payload_size;
        fragments->stats.reassembled += !cut;
        return !cut;
    }
    struct datagram *datagram = find(fragments, packet, time);
    if (datagram->state != COLLECTING)
        return false;
    enum state why = CUT;
    if (cut || !insert(datagram, packet, &why)) {
        fragments->stats.overlapping += why == OVERLAPPED;
        fragments->stats.lost += !cut && why == CUT;
        discard(datagram, why);
        return false;
    }
    if (!datagram->size || datagram->received < datagram->size)
        return false;
    fragments->completed = datagram->data;
    *data = datagram->data;
    *size = datagram->size;
    datagram->data = NULL;
    release(datagram);
    fragments->stats.reassembled++;
    return true;
}

const struct vo_fragments_stats *vo_fragments_stats(const struct vo_fragments *fragments)
{
    return &fragments->stats;
}
