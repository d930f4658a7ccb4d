/* The stream table: against a plain list, at its limits, and what an eviction leaves behind. */
#include "probes/flow/streams.h"

#include "probes/flow/leg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME (20 * VO_NS_PER_MS)
#define START (1700000000 * VO_NS_PER_S)

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct scene {
    struct vo_calls *calls;
    struct vo_streams *streams;
    unsigned evicted;
    uint32_t evicted_ssrc[64]; /* the first ones, in order */
    uint64_t evicted_packets;
};

static void on_evicted(void *context, struct vo_stream *stream)
{
    struct scene *scene = context;
    assert_true(stream->closed && stream->measure); /* measured to its end */
    if (scene->evicted < 64)
        scene->evicted_ssrc[scene->evicted] = stream->key.ssrc;
    scene->evicted++;
    scene->evicted_packets += stream->measure->packets;
}

static void begin(struct scene *scene, size_t limit)
{
    static const struct vo_calls_handler no_calls;
    *scene = (struct scene){0};
    struct vo_stream_config config = {0};
    assert_true(vo_playout_parse("fixed:60", &config.playout));
    const struct vo_streams_handler handler = {scene, on_evicted};
    scene->calls = vo_calls_new(&no_calls);
    scene->streams = vo_streams_new(&config, &handler, limit);
    assert_non_null(scene->calls);
    assert_non_null(scene->streams);
}

static void end(struct scene *scene)
{
    vo_streams_free(scene->streams);
    vo_calls_free(scene->calls);
}

static struct vo_stream_key key_of(unsigned number, uint32_t ssrc)
{
    struct vo_stream_key key = {
        .source_port = (uint16_t)(10000 + number % 7), .destination_port = 20000, .ssrc = ssrc};
    memcpy(key.source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0", 14);
    memcpy(key.destination, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1", 14);
    key.source[14] = (uint8_t)(number >> 8);
    key.source[15] = (uint8_t)number;
    return key;
}

static struct vo_rtp_packet packet_of(vo_time time, uint16_t sequence)
{
    return (struct vo_rtp_packet){.time = time,
                                  .timestamp = sequence * 160u,
                                  .sequence = sequence,
                                  .ip_length = 200,
                                  .payload_length = 160,
                                  .payload_type = 0,
                                  .dscp = 46,
                                  .outer_dscp = 0xff};
}

static struct vo_stream *send(struct scene *scene, const struct vo_stream_key *key, vo_time time,
                              uint16_t sequence)
{
    static const struct vo_packet packet;
    struct vo_rtp_packet rtp = packet_of(time, sequence);
    struct vo_stream *stream = vo_streams_add(scene->streams, scene->calls, key, &packet, &rtp);
    assert_non_null(stream);
    return stream;
}

/* At once, or by way of the queue. */
static void enter(struct scene *scene, const struct vo_stream_key *key, vo_time time, uint16_t sequence,
                  bool queued)
{
    if (!queued) {
        send(scene, key, time, sequence);
        return;
    }
    struct vo_queued *place = vo_streams_place(scene->streams);
    place->key = *key;
    place->rtp = packet_of(time, sequence);
    vo_streams_queue(scene->streams, scene->calls, NULL, 0);
}

static void send_run(struct scene *scene, const struct vo_stream_key *key, vo_time time, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        send(scene, key, time + i * FRAME, (uint16_t)(100 + i));
}

/* One stream, and keys that differ in one member: each is a stream of its own. */
static void test_keys(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    struct vo_stream_key keys[8];
    for (int i = 0; i < 8; i++)
        keys[i] = key_of(1, 42);
    keys[1].source[0] = 1;
    keys[2].destination[15] = 9;
    keys[3].source_port++;
    keys[4].destination_port++;
    keys[5].ssrc++;
    keys[6].encap_hash = 5;
    keys[7].interface = 1;
    assert_null(vo_streams_find(scene.streams, &keys[0]));
    for (int i = 0; i < 8; i++)
        send_run(&scene, &keys[i], START, 4);
    assert_int_equal(vo_streams_count(scene.streams), 8);
    for (size_t i = 0; i < 8; i++)
        assert_true(vo_streams_at(scene.streams, i)->confirmed);
    for (int i = 0; i < 8; i++) {
        struct vo_stream *stream = vo_streams_find(scene.streams, &keys[i]);
        assert_non_null(stream);
        assert_ptr_equal(stream, vo_streams_at(scene.streams, (size_t)i)); /* in order */
        assert_int_equal(stream->measure->packets, 4);
    }
    unsigned chained = 0;
    for (struct vo_stream *s = vo_streams_of_ssrc(scene.streams, 42); s; s = s->next_ssrc)
        chained += s->key.ssrc == 42;
    assert_int_equal(chained, 7);
    vo_streams_finish(scene.streams);
    assert_int_equal(vo_streams_evicted(scene.streams), 0);
    assert_int_equal(vo_streams_unconfirmed(scene.streams), 0);
    end(&scene);
    vo_streams_free(NULL);
}

/* The oldest candidate goes when there is one too many; what it had sent is forgotten. */
static void test_candidates(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    const unsigned more = 100;
    for (unsigned i = 0; i < VO_STREAMS_CANDIDATES + more; i++) {
        struct vo_stream_key key = key_of(i, i);
        send(&scene, &key, START, 100);
    }
    assert_int_equal(vo_streams_count(scene.streams), 0);
    for (unsigned i = 0; i < VO_STREAMS_CANDIDATES + more; i++) {
        struct vo_stream_key key = key_of(i, i);
        assert_int_equal(vo_streams_find(scene.streams, &key) != NULL, i >= more);
    }
    assert_int_equal(vo_streams_unconfirmed(scene.streams), VO_STREAMS_CANDIDATES + more);
    struct vo_stream_key key = key_of(more + 7, more + 7);
    send(&scene, &key, START + FRAME, 101);
    send(&scene, &key, START + 2 * FRAME, 102);
    assert_int_equal(vo_streams_count(scene.streams), 0);
    send(&scene, &key, START + 3 * FRAME, 103);
    assert_int_equal(vo_streams_count(scene.streams), 1);
    key = key_of(more + 8, more + 8); /* RTCP vouches for another */
    vo_streams_confirm(scene.streams, vo_streams_find(scene.streams, &key));
    assert_int_equal(vo_streams_count(scene.streams), 2);
    vo_streams_confirm(scene.streams, vo_streams_find(scene.streams, &key)); /* twice is once */
    assert_int_equal(vo_streams_count(scene.streams), 2);
    assert_int_equal(vo_streams_unconfirmed(scene.streams), VO_STREAMS_CANDIDATES + more - 2);
    vo_streams_finish(scene.streams);
    end(&scene);
}

/* At the limit the one longest idle is closed, told, and gone from every index. */
static void test_eviction(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10);
    static const unsigned order[] = {3, 0, 7, 1, 9, 2, 8, 4, 6, 5}; /* who falls silent first */
    for (unsigned i = 0; i < 10; i++) {
        struct vo_stream_key key = key_of(i, 1000 + i);
        send_run(&scene, &key, START, 4);
    }
    for (unsigned i = 0; i < 10; i++) {
        struct vo_stream_key key = key_of(order[i], 1000 + order[i]);
        send(&scene, &key, START + (100 + i) * FRAME, 104);
    }
    for (unsigned i = 0; i < 10; i++) {
        struct vo_stream_key key = key_of(100 + i, 2000 + i);
        send_run(&scene, &key, START + 1000 * FRAME, 4);
        assert_int_equal(scene.evicted, i + 1);
        assert_int_equal(scene.evicted_ssrc[i], 1000 + order[i]);
        struct vo_stream_key old = key_of(order[i], 1000 + order[i]);
        assert_null(vo_streams_find(scene.streams, &old));
        assert_null(vo_streams_of_ssrc(scene.streams, old.ssrc));
        assert_null(vo_streams_from(scene.streams, old.source, old.source_port));
        assert_int_equal(vo_streams_count(scene.streams), 10);
    }
    assert_int_equal(scene.evicted_packets, 50);
    assert_int_equal(vo_streams_evicted(scene.streams), 10);
    unsigned there = 0;
    struct vo_stream_key any = key_of(100, 2000);
    for (struct vo_stream *s = vo_streams_to(scene.streams, any.destination, 20000); s;
         s = s->next_destination)
        there++;
    assert_int_equal(there, 10);
    /* who was evicted begins anew */
    struct vo_stream_key old = key_of(3, 1003);
    send_run(&scene, &old, START + 2000 * FRAME, 4);
    assert_int_equal(vo_streams_find(scene.streams, &old)->measure->packets, 4);
    end(&scene);
}

/* Three legs of one stream, evicted one after another in every order, while the others go on: none looks at
 * the dead. */
static void test_eviction_of_legs(void **state)
{
    (void)state;
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (unsigned o = 0; o < 6; o++) {
        struct scene scene;
        begin(&scene, 3);
        struct vo_stream_key legs[3];
        for (unsigned i = 0; i < 3; i++) {
            legs[i] = key_of(i, 42);
            send_run(&scene, &legs[i], START + i * VO_NS_PER_MS, 10);
        }
        for (unsigned gone = 0; gone < 3; gone++) {
            for (unsigned i = gone; i < 3; i++) /* the next to go is idle; the others are not */
                if (i > gone)
                    for (unsigned n = 0; n < 5; n++)
                        send(&scene, &legs[orders[o][i]], START + (100 + gone * 100 + n) * FRAME,
                             (uint16_t)(110 + gone * 5 + n));
            struct vo_stream_key other = key_of(50 + gone, 77 + gone);
            send_run(&scene, &other, START + 10000 * FRAME, 4);
            assert_int_equal(scene.evicted, gone + 1);
            assert_null(vo_streams_find(scene.streams, &legs[orders[o][gone]]));
        }
        for (size_t i = 0; i < vo_streams_count(scene.streams); i++)
            assert_null(vo_streams_at(scene.streams, i)->leg);
        vo_streams_finish(scene.streams);
        end(&scene);
    }
}

/* 200,000 packets of random streams against a list of what each has had; half by way of the queue. */
#define KEYS 3000
static void test_against_list(void **state)
{
    (void)state;
    static unsigned packets[KEYS];
    for (int queued = 0; queued < 2; queued++) {
        struct scene scene;
        begin(&scene, KEYS);
        random_state = 11;
        memset(packets, 0, sizeof packets);
        unsigned confirmed = 0;
        for (int i = 0; i < 200000; i++) {
            unsigned number = (unsigned)(next_random() % (1 + next_random() % KEYS));
            /* groups of 8 share an SSRC, of 7 a port */
            struct vo_stream_key key = key_of(number, number / 8);
            enter(&scene, &key, START + i * VO_NS_PER_MS, (uint16_t)(100 + packets[number]), queued);
            confirmed += ++packets[number] == 4;
        }
        vo_streams_flush(scene.streams, scene.calls);
        vo_streams_flush(scene.streams, scene.calls);
        assert_int_equal(vo_streams_lost(scene.streams), 0);
        assert_int_equal(vo_streams_count(scene.streams), confirmed);
        unsigned unconfirmed = 0;
        for (unsigned n = 0; n < KEYS; n++) {
            struct vo_stream_key key = key_of(n, n / 8);
            struct vo_stream *stream = vo_streams_find(scene.streams, &key);
            assert_int_equal(stream != NULL, packets[n] > 0);
            unconfirmed += packets[n] > 0 && packets[n] < 4;
            if (stream && packets[n] >= 4)
                assert_int_equal(stream->measure->packets, packets[n]);
        }
        assert_int_equal(vo_streams_unconfirmed(scene.streams), unconfirmed);
        for (uint32_t ssrc = 0; ssrc < KEYS / 8; ssrc++) {
            unsigned have = 0, want = 0;
            for (struct vo_stream *s = vo_streams_of_ssrc(scene.streams, ssrc); s; s = s->next_ssrc)
                have += s->key.ssrc == ssrc;
            for (unsigned n = ssrc * 8; n < ssrc * 8 + 8; n++)
                want += packets[n] >= 4;
            assert_int_equal(have, want);
        }
        end(&scene);
    }
}

/* A small table and many streams that come, go and come again: what is counted before and after eviction is
 * all that came. */
static void test_coming_and_going(void **state)
{
    (void)state;
    for (int queued = 0; queued < 2; queued++) {
        struct scene scene;
        begin(&scene, 50);
        random_state = 3;
        unsigned fed = 0;
        for (int round = 0; round < 3000; round++) {
            unsigned number = (unsigned)(next_random() % 400);
            struct vo_stream_key key = key_of(number, number / 3);
            for (unsigned i = 0; i < 4; i++, fed++)
                enter(&scene, &key, START + round * FRAME + i, (uint16_t)(round * 4 + (int)i), queued);
            assert_true(vo_streams_count(scene.streams) <= 50);
        }
        vo_streams_flush(scene.streams, scene.calls);
        uint64_t held = 0;
        for (size_t i = 0; i < vo_streams_count(scene.streams); i++) {
            struct vo_stream *stream = vo_streams_at(scene.streams, i);
            assert_ptr_equal(vo_streams_find(scene.streams, &stream->key), stream);
            if (stream->leg)
                assert_ptr_equal(vo_streams_find(scene.streams, &stream->leg->first->key),
                                 stream->leg->first);
            held += stream->measure->packets;
        }
        assert_int_equal(scene.evicted_packets + held, fed);
        assert_true(scene.evicted > 1000);
        end(&scene);
    }
}

/* What a stream came to, for comparison. */
struct sum {
    struct vo_stream_key key;
    uint64_t packets, octets, unique, lost, duplicates, reordered, discarded, matched;
    double jitter_ns;
    vo_time last;
};

struct sums {
    struct scene scene; /* first: it is the handlers' context */
    struct sum all[4000];
    unsigned count;
};

static void sum_up(struct sums *sums, const struct vo_stream *stream)
{
    const struct vo_measure *measure = stream->measure;
    const struct vo_sequence *sequence = &measure->sequence;
    assert_true(sums->count < sizeof sums->all / sizeof *sums->all);
    struct sum *sum = &sums->all[sums->count++];
    sum->key = stream->key;
    sum->packets = measure->packets;
    sum->octets = measure->octets;
    sum->unique = sequence->unique;
    sum->lost = vo_sequence_expected(sequence) - sequence->unique;
    sum->duplicates = sequence->duplicates;
    sum->reordered = sequence->reordered;
    sum->discarded = measure->playout.discarded;
    sum->matched = stream->leg ? stream->leg->matched : UINT64_MAX;
    sum->jitter_ns = measure->delay.jitter.sum_ns;
    sum->last = stream->last;
}

static void on_sum(void *context, struct vo_stream *stream)
{
    sum_up(context, stream);
}

/* Streams of several legs with loss, copies and reordering in a table that is too small: what is measured,
 * which are evicted and when, is the same by way of the queue as at once, whoever looks on meanwhile. */
static struct sums *sums_of(uint64_t seed, bool queued)
{
    static const struct vo_calls_handler no_calls;
    struct sums *sums = calloc(1, sizeof *sums);
    assert_non_null(sums);
    struct vo_stream_config config = {0};
    assert_true(vo_playout_parse("fixed:60", &config.playout));
    const struct vo_streams_handler handler = {sums, on_sum};
    struct scene *scene = &sums->scene;
    scene->calls = vo_calls_new(&no_calls);
    scene->streams = vo_streams_new(&config, &handler, 40);
    random_state = seed;
    unsigned sent[300] = {0}, crowd = 1 + (unsigned)(next_random() % 300);
    for (int i = 0; i < 20000; i++) {
        if (i % 2000 == 0)
            crowd = 1 + (unsigned)(next_random() % 300);
        unsigned number = (unsigned)(next_random() % crowd);
        struct vo_stream_key key = key_of(number, number / 3); /* three legs share an SSRC */
        uint64_t fate = next_random() % 50;
        sent[number] += fate == 0 ? 3 : fate > 1;
        enter(scene, &key, START + i * VO_NS_PER_MS + (vo_time)(next_random() % 3000000),
              (uint16_t)(100 + sent[number] - (fate == 2 ? 2 : 0)), queued);
        if (queued && next_random() % 1000 == 0)
            vo_streams_settle(scene->streams, scene->calls);
        else if (!queued)
            next_random();
    }
    vo_streams_flush(scene->streams, scene->calls);
    vo_streams_finish(scene->streams);
    assert_int_equal(vo_streams_lost(scene->streams), 0);
    for (size_t i = 0; i < vo_streams_count(scene->streams); i++)
        sum_up(sums, vo_streams_at(scene->streams, i));
    return sums;
}

static void test_queue_is_at_once(void **state)
{
    (void)state;
    uint64_t evicted = 0, lost = 0, reordered = 0, matched = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sums *once = sums_of(seed, false), *queue = sums_of(seed, true);
        assert_int_equal(once->count, queue->count);
        for (unsigned i = 0; i < once->count; i++)
            assert_memory_equal(&once->all[i], &queue->all[i], sizeof once->all[i]);
        for (unsigned i = 0; i < once->count; i++) {
            lost += once->all[i].lost;
            reordered += once->all[i].reordered;
            matched += once->all[i].matched != UINT64_MAX ? once->all[i].matched : 0;
        }
        evicted += vo_streams_evicted(once->scene.streams);
        end(&once->scene);
        end(&queue->scene);
        free(once);
        free(queue);
    }
    print_message("evicted %llu, lost %llu, reordered %llu, matched %llu\n", (unsigned long long)evicted,
                  (unsigned long long)lost, (unsigned long long)reordered, (unsigned long long)matched);
    assert_true(evicted > 500 && lost > 500 && reordered > 500 && matched > 500);
}

/* Of three legs the first goes, so that the second has no sibling any more while the third still looks at it:
 * it finds each packet there, also while the second's wait to be measured. */
static void test_sibling_that_waits(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 3);
    struct vo_stream_key legs[3], other = key_of(9, 9);
    for (unsigned i = 0; i < 3; i++) {
        legs[i] = key_of(i, 42);
        send_run(&scene, &legs[i], START + i * VO_NS_PER_MS, 4);
    }
    for (unsigned i = 1; i < 3; i++)
        send(&scene, &legs[i], START + 4 * FRAME + i * VO_NS_PER_MS, 104);
    send_run(&scene, &other, START + 5 * FRAME, 4);
    assert_int_equal(scene.evicted_ssrc[0], 42);
    assert_null(vo_streams_find(scene.streams, &legs[0]));
    for (unsigned n = 5; n < 205; n++)
        for (unsigned i = 1; i < 3; i++)
            enter(&scene, &legs[i], START + n * FRAME + i * VO_NS_PER_MS, (uint16_t)(100 + n), true);
    vo_streams_flush(scene.streams, scene.calls);
    const struct vo_stream *last = vo_streams_find(scene.streams, &legs[2]);
    assert_ptr_equal(last->leg->first, vo_streams_find(scene.streams, &legs[1]));
    /* the first three of the four that opened it came before it had a sibling; then 104 and 200 more */
    assert_int_equal(last->leg->matched, 202);
    assert_int_equal(last->leg->delay.maximum, 1000);
    end(&scene);
}

/* What waits is measured for whoever asks, by each way to a stream. */
static void test_accessors_settle(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10);
    struct vo_stream_key key = key_of(1, 42);
    send_run(&scene, &key, START, 4);
    const struct vo_measure *measure = vo_streams_at(scene.streams, 0)->measure;
    unsigned sent = 4;
    for (unsigned way = 0; way < 6; way++) {
        for (unsigned i = 0; i < 7; i++, sent++)
            enter(&scene, &key, START + sent * FRAME, (uint16_t)(100 + sent), true);
        vo_streams_flush(scene.streams, scene.calls);
        assert_int_equal(measure->packets, sent - 7); /* they do wait */
        switch (way) {
        case 0:
            vo_streams_at(scene.streams, 0);
            break;
        case 1:
            vo_streams_find(scene.streams, &key);
            break;
        case 2:
            vo_streams_of_ssrc(scene.streams, key.ssrc);
            break;
        case 3:
            vo_streams_from(scene.streams, key.source, key.source_port);
            break;
        case 4:
            vo_streams_to(scene.streams, key.destination, key.destination_port);
            break;
        default:
            vo_streams_settle(scene.streams, scene.calls);
        }
        assert_int_equal(measure->packets, sent);
        assert_int_equal(vo_streams_at(scene.streams, 0)->last, START + (sent - 1) * FRAME);
    }
    end(&scene);
}

/* The encapsulations of a queued packet stay with the stream that it begins. */
static void test_queued_encapsulation(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10);
    struct vo_stream_key key = key_of(1, 42);
    key.encap_hash = 7;
    for (unsigned i = 0; i < 6; i++) {
        struct vo_encap encap[VO_ENCAP_MAX] = {{VO_ENCAP_VLAN, 100}, {VO_ENCAP_VXLAN, 7}};
        struct vo_queued *place = vo_streams_place(scene.streams);
        place->key = key;
        place->rtp = packet_of(START + i * FRAME, (uint16_t)i);
        vo_streams_queue(scene.streams, scene.calls, encap, 2);
        memset(encap, 0xee, sizeof encap); /* the caller's is the caller's */
    }
    vo_streams_flush(scene.streams, scene.calls);
    char text[VO_ENCAP_TEXT];
    const struct vo_stream *stream = vo_streams_find(scene.streams, &key);
    assert_non_null(stream);
    assert_string_equal(vo_encap_format(stream->encap, stream->encap_count, text), "vlan100/vxlan7");
    end(&scene);
}

/* ---- with signalling ---- */

static void announce(struct scene *scene, unsigned port)
{
    char text[1024];
    char sdp[256];
    snprintf(
        sdp, sizeof sdp,
        "v=0\r\no=- 1 1 IN IP4 10.1.0.0\r\ns=-\r\nc=IN IP4 10.1.0.0\r\nt=0 0\r\nm=audio %u RTP/AVP 111\r\n"
        "a=rtpmap:111 opus/48000/2\r\n",
        port);
    snprintf(text, sizeof text,
             "INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.0;branch=z9hG4bK1\r\nFrom: "
             "<sip:a@example.com>;tag=1\r\n"
             "To: <sip:b@example.com>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Type: "
             "application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(sdp), sdp);
    struct vo_sip message;
    struct vo_packet packet = {.source_port = 5060, .destination_port = 5060};
    memcpy(packet.source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\0\0", 16);
    memcpy(packet.destination, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
    assert_int_equal(vo_sip_decode((const uint8_t *)text, (uint32_t)strlen(text), false, &message),
                     VO_SIP_MESSAGE);
    vo_calls_add(scene->calls, &message, &packet, START, VO_SIP_UDP);
}

/* Media before the SDP that announces it: two packets of a dynamic type, then the SDP, then one packet more.
 */
static void test_media_before_sdp(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10);
    struct vo_stream_key key = key_of(0, 7);
    memcpy(key.destination, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\0\0", 16);
    struct vo_packet packet = {0};
    struct vo_stream *stream = NULL;
    for (uint16_t i = 0; i < 3; i++) {
        struct vo_rtp_packet rtp = {
            .time = START + i * FRAME, .timestamp = i * 960u, .sequence = i, .payload_type = 111};
        if (i == 2)
            announce(&scene, 20000);
        stream = vo_streams_add(scene.streams, scene.calls, &key, &packet, &rtp);
        assert_non_null(stream);
        assert_int_equal(stream->confirmed, i == 2);
    }
    assert_non_null(stream->to);
    assert_null(stream->from);
    assert_int_equal(vo_streams_count(scene.streams), 1);
    assert_int_equal(stream->measure->packets, 3);
    assert_int_equal(vo_stream_main_payload(stream)->clock_hz, 48000);
    assert_string_equal(vo_stream_main_payload(stream)->codec, "opus");
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_eviction_of_legs),
        cmocka_unit_test(test_against_list),
        cmocka_unit_test(test_coming_and_going),
        cmocka_unit_test(test_queue_is_at_once),
        cmocka_unit_test(test_sibling_that_waits),
        cmocka_unit_test(test_accessors_settle),
        cmocka_unit_test(test_queued_encapsulation),
        cmocka_unit_test(test_media_before_sdp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
