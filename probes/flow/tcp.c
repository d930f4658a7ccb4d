#include "probes/flow/tcp.h"

#include <stdlib.h>

#define BUCKETS       VO_TCP_MAX
#define WAITING_TOTAL (64u << 20) /* bytes, all connections together */
#define JUMP_MAX      (1 << 30) /* the largest window (RFC 7323 2.3); further away is not of this connection */
#define ACK_GRACE     (10 * VO_NS_PER_MS) /* captures may show an ACK a little before its data */
#define LINGER        (60 * VO_NS_PER_S)  /* stray segments after the end begin no new connection */

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* Bytes on the wire from `sequence` on; the first `size` of them were captured. */
struct piece {
    struct piece *next;
    uint32_t sequence, length, size;
    vo_time time;
    struct vo_packet packet; /* the one that brought them */
    uint8_t data[];
};

/* One direction. Pieces are sorted, do not overlap, and all lie beyond `next`. */
struct stream {
    bool started, fin_seen, asked;
    bool behind; /* `acked` is beyond `next`, since `behind_since` */
    uint32_t base, next, fin, acked;
    vo_time behind_since, last;   /* `last`: time of the last delivery */
    struct piece *first, *newest; /* newest: of the highest number, while there are any */
    uint32_t waiting;             /* bytes, with their overhead */
};

/* IGNORED and CLOSED connections keep no streams. */
enum state { UNDECIDED, FOLLOWED, IGNORED, CLOSED };

struct entry {
    struct vo_tcp_connection connection; /* first: what the caller sees */
    struct entry *chain, *older, *newer;
    struct stream *streams; /* 2 */
    uint32_t bucket;
    enum state state;
    vo_time seen;
};

struct vo_tcp {
    struct vo_tcp_handler handler;
    void *context;
    struct vo_tcp_stats stats;
    uint32_t count, waiting;
    struct entry *oldest, *newest;
    struct entry *buckets[BUCKETS];
};

struct vo_tcp *vo_tcp_new(const struct vo_tcp_handler *handler, void *context)
{
    struct vo_tcp *tcp = calloc(1, sizeof *tcp);
    if (tcp) {
        tcp->handler = *handler;
        tcp->context = context;
    }
    return tcp;
}

const struct vo_tcp_stats *vo_tcp_stats(const struct vo_tcp *tcp)
{
    return &tcp->stats;
}

/* Sequence numbers: how far `a` is beyond `b`, modulo 2^32. */
static int32_t beyond(uint32_t a, uint32_t b)
{
    uint32_t distance = a - b;
    return distance <= INT32_MAX ? (int32_t)distance : -(int32_t)(UINT32_MAX - distance) - 1;
}

/* Times come from a file and may be anything: no plain subtraction. */
static bool elapsed(vo_time since, vo_time now, vo_time limit)
{
    vo_time age;
    if (since == VO_TIME_UNKNOWN || now <= since)
        return false;
    return __builtin_sub_overflow(now, since, &age) || age >= limit;
}

/* -- delivery -- */

static void tell_hole(struct vo_tcp *tcp, struct entry *entry, int direction, uint32_t size, vo_time time)
{
    if (entry->state != FOLLOWED || !size)
        return;
    tcp->stats.holes++;
    tcp->handler.hole(tcp->context, &entry->connection, direction, size, time);
}

static void ask(struct vo_tcp *tcp, struct entry *entry, int direction, const uint8_t *data, uint32_t size)
{
    if (entry->streams[direction].asked)
        return;
    entry->streams[direction].asked = true;
    if (tcp->handler.accept(tcp->context, &entry->connection, direction, data, size))
        entry->state = FOLLOWED;
    else if (entry->streams[!direction].asked)
        entry->state = IGNORED;
}

/* The next bytes in order. The times of a direction never go back, even if the bytes had to wait. */
static void deliver(struct vo_tcp *tcp, struct entry *entry, int direction, const struct piece *piece,
                    const uint8_t *data, const struct vo_packet *packet)
{
    struct stream *stream = &entry->streams[direction];
    vo_time time = piece->time > stream->last ? piece->time : stream->last;
    stream->last = time;
    stream->next += piece->length;
    if (entry->state == UNDECIDED && piece->size)
        ask(tcp, entry, direction, data, piece->size);
    if (entry->state == FOLLOWED && piece->size)
        tcp->handler.data(tcp->context, &entry->connection, direction, data, piece->size, packet, time);
    tell_hole(tcp, entry, direction, piece->length - piece->size, time);
}

static void drain(struct vo_tcp *tcp, struct entry *entry, int direction)
{
    struct stream *stream = &entry->streams[direction];
    while (stream->first && beyond(stream->first->sequence, stream->next) <= 0) {
        struct piece *piece = stream->first;
        stream->first = piece->next;
        stream->waiting -= (uint32_t)sizeof *piece + piece->size;
        tcp->waiting -= (uint32_t)sizeof *piece + piece->size;
        deliver(tcp, entry, direction, piece, piece->data, &piece->packet);
        free(piece);
    }
}

/* Gives up what is missing before `sequence`, or before the first piece that waits if that comes earlier. */
static void skip(struct vo_tcp *tcp, struct entry *entry, int direction, uint32_t sequence)
{
    struct stream *stream = &entry->streams[direction];
    vo_time time = entry->seen;
    if (stream->first && beyond(stream->first->sequence, sequence) <= 0) {
        sequence = stream->first->sequence;
        time = stream->first->time > stream->last ? stream->first->time : stream->last;
    }
    uint32_t size = sequence - stream->next;
    stream->next = sequence;
    tell_hole(tcp, entry, direction, size, time);
    drain(tcp, entry, direction);
}

static void skip_acked(struct vo_tcp *tcp, struct entry *entry, int direction)
{
    struct stream *stream = &entry->streams[direction];
    while (beyond(stream->acked, stream->next) > 0)
        skip(tcp, entry, direction, stream->acked);
    stream->behind = false;
}

/* -- connections -- */

static void free_streams(struct vo_tcp *tcp, struct entry *entry)
{
    for (int direction = 0; entry->streams && direction < 2; direction++) {
        struct stream *stream = &entry->streams[direction];
        tcp->waiting -= stream->waiting;
        while (stream->first) {
            struct piece *piece = stream->first;
            stream->first = piece->next;
            free(piece);
        }
    }
    free(entry->streams);
    entry->streams = NULL;
}

/* Nothing more can come: what waits is given with its holes. */
static void close_connection(struct vo_tcp *tcp, struct entry *entry)
{
    for (int direction = 0; entry->streams && direction < 2; direction++) {
        struct stream *stream = &entry->streams[direction];
        if (stream->behind)
            skip_acked(tcp, entry, direction);
        while (stream->first)
            skip(tcp, entry, direction, stream->first->sequence);
    }
    free_streams(tcp, entry);
    if (entry->state == FOLLOWED)
        tcp->handler.closed(tcp->context, &entry->connection);
    entry->state = CLOSED;
}

static void unlink_age(struct vo_tcp *tcp, struct entry *entry)
{
    *(entry->older ? &entry->older->newer : &tcp->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &tcp->newest) = entry->older;
}

static void link_newest(struct vo_tcp *tcp, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = tcp->newest;
    *(tcp->newest ? &tcp->newest->newer : &tcp->oldest) = entry;
    tcp->newest = entry;
}

static void remove_entry(struct vo_tcp *tcp, struct entry *entry)
{
    close_connection(tcp, entry);
    unlink_age(tcp, entry);
    struct entry **link = &tcp->buckets[entry->bucket];
    while (*link != entry)
        link = &(*link)->chain;
    *link = entry->chain;
    tcp->count--;
    free(entry);
}

void vo_tcp_free(struct vo_tcp *tcp)
{
    if (!tcp)
        return;
    while (tcp->oldest)
        remove_entry(tcp, tcp->oldest);
    free(tcp);
}

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0x9e3779b97f4a7c15u;
    return value ^ value >> 29;
}

static uint64_t hash_endpoint(const uint8_t address[16], uint16_t port)
{
    return mix(mix(mix(vo_load64(address)) + vo_load64(address + 8)) + port);
}

/* The same for both directions: on the air one goes to the access point, the other comes from it. */
static uint32_t encap_of(const struct vo_packet *packet)
{
    uint32_t back = vo_encap_back(packet->encap, packet->encap_count, packet->encap_hash);
    return packet->encap_hash < back ? packet->encap_hash : back;
}

/* The same for both directions. */
static uint32_t bucket_of(const struct vo_packet *packet, uint32_t encap_hash)
{
    uint64_t hash = hash_endpoint(packet->source, packet->source_port) +
                    hash_endpoint(packet->destination, packet->destination_port);
    return (uint32_t)(mix(hash + encap_hash) % BUCKETS);
}

static bool sent_by(const struct vo_tcp_connection *connection, int side, const struct vo_packet *packet,
                    uint32_t encap_hash)
{
    return connection->port[side] == packet->source_port &&
           connection->port[!side] == packet->destination_port && connection->encap_hash == encap_hash &&
           !memcmp(connection->address[side], packet->source, 16) &&
           !memcmp(connection->address[!side], packet->destination, 16);
}

static struct entry *find(struct vo_tcp *tcp, const struct vo_packet *packet, uint32_t encap_hash,
                          uint32_t bucket, int *direction)
{
    for (struct entry *entry = tcp->buckets[bucket]; entry; entry = entry->chain)
        for (*direction = 0; *direction < 2; ++*direction)
            if (sent_by(&entry->connection, *direction, packet, encap_hash))
                return entry;
    return NULL;
}

static struct entry *create(struct vo_tcp *tcp, const struct vo_packet *packet, uint32_t encap_hash,
                            uint32_t bucket)
{
    if (tcp->count == VO_TCP_MAX) {
        tcp->stats.evicted++;
        remove_entry(tcp, tcp->oldest);
    }
    struct entry *entry = calloc(1, sizeof *entry);
    struct stream *streams = calloc(2, sizeof *streams);
    if (!entry || !streams) {
        free(entry);
        free(streams);
        return NULL;
    }
    memcpy(entry->connection.address[0], packet->source, 16);
    memcpy(entry->connection.address[1], packet->destination, 16);
    entry->connection.port[0] = packet->source_port;
    entry->connection.port[1] = packet->destination_port;
    entry->connection.encap_hash = encap_hash;
    entry->connection.client = -1;
    entry->streams = streams;
    streams[0].last = streams[1].last = VO_TIME_UNKNOWN;
    entry->bucket = bucket;
    entry->chain = tcp->buckets[bucket];
    tcp->buckets[bucket] = entry;
    link_newest(tcp, entry);
    tcp->count++;
    return entry;
}

/* -- segments -- */

/* Is this the first segment of another connection between the same ports? */
static bool restarts(const struct entry *entry, int direction, const struct vo_packet *packet, vo_time time)
{
    bool syn = packet->tcp.flags & SYN, opens = syn && !(packet->tcp.flags & ACK);
    if (!entry->streams)
        return opens ||
               (entry->state == CLOSED && packet->payload_length && elapsed(entry->seen, time, LINGER));
    const struct stream *stream = &entry->streams[direction];
    if (syn && stream->started)
        return packet->tcp.sequence + 1 != stream->base; /* else sent again */
    return opens && entry->streams[!direction].started && entry->connection.client != direction;
}

/* The part of a segment from `begin` to `end` becomes a piece at *link. */
static void store(struct vo_tcp *tcp, struct stream *stream, struct piece **link, const struct piece *segment,
                  const struct vo_packet *packet, uint32_t begin, uint32_t end)
{
    uint32_t skipped = begin - segment->sequence, length = end - begin;
    uint32_t captured = segment->size > skipped ? segment->size - skipped : 0;
    if (captured > length)
        captured = length;
    struct piece *piece = malloc(sizeof *piece + captured);
    if (!piece) {
        tcp->stats.lost++;
        return; /* will be a hole */
    }
    *piece = (struct piece){*link, begin, length, captured, segment->time, *packet};
    if (captured)
        memcpy(piece->data, packet->payload + skipped, captured);
    piece->packet.payload = piece->data;
    piece->packet.payload_size = captured;
    piece->packet.payload_length = length;
    piece->packet.tcp.sequence = begin;
    piece->packet.tcp.flags &= (uint8_t)~SYN; /* which would count as one */
    piece->packet.rest = NULL;
    piece->packet.rest_size = 0;
    *link = piece;
    if (!piece->next)
        stream->newest = piece;
    stream->waiting += (uint32_t)sizeof *piece + captured;
    tcp->waiting += (uint32_t)sizeof *piece + captured;
}

/* Stores what no earlier segment brought: the first copy of a byte is kept. */
static void wait_in_order(struct vo_tcp *tcp, struct stream *stream, const struct piece *segment,
                          const struct vo_packet *packet)
{
    uint32_t at = segment->sequence, end = segment->sequence + segment->length;
    bool again = false;
    if (beyond(stream->next, at) > 0) {
        at = stream->next;
        again = true;
    }
    struct piece **link = &stream->first;
    if (*link && beyond(at, stream->newest->sequence + stream->newest->length) >= 0)
        link = &stream->newest->next; /* behind all: as a rule, once something is missing */
    while (*link && beyond(end, at) > 0) {
        struct piece *piece = *link;
        uint32_t piece_end = piece->sequence + piece->length;
        if (beyond(piece->sequence, at) > 0) {
            uint32_t stop = beyond(end, piece->sequence) > 0 ? piece->sequence : end;
            store(tcp, stream, link, segment, packet, at, stop);
            at = stop;
            while (*link != piece)
                link = &(*link)->next;
        } else {
            if (beyond(piece_end, at) > 0) {
                at = piece_end;
                again = true;
            }
            link = &piece->next;
        }
    }
    if (beyond(end, at) > 0)
        store(tcp, stream, link, segment, packet, at, end);
    tcp->stats.retransmitted += again;
}

static void add_payload(struct vo_tcp *tcp, struct entry *entry, int direction, struct piece segment,
                        const struct vo_packet *packet)
{
    struct stream *stream = &entry->streams[direction];
    int32_t ahead = beyond(segment.sequence, stream->next);
    uint32_t old = ahead < 0 ? stream->next - segment.sequence : 0;
    if (!segment.length || ahead > JUMP_MAX || ahead < -JUMP_MAX)
        return;
    if (old >= segment.length) {
        tcp->stats.retransmitted += !(old == 1 && segment.length == 1); /* one old byte: a keep-alive */
        return;
    }
    if (ahead == 0 && !stream->first) {
        deliver(tcp, entry, direction, &segment, packet->payload, packet);
        return;
    }
    wait_in_order(tcp, stream, &segment, packet);
    drain(tcp, entry, direction);
    while (stream->first && (stream->waiting > VO_TCP_WAITING || tcp->waiting > WAITING_TOTAL))
        skip(tcp, entry, direction, stream->first->sequence);
}

/* The first sequence number of a direction, from its SYN or, in mid-stream, its first data. */
static void begin(struct entry *entry, int direction, const struct piece *segment,
                  const struct vo_packet *packet)
{
    struct stream *stream = &entry->streams[direction];
    bool syn = packet->tcp.flags & SYN;
    if (syn)
        entry->connection.client = packet->tcp.flags & ACK ? !direction : direction;
    if (stream->started || (!syn && !segment->length && !(packet->tcp.flags & FIN)))
        return;
    stream->started = true;
    stream->base = segment->sequence;
    if (!syn && segment->length == 1)
        stream->base++; /* may be a keep-alive with a byte that is none of the stream */
    stream->next = stream->base;
}

/* Notes that the other side has bytes that the capture has not shown yet. */
static void acknowledge(struct stream *stream, uint32_t acked, vo_time time)
{
    if (!stream->started)
        return;
    if (stream->fin_seen && beyond(acked, stream->fin) > 0)
        acked = stream->fin; /* the FIN counts as one */
    int32_t ahead = beyond(acked, stream->next);
    if (ahead <= 0 || ahead > JUMP_MAX || (ahead == 1 && !stream->first))
        return; /* one alone may be a FIN that was not captured */
    if (!stream->behind)
        stream->behind_since = time;
    if (!stream->behind || beyond(acked, stream->acked) > 0)
        stream->acked = acked;
    stream->behind = true;
}

static void settle(struct vo_tcp *tcp, struct entry *entry, int direction, vo_time time)
{
    struct stream *stream = &entry->streams[direction];
    if (!stream->behind)
        return;
    if (beyond(stream->acked, stream->next) <= 0)
        stream->behind = false;
    else if (elapsed(stream->behind_since, time, ACK_GRACE))
        skip_acked(tcp, entry, direction);
}

static bool finished(const struct stream *stream)
{
    return stream->fin_seen && beyond(stream->next, stream->fin) >= 0;
}

static void add_segment(struct vo_tcp *tcp, struct entry *entry, int direction,
                        const struct vo_packet *packet, vo_time time)
{
    struct stream *stream = &entry->streams[direction];
    uint8_t flags = packet->tcp.flags;
    struct piece segment = {.sequence = packet->tcp.sequence + !!(flags & SYN),
                            .length = packet->payload_length,
                            .size = packet->payload_size,
                            .time = time};
    if (segment.length > JUMP_MAX || segment.size > segment.length)
        return;
    int32_t ahead = stream->started ? beyond(segment.sequence, stream->next) : 0;
    if (flags & RST) {
        if (ahead <= JUMP_MAX && ahead >= -JUMP_MAX)
            close_connection(tcp, entry);
        return;
    }
    begin(entry, direction, &segment, packet);
    if (flags & FIN && !stream->fin_seen && ahead <= JUMP_MAX && ahead >= -JUMP_MAX) {
        stream->fin_seen = true;
        stream->fin = segment.sequence + segment.length;
    }
    add_payload(tcp, entry, direction, segment, packet);
    if (flags & ACK)
        acknowledge(&entry->streams[!direction], packet->tcp.acknowledgement, time);
    settle(tcp, entry, 0, time);
    settle(tcp, entry, 1, time);
    if (entry->state == IGNORED)
        free_streams(tcp, entry);
    else if (finished(&entry->streams[0]) && finished(&entry->streams[1]))
        close_connection(tcp, entry);
}

void vo_tcp_add(struct vo_tcp *tcp, const struct vo_packet *packet, vo_time time)
{
    tcp->stats.segments++;
    int direction = 0;
    uint32_t encap_hash = encap_of(packet), bucket = bucket_of(packet, encap_hash);
    struct entry *entry = find(tcp, packet, encap_hash, bucket, &direction);
    if (entry && restarts(entry, direction, packet, time)) {
        remove_entry(tcp, entry);
        entry = NULL;
    }
    if (!entry) {
        if (packet->tcp.flags & RST || (!(packet->tcp.flags & SYN) && !packet->payload_length))
            return;
        entry = create(tcp, packet, encap_hash, bucket);
        direction = 0;
        if (!entry) {
            tcp->stats.lost++;
            return;
        }
    }
    unlink_age(tcp, entry);
    link_newest(tcp, entry);
    if (entry->state != CLOSED)
        entry->seen = time;
    if (entry->streams)
        add_segment(tcp, entry, direction, packet, time);
}
