/* Which packet is which, and which stream. */
#include "probes/rtp/points.h"

#include <stdlib.h>
#include <string.h>

#define REPEAT_NS   (2 * VO_NS_PER_S) /* a copy that comes later than this is another packet */
#define RUN_MAX     4096 /* comparisons for one place: calls that replay the same file are many */
#define MATCHES_MIN 16

/* A place is one SSRC, sequence number and timestamp. */
static int compare_places(const struct vo_point_packet *a, const struct vo_point_packet *b)
{
    if (a->ssrc != b->ssrc)
        return a->ssrc < b->ssrc ? -1 : 1;
    if (a->sequence != b->sequence)
        return a->sequence < b->sequence ? -1 : 1;
    return (a->timestamp > b->timestamp) - (a->timestamp < b->timestamp);
}

static int compare_packets(const void *left, const void *right)
{
    const struct vo_point_packet *a = left, *b = right;
    int place = compare_places(a, b);
    if (place)
        return place;
    if (a->stream != b->stream)
        return a->stream < b->stream ? -1 : 1;
    return (a->time > b->time) - (a->time < b->time);
}

static bool same_payload(const struct vo_point_packet *a, const struct vo_point_packet *b)
{
    return !a->hashed || !b->hashed || a->hash == b->hash;
}

static bool usable(const struct vo_point_packet *packet)
{
    return !(packet->fate & (VO_POINT_REPEAT | VO_POINT_AMBIGUOUS));
}

/* Orders the packets, and finds what of each stream is a duplicate and what cannot be told apart. */
static uint64_t order(struct vo_point *point)
{
    uint64_t ambiguous = 0;
    struct vo_point_packet *packets = point->packets;
    if (point->count)
        qsort(packets, point->count, sizeof *packets, compare_packets);
    for (size_t i = 0, end; i < point->count; i = end) {
        bool clear = true;
        for (end = i + 1; end < point->count && packets[end].stream == packets[i].stream &&
                          compare_places(&packets[i], &packets[end]) == 0;
             end++) {
            int64_t after;
            clear &= same_payload(&packets[i], &packets[end]) &&
                     !__builtin_sub_overflow(packets[end].time, packets[i].time, &after) &&
                     after <= REPEAT_NS;
            packets[end].fate |= VO_POINT_REPEAT;
        }
        point->streams[packets[i].stream].packets += clear;
        ambiguous += clear ? 0 : end - i;
        for (size_t j = i; j < end && !clear; j++)
            packets[j].fate |= VO_POINT_AMBIGUOUS;
    }
    return ambiguous;
}

/* The packets of both points at one place. */
struct run {
    struct vo_point_packet *packets[2];
    size_t count[2];
};

/* The next place that both points have; `at` begins as zeros. */
static bool next_run(const struct vo_points *points, size_t at[2], struct run *run)
{
    const struct vo_point *a = points->point[0], *b = points->point[1];
    while (at[0] < a->count && at[1] < b->count) {
        int order_of = compare_places(&a->packets[at[0]], &b->packets[at[1]]);
        if (order_of) {
            at[order_of > 0]++;
            continue;
        }
        for (int i = 0; i < 2; i++) {
            const struct vo_point *point = points->point[i];
            run->packets[i] = &point->packets[at[i]];
            size_t start = at[i];
            while (at[i] < point->count && compare_places(run->packets[i], &point->packets[at[i]]) == 0)
                at[i]++;
            run->count[i] = at[i] - start;
        }
        return true;
    }
    return false;
}

/* Two streams that share packets. A zero first number is a free slot. */
struct claim {
    uint32_t number[2];
    int likeness;
    uint64_t shared;
};

struct claims {
    struct claim *slots;
    size_t size, used; /* size: a power of two */
};

static struct claim *slot_of(const struct claims *claims, uint32_t a, uint32_t b)
{
    uint64_t hash = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u;
    size_t at = (hash >> 32) & (claims->size - 1);
    while (claims->slots[at].number[0] &&
           (claims->slots[at].number[0] != a || claims->slots[at].number[1] != b))
        at = (at + 1) & (claims->size - 1);
    return &claims->slots[at];
}

static bool grow(struct claims *claims)
{
    struct claims bigger = {.size = claims->size ? 2 * claims->size : 1024, .used = claims->used};
    bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < claims->size; i++)
        if (claims->slots[i].number[0])
            *slot_of(&bigger, claims->slots[i].number[0], claims->slots[i].number[1]) = claims->slots[i];
    free(claims->slots);
    *claims = bigger;
    return true;
}

static bool count_shared(struct claims *claims, uint32_t a, uint32_t b)
{
    if (2 * (claims->used + 1) > claims->size && !grow(claims))
        return false;
    struct claim *claim = slot_of(claims, a, b);
    claims->used += claim->number[0] == 0;
    claim->number[0] = a;
    claim->number[1] = b;
    claim->shared++;
    return true;
}

static bool is_match(const struct vo_point_packet *a, const struct vo_point_packet *b)
{
    int64_t apart;
    return usable(a) && usable(b) && same_payload(a, b) &&
           !__builtin_sub_overflow(b->time, a->time, &apart) && apart != INT64_MIN;
}

static bool compare_run(struct vo_points *points, const struct run *run, struct claims *claims)
{
    bool crowded = run->count[0] * run->count[1] > RUN_MAX;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < run->count[i]; j++) {
            points->ambiguous += crowded && usable(&run->packets[i][j]);
            run->packets[i][j].fate |= VO_POINT_SEEN | (crowded ? VO_POINT_AMBIGUOUS : 0);
        }
    for (size_t i = 0; i < run->count[0] && !crowded; i++)
        for (size_t j = 0; j < run->count[1]; j++) {
            const struct vo_point_packet *a = &run->packets[0][i], *b = &run->packets[1][j];
            if (is_match(a, b) && !count_shared(claims, a->stream, b->stream))
                return false;
            points->altered += usable(a) && usable(b) && !same_payload(a, b);
        }
    return true;
}

/* Which claim is better: more packets, then more of the same addresses and ports, then who came first. */
static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    if (a->shared != b->shared)
        return a->shared > b->shared ? -1 : 1;
    if (a->likeness != b->likeness)
        return b->likeness - a->likeness;
    if (a->number[0] != b->number[0])
        return a->number[0] < b->number[0] ? -1 : 1;
    return (a->number[1] > b->number[1]) - (a->number[1] < b->number[1]);
}

static int likeness_of(const struct vo_stream_key *a, const struct vo_stream_key *b)
{
    return 8 * (memcmp(a->source, b->source, 16) == 0) +
           8 * (memcmp(a->destination, b->destination, 16) == 0) + 4 * (a->source_port == b->source_port) +
           4 * (a->destination_port == b->destination_port) + (a->encap_hash == b->encap_hash);
}

static const struct vo_stream *stream_of(const struct vo_points *points, int i, uint32_t number)
{
    return points->point[i]->streams[number].stream;
}

/* The same flow at one point, seen twice: in several VLANs or on several interfaces. */
static bool is_leg(const struct vo_stream *a, const struct vo_stream *b)
{
    return memcmp(a->key.source, b->key.source, 16) == 0 &&
           memcmp(a->key.destination, b->key.destination, 16) == 0 &&
           a->key.source_port == b->key.source_port && a->key.destination_port == b->key.destination_port;
}

/* Who claims a stream among claims of equal worth. */
struct suitor {
    uint32_t number; /* the first to claim it, 0: none */
    bool torn;       /* another one claims it as well */
};

struct choice {
    struct vo_points *points;
    struct claim *claims;
    size_t count;
    struct suitor *suitors[2];
};

static bool is_free(const struct choice *choice, const struct claim *claim)
{
    return choice->points->pair_of[0][claim->number[0]] == VO_POINT_NONE &&
           choice->points->pair_of[1][claim->number[1]] == VO_POINT_NONE;
}

static void court(struct choice *choice, const struct claim *claim)
{
    for (int i = 0; i < 2; i++) {
        struct suitor *suitor = &choice->suitors[i][claim->number[i]];
        uint32_t other = claim->number[!i];
        if (suitor->number && suitor->number != other)
            suitor->torn |=
                !is_leg(stream_of(choice->points, !i, suitor->number), stream_of(choice->points, !i, other));
        else
            suitor->number = other;
    }
}

/* Pairs are numbered as they are made; a torn stream is VO_POINT_NONE - 1 until all is chosen. */
static void wed(struct choice *choice, const struct claim *claim)
{
    struct vo_points *points = choice->points;
    struct suitor *suitors[2] = {&choice->suitors[0][claim->number[0]],
                                 &choice->suitors[1][claim->number[1]]};
    for (int i = 0; i < 2; i++)
        if (suitors[i]->torn && points->pair_of[i][claim->number[i]] == VO_POINT_NONE) {
            points->pair_of[i][claim->number[i]] = VO_POINT_NONE - 1;
            points->point[i]->streams[claim->number[i]].torn = true;
            points->torn++;
        }
    if (suitors[0]->number != claim->number[1] || suitors[1]->number != claim->number[0] ||
        !is_free(choice, claim))
        return;
    struct vo_point_pair *pair = &points->pairs[points->count];
    *pair = (struct vo_point_pair){.reverse = VO_POINT_NONE, .direction = VO_POINT_UNKNOWN};
    for (int i = 0; i < 2; i++) {
        pair->number[i] = claim->number[i];
        pair->stream[i] = stream_of(points, i, claim->number[i]);
        points->pair_of[i][claim->number[i]] = points->count;
    }
    points->count++;
}

/* Chooses among all claims, the best first; those of equal worth are weighed together. */
static void choose(struct choice *choice)
{
    for (size_t start = 0, end; start < choice->count; start = end) {
        const struct claim *first = &choice->claims[start];
        for (end = start; end < choice->count && choice->claims[end].shared == first->shared &&
                          choice->claims[end].likeness == first->likeness;
             end++)
            if (is_free(choice, &choice->claims[end]))
                court(choice, &choice->claims[end]);
        for (size_t i = start; i < end; i++)
            wed(choice, &choice->claims[i]);
        for (size_t i = start; i < end; i++)
            for (int side = 0; side < 2; side++)
                choice->suitors[side][choice->claims[i].number[side]] = (struct suitor){0};
    }
}

/* Leaves the claims that count, in their order. */
static size_t sort_claims(const struct vo_points *points, struct claims *claims)
{
    size_t kept = 0;
    for (size_t i = 0; i < claims->size; i++) {
        struct claim claim = claims->slots[i];
        if (!claim.number[0])
            continue;
        const struct vo_point_stream *a = &points->point[0]->streams[claim.number[0]];
        const struct vo_point_stream *b = &points->point[1]->streams[claim.number[1]];
        uint64_t shorter = a->packets < b->packets ? a->packets : b->packets;
        if (claim.shared < MATCHES_MIN && 4 * claim.shared < shorter)
            continue;
        claim.likeness = likeness_of(&a->stream->key, &b->stream->key);
        claims->slots[kept++] = claim;
    }
    if (kept)
        qsort(claims->slots, kept, sizeof *claims->slots, compare_claims);
    return kept;
}

static bool pair_streams(struct vo_points *points, struct claims *claims)
{
    struct choice choice = {points, claims->slots, sort_claims(points, claims), {NULL, NULL}};
    bool good = true;
    for (int i = 0; i < 2; i++) {
        size_t numbers = (size_t)points->point[i]->stream_count + 1;
        points->pair_of[i] = malloc(numbers * sizeof *points->pair_of[i]);
        choice.suitors[i] = calloc(numbers, sizeof *choice.suitors[i]);
        if (points->pair_of[i])
            memset(points->pair_of[i], 0xff, numbers * sizeof *points->pair_of[i]); /* VO_POINT_NONE */
        good = good && points->pair_of[i] && choice.suitors[i];
    }
    points->pairs = good ? calloc(choice.count + 1, sizeof *points->pairs) : NULL;
    if (points->pairs)
        choose(&choice);
    for (int i = 0; i < 2 && points->pairs; i++)
        for (size_t j = 0; j <= points->point[i]->stream_count; j++)
            if (points->pair_of[i][j] == VO_POINT_NONE - 1)
                points->pair_of[i][j] = VO_POINT_NONE;
    free(choice.suitors[0]);
    free(choice.suitors[1]);
    return points->pairs != NULL;
}

static void collect_run(struct vo_points *points, const struct run *run)
{
    for (size_t i = 0; i < run->count[0]; i++)
        for (size_t j = 0; j < run->count[1]; j++) {
            const struct vo_point_packet *a = &run->packets[0][i], *b = &run->packets[1][j];
            size_t index = points->pair_of[0][a->stream];
            if (index == VO_POINT_NONE || index != points->pair_of[1][b->stream] || !is_match(a, b))
                continue;
            struct vo_point_pair *pair = &points->pairs[index];
            pair->matches[pair->matched++] = (struct vo_point_match){{a->time, b->time}};
            pair->header_only += !a->hashed || !b->hashed;
        }
}

/* A pair cannot have more matches than its shorter stream has packets. */
static bool collect(struct vo_points *points)
{
    for (size_t i = 0; i < points->count; i++) {
        struct vo_point_pair *pair = &points->pairs[i];
        uint64_t a = points->point[0]->streams[pair->number[0]].packets;
        uint64_t b = points->point[1]->streams[pair->number[1]].packets;
        pair->matches = calloc(a < b ? a : b, sizeof *pair->matches);
        if (!pair->matches)
            return false;
    }
    struct run run;
    for (size_t at[2] = {0, 0}; next_run(points, at, &run);)
        if (run.count[0] * run.count[1] <= RUN_MAX)
            collect_run(points, &run);
    for (size_t i = 0; i < points->count; i++) {
        points->matched += points->pairs[i].matched;
        points->header_only += points->pairs[i].header_only;
    }
    return true;
}

enum vo_status vo_points_match(struct vo_points *points, struct vo_point *a, struct vo_point *b,
                               struct vo_error *error)
{
    struct claims claims = {NULL, 0, 0};
    struct run run;
    *points = (struct vo_points){.point = {a, b}};
    points->ambiguous = order(a);
    points->ambiguous += order(b);
    bool good = true;
    for (size_t at[2] = {0, 0}; good && next_run(points, at, &run);)
        good = compare_run(points, &run, &claims);
    good = good && pair_streams(points, &claims) && collect(points);
    free(claims.slots);
    return good ? VO_OK : vo_error_memory(error, "the packets matched between the two points");
}

void vo_points_release(struct vo_points *points)
{
    for (size_t i = 0; i < points->count; i++)
        free(points->pairs[i].matches);
    free(points->pairs);
    free(points->pair_of[0]);
    free(points->pair_of[1]);
    *points = (struct vo_points){0};
}
