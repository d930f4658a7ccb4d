/* Packets measured together against the same packets one by one and, one by one, the long way: thousands of
 * random streams, whose whole state has to be the same after every batch, bit by bit.
 *
 * What came through a tunnel always goes the long way and differs in nothing else than the counts of tunnels:
 * so the reference is fed the same packets with an outer DSCP of 0. */
#include "tests/unit/stream_scene.h"

#define SENT   600
#define ROOM   (4 * SENT)
#define MARGIN 80000 /* packets of the whole test that have to be in line, at least */

/* ---- a random sender and its network ---- */

struct sender {
    struct vo_rtp_packet *packets; /* in order of sending, then of arrival */
    unsigned count;
    vo_time now;
    uint32_t timestamp, step;
    uint16_t sequence;
    uint8_t type, dscp, ttl;
    bool marker;
    vo_time frame, jitter;
    unsigned loss, copies, late, events; /* of 1000 packets */
};

static bool chance(unsigned of_1000)
{
    return next_random() % 1000 < of_1000;
}

static vo_time up_to(vo_time limit)
{
    return limit > 0 ? (vo_time)(next_random() % (uint64_t)limit) : 0;
}

/* One packet on its way: lost, late, twice. */
static void put(struct sender *sender, uint8_t type, uint16_t payload)
{
    struct vo_rtp_packet packet;
    memset(&packet, 0, sizeof packet); /* its padding, too, is compared */
    packet.time = sender->now + up_to(sender->jitter);
    packet.timestamp = sender->timestamp;
    packet.sequence = sender->sequence++;
    packet.ip_length = (uint16_t)(40 + payload);
    packet.payload_length = payload;
    packet.payload_type = type;
    packet.marker = sender->marker;
    packet.dscp = sender->dscp;
    packet.outer_dscp = 0xff;
    packet.ttl = sender->ttl;
    packet.has_event = payload == 4;
    packet.event = payload == 4 ? (uint8_t)(next_random() % 16) : 0;
    sender->marker = false;
    if (chance(sender->late)) /* beyond the playout buffer, now and then beyond belief */
        packet.time += up_to((next_random() % 8 ? 150 : 900) * VO_NS_PER_MS);
    if (!chance(sender->loss) && sender->count < ROOM)
        sender->packets[sender->count++] = packet;
    if (chance(sender->copies) && sender->count < ROOM) {
        packet.time += up_to(next_random() % 4 ? 30 * VO_NS_PER_MS : 3 * VO_NS_PER_S);
        sender->packets[sender->count++] = packet;
    }
}

static void silence(struct sender *sender)
{
    unsigned frames = 2 + (unsigned)(next_random() % 300);
    if (next_random() % 2)
        put(sender, 13, 1);
    sender->now += frames * sender->frame;
    sender->timestamp += frames * sender->step;
    sender->marker = next_random() % 4 != 0;
}

static void key_press(struct sender *sender)
{
    for (unsigned i = 0; i < 7; i++) {
        put(sender, 101, 4);
        sender->now += sender->frame;
    }
    sender->timestamp += 7 * sender->step;
    sender->marker = next_random() % 2;
}

/* Comfort noise, or an event, for which the media's timestamps wait. */
static void interrupt(struct sender *sender)
{
    put(sender, next_random() % 2 ? 13 : 101, next_random() % 2 ? 1 : 4);
    sender->now += sender->frame;
}

/* The packets of a video frame. */
static void same_timestamp(struct sender *sender)
{
    for (unsigned i = (unsigned)(next_random() % 60); i > 0; i--, sender->now += VO_NS_PER_MS)
        put(sender, sender->type, 1200);
}

static void change_codec(struct sender *sender)
{
    static const struct {
        uint8_t type;
        uint32_t step;
    } codecs[] = {{0, 160}, {8, 160}, {9, 160}, {111, 960}, {96, 320}, {77, 160}};
    unsigned codec = (unsigned)(next_random() % (sizeof codecs / sizeof *codecs));
    sender->type = codecs[codec].type;
    sender->step = codecs[codec].step;
    if (next_random() % 2)
        sender->timestamp = (uint32_t)next_random();
}

/* Numbers or timestamps that jump, time that stands still. */
static void leap(struct sender *sender)
{
    switch (next_random() % 6) {
    case 0: /* restart */
        sender->sequence = (uint16_t)next_random();
        sender->timestamp = (uint32_t)next_random();
        break;
    case 1: /* hold: the media clock stands */
        sender->now += up_to(20 * VO_NS_PER_S);
        break;
    case 2: /* outage */
    {
        unsigned gone = (unsigned)(next_random() % (next_random() % 8 ? 300 : 5000));
        sender->sequence = (uint16_t)(sender->sequence + gone);
        sender->timestamp += gone * sender->step;
        sender->now += gone * sender->frame;
        break;
    }
    case 3: /* the sender's clock steps */
        sender->timestamp += (uint32_t)(next_random() % 80000);
        break;
    case 4: /* the network stalls, then delivers all at once */
        for (vo_time end = sender->now + up_to(2 * VO_NS_PER_S); sender->now < end; sender->now += 100000) {
            put(sender, sender->type, 160);
            sender->timestamp += sender->step;
            end -= sender->frame;
        }
        break;
    default: /* a stray packet */
    {
        struct sender stray = *sender;
        stray.sequence = (uint16_t)next_random();
        put(&stray, sender->type, 160);
        sender->count = stray.count;
    }
    }
}

static unsigned make(struct vo_rtp_packet *packets)
{
    static const unsigned rates[] = {0, 0, 2, 10, 50, 200};
#define RATE rates[next_random() % 6]
    struct sender sender = {packets, .now = START, .frame = FRAME, .dscp = 46, .ttl = 64, .step = 160};
    sender.sequence = (uint16_t)next_random();
    sender.timestamp = (uint32_t)next_random();
    sender.jitter = up_to(next_random() % 3 ? 5 * VO_NS_PER_MS : 60 * VO_NS_PER_MS);
    sender.loss = RATE;
    sender.copies = RATE;
    sender.late = RATE;
    sender.events = RATE / 2;
    if (next_random() % 4 == 0)
        change_codec(&sender);
    if (next_random() % 8 == 0)
        same_timestamp(&sender);
    for (unsigned i = 0; i < SENT; i++) {
        put(&sender, sender.type, next_random() % 8 ? 160 : (uint16_t)(next_random() % 1400));
        sender.now += sender.frame;
        sender.timestamp += sender.step;
        if (!chance(sender.events))
            continue;
        static void (*const events[])(struct sender *) = {silence,      key_press, interrupt, same_timestamp,
                                                          change_codec, leap,      leap};
        events[next_random() % 7](&sender);
        sender.dscp = next_random() % 4 ? 46 : (uint8_t)(next_random() % 64);
        sender.ttl = next_random() % 4 ? sender.ttl : (uint8_t)next_random();
    }
    qsort(packets, sender.count, sizeof *packets, packet_by_time);
    for (unsigned i = 0; i + 1 < sender.count; i++) /* a capture may have two the wrong way round */
        if (chance(sender.late / 4)) {
            struct vo_rtp_packet first = packets[i];
            packets[i] = packets[i + 1];
            packets[i + 1] = first;
        }
    return sender.count;
}

/* ---- three ways ---- */

enum { LONG, ONCE, BATCH, WAYS };

struct heard {
    struct told told; /* first: the scene's handlers take the context for it */
    uint64_t events;  /* hash of all, with their times and what was counted by then */
};

static void hear_event(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                       const char *detail)
{
    struct heard *heard = context;
    char text[128];
    int size =
        snprintf(text, sizeof text, "%lld %s %s %llu %llu", (long long)time, kind, detail,
                 (unsigned long long)stream->measure->packets, (unsigned long long)stream->measure->octets);
    for (int i = 0; i < size; i++)
        heard->events = (heard->events ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    on_event(&heard->told, stream, time, kind, detail);
}

struct trial {
    struct scene *scenes[WAYS];
    struct heard heard[WAYS];
    struct vo_measure states[WAYS];
    uint64_t seed, in_line, fed;
};

/* A state without what the long way's tunnel changed, and without pointers and padding that copies leave. */
static void take_state(struct vo_measure *state, const struct vo_stream *stream)
{
    memcpy(state, stream->measure, sizeof *state);
    const struct vo_sequence_packet held = state->sequence.held;
    memset(&state->sequence.held, 0, sizeof held);
    state->sequence.held.time = held.time;
    state->sequence.held.timestamp = held.timestamp;
    state->sequence.held.sequence = held.sequence;
    state->sequence.held.timed = held.timed;
    uintptr_t payload = state->payload ? (uintptr_t)(state->payload - stream->payloads) + 1 : 0;
    uintptr_t media = state->media ? (uintptr_t)(state->media - stream->payloads) + 1 : 0;
    state->payload = NULL;
    state->media = NULL;
    state->event_timestamp ^= (uint32_t)(payload << 8 | media); /* in place of the pointers */
    state->tunnelled = state->outer_46 = state->outer_dscp[0] = 0;
    state->held.outer_dscp = 0;
    for (unsigned i = 0; i < VO_DELAY_AHEAD; i++)
        state->ahead[i].outer_dscp = 0;
}

static void compare_states(struct trial *trial, unsigned packet)
{
    for (int way = 0; way < WAYS; way++) {
        const struct vo_stream *stream = &trial->scenes[way]->stream;
        assert_true((stream->measure != NULL) == (trial->scenes[LONG]->stream.measure != NULL));
        if (!stream->measure)
            return;
        take_state(&trial->states[way], stream);
        const char *want = (const char *)&trial->states[LONG], *got = (const char *)&trial->states[way];
        for (size_t i = 0; memcmp(got, want, sizeof(struct vo_measure)) != 0; i++)
            if (got[i] != want[i])
                fail_msg("seed %llu, packet %u: way %d differs at byte %zu of struct vo_measure",
                         (unsigned long long)trial->seed, packet, way, i);
        assert_int_equal(trial->heard[way].events, trial->heard[LONG].events);
    }
}

static void compare_told(const struct trial *trial, int way)
{
    const struct vo_stream *got = &trial->scenes[way]->stream, *want = &trial->scenes[LONG]->stream;
    const struct told *told = &trial->heard[way].told, *expected = &trial->heard[LONG].told;
    assert_int_equal(got->last, want->last);
    assert_int_equal(got->confirmed, want->confirmed);
    assert_int_equal(got->payload_count, want->payload_count);
    for (unsigned i = 0; i < got->payload_count; i++) {
        const struct vo_payload *a = &got->payloads[i], *b = &want->payloads[i];
        assert_true(a->type == b->type && a->kind == b->kind && a->basis == b->basis);
        assert_int_equal(a->clock_hz, b->clock_hz);
        assert_int_equal(a->packets, b->packets);
        assert_int_equal(a->octets, b->octets);
    }
    assert_int_equal(told->calls, expected->calls); /* in the same portions */
    assert_int_equal(told->next_row, expected->next_row);
    assert_memory_equal(told->rows, expected->rows, sizeof told->rows);
    assert_memory_equal(told->has, expected->has, sizeof told->has);
    assert_string_equal(told->events, expected->events);
}

/* Against a plain count of what was fed. */
static void check_sums(const struct trial *trial, const struct vo_rtp_packet *packets, unsigned count)
{
    const struct vo_stream *stream = &trial->scenes[BATCH]->stream;
    const struct vo_measure *measure = stream->measure;
    uint64_t octets = 0, payloads = 0;
    uint32_t dscp[64] = {0};
    uint8_t ttl_minimum = UINT8_MAX, ttl_maximum = 0;
    struct vo_stream_row sum = {0};
    for (unsigned i = 0; i < count; i++) {
        octets += packets[i].ip_length;
        dscp[packets[i].dscp]++;
        ttl_minimum = packets[i].ttl < ttl_minimum ? packets[i].ttl : ttl_minimum;
        ttl_maximum = packets[i].ttl > ttl_maximum ? packets[i].ttl : ttl_maximum;
    }
    for (unsigned i = 0; i < stream->payload_count; i++)
        payloads += stream->payloads[i].packets;
    for (unsigned i = 0; i < ROWS; i++) {
        const struct vo_stream_row *row = &trial->heard[BATCH].told.rows[i];
        sum.packets += row->packets;
        sum.unique += row->unique;
        sum.discarded += row->discarded;
        sum.dscp_46 += row->dscp_46;
    }
    assert_int_equal(measure->packets, count);
    assert_int_equal(measure->octets, octets);
    assert_memory_equal(measure->dscp, dscp, sizeof dscp);
    assert_int_equal(measure->ttl_minimum, ttl_minimum);
    assert_int_equal(measure->ttl_maximum, ttl_maximum);
    assert_int_equal(payloads, measure->sequence.unique);
    assert_int_equal(sum.packets, count);
    assert_int_equal(sum.unique, measure->sequence.unique);
    assert_int_equal(sum.discarded, measure->playout.discarded);
    assert_int_equal(sum.dscp_46, dscp[46]);
    const struct vo_sequence *sequence = &measure->sequence;
    assert_int_equal(sequence->unique + sequence->duplicates + sequence->strays, count);
}

static void open_trial(struct trial *trial, uint64_t seed)
{
    memset(trial, 0, sizeof *trial);
    trial->seed = seed;
    for (int way = 0; way < WAYS; way++) {
        struct scene *scene = trial->scenes[way] = new_scene(1);
        assert_true(vo_playout_parse(seed % 3 ? "fixed:60" : "adaptive:20-200", &scene->config.playout));
        scene->config.context = &trial->heard[way];
        scene->config.event = hear_event;
    }
}

static bool is_in_line(const struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    return stream->measure && vo_sequence_in_line(&stream->measure->sequence) &&
           vo_sequence_continues(&stream->measure->sequence, packet->time, packet->sequence,
                                 packet->timestamp);
}

static void feed_trial(struct trial *trial, const struct vo_rtp_packet *packet)
{
    struct vo_stream *batch = &trial->scenes[BATCH]->stream;
    struct vo_rtp_packet tunnelled = *packet;
    tunnelled.outer_dscp = 0;
    trial->fed++;
    trial->in_line += is_in_line(&trial->scenes[ONCE]->stream, packet);
    feed(trial->scenes[LONG], tunnelled);
    feed(trial->scenes[ONCE], *packet);
    if (batch->measure)
        batch->pending[batch->pending_count++] = *packet;
    else
        feed(trial->scenes[BATCH], *packet);
}

static void bind_trial(struct trial *trial, const struct announced *sdp)
{
    for (int way = 0; way < WAYS; way++) {
        vo_stream_settle(&trial->scenes[way]->stream, &trial->scenes[way]->config);
        vo_stream_bind(&trial->scenes[way]->stream, &sdp->binding, NULL);
    }
}

static void run_trial(struct trial *trial, const struct vo_rtp_packet *packets, unsigned count)
{
    struct announced sdp = ANNOUNCE({0, "PCMU", 8000}, {111, "opus", 48000}, {101, "telephone-event", 8000});
    struct announced later = ANNOUNCE({96, "AMR-WB", 16000}, {77, "x", 8000});
    struct vo_stream *batch = &trial->scenes[BATCH]->stream;
    const struct vo_stream_config *config = &trial->scenes[BATCH]->config;
    uint64_t often = 1 + next_random() % 40;
    unsigned rebind = (unsigned)(next_random() % (2 * SENT));
    if (next_random() % 2)
        bind_trial(trial, &sdp);
    for (unsigned i = 0; i < count; i++) {
        if (i == rebind)
            bind_trial(trial, &later);
        feed_trial(trial, &packets[i]);
        if (batch->pending_count == VO_STREAM_PENDING || next_random() % often == 0) {
            vo_stream_settle(batch, config);
            compare_states(trial, i);
        }
    }
    for (int way = 0; way < WAYS; way++)
        finish(trial->scenes[way]);
    compare_states(trial, count);
    for (int way = 1; way < WAYS; way++)
        compare_told(trial, way);
    if (batch->measure)
        check_sums(trial, packets, count);
    free(sdp.media);
    free(later.media);
}

static void test_batches(void **state)
{
    (void)state;
    static struct trial trial;
    static struct vo_rtp_packet packets[ROOM];
    uint64_t in_line = 0, fed = 0, missing = 0, duplicates = 0, reordered = 0, restarts = 0, discarded = 0,
             jumps = 0, talkspurts = 0, changes = 0, keys = 0, clockless = 0;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        open_trial(&trial, seed);
        random_state = seed;
        memset(packets, 0, sizeof packets);
        run_trial(&trial, packets, make(packets));
        const struct vo_measure *measure = trial.scenes[BATCH]->stream.measure;
        in_line += trial.in_line;
        fed += trial.fed;
        if (measure) {
            missing += lost(measure);
            duplicates += measure->sequence.duplicates;
            reordered += measure->sequence.reordered;
            restarts += measure->sequence.restarts;
            discarded += measure->playout.discarded;
            jumps += measure->delay.jumps;
            talkspurts += measure->talkspurts;
            changes += measure->codec_changes;
            keys += measure->event_packets;
            clockless += measure->clockless;
        }
        for (int way = 0; way < WAYS; way++)
            free_scene(trial.scenes[way]);
    }
#define SHOW(count) print_message(#count " %llu\n", (unsigned long long)(count))
    SHOW(fed), SHOW(in_line), SHOW(missing), SHOW(duplicates), SHOW(reordered), SHOW(restarts);
    SHOW(discarded), SHOW(jumps), SHOW(talkspurts), SHOW(changes), SHOW(keys), SHOW(clockless);
    assert_true(in_line > MARGIN && fed - in_line > MARGIN); /* it was a test */
    assert_true(missing > 10000 && duplicates > 10000 && reordered > 10000 && discarded > 10000);
    assert_true(restarts > 300 && jumps > 300 && talkspurts > 300 && changes > 300 && keys > 300 &&
                clockless > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
