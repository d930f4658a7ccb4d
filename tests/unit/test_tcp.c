#include "probes/flow/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS          VO_NS_PER_MS
#define STREAM_SIZE 200000
#define STREAM_ROOM (2 * VO_TCP_WAITING)

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

/* What the handler was told, as text: "0:abc", "0(5)" for a hole, "?0" asked, "." closed. */
struct fixture {
    struct vo_tcp *tcp;
    char log[4096];
    bool refuse[2];
    vo_time time;
    struct vo_tcp_connection connection;
    vo_time data_time;
    uint32_t data_sequence;
    uint8_t *stream[2]; /* for the random test: bytes as they came, holes as zeros */
    uint32_t received[2], lost[2];
};

static void note(struct fixture *fixture, const char *format, ...)
{
    size_t used = strlen(fixture->log);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fixture->log + used, sizeof fixture->log - used, format, arguments);
    va_end(arguments);
}

static bool on_accept(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                      uint32_t size)
{
    struct fixture *fixture = context;
    assert_true(size > 0 && data);
    assert_null(connection->user);
    note(fixture, "?%d ", direction);
    fixture->connection = *connection;
    if (!fixture->refuse[direction])
        connection->user = malloc(1); /* a leak tells that closed() did not come */
    return !fixture->refuse[direction];
}

static void on_data(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                    uint32_t size, const struct vo_packet *packet, vo_time time)
{
    struct fixture *fixture = context;
    assert_non_null(connection->user);
    assert_memory_equal(packet->payload + packet->payload_size - size, data, size);
    fixture->data_time = time;
    fixture->data_sequence = packet->tcp.sequence;
    if (fixture->stream[direction]) {
        assert_in_range(fixture->received[direction] + size, 0, STREAM_ROOM);
        memcpy(fixture->stream[direction] + fixture->received[direction], data, size);
        fixture->received[direction] += size;
    } else {
        note(fixture, "%d:%.*s ", direction, (int)size, (const char *)data);
    }
}

static void on_hole(void *context, struct vo_tcp_connection *connection, int direction, uint32_t size,
                    vo_time time)
{
    struct fixture *fixture = context;
    (void)time;
    assert_non_null(connection->user);
    assert_true(size > 0);
    if (fixture->stream[direction]) {
        assert_in_range(size, 1, STREAM_ROOM - fixture->received[direction]);
        fixture->received[direction] += size;
        fixture->lost[direction] += size;
    } else {
        note(fixture, "%d(%u) ", direction, size);
    }
}

static void on_closed(void *context, struct vo_tcp_connection *connection)
{
    assert_non_null(connection->user);
    free(connection->user);
    connection->user = NULL;
    note(context, ". ");
}

static int set_up(void **state)
{
    static const struct vo_tcp_handler handler = {on_accept, on_data, on_hole, on_closed};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->tcp = vo_tcp_new(&handler, fixture);
    fixture->time = 1000 * VO_NS_PER_S;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    vo_tcp_free(fixture->tcp);
    free(fixture->stream[0]);
    free(fixture->stream[1]);
    free(fixture);
    return 0;
}

/* Ports 1000 (side 0) and 5060 (side 1). */
static struct vo_packet segment_of(int side, uint32_t sequence, uint32_t acknowledgement, uint8_t flags,
                                   const void *data, uint32_t size)
{
    struct vo_packet packet = {.protocol = 6, .payload = data, .payload_size = size, .payload_length = size};
    packet.source[15] = side ? 2 : 1;
    packet.destination[15] = side ? 1 : 2;
    packet.source_port = side ? 5060 : 1000;
    packet.destination_port = side ? 1000 : 5060;
    packet.tcp.sequence = sequence;
    packet.tcp.acknowledgement = acknowledgement;
    packet.tcp.flags = flags;
    return packet;
}

static void add(struct fixture *fixture, const struct vo_packet *packet)
{
    struct vo_packet copy = *packet;
    uint8_t *bytes = malloc(packet->payload_size ? packet->payload_size : 1);
    if (packet->payload_size)
        memcpy(bytes, packet->payload, packet->payload_size);
    copy.payload = bytes;
    vo_tcp_add(fixture->tcp, &copy, fixture->time);
    free(bytes);
    fixture->time += 20 * MS; /* longer than the grace for ACKs */
}

static void put(struct fixture *fixture, int side, uint32_t sequence, uint32_t acknowledgement, uint8_t flags,
                const char *text)
{
    struct vo_packet packet =
        segment_of(side, sequence, acknowledgement, flags, text, (uint32_t)strlen(text));
    add(fixture, &packet);
}

/* SYN 99 and SYN 499, so that data begins at 100 and 500. */
static void open_connection(struct fixture *fixture)
{
    put(fixture, 0, 99, 0, SYN, "");
    put(fixture, 1, 499, 100, SYN | ACK, "");
    put(fixture, 0, 100, 500, ACK, "");
}

static void expect(struct fixture *fixture, const char *log)
{
    assert_string_equal(fixture->log, log);
    fixture->log[0] = '\0';
}

static void test_open_talk_close(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    assert_int_equal(fixture->connection.client, 0);
    assert_int_equal(fixture->connection.port[0], 1000);
    assert_int_equal(fixture->connection.port[1], 5060);
    assert_int_equal(fixture->connection.address[1][15], 2);
    put(fixture, 1, 500, 103, ACK, "xyz");
    put(fixture, 0, 103, 503, ACK | FIN, "d");
    expect(fixture, "?0 0:abc 1:xyz 0:d ");
    put(fixture, 1, 503, 105, ACK, "late"); /* half closed */
    put(fixture, 1, 507, 105, ACK | FIN, "");
    put(fixture, 0, 105, 508, ACK, "");
    put(fixture, 0, 103, 503, ACK | FIN, "d"); /* a copy begins nothing */
    expect(fixture, "1:late . ");
    assert_int_equal(vo_tcp_stats(fixture->tcp)->holes, 0);
    assert_int_equal(vo_tcp_stats(fixture->tcp)->segments, 10);
}

static void test_client_from_syn_ack(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 1, 499, 100, SYN | ACK, "");
    put(fixture, 0, 100, 500, ACK, "abc");
    /* the first packet seen was of port 5060, so that is endpoint 0; the client is the other one */
    assert_int_equal(fixture->connection.port[0], 5060);
    assert_int_equal(fixture->connection.client, 1);
    expect(fixture, "?1 1:abc ");
}

static void test_sequence_wraps(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 0, UINT32_MAX - 3, 0, SYN, ""); /* data from 2^32 - 3 */
    put(fixture, 0, UINT32_MAX - 2, 0, ACK, "ab");
    put(fixture, 0, 2, 0, ACK, "fg"); /* 2^32 - 1 carries c, 0 d, 1 e */
    put(fixture, 0, UINT32_MAX, 0, ACK, "cde");
    expect(fixture, "?0 0:ab 0:cde 0:fg ");
}

static void test_out_of_order_and_copies(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 106, 500, ACK, "ghi");
    put(fixture, 0, 103, 500, ACK, "def");
    put(fixture, 0, 103, 500, ACK, "DEF"); /* the first copy is kept */
    expect(fixture, "");
    put(fixture, 0, 100, 500, ACK, "abc");
    expect(fixture, "?0 0:abc 0:def 0:ghi ");
    put(fixture, 0, 100, 500, ACK, "abcdefghijk"); /* old and new in one */
    expect(fixture, "0:jk ");
    put(fixture, 0, 100, 500, ACK, "abc");
    expect(fixture, "");
    assert_int_equal(vo_tcp_stats(fixture->tcp)->retransmitted, 3);
}

static void test_first_copy_wins_around_pieces(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 102, 500, ACK, "cd");
    put(fixture, 0, 106, 500, ACK, "gh");
    put(fixture, 0, 101, 500, ACK, "BCDEFGHI"); /* b, e f, i are new */
    put(fixture, 0, 100, 500, ACK, "abcdefghij");
    expect(fixture, "?0 0:a 0:B 0:cd 0:EF 0:gh 0:I 0:j ");
}

static void test_time_of_bytes_that_waited(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 103, 500, ACK, "def");
    vo_time filled = fixture->time;
    put(fixture, 0, 100, 500, ACK, "abc");
    expect(fixture, "?0 0:abc 0:def ");
    assert_true(fixture->data_time == filled); /* they could be read no earlier */
    assert_int_equal(fixture->data_sequence, 103);
}

static void test_hole_after_ack(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 108, 500, ACK, "ijk");
    put(fixture, 1, 500, 103, ACK, ""); /* acknowledges the part that is there */
    put(fixture, 1, 500, 103, ACK, "");
    expect(fixture, "?0 0:abc ");
    put(fixture, 1, 500, 111, ACK, "");
    put(fixture, 1, 500, 111, ACK, "xyz"); /* more than the grace later */
    expect(fixture, "1:xyz 0(5) 0:ijk ");
    put(fixture, 0, 103, 500, ACK, "defgh"); /* too late */
    expect(fixture, "");
    assert_int_equal(vo_tcp_stats(fixture->tcp)->holes, 1);
}

static void test_ack_captured_before_its_data(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 1, 500, 106, ACK, "");
    fixture->time -= 19 * MS; /* 1 ms after the ACK */
    put(fixture, 0, 103, 500, ACK, "def");
    put(fixture, 1, 500, 106, ACK, "");
    expect(fixture, "?0 0:abc 0:def ");
}

static void test_several_holes_under_one_ack(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "a");
    put(fixture, 0, 102, 500, ACK, "c");
    put(fixture, 0, 104, 500, ACK, "e");
    put(fixture, 0, 106, 500, ACK, "g");
    put(fixture, 1, 500, 106, ACK, "");
    put(fixture, 1, 500, 106, ACK, "");
    expect(fixture, "?0 0:a 0(1) 0:c 0(1) 0:e 0(1) 0:g ");
}

static void test_unseen_fin_is_no_hole(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 1, 500, 104, ACK, "");
    put(fixture, 1, 500, 104, ACK | FIN, "");
    put(fixture, 1, 500, 104, ACK, "");
    expect(fixture, "?0 0:abc ");
}

static void test_lost_before_fin(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 110, 500, ACK | FIN, "");
    put(fixture, 1, 500, 111, ACK | FIN, "");
    put(fixture, 0, 111, 501, ACK, "");
    expect(fixture, "?0 0:abc 0(7) . ");
}

static void test_mid_stream(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 0, 100, 500, ACK, ""); /* says nothing */
    put(fixture, 0, 100, 500, ACK, "abc");
    assert_int_equal(fixture->connection.client, -1);
    put(fixture, 0, 95, 500, ACK, "-----ab"); /* before what was seen first */
    put(fixture, 1, 500, 103, ACK, "xyz");
    put(fixture, 0, 98, 500, ACK, "--abcdef");
    expect(fixture, "?0 0:abc 1:xyz 0:def ");
}

static void test_keep_alives(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 0, 99, 500, ACK, "\001"); /* the first thing seen, before the real 100 */
    put(fixture, 1, 500, 100, ACK, "");
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 102, 500, ACK, "\001"); /* one byte before the end: no data */
    put(fixture, 1, 500, 103, ACK, "");
    put(fixture, 0, 103, 500, ACK, "d"); /* window probe: one byte of data, and again with the rest */
    put(fixture, 0, 103, 500, ACK, "def");
    expect(fixture, "?0 0:abc 0:d 0:ef ");
    assert_int_equal(vo_tcp_stats(fixture->tcp)->retransmitted, 1);
}

static void test_syn_again_and_anew(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 0, 99, 0, SYN, "");
    open_connection(fixture); /* the same SYN again */
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 1, 499, 100, SYN | ACK, "");
    expect(fixture, "?0 0:abc ");
    put(fixture, 0, 7999, 0, SYN, "");
    expect(fixture, ". ");
    put(fixture, 1, 8999, 8000, SYN | ACK, "");
    put(fixture, 0, 8000, 9000, ACK, "new");
    expect(fixture, "?0 0:new ");
    put(fixture, 0, 8003, 9000, RST, "");
    expect(fixture, ". ");
    put(fixture, 1, 9000, 8003, ACK, "in flight");
    expect(fixture, "");
    open_connection(fixture);
    put(fixture, 1, 500, 100, ACK, "again");
    expect(fixture, "?1 1:again ");
}

static void test_after_the_end(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 103, 500, RST, "");
    put(fixture, 0, 103, 500, ACK, "stray");
    expect(fixture, "?0 0:abc . ");
    fixture->time += 60 * VO_NS_PER_S; /* the SYN of the next one was not captured */
    put(fixture, 0, 40000, 500, ACK, "next");
    expect(fixture, "?0 0:next ");
}

static void test_reset_elsewhere_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 100 + 0x60000000, 500, RST, ""); /* far outside of any window */
    put(fixture, 0, 103 + 0x60000000, 500, ACK, "zzz");
    put(fixture, 0, 103, 500, ACK, "def");
    expect(fixture, "?0 0:abc 0:def ");
}

static void test_waiting_data_comes_out_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 105, 500, ACK, "fgh");
    expect(fixture, "?0 0:abc ");
    put(fixture, 1, 500, 103, RST, "");
    expect(fixture, "0(2) 0:fgh . ");
}

static void test_too_much_waits(void **state)
{
    struct fixture *fixture = *state;
    static char big[1400];
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    expect(fixture, "?0 0:abc ");
    fixture->stream[0] = calloc(1, STREAM_ROOM);
    uint32_t sent = 0;
    while (!fixture->received[0] && sent < VO_TCP_WAITING) {
        struct vo_packet packet = segment_of(0, 203 + sent, 500, ACK, big, sizeof big);
        vo_tcp_add(fixture->tcp, &packet, fixture->time);
        sent += sizeof big;
    }
    /* 100 bytes are given up and then all of it comes; what waits is counted with its overhead of some 300
     * bytes, so that the bound is reached between 3/4 and all of VO_TCP_WAITING */
    assert_int_equal(fixture->lost[0], 100);
    assert_int_equal(fixture->received[0], 100 + sent);
    assert_in_range(sent, VO_TCP_WAITING * 3 / 4, VO_TCP_WAITING - 1);
}

static void test_snapped(void **state)
{
    struct fixture *fixture = *state;
    open_connection(fixture);
    struct vo_packet packet = segment_of(0, 100, 500, ACK, "abc", 3);
    packet.payload_length = 10;
    add(fixture, &packet);
    put(fixture, 0, 110, 500, ACK, "klm");
    expect(fixture, "?0 0:abc 0(7) 0:klm ");
    packet =
        segment_of(0, 115, 500, ACK, "pq", 2); /* 113 and 114 are late; 115..119, of which 2 were captured */
    packet.payload_length = 5;
    add(fixture, &packet);
    put(fixture, 0, 113, 500, ACK, "no");
    put(fixture, 0, 120, 500, ACK, "u");
    expect(fixture, "0:no 0:pq 0(3) 0:u ");
    packet = segment_of(0, 118, 500, ACK, "st", 2); /* cut before its only new bytes, 121..123 */
    packet.payload_length = 6;
    add(fixture, &packet);
    expect(fixture, "0(3) ");
    packet.payload_length = 1; /* less than was captured: contradictory, ignored */
    packet.tcp.sequence = 124;
    add(fixture, &packet);
    packet.payload_length = UINT32_MAX;
    add(fixture, &packet);
    expect(fixture, "");
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->refuse[0] = fixture->refuse[1] = true;
    open_connection(fixture);
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 103, 500, ACK, "def");
    put(fixture, 1, 500, 106, ACK, "xyz");
    put(fixture, 0, 106, 503, ACK, "ghi");
    put(fixture, 1, 503, 109, ACK | FIN, "xyz");
    expect(fixture, "?0 ?1 ");
    put(fixture, 0, 7999, 0, SYN, ""); /* another connection is asked for anew */
    put(fixture, 0, 8000, 0, ACK, "abc");
    expect(fixture, "?0 ");
}

static void test_accepted_by_the_other_side(void **state)
{
    struct fixture *fixture = *state;
    fixture->refuse[0] = true;
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 1, 500, 103, ACK, "xyz");
    put(fixture, 0, 103, 503, ACK, "def");
    expect(fixture, "?0 ?1 1:xyz 0:def ");
}

static void test_connections_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct vo_packet packets[4];
    for (int i = 0; i < 4; i++)
        packets[i] = segment_of(0, 100, 500, ACK, "abc", 3);
    packets[1].encap_hash = 5;
    packets[2].source_port = 1001;
    packets[3].destination[0] = 1;
    for (int i = 0; i < 4; i++)
        add(fixture, &packets[i]);
    expect(fixture, "?0 0:abc ?0 0:abc ?0 0:abc ?0 0:abc ");
}

static void test_longest_idle_goes(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, 0, 100, 500, ACK, "abc");
    put(fixture, 0, 103, 500, ACK, "def");
    expect(fixture, "?0 0:abc 0:def ");
    fixture->refuse[0] = true;
    for (uint32_t i = 0; i < VO_TCP_MAX; i++) {
        struct vo_packet packet = segment_of(0, 100, 500, ACK, "abc", 3);
        packet.source[0] = 1;
        packet.source_port = (uint16_t)i;
        vo_tcp_add(fixture->tcp, &packet, fixture->time);
        fixture->log[fixture->log[0] == '?' ? 0 : strlen(fixture->log)] = '\0';
    }
    expect(fixture, ". ?0 "); /* the first made room for the last */
    assert_int_equal(vo_tcp_stats(fixture->tcp)->evicted, 1);
}

/* Both directions of 200,000 bytes cut at random into segments, reordered within 20, one in five sent twice
 * with other borders, over a sequence wrap: all bytes come once and in order. Then with one segment in fifty
 * lost and acknowledged: all come or are told as lost, in their place. */
static void random_streams(struct fixture *fixture, bool lossy)
{
    uint8_t *original = malloc(STREAM_SIZE);
    uint32_t base = UINT32_MAX - STREAM_SIZE / 2, cut[20], sizes[20];
    for (uint32_t i = 0; i < STREAM_SIZE; i++)
        original[i] = (uint8_t)(1 + random() % 255); /* never 0: that is a hole */
    for (int side = 0; side < 2; side++) {
        fixture->stream[side] = calloc(1, STREAM_ROOM);
        put(fixture, side, base - 1, base, side ? SYN | ACK : SYN, "");
    }
    for (uint32_t sent = 0; sent < STREAM_SIZE;) {
        unsigned count = 0;
        for (; count < 20 && sent < STREAM_SIZE; count++) {
            sizes[count] = 1 + (uint32_t)random() % 1460;
            cut[count] = sent;
            if (sent + sizes[count] > STREAM_SIZE)
                sizes[count] = STREAM_SIZE - sent;
            sent += sizes[count];
        }
        for (unsigned i = 0; i < count; i++) {
            unsigned other = (unsigned)random() % count;
            uint32_t at = cut[other], size = sizes[other];
            cut[other] = cut[i], sizes[other] = sizes[i];
            cut[i] = at, sizes[i] = size;
        }
        for (unsigned i = 0; i < count; i++) {
            for (int side = 0; side < 2; side++) {
                if (lossy && random() % 50 == 0)
                    continue;
                struct vo_packet packet = segment_of(side, base + cut[i], 0, 0, original + cut[i], sizes[i]);
                add(fixture, &packet);
                if (random() % 5 == 0) {
                    uint32_t from = cut[i] > 700 ? cut[i] - (uint32_t)random() % 700 : cut[i];
                    packet = segment_of(side, base + from, 0, 0, original + from, cut[i] + sizes[i] - from);
                    if (!lossy)
                        add(fixture, &packet);
                }
            }
        }
        for (int side = 0; side < 4; side++)
            put(fixture, side % 2, base + sent, base + sent, ACK, "");
    }
    for (int side = 0; side < 2; side++) {
        assert_int_equal(fixture->received[side], STREAM_SIZE);
        uint32_t lost = 0;
        for (uint32_t i = 0; i < STREAM_SIZE; i++) {
            lost += !fixture->stream[side][i];
            if (fixture->stream[side][i])
                assert_int_equal(fixture->stream[side][i], original[i]);
        }
        assert_int_equal(lost, fixture->lost[side]);
        assert_true(lossy ? lost > 0 : lost == 0);
    }
    free(original);
}

static void test_random_order(void **state)
{
    srandom(20240612);
    random_streams(*state, false);
}

static void test_random_loss(void **state)
{
    srandom(20240613);
    random_streams(*state, true);
}

static void test_times_may_be_anything(void **state)
{
    struct fixture *fixture = *state;
    static const vo_time times[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -1, INT64_MAX, 0};
    open_connection(fixture);
    for (uint32_t i = 0; i < 6; i++) {
        struct vo_packet packet = segment_of(0, 100 + 2 * i, 500, ACK, "a", 1);
        vo_tcp_add(fixture->tcp, &packet, times[i]);
        packet = segment_of(1, 500, 101 + 2 * i, ACK, NULL, 0);
        vo_tcp_add(fixture->tcp, &packet, times[i]);
    }
    put(fixture, 0, 112, 500, RST, "");
    expect(fixture, "?0 0:a 0(1) 0:a 0(1) 0:a 0(1) 0:a 0(1) 0:a 0(1) 0:a . ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_open_talk_close),
        TEST(test_client_from_syn_ack),
        TEST(test_sequence_wraps),
        TEST(test_out_of_order_and_copies),
        TEST(test_first_copy_wins_around_pieces),
        TEST(test_time_of_bytes_that_waited),
        TEST(test_hole_after_ack),
        TEST(test_ack_captured_before_its_data),
        TEST(test_several_holes_under_one_ack),
        TEST(test_unseen_fin_is_no_hole),
        TEST(test_lost_before_fin),
        TEST(test_mid_stream),
        TEST(test_keep_alives),
        TEST(test_syn_again_and_anew),
        TEST(test_after_the_end),
        TEST(test_reset_elsewhere_is_ignored),
        TEST(test_waiting_data_comes_out_at_the_end),
        TEST(test_too_much_waits),
        TEST(test_snapped),
        TEST(test_refused),
        TEST(test_accepted_by_the_other_side),
        TEST(test_connections_are_told_apart),
        TEST(test_longest_idle_goes),
        TEST(test_random_order),
        TEST(test_random_loss),
        TEST(test_times_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
