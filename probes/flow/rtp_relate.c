/* How streams and calls belong together. */
#include "probes/flow/leg.h"
#include "probes/flow/rtp_emit.h"

#include <stdlib.h>
#include <string.h>

static bool proves(const struct vo_leg_delay *leg, const struct vo_stream *other)
{
    return leg && leg->first == other && leg->matched >= VO_LEG_PROOF;
}

bool vo_rtp_is_leg(const struct vo_stream *stream, const struct vo_stream *other)
{
    return proves(stream->leg, other) || proves(other->leg, stream);
}

/* The stream of the same packets that SDP announces, where this one's signalling was not captured; else
 * itself. */
static const struct vo_stream *announced_leg(const struct vo_stream *stream)
{
    const struct vo_stream *other = stream->leg ? stream->leg->first : NULL;
    if (stream->to || stream->from || !other || (!other->to && !other->from))
        return stream;
    return vo_rtp_is_leg(stream, other) ? other : stream;
}

struct vo_call *vo_rtp_call_of(const struct vo_stream *stream)
{
    const struct vo_stream *leg = announced_leg(stream);
    const struct vo_binding *binding = leg->to ? leg->to : leg->from;
    return binding ? binding->call : NULL;
}

const char *vo_rtp_direction(const struct vo_stream *stream)
{
    stream = announced_leg(stream);
    if (stream->to)
        return stream->to->caller ? "callee_to_caller" : "caller_to_callee";
    if (stream->from)
        return stream->from->caller ? "caller_to_callee" : "callee_to_caller";
    return "unknown";
}

static bool is_reverse(const struct vo_stream *stream, const struct vo_stream *other)
{
    return memcmp(stream->key.source, other->key.destination, 16) == 0 &&
           memcmp(stream->key.destination, other->key.source, 16) == 0 &&
           stream->key.interface == other->key.interface &&
           vo_encap_back(stream->encap, stream->encap_count, stream->key.encap_hash) == other->key.encap_hash;
}

const struct vo_stream *vo_rtp_reverse(const struct vo_rtp_session *session, const struct vo_stream *stream)
{
    const struct vo_stream_key *key = &stream->key;
    const struct vo_stream *near = NULL;
    for (struct vo_stream *s = vo_streams_from(session->streams, key->destination, key->destination_port); s;
         s = s->next_source)
        if (is_reverse(stream, s) && s->key.destination_port == key->source_port)
            near = s;
    if (near)
        return near;
    /* a sender may use another port than it receives on: then SDP says which streams are a pair */
    struct vo_call *call = vo_rtp_call_of(stream);
    const struct vo_binding *other = call ? (stream->to ? stream->to : stream->from) : NULL;
    for (struct vo_stream *s = other ? vo_streams_to(session->streams, key->source, key->source_port) : NULL;
         s; s = s->next_destination)
        if (is_reverse(stream, s))
            near = s;
    return near;
}

static double half_loop(const struct vo_stream *stream)
{
    return stream->rtcp && stream->rtcp->half_loops
               ? stream->rtcp->half_sum_ns / (double)stream->rtcp->half_loops
               : -1;
}

static bool is_near(const struct vo_rtp_options *options, const uint8_t address[16])
{
    for (unsigned i = 0; i < options->near_count; i++)
        if (memcmp(options->near[i], address, 16) == 0 &&
            (!options->near_point[i] || strcmp(options->near_point[i], options->point) == 0))
            return true;
    return false;
}

/* On the air the frames themselves tell, where they do. */
static const char *position_on_air(const struct vo_stream *stream, const char **evidence)
{
    static const uint8_t first_ttls[] = {64, 128, 255};
    const struct vo_measure *measure = stream->measure;
    unsigned kind = stream->encap_count ? stream->encap[0].kind : 0;
    if (kind == VO_ENCAP_FROM_AP) { /* the last hop, on which it can still be lost */
        *evidence = "heard on the air from the access point: whether the station received it is not known";
        return "middle";
    }
    for (size_t i = 0; kind == VO_ENCAP_TO_AP && measure && i < sizeof first_ttls; i++)
        if (measure->ttl_minimum == first_ttls[i] && measure->ttl_maximum == first_ttls[i]) {
            *evidence = "heard on the air from the sender itself: nothing has lowered its time to live";
            return "near_sender";
        }
    return NULL;
}

const char *vo_rtp_position(const struct vo_rtp_session *session, const struct vo_stream *stream,
                            const char **evidence)
{
    const struct vo_rtp_options *options = &session->options;
    *evidence = "nothing tells where the capture was taken";
    if (options->position) {
        *evidence = "told by the user";
        return options->position;
    }
    if (is_near(options, stream->key.destination)) {
        *evidence = "the receiver is the host beside which the capture was taken";
        return "near_receiver";
    }
    if (is_near(options, stream->key.source)) {
        *evidence = "the sender is the host beside which the capture was taken";
        return "near_sender";
    }
    const char *on_air = position_on_air(stream, evidence);
    if (on_air)
        return on_air;
    /* RTCP gives the way from here to either end and back: a way of under 5 ms, and a quarter of the other's,
     * is near. */
    const struct vo_stream *reverse = vo_rtp_reverse(session, stream);
    double receiver = half_loop(stream), sender = reverse ? half_loop(reverse) : -1;
    if (receiver < 0 || sender < 0)
        return "unknown";
    if (receiver < 5e6 && 4 * receiver < sender) {
        *evidence =
            "RTCP: the way to the receiver and back is under 5 ms and a quarter of that to the sender";
        return "near_receiver";
    }
    if (sender < 5e6 && 4 * sender < receiver) {
        *evidence =
            "RTCP: the way to the sender and back is under 5 ms and a quarter of that to the receiver";
        return "near_sender";
    }
    *evidence = "RTCP: neither end is near";
    return "middle";
}

static struct vo_call_media *media_of(struct vo_call *call)
{
    return call->user;
}

struct vo_call *vo_rtp_linked(const struct vo_call *call)
{
    const struct vo_call_media *media = call->user;
    return media ? media->linked : NULL;
}

/* The call that stands for the whole ring. */
static struct vo_call *root_of(struct vo_call *call)
{
    while (media_of(call)->root != call)
        call = media_of(call)->root = media_of(media_of(call)->root)->root;
    return call;
}

/* Joins two rings by exchanging their successors. */
static void link_two(struct vo_call *a, struct vo_call *b)
{
    struct vo_call *root_a = root_of(a), *root_b = root_of(b);
    if (root_a == root_b)
        return;
    media_of(root_a)->root = root_b;
    struct vo_call *after_a = media_of(a)->linked;
    media_of(a)->linked = media_of(b)->linked;
    media_of(b)->linked = after_a;
}

struct tagged {
    const char *tag;
    struct vo_call *call;
};

static int compare_tags(const void *a, const void *b)
{
    const struct tagged *left = a, *right = b;
    return strcmp(left->tag, right->tag);
}

static bool overlap(const struct vo_call *a, const struct vo_call *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Two calls with an equal tag that were up at the same time. A tag that more than two calls have is no
 * identity: load generators write the same o= into all of theirs. */
static void link_equal(struct tagged *tags, size_t count)
{
    qsort(tags, count, sizeof *tags, compare_tags);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && strcmp(tags[next].tag, tags[i].tag) == 0;)
            next++;
        if (next == i + 2 && overlap(tags[i].call, tags[i + 1].call))
            link_two(tags[i].call, tags[i + 1].call);
    }
}

static bool link_by_signalling(struct vo_rtp_session *session)
{
    size_t calls = vo_calls_count(session->calls), count = 0;
    struct tagged *tags = malloc((3 * calls + 1) * sizeof *tags);
    if (!tags)
        return false;
    for (struct vo_call *call = vo_calls_first(session->calls); call; call = call->next) {
        if (call->session_id)
            tags[count++] = (struct tagged){call->session_id, call};
        for (int side = 0; side < 2; side++)
            if (call->origin[side])
                tags[count++] = (struct tagged){call->origin[side], call};
    }
    link_equal(tags, count);
    free(tags);
    return true;
}

/* A stream by its SSRC, and from when to when it was up. */
struct carrier {
    uint32_t ssrc;
    vo_time first, last;
    struct vo_stream *stream;
};

static int compare_carriers(const void *a, const void *b)
{
    const struct carrier *left = a, *right = b;
    if (left->ssrc != right->ssrc)
        return left->ssrc < right->ssrc ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

static size_t end_of_group(const struct carrier *carriers, size_t begin, size_t count)
{
    size_t end = begin + 1;
    while (end < count && carriers[end].ssrc == carriers[begin].ssrc)
        end++;
    return end;
}

/* Were more than VO_LEG_STREAMS of one SSRC, in order of their beginning, up at once? */
static bool is_crowded(const struct carrier *carriers, size_t count)
{
    vo_time ends[VO_LEG_STREAMS];
    unsigned up = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned kept = 0;
        for (unsigned e = 0; e < up; e++)
            if (ends[e] >= carriers[i].first)
                ends[kept++] = ends[e];
        if (kept == VO_LEG_STREAMS)
            return true;
        ends[kept] = carriers[i].last;
        up = kept + 1;
    }
    return false;
}

/* Parts the streams whose SSRC is no identity and leaves them out; returns how many carriers remain. */
static size_t part_crowded(struct vo_rtp_session *session, struct carrier *carriers, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < count; i = end) {
        end = end_of_group(carriers, i, count);
        if (!is_crowded(&carriers[i], end - i)) {
            memmove(&carriers[kept], &carriers[i], (end - i) * sizeof *carriers);
            kept += end - i;
            continue;
        }
        for (size_t k = i; k < end; k++)
            vo_leg_part(carriers[k].stream);
        session->crowded.ssrc = carriers[i].ssrc;
        session->crowded.ssrcs++;
        session->crowded.streams += end - i;
    }
    return kept;
}

/* Links the calls of streams with one SSRC that were up at the same time. In order of their beginning, a call
 * overlaps an earlier one exactly if it overlaps the one that ended last. */
static void link_carriers(struct carrier *carriers, size_t count)
{
    struct vo_call *lasting = NULL;
    for (size_t i = 0; i < count; i++) {
        struct vo_call *call = vo_rtp_call_of(carriers[i].stream);
        carriers[i].first = call ? call->first : INT64_MAX;
    }
    qsort(carriers, count, sizeof *carriers, compare_carriers);
    for (size_t i = 0; i < count; i++) {
        struct vo_call *call = vo_rtp_call_of(carriers[i].stream);
        bool same = i > 0 && carriers[i].ssrc == carriers[i - 1].ssrc;
        lasting = same ? lasting : NULL;
        if (!call)
            continue;
        if (lasting && overlap(lasting, call))
            link_two(lasting, call);
        if (!lasting || call->last > lasting->last)
            lasting = call;
    }
}

static bool link_by_ssrc(struct vo_rtp_session *session)
{
    size_t streams = vo_streams_count(session->streams), count = 0;
    struct carrier *carriers = malloc((streams + 1) * sizeof *carriers);
    if (!carriers)
        return false;
    for (size_t i = 0; i < streams; i++) {
        struct vo_stream *stream = vo_streams_at(session->streams, i);
        if (stream->measure)
            carriers[count++] =
                (struct carrier){stream->key.ssrc, stream->measure->first, stream->measure->last, stream};
    }
    qsort(carriers, count, sizeof *carriers, compare_carriers);
    count = part_crowded(session, carriers, count);
    link_carriers(carriers, count);
    free(carriers);
    return true;
}

/* What the streams of a call add up to. */
static void add_streams(const struct vo_rtp_session *session)
{
    for (size_t i = 0; i < vo_streams_count(session->streams); i++) {
        const struct vo_stream *stream = vo_streams_at(session->streams, i);
        struct vo_call *call = vo_rtp_call_of(stream);
        if (!call || !stream->measure)
            continue;
        struct vo_call_media *media = media_of(call);
        const struct vo_binding *to = stream->to, *from = stream->from;
        if (to || from)
            media->packets[to ? !to->caller : from->caller] += stream->measure->packets;
        if (stream->rtcp) {
            media->round_trips += stream->rtcp->round_trips;
            media->rtt_sum_ns += stream->rtcp->rtt_sum_ns;
            if (stream->rtcp->rtt_max_ns > media->rtt_max_ns)
                media->rtt_max_ns = stream->rtcp->rtt_max_ns;
        }
        if (to && from && to->call != from->call)
            link_two(to->call, from->call);
    }
}

bool vo_rtp_link_calls(struct vo_rtp_session *session)
{
    for (struct vo_call *call = vo_calls_first(session->calls); call; call = call->next) {
        struct vo_call_media *media = calloc(1, sizeof *media);
        if (!media)
            return false;
        media->linked = media->root = call;
        call->user = media;
    }
    if (!link_by_ssrc(session)) /* first: it parts false legs, which would lend their call */
        return false;
    add_streams(session);
    return link_by_signalling(session);
}
