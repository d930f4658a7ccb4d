/* Packets on this host's interface: streams of RTP, the echo beside them, DHCP, EAPOL. */
#include "probes/wlan/roam_media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS(ms) ((vo_time)((ms)*1e6))
#define OWN    0x020000000100

static struct vo_roam_media media;
static struct vo_media_stream echo;
static struct vo_media_gap gap;
static char id[VO_ROAM_STREAM_ID];

static int begin(void **state)
{
    (void)state;
    memset(&media, 0, sizeof media);
    media.own = OWN;
    media.dropped = VO_TIME_UNKNOWN;
    vo_media_begin(&echo, true, false);
    return 0;
}
static int end(void **state)
{
    (void)state;
    vo_roam_media_release(&media);
    return 0;
}

/* An Ethernet frame with a UDP datagram, from 192.0.2.1:`from` to 198.51.100.2:`to`; to us, or from us. */
static enum vo_roam_packet udp(double ms, bool received, unsigned from, unsigned to, const uint8_t *payload,
                               unsigned size)
{
    uint8_t frame[400] = {2, 0, 0, 0, 9, 0, 2, 0, 0, 0, 9, 0, 8, 0};
    uint8_t *own = frame + (received ? 0 : 6), *ip = frame + 14, *header = ip + 20;
    const uint8_t addresses[] = {192, 0, 2, 1, 198, 51, 100, 2};
    own[4] = 1;
    ip[0] = 0x45;
    ip[3] = (uint8_t)(28 + size);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, addresses, sizeof addresses);
    header[0] = (uint8_t)(from >> 8);
    header[1] = (uint8_t)from;
    header[2] = (uint8_t)(to >> 8);
    header[3] = (uint8_t)to;
    header[5] = (uint8_t)(8 + size);
    memcpy(header + 8, payload, size);
    uint32_t length = 14 + 28 + size;
    const struct vo_frame told = {.data = frame, .captured = length, .length = length, .linktype = 1};
    return vo_roam_media_frame(&media, &told, MS(ms), false);
}

static enum vo_roam_packet rtp(double ms, bool received, unsigned port, unsigned ssrc, unsigned number)
{
    uint8_t packet[172] = {0x80, 0, (uint8_t)(number >> 8), (uint8_t)number};
    uint32_t units = number * 160;
    for (int i = 0; i < 4; i++) {
        packet[4 + i] = (uint8_t)(units >> (24 - 8 * i));
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    }
    return udp(ms, received, port, 20480, packet, sizeof packet);
}

/* 20 ms each, `missing` of them from `at` on. */
static void call(unsigned port, unsigned ssrc, unsigned packets, unsigned at, unsigned missing)
{
    for (unsigned i = 0; i < packets; i++)
        if (i < at || i >= at + missing)
            assert_int_equal(rtp(20 * i, true, port, ssrc, 100 + i), VO_ROAM_PACKET_RTP);
}

static void measure(double begun, double ended, double now)
{
    vo_roam_media_measure(&media, MS(begun), MS(ended), MS(now), false, NULL, id, &gap);
}

/* 50 packets until 980; 15 are missing. */
static void test_a_stream(void **state)
{
    (void)state;
    call(16384, 0xdeadbeef, 600, 50, 15);
    measure(990, 1150, 11200);
    assert_string_equal(id, "192.0.2.1:16384>198.51.100.2:20480#0xdeadbeef");
    assert_null(gap.why);
    assert_int_equal(gap.to - gap.from, MS(320));
    assert_int_equal(gap.lost, 15);
}

/* What this host sends is not what it hears; what only looks like RTP for a moment is no stream. */
static void test_not_received(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(rtp(20 * i, false, 16384, 1, i), VO_ROAM_PACKET_OTHER);
    for (unsigned i = 0; i < 100; i++)
        rtp(20 * i, true, 16384, 2, i * 7919 % 65536); /* numbers that do not follow each other */
    for (unsigned i = 0; i < 7; i++)
        rtp(20 * i, true, 16384, 3, i);
    measure(1000, 1100, 12000);
    assert_string_equal(id, "");
    assert_non_null(strstr(gap.why, "no RTP was received"));
    vo_roam_media_measure(&media, MS(1000), MS(1100), MS(12000), false, "no capability", id, &gap);
    assert_string_equal(gap.why, "no capability");
}

/* Of two calls the one that suffers more is told; one that had ended is none of them. */
static void test_the_worst(void **state)
{
    (void)state;
    call(16384, 1, 900, 300, 5); /* until 5980 ms */
    call(16386, 2, 900, 300, 15);
    call(16388, 3, 20, 20, 0); /* until 380 ms */
    measure(3500, 3600, 13700);
    assert_null(gap.why);
    assert_int_equal(gap.to - gap.from, MS(20));
    measure(5990, 6150, 16200);
    assert_non_null(strstr(id, ":16386>"));
    assert_int_equal(gap.to - gap.from, MS(320));
    /* lost is worse than any gap */
    call(16390, 4, 300, 300, 0);
    measure(5990, 6150, 16200);
    assert_non_null(strstr(id, ":16390>"));
    assert_int_equal(gap.state, VO_MEDIA_LOST);
}

static void test_the_echo(void **state)
{
    (void)state;
    media.echo = &echo;
    for (unsigned i = 0; i < 600; i++)
        if (i < 50 || i >= 60)
            vo_media_arrive(&echo, MS(20 * i), false, i, 0);
    measure(990, 1150, 11200);
    assert_string_equal(id, "echo");
    assert_int_equal(gap.to - gap.from, MS(220));
    assert_int_equal(gap.lost, 10);
    call(16384, 1, 600, 50, 15);
    measure(990, 1150, 11200);
    assert_string_not_equal(id, "echo"); /* 320 ms */
    media.no_rtp = true;
    measure(990, 1150, 11200);
    assert_string_equal(id, "echo");
}

/* The replies to this program's own echo are RTP to look at, and are counted elsewhere. */
static void test_own_echo(void **state)
{
    (void)state;
    media.ignored_local = 20480;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(rtp(20 * i, true, 5008, 1, i), VO_ROAM_PACKET_OTHER);
    assert_int_equal(media.count, 0);
}

static void test_the_capture_lost_packets(void **state)
{
    (void)state;
    call(16384, 1, 600, 50, 15);
    media.dropped = MS(1100);
    measure(990, 1150, 11200);
    assert_non_null(strstr(gap.why, "the capture itself"));
    assert_int_equal(gap.state, VO_MEDIA_RESUMED);
    measure(3000, 3100, 13200); /* not then */
    assert_null(gap.why);
}

/* More streams than are kept: a call that goes on stays, whatever else comes by. */
static void test_many(void **state)
{
    (void)state;
    call(16384, 1, 600, 50, 15);
    for (unsigned i = 0; i < 200; i++)
        rtp(12000, true, 30000 + i, i, 1);
    assert_int_equal(media.count, VO_ROAM_STREAMS);
    measure(990, 1150, 11200);
    assert_int_equal(gap.to - gap.from, MS(320));
}

static void test_other_packets(void **state)
{
    (void)state;
    const uint8_t bootp[60] = {1, 1, 6};
    uint8_t eapol[60] = {2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 9, 0, 0x88, 0x8e, 2, 0};
    struct vo_frame frame = {.data = eapol, .captured = sizeof eapol, .length = sizeof eapol, .linktype = 1};
    assert_int_equal(udp(0, false, 68, 67, bootp, sizeof bootp), VO_ROAM_PACKET_DHCP);
    assert_int_equal(udp(0, true, 67, 68, bootp, sizeof bootp), VO_ROAM_PACKET_DHCP);
    assert_int_equal(udp(0, true, 53, 68, bootp, sizeof bootp), VO_ROAM_PACKET_OTHER);
    assert_int_equal(udp(0, true, 4000, 5000, bootp, 4), VO_ROAM_PACKET_OTHER);
    assert_int_equal(vo_roam_media_frame(&media, &frame, 0, false), VO_ROAM_PACKET_EAP);
    eapol[15] = 3;
    assert_int_equal(vo_roam_media_frame(&media, &frame, 0, false), VO_ROAM_PACKET_KEY);
    for (frame.captured = 0; frame.captured < 16; frame.captured++) {
        uint8_t copy[16];
        struct vo_frame cut = frame;
        memcpy(copy, eapol, sizeof copy);
        cut.data = copy + sizeof copy - frame.captured; /* not a byte behind it is there */
        assert_int_equal(vo_roam_media_frame(&media, &cut, 0, false), VO_ROAM_PACKET_OTHER);
    }
    frame.captured = sizeof eapol;
    frame.linktype = 127; /* radiotap: not how a station's own interface looks */
    assert_int_equal(vo_roam_media_frame(&media, &frame, 0, false), VO_ROAM_PACKET_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_stream, begin, end),
        cmocka_unit_test_setup_teardown(test_not_received, begin, end),
        cmocka_unit_test_setup_teardown(test_the_worst, begin, end),
        cmocka_unit_test_setup_teardown(test_the_echo, begin, end),
        cmocka_unit_test_setup_teardown(test_own_echo, begin, end),
        cmocka_unit_test_setup_teardown(test_the_capture_lost_packets, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
        cmocka_unit_test_setup_teardown(test_other_packets, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
