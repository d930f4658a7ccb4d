#include "probes/flow/streams.h"

#include "probes/flow/leg.h"
#include "probes/flow/stream_index.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE 4 /* packets; a power of two */

struct entry {
    struct vo_queued packet;
    uint64_t hash;
    struct vo_stream *likely; /* the first of that hash when it was queued; perhaps gone since */
    uint8_t encap_count;
    struct vo_encap encap[VO_ENCAP_MAX];
};

struct vo_streams {
    struct vo_stream_config config;
    struct vo_streams_handler handler;
    size_t limit;
    struct vo_stream_index by_key, by_ssrc, by_source, by_destination;
    struct vo_stream **all; /* confirmed, in order of first sight */
    size_t count, room, hand;
    struct vo_stream *newest, *oldest; /* candidates */
    struct vo_pool cells, measures;
    size_t candidates;
    uint64_t unconfirmed, evicted, lost;
    struct vo_stream *full; /* its packets are measured with the next packet, when its memory has come near */
    struct entry queue[QUEUE];
    unsigned queued, done; /* counts; the queue holds those from done to queued */
};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xe7037ed1a0b428dbull);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t load(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t hash_key(const struct vo_stream_key *key)
{
    uint64_t ports = (uint64_t)key->source_port << 48 | (uint64_t)key->destination_port << 32 | key->ssrc;
    uint64_t hash = mix(load(key->source + 8) ^ load(key->source), load(key->destination + 8) ^ ports);
    return mix(hash, load(key->destination) ^ ((uint64_t)key->encap_hash << 32 | key->interface)) | 1;
}

static uint64_t hash_endpoint(const uint8_t address[16], uint16_t port)
{
    return mix(load(address) ^ port, load(address + 8)) | 1;
}

static uint64_t hash_ssrc(uint32_t ssrc)
{
    return mix(ssrc, 1) | 1;
}

/* Keys have no padding: six words, compared at once. */
static bool same_key(const struct vo_stream_key *a, const struct vo_stream_key *b)
{
    _Static_assert(sizeof *a == 48, "a key is six words");
    const char *left = (const char *)a, *right = (const char *)b;
    uint64_t differ = 0;
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++)
        differ |= load(left + 8 * i) ^ load(right + 8 * i);
    return differ == 0;
}

static struct vo_stream *find(const struct vo_streams *streams, const struct vo_stream_key *key,
                              uint64_t hash, size_t *at)
{
    const struct vo_stream_index *table = &streams->by_key;
    if (table->size == 0)
        return NULL;
    *at = hash & (table->size - 1);
    while (table->slots[*at].hash) {
        if (table->slots[*at].hash == hash && same_key(&table->slots[*at].stream->key, key))
            return table->slots[*at].stream;
        *at = (*at + 1) & (table->size - 1);
    }
    return NULL;
}

struct vo_stream *vo_streams_find(const struct vo_streams *streams, const struct vo_stream_key *key)
{
    size_t at;
    struct vo_stream *stream = find(streams, key, hash_key(key), &at);
    if (stream)
        vo_stream_settle(stream, &streams->config);
    return stream;
}

struct vo_streams *vo_streams_new(const struct vo_stream_config *config,
                                  const struct vo_streams_handler *handler, size_t limit)
{
    struct vo_streams *streams = calloc(1, sizeof *streams);
    if (!streams)
        return NULL;
    streams->config = *config;
    streams->config.measures = &streams->measures;
    streams->cells.size = sizeof(struct vo_stream);
    streams->measures.size = sizeof(struct vo_measure);
    streams->handler = *handler;
    streams->limit = limit;
    return streams;
}

/* The cell stays readable: a queued packet may still look at it. */
static void free_stream(struct vo_streams *streams, struct vo_stream *stream)
{
    vo_stream_release(stream);
    stream->batched = false;
    vo_pool_give(&streams->cells, stream);
}

void vo_streams_free(struct vo_streams *streams)
{
    if (!streams)
        return;
    for (size_t i = 0; i < streams->count; i++)
        vo_stream_release(streams->all[i]);
    while (streams->oldest) {
        struct vo_stream *next = streams->oldest->newer;
        vo_stream_release(streams->oldest);
        streams->oldest = next;
    }
    vo_pool_release(&streams->cells);
    vo_pool_release(&streams->measures);
    free(streams->all);
    free(streams->by_key.slots);
    free(streams->by_ssrc.slots);
    free(streams->by_source.slots);
    free(streams->by_destination.slots);
    free(streams);
}

static void link_candidate(struct vo_streams *streams, struct vo_stream *stream)
{
    stream->older = streams->newest;
    if (streams->newest)
        streams->newest->newer = stream;
    else
        streams->oldest = stream;
    streams->newest = stream;
    streams->candidates++;
}

static void unlink_candidate(struct vo_streams *streams, struct vo_stream *stream)
{
    if (stream->newer)
        stream->newer->older = stream->older;
    else
        streams->newest = stream->older;
    if (stream->older)
        stream->older->newer = stream->newer;
    else
        streams->oldest = stream->newer;
    stream->newer = stream->older = NULL;
    streams->candidates--;
}

static void remove_from_table(struct vo_streams *streams, struct vo_stream *stream)
{
    size_t at;
    if (find(streams, &stream->key, stream->hash, &at))
        vo_stream_index_remove(&streams->by_key, at);
}

static void drop_candidate(struct vo_streams *streams, struct vo_stream *stream)
{
    unlink_candidate(streams, stream);
    remove_from_table(streams, stream);
    streams->unconfirmed++;
    free_stream(streams, stream);
}

/* Takes a stream out of one chain of an index. */
static void unchain(struct vo_stream_index *table, uint64_t hash, struct vo_stream *stream, size_t link)
{
    struct vo_stream_slot *slot = vo_stream_index_slot(table, hash);
    struct vo_stream **at = slot ? &slot->stream : NULL;
    while (at && *at) {
        struct vo_stream **next = (struct vo_stream **)(void *)((char *)*at + link);
        if (*at == stream) {
            *at = *next;
            if (!slot->stream) /* so that the index stays as small as what it holds */
                vo_stream_index_remove(table, (size_t)(slot - table->slots));
            return;
        }
        at = next;
    }
}

/* Closes the longest idle of a sample of 64 streams, taken round robin. */
static void evict(struct vo_streams *streams)
{
    size_t victim = streams->hand % streams->count;
    vo_stream_settle(streams->all[victim], &streams->config);
    for (size_t i = 1; i < 64 && i < streams->count; i++) {
        size_t at = (streams->hand + i) % streams->count;
        vo_stream_settle(streams->all[at], &streams->config);
        if (streams->all[at]->last < streams->all[victim]->last)
            victim = at;
    }
    streams->hand += 64;
    struct vo_stream *stream = streams->all[victim];
    vo_stream_finish(stream, &streams->config);
    streams->handler.evicted(streams->handler.context, stream);
    streams->evicted++;
    const struct vo_stream_key *key = &stream->key;
    unchain(&streams->by_ssrc, hash_ssrc(key->ssrc), stream, offsetof(struct vo_stream, next_ssrc));
    for (struct vo_stream *s = vo_streams_of_ssrc(streams, key->ssrc); s; s = s->next_ssrc)
        if (s->leg &&
            s->leg->first == stream) { /* a third leg may look at one that has lost its own sibling */
            free(s->leg);
            s->leg = NULL;
        }
    unchain(&streams->by_source, hash_endpoint(key->source, key->source_port), stream,
            offsetof(struct vo_stream, next_source));
    unchain(&streams->by_destination, hash_endpoint(key->destination, key->destination_port), stream,
            offsetof(struct vo_stream, next_destination));
    remove_from_table(streams, stream);
    memmove(&streams->all[victim], &streams->all[victim + 1],
            (streams->count - victim - 1) * sizeof *streams->all);
    streams->count--;
    free_stream(streams, stream);
}

/* A stream with a sibling is measured packet by packet. */
static void unbatch(struct vo_streams *streams, struct vo_stream *stream)
{
    vo_stream_settle(stream, &streams->config);
    stream->batched = stream->measure && (!stream->leg || !stream->leg->first);
}

/* A confirmed stream leaves the candidates and joins the list and the indices. */
static bool adopt(struct vo_streams *streams, struct vo_stream *stream)
{
    if (streams->count >= streams->limit && streams->count > 0)
        evict(streams);
    if (streams->count == streams->room) {
        size_t room = streams->room ? streams->room * 2 : 256;
        struct vo_stream **all = realloc(streams->all, room * sizeof *all);
        if (!all)
            return false;
        streams->all = all;
        streams->room = room;
    }
    const struct vo_stream_key *key = &stream->key;
    struct vo_stream_slot *ssrc = vo_stream_index_slot(&streams->by_ssrc, hash_ssrc(key->ssrc));
    struct vo_stream_slot *source =
        vo_stream_index_slot(&streams->by_source, hash_endpoint(key->source, key->source_port));
    struct vo_stream_slot *destination = vo_stream_index_slot(
        &streams->by_destination, hash_endpoint(key->destination, key->destination_port));
    if (!ssrc || !source || !destination)
        return false;
    stream->next_ssrc = ssrc->stream;
    if (ssrc->stream && ssrc->stream->key.ssrc == key->ssrc) {
        struct vo_stream *sibling;
        vo_stream_settle(ssrc->stream, &streams->config);
        if (!vo_leg_join(stream, ssrc->stream, &sibling))
            return false;
        unbatch(streams, ssrc->stream);
        if (sibling)
            unbatch(streams, sibling);
    }
    ssrc->stream = stream;
    stream->next_source = source->stream;
    source->stream = stream;
    stream->next_destination = destination->stream;
    destination->stream = stream;
    unlink_candidate(streams, stream);
    streams->all[streams->count++] = stream;
    return true;
}

static struct vo_stream *begin(struct vo_streams *streams, const struct vo_stream_key *key, uint64_t hash,
                               const struct vo_encap *encap, uint8_t encap_count)
{
    if (streams->candidates >= VO_STREAMS_CANDIDATES)
        drop_candidate(streams, streams->oldest);
    struct vo_stream_index *table = &streams->by_key;
    if (2 * (table->used + 1) > table->size && !vo_stream_index_grow(table))
        return NULL;
    struct vo_stream *stream = vo_pool_take(&streams->cells);
    if (!stream)
        return NULL;
    memset(stream, 0, sizeof *stream);
    stream->key = *key;
    stream->hash = hash;
    if (encap_count) {
        stream->encap = malloc(encap_count * sizeof *stream->encap);
        if (!stream->encap) {
            free_stream(streams, stream);
            return NULL;
        }
        memcpy(stream->encap, encap, encap_count * sizeof *stream->encap);
        stream->encap_count = encap_count;
    }
    size_t at = hash & (table->size - 1);
    while (table->slots[at].hash)
        at = (at + 1) & (table->size - 1);
    table->slots[at] = (struct vo_stream_slot){hash, stream};
    table->used++;
    link_candidate(streams, stream);
    return stream;
}

/* After a packet or a confirmation: is it confirmed now, and was not before? */
static bool settle_candidate(struct vo_streams *streams, struct vo_stream *stream, bool was)
{
    return was || !stream->confirmed || adopt(streams, stream);
}

static const struct vo_binding *media_binding(const struct vo_calls *calls, const uint8_t address[16],
                                              uint16_t port)
{
    const struct vo_binding *binding = vo_calls_binding(calls, address, port);
    return binding && !binding->rtcp ? binding : NULL;
}

/* One packet of a stream that may be new (`stream` NULL). */
static struct vo_stream *add(struct vo_streams *streams, const struct vo_calls *calls,
                             const struct vo_stream_key *key, uint64_t hash, struct vo_stream *stream,
                             const struct vo_encap *encap, uint8_t encap_count,
                             const struct vo_rtp_packet *rtp)
{
    if (!stream) {
        stream = begin(streams, key, hash, encap, encap_count);
        if (!stream)
            return NULL;
    }
    bool was = stream->confirmed;
    if (!was) { /* media may come before the SDP that announces it; open streams are told of new bindings */
        vo_stream_bind(stream, media_binding(calls, key->destination, key->destination_port),
                       media_binding(calls, key->source, key->source_port));
        if (stream->to || stream->from)
            vo_stream_confirm(stream, &streams->config);
    }
    if (!vo_stream_add(stream, &streams->config, rtp) || !settle_candidate(streams, stream, was))
        return NULL;
    if (stream->leg) {
        if (stream->leg->first) /* which may have lost its own sibling since, so that its packets wait */
            vo_stream_settle(stream->leg->first, &streams->config);
        vo_leg_add(stream, rtp);
    }
    stream->batched = stream->measure && (!stream->leg || !stream->leg->first);
    return stream;
}

struct vo_stream *vo_streams_add(struct vo_streams *streams, const struct vo_calls *calls,
                                 const struct vo_stream_key *key, const struct vo_packet *packet,
                                 const struct vo_rtp_packet *rtp)
{
    size_t at;
    uint64_t hash = hash_key(key);
    return add(streams, calls, key, hash, find(streams, key, hash, &at), packet->encap, packet->encap_count,
               rtp);
}

static void settle_full(struct vo_streams *streams)
{
    if (streams->full)
        vo_stream_settle(streams->full, &streams->config);
    streams->full = NULL;
}

static void take_next(struct vo_streams *streams, const struct vo_calls *calls)
{
    const struct entry *entry = &streams->queue[streams->done++ % QUEUE];
    const struct vo_stream_key *key = &entry->packet.key;
    struct vo_stream *stream = entry->likely;
    size_t at;
    settle_full(streams);
    if (!stream || !stream->batched || !same_key(&stream->key, key))
        stream = find(streams, key, entry->hash, &at);
    if (stream && stream->batched) {
        stream->pending[stream->pending_count++] = entry->packet.rtp;
        if (stream->pending_count == VO_STREAM_PENDING) {
            vo_stream_prefetch(stream);
            streams->full = stream;
        }
    } else if (!add(streams, calls, key, entry->hash, stream, entry->encap, entry->encap_count,
                    &entry->packet.rtp)) {
        streams->lost++;
    }
}

struct vo_queued *vo_streams_place(struct vo_streams *streams)
{
    return &streams->queue[streams->queued % QUEUE].packet;
}

void vo_streams_queue(struct vo_streams *streams, const struct vo_calls *calls, const struct vo_encap *encap,
                      uint8_t encap_count)
{
    struct entry *entry = &streams->queue[streams->queued++ % QUEUE];
    entry->hash = hash_key(&entry->packet.key);
    entry->encap_count = encap_count;
    if (encap_count)
        memcpy(entry->encap, encap, encap_count * sizeof *entry->encap);
    entry->likely = vo_stream_index_head(&streams->by_key, entry->hash);
    if (entry->likely) {
        __builtin_prefetch(entry->likely, 1);
        __builtin_prefetch(&entry->likely->pending_count, 1);
    }
    if (streams->queued - streams->done == QUEUE)
        take_next(streams, calls);
}

void vo_streams_flush(struct vo_streams *streams, const struct vo_calls *calls)
{
    while (streams->done != streams->queued)
        take_next(streams, calls);
    settle_full(streams);
}

void vo_streams_settle(struct vo_streams *streams, const struct vo_calls *calls)
{
    vo_streams_flush(streams, calls);
    for (size_t i = 0; i < streams->count; i++)
        vo_stream_settle(streams->all[i], &streams->config);
}

uint64_t vo_streams_lost(const struct vo_streams *streams)
{
    return streams->lost;
}

void vo_streams_confirm(struct vo_streams *streams, struct vo_stream *stream)
{
    bool was = stream->confirmed;
    vo_stream_confirm(stream, &streams->config);
    settle_candidate(streams, stream, was);
}

/* Whoever is handed a chain finds its streams up to date. */
struct vo_stream *vo_streams_of_ssrc(const struct vo_streams *streams, uint32_t ssrc)
{
    struct vo_stream *head = vo_stream_index_head(&streams->by_ssrc, hash_ssrc(ssrc));
    for (struct vo_stream *s = head; s; s = s->next_ssrc)
        vo_stream_settle(s, &streams->config);
    return head;
}

struct vo_stream *vo_streams_from(const struct vo_streams *streams, const uint8_t address[16], uint16_t port)
{
    struct vo_stream *head = vo_stream_index_head(&streams->by_source, hash_endpoint(address, port));
    for (struct vo_stream *s = head; s; s = s->next_source)
        vo_stream_settle(s, &streams->config);
    return head;
}

struct vo_stream *vo_streams_to(const struct vo_streams *streams, const uint8_t address[16], uint16_t port)
{
    struct vo_stream *head = vo_stream_index_head(&streams->by_destination, hash_endpoint(address, port));
    for (struct vo_stream *s = head; s; s = s->next_destination)
        vo_stream_settle(s, &streams->config);
    return head;
}

size_t vo_streams_count(const struct vo_streams *streams)
{
    return streams->count;
}

struct vo_stream *vo_streams_at(const struct vo_streams *streams, size_t index)
{
    vo_stream_settle(streams->all[index], &streams->config);
    return streams->all[index];
}

uint64_t vo_streams_unconfirmed(const struct vo_streams *streams)
{
    return streams->unconfirmed + streams->candidates;
}

uint64_t vo_streams_evicted(const struct vo_streams *streams)
{
    return streams->evicted;
}

void vo_streams_finish(struct vo_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        vo_stream_finish(streams->all[i], &streams->config);
}
