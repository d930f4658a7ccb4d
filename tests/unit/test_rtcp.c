#include "probes/decode/rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define ITEMS 80

/* What the last decode() visited. Texts point into `held`, which lives until the next one. */
static struct vo_rtcp_item items[ITEMS];
static unsigned count;
static uint8_t *held;

static void keep(void *context, const struct vo_rtcp_item *item)
{
    assert_ptr_equal(context, items);
    assert_true(count < ITEMS);
    items[count++] = *item;
}

static enum vo_rtcp_result decode_as(const uint8_t *data, size_t size, bool secure)
{
    free(held);
    held = malloc(size ? size : 1); /* exactly sized: the sanitizer sees one byte too far */
    assert_non_null(held);
    if (size)
        memcpy(held, data, size);
    count = 0;
    return vo_rtcp_decode(held, (uint32_t)size, secure, keep, items);
}

static enum vo_rtcp_result decode(const uint8_t *data, size_t size)
{
    return decode_as(data, size, false);
}

static void assert_text(struct vo_span span, const char *text)
{
    assert_non_null(span.at);
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.at, text, span.size);
}

/* SR with one block (52 bytes), SDES CNAME "a@example.com" (28), BYE with a reason (16): 96 bytes. */
static const uint8_t compound[] = {
    0x81, 200,  0,    12,   0x11, 0x22, 0x33, 0x44,                /* SSRC */
    0xE9, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00,                /* NTP: half a second past */
    0x00, 0x01, 0x38, 0x80,                                        /* RTP 80,000 */
    0x00, 0x00, 0x01, 0xF4, 0x00, 0x01, 0x38, 0x80,                /* 500 packets, 80,000 octets */
    0x55, 0x66, 0x77, 0x88, 0x40, 0xFF, 0xFF, 0xFE,                /* 64/256 lost of late; cumulative -2 */
    0x00, 0x01, 0x00, 0x05, 0x00, 0x00, 0x00, 0x50,                /* one cycle, sequence 5; jitter 80 */
    0x00, 0x01, 0x40, 0x00, 0x00, 0x02, 0x80, 0x00,                /* LSR; DLSR 2.5 s */
    0x81, 202,  0,    6,    0x11, 0x22, 0x33, 0x44, 2,   1,   'N', /* NAME first: 3 bytes */
    1,    13,   'a',  '@',  'e',  'x',  'a',  'm',  'p', 'l', 'e', '.', /* CNAME: 15 bytes; 4 + 3 + 15 = 22 */
    'c',  'o',  'm',  0,    0,                                          /* end and fill to 24 */
    0x81, 203,  0,    3,    0x11, 0x22, 0x33, 0x44, 6,   'h', 'u', 'n', 'g', /* BYE */
    'u',  'p',  0,
};

static void reads_a_compound(void **state)
{
    (void)state;
    assert_int_equal(sizeof compound, 96);
    assert_int_equal(decode(compound, sizeof compound), VO_RTCP_OK);
    assert_int_equal(count, 4);
    assert_int_equal(items[0].kind, VO_RTCP_SENDER_REPORT);
    assert_int_equal(items[0].ssrc, 0x11223344);
    assert_true(items[0].sender.ntp == 0xE900000180000000u);
    assert_int_equal(items[0].sender.rtp_timestamp, 80000);
    assert_int_equal(items[0].sender.packets, 500);
    assert_int_equal(items[0].sender.octets, 80000);
    assert_int_equal(items[1].kind, VO_RTCP_REPORT_BLOCK);
    assert_int_equal(items[1].ssrc, 0x11223344);
    assert_int_equal(items[1].block.source, 0x55667788);
    assert_int_equal(items[1].block.fraction_lost, 64);
    assert_int_equal(items[1].block.lost, -2); /* not 16,777,214 */
    assert_int_equal(items[1].block.highest, 65541);
    assert_int_equal(items[1].block.jitter, 80);
    assert_int_equal(items[1].block.lsr, 0x14000);
    assert_int_equal(items[1].block.dlsr, 163840); /* 2.5 * 65,536 */
    assert_int_equal(items[2].kind, VO_RTCP_SDES_CNAME);
    assert_int_equal(items[2].ssrc, 0x11223344);
    assert_text(items[2].text, "a@example.com");
    assert_int_equal(items[3].kind, VO_RTCP_BYE);
    assert_int_equal(items[3].ssrc, 0x11223344);
    assert_text(items[3].text, "hungup");
}

static void every_prefix_keeps_what_is_whole(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof compound; size++) {
        enum vo_rtcp_result result = decode(compound, size);
        /* the three packets end at 52, 80 and 96 */
        assert_int_equal(result, size == 52 || size == 80 ? VO_RTCP_OK : VO_RTCP_MALFORMED);
        assert_int_equal(count, size < 52 ? 0 : size < 80 ? 2 : 3);
    }
}

static void cumulative_loss_is_signed(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[3];
        int32_t lost;
    } cases[] = {{{0, 0, 0}, 0},
                 {{0, 0, 1}, 1},
                 {{0x7F, 0xFF, 0xFF}, 8388607},
                 {{0x80, 0, 0}, -8388608},
                 {{0xFF, 0xFF, 0xFF}, -1}};
    uint8_t report[32] = {0x81, 201, 0, 7};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(report + 13, cases[i].bytes, 3);
        assert_int_equal(decode(report, sizeof report), VO_RTCP_OK);
        assert_int_equal(count, 1);
        assert_int_equal(items[0].block.lost, cases[i].lost);
    }
}

static void reads_extended_reports(void **state)
{
    (void)state;
    static const uint8_t xr[] = {
        0x80, 207, 0,   18,   1,    2,    3,    4,                               /* SSRC */
        4,    0,   0,   2,    0xE9, 0,    0,    1,    0x40, 0, 0, 0,             /* receiver reference time */
        99,   0,   0,   0,                                                       /* a block nobody knows */
        5,    0,   0,   3,    5,    6,    7,    8,    0,    1, 0, 0, 0, 2, 0, 0, /* DLRR: LRR, 2 s */
        7,    0,   0,   8,    9,    10,   11,   12,   /* VoIP metrics of 0x090A0B0C */
        13,   26,  128, 2,    0,    120,  0x0B, 0xB8, /* loss, discard, densities, 120, 3000 */
        0,    80,  0,   200,  0xF1, 0xC4, 60,   16,   /* 80, 200; -15, -60 dBm; RERL, Gmin */
        85,   127, 41,  40,   0x30, 0,    0,    60,   /* R, external R, MOS-LQ, MOS-CQ, config */
        0,    120, 1,   0x2C,                         /* maximum 120, absolute 300 */
    };
    assert_int_equal(sizeof xr, 76); /* (18 + 1) * 4 */
    assert_int_equal(decode(xr, sizeof xr), VO_RTCP_OK);
    assert_int_equal(count, 3);
    assert_int_equal(items[0].kind, VO_RTCP_XR_RRT);
    assert_int_equal(items[0].ssrc, 0x01020304);
    assert_true(items[0].rrt.ntp == 0xE900000140000000u);
    assert_int_equal(items[1].kind, VO_RTCP_XR_DLRR);
    assert_int_equal(items[1].dlrr.source, 0x05060708);
    assert_int_equal(items[1].dlrr.lrr, 0x10000);
    assert_int_equal(items[1].dlrr.dlrr, 0x20000);
    assert_int_equal(items[2].kind, VO_RTCP_XR_VOIP);
    const struct vo_rtcp_xr_voip *voip = &items[2].voip;
    assert_int_equal(voip->source, 0x090A0B0C);
    assert_int_equal(voip->loss_rate, 13);
    assert_int_equal(voip->discard_rate, 26);
    assert_int_equal(voip->burst_density, 128);
    assert_int_equal(voip->gap_density, 2);
    assert_int_equal(voip->burst_ms, 120);
    assert_int_equal(voip->gap_ms, 3000);
    assert_int_equal(voip->round_trip_ms, 80);
    assert_int_equal(voip->end_system_ms, 200);
    assert_int_equal(voip->signal_dbm, -15);
    assert_int_equal(voip->noise_dbm, -60);
    assert_int_equal(voip->rerl, 60);
    assert_int_equal(voip->gmin, 16);
    assert_int_equal(voip->r_factor, 85);
    assert_int_equal(voip->external_r, 127);
    assert_int_equal(voip->mos_lq, 41); /* byte 26 of the block; CQ is 27 */
    assert_int_equal(voip->mos_cq, 40);
    assert_int_equal(voip->rx_config, 0x30);
    assert_int_equal(voip->jb_nominal_ms, 60);
    assert_int_equal(voip->jb_maximum_ms, 120);
    assert_int_equal(voip->jb_absolute_ms, 300);
    uint8_t lying[sizeof xr];
    memcpy(lying, xr, sizeof xr);
    lying[43] = 9; /* the VoIP block claims a word more than the packet has */
    assert_int_equal(decode(lying, sizeof lying), VO_RTCP_MALFORMED);
    assert_int_equal(count, 2);
    for (size_t size = 0; size < sizeof xr; size++) {
        assert_int_equal(decode(xr, size), VO_RTCP_MALFORMED);
        assert_int_equal(count, 0);
    }
}

static void several_dlrr_sub_blocks(void **state)
{
    (void)state;
    uint8_t xr[36] = {0x80, 207, 0, 8, 0, 0, 0, 1, 5, 0, 0, 6, 0, 0, 0, 7};
    xr[27] = 8;
    assert_int_equal(decode(xr, sizeof xr), VO_RTCP_OK);
    assert_int_equal(count, 2);
    assert_int_equal(items[0].dlrr.source, 7);
    assert_int_equal(items[1].dlrr.source, 8);
    xr[11] = 5; /* a sub-block and two thirds, then a block of type 0 */
    assert_int_equal(decode(xr, sizeof xr), VO_RTCP_MALFORMED);
    assert_int_equal(count, 1);
}

static void several_compounds_in_a_datagram(void **state)
{
    (void)state;
    uint8_t two[2 * sizeof compound];
    memcpy(two, compound, sizeof compound);
    memcpy(two + sizeof compound, compound, sizeof compound);
    assert_int_equal(decode(two, sizeof two), VO_RTCP_OK);
    assert_int_equal(count, 8);
    assert_int_equal(items[4].kind, VO_RTCP_SENDER_REPORT);
    assert_int_equal(items[4].ssrc, 0x11223344);
}

static void reduced_size_and_unknown_packets(void **state)
{
    (void)state;
    static const uint8_t nack[] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 0};
    assert_int_equal(decode(nack, sizeof nack), VO_RTCP_OK);
    assert_int_equal(count, 0);
    static const uint8_t mixed[] = {0x81, 204, 0, 2, 0, 0, 0, 1, 'T', 'E', 'S', 'T', /* APP */
                                    0x81, 206, 0, 2, 0, 0, 0, 1, 0,   0,   0,   2,   /* PLI */
                                    0x80, 223, 0, 0,                                 /* unassigned */
                                    0x80, 201, 0, 1, 0, 0, 0, 3,                     /* RR without blocks */
                                    0x82, 203, 0, 2, 0, 0, 0, 4, 0,   0,   0,   5};  /* BYE of two */
    assert_int_equal(decode(mixed, sizeof mixed), VO_RTCP_OK);
    assert_int_equal(count, 2);
    assert_int_equal(items[0].kind, VO_RTCP_BYE);
    assert_int_equal(items[0].ssrc, 4);
    assert_null(items[0].text.at);
    assert_int_equal(items[1].ssrc, 5);
}

static void profile_extensions_are_skipped(void **state)
{
    (void)state;
    const uint8_t rr[] = {0x80, 201, 0, 3, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    assert_int_equal(decode(rr, sizeof rr), VO_RTCP_OK);
    assert_int_equal(count, 0);
}

static void padding(void **state)
{
    (void)state;
    uint8_t rr[] = {0xA0, 203, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4};
    rr[0] = 0xA3; /* three sources, but the third is padding */
    assert_int_equal(decode(rr, sizeof rr), VO_RTCP_MALFORMED);
    rr[0] = 0xA2;
    assert_int_equal(decode(rr, sizeof rr), VO_RTCP_OK);
    assert_int_equal(count, 2);
    static const uint8_t bad[] = {0, 1, 3, 16, 255}; /* none, no multiple of four, more than the body */
    for (size_t i = 0; i < sizeof bad; i++) {
        rr[15] = bad[i];
        assert_int_equal(decode(rr, sizeof rr), VO_RTCP_MALFORMED);
        assert_int_equal(count, 0);
    }
    rr[0] = 0xA0;
    rr[15] = 12; /* all of the body */
    assert_int_equal(decode(rr, sizeof rr), VO_RTCP_OK);
    const uint8_t empty[] = {0xA0, 203, 0, 0};
    assert_int_equal(decode(empty, sizeof empty), VO_RTCP_MALFORMED);
}

static void counts_that_lie(void **state)
{
    (void)state;
    uint8_t copy[sizeof compound];
    memcpy(copy, compound, sizeof compound);
    copy[0] = 0x82; /* a second block would lie beyond the SR */
    assert_int_equal(decode(copy, sizeof copy), VO_RTCP_MALFORMED);
    assert_int_equal(count, 2); /* sender and first block came before the fault */
    memcpy(copy, compound, sizeof compound);
    copy[64] = 14; /* the CNAME claims the zero byte too: the chunk just fits */
    assert_int_equal(decode(copy, sizeof copy), VO_RTCP_OK);
    assert_int_equal(items[2].text.size, 14);
    copy[64] = 16; /* beyond the packet */
    assert_int_equal(decode(copy, sizeof copy), VO_RTCP_MALFORMED);
    assert_int_equal(count, 2);
    memcpy(copy, compound, sizeof compound);
    copy[52] = 0x82; /* a second chunk, which is not there */
    assert_int_equal(decode(copy, sizeof copy), VO_RTCP_MALFORMED);
    assert_int_equal(count, 3);
    memcpy(copy, compound, sizeof compound);
    copy[88] = 8; /* a reason longer than the BYE */
    assert_int_equal(decode(copy, sizeof copy), VO_RTCP_MALFORMED);
    assert_int_equal(count, 3);
    const uint8_t short_sr[] = {0x80, 200, 0, 1, 0, 0, 0, 1};
    assert_int_equal(decode(short_sr, sizeof short_sr), VO_RTCP_MALFORMED);
    const uint8_t not_rtcp[] = {0x80, 0, 0, 1, 0, 0, 0, 1}, version[] = {0x40, 200, 0, 1, 0, 0, 0, 1};
    assert_int_equal(decode(not_rtcp, sizeof not_rtcp), VO_RTCP_MALFORMED);
    assert_int_equal(decode(version, sizeof version), VO_RTCP_MALFORMED);
    assert_int_equal(count, 0);
}

/* The compound with everything behind the first SSRC scrambled, then `trailer`. No zero byte mask: all bytes
 * change. */
static size_t encrypt(uint8_t *to, const uint8_t *trailer, size_t size)
{
    uint32_t key = 12345;
    memcpy(to, compound, sizeof compound);
    for (size_t i = 8; i < sizeof compound; i++) {
        key = key * 1664525 + 1013904223;
        to[i] ^= (uint8_t)(key >> 24);
    }
    memcpy(to + sizeof compound, trailer, size);
    return sizeof compound + size;
}

static void srtcp_tells_itself(void **state)
{
    (void)state;
    uint8_t packet[sizeof compound + 40];
    static const struct {
        const char *what;
        uint8_t size, trailer[32];
    } cases[] = {
        {"index and tag of 10 (RFC 3711)", 14, {0x80, 0, 0, 1, 0x9D, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {"index and tag of 4", 8, {0x80, 0, 0, 0, 0x9D, 1, 2, 3}},
        {"index, key identifier of 4, tag of 10",
         18,
         {0x80, 0x1F, 0, 1, 0, 0, 0, 1, 0x9D, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {"tag of 16 and index (RFC 7714)", 20, {0x9D, 1,  2,  3,  4,  5,  6,    7, 8, 9,
                                                10,   11, 12, 13, 14, 15, 0x80, 0, 0, 77}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = encrypt(packet, cases[i].trailer, cases[i].size);
        assert_int_equal(decode(packet, size), VO_RTCP_ENCRYPTED);
        assert_int_equal(count, 0);
    }
    /* a single report: all that is left over is the trailer */
    size_t size = encrypt(packet, cases[0].trailer, 14);
    packet[3] = 23; /* (23 + 1) * 4 = 96 */
    assert_int_equal(decode(packet, size), VO_RTCP_ENCRYPTED);
    assert_int_equal(count, 0);
    /* the snap length took the trailer: the scrambled counts and jitter give it away */
    encrypt(packet, cases[0].trailer, 14);
    assert_int_equal(decode(packet, sizeof compound - 2), VO_RTCP_ENCRYPTED);
    assert_int_equal(count, 0);
}

static void what_is_known_to_be_secure_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(decode_as(compound, sizeof compound, true), VO_RTCP_ENCRYPTED);
    assert_int_equal(count, 0);
    assert_int_equal(decode_as((const uint8_t *)"\x80\x00\x00\x00", 4, true), VO_RTCP_MALFORMED);
}

static void plain_reports_are_never_called_encrypted(void **state)
{
    (void)state;
    uint8_t packet[sizeof compound + 16];
    memcpy(packet, compound, sizeof compound);
    memcpy(packet + 48, "\x80\x00\x00\x01", 4); /* a DLSR that looks like an index */
    memcpy(packet + 44, "\xFF\xFF\xFF\xFF", 4);
    memcpy(packet + 40, "\xFF\xFF\xFF\xFF",
           4); /* and a jitter that cannot be: the lengths add up all the same */
    assert_int_equal(decode(packet, sizeof compound), VO_RTCP_OK);
    assert_int_equal(items[1].block.dlsr, 0x80000001);
    assert_int_equal(decode(packet, 52), VO_RTCP_OK);
    memset(packet + sizeof compound, 0, 16); /* junk behind: malformed, but what is there was read */
    memcpy(packet, compound, sizeof compound);
    assert_int_equal(decode(packet, sizeof packet), VO_RTCP_MALFORMED);
    assert_int_equal(count, 4);
    memcpy(packet + 52, "\x01\x02\x03\x04 and some other text",
           24); /* junk behind a believable first packet */
    assert_int_equal(decode(packet, 76), VO_RTCP_MALFORMED);
    assert_int_equal(count, 2);
}

static void random_bytes_never_overrun(void **state)
{
    (void)state;
    uint8_t packet[128];
    uint32_t key = 1;
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof packet; i++) {
            key = key * 1664525 + 1013904223;
            packet[i] = (uint8_t)(key >> 24);
        }
        size_t size = key % sizeof packet;
        packet[0] = 0x80 | (packet[0] & 0x3F);
        packet[1] = (uint8_t)(200 + packet[1] % 8);
        packet[2] = 0;
        packet[3] = (uint8_t)(size >= 4 ? size / 4 - 1 : 0);
        decode(packet, size);
        assert_true(count <= 31);
    }
}

static int release(void **state)
{
    (void)state;
    free(held);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_compound),
        cmocka_unit_test(every_prefix_keeps_what_is_whole),
        cmocka_unit_test(cumulative_loss_is_signed),
        cmocka_unit_test(reads_extended_reports),
        cmocka_unit_test(several_dlrr_sub_blocks),
        cmocka_unit_test(several_compounds_in_a_datagram),
        cmocka_unit_test(reduced_size_and_unknown_packets),
        cmocka_unit_test(profile_extensions_are_skipped),
        cmocka_unit_test(padding),
        cmocka_unit_test(counts_that_lie),
        cmocka_unit_test(srtcp_tells_itself),
        cmocka_unit_test(what_is_known_to_be_secure_is_not_read),
        cmocka_unit_test(plain_reports_are_never_called_encrypted),
        cmocka_unit_test(random_bytes_never_overrun),
    };
    return cmocka_run_group_tests_name("rtcp", tests, NULL, release);
}
