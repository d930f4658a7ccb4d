#include "probes/decode/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* A copy with nothing after it, so that the sanitizer sees one byte too far. */
static uint8_t *exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

static enum vo_media_packet classify(const uint8_t *data, uint32_t size, uint32_t length)
{
    uint8_t *copy = exact(data, size);
    enum vo_media_packet kind = vo_media_classify(copy, size, length);
    free(copy);
    return kind;
}

/* version 2, extension, 1 CSRC; marker, type 111; sequence 0x1234; one-byte header extension of 1 word; 3
 * payload bytes */
static const uint8_t full[] = {
    0x91, 0xEF, 0x12, 0x34, 0x89, 0xAB, 0xCD, 0xEF, 0xDE, 0xAD, 0xBE, 0xEF, 0x00, 0x00,
    0x00, 0x07, 0xBE, 0xDE, 0x00, 0x01, 0x10, 0xAA, 0x00, 0x00, 0x01, 0x02, 0x03,
};

static void reads_every_field(void **state)
{
    (void)state;
    struct vo_rtp rtp;
    assert_true(vo_rtp_decode(full, sizeof full, sizeof full, &rtp));
    assert_int_equal(rtp.ssrc, 0xDEADBEEF);
    assert_int_equal(rtp.timestamp, 0x89ABCDEF);
    assert_int_equal(rtp.sequence, 0x1234);
    assert_int_equal(rtp.payload_type, 111); /* 0xEF without the marker bit is 0x6F */
    assert_true(rtp.marker);
    assert_true(rtp.extension);
    assert_false(rtp.padding);
    assert_int_equal(rtp.csrc_count, 1);
    assert_int_equal(rtp.payload_offset, 24); /* 12 + 4 CSRC + 4 extension head + 4 extension */
    assert_int_equal(rtp.payload_length, 3);
}

static void plain_g711_packet(void **state)
{
    (void)state;
    uint8_t packet[172] = {0x80, 0x00, 0xFF, 0xFF, 0, 0, 0, 160, 0, 0, 0, 1};
    struct vo_rtp rtp;
    assert_true(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
    assert_int_equal(rtp.sequence, 65535);
    assert_int_equal(rtp.timestamp, 160);
    assert_int_equal(rtp.payload_type, 0);
    assert_false(rtp.marker);
    assert_int_equal(rtp.payload_offset, 12);
    assert_int_equal(rtp.payload_length, 160);
}

static void snapped_packets_keep_the_length_on_the_wire(void **state)
{
    (void)state;
    struct vo_rtp rtp;
    for (uint32_t size = 0; size <= sizeof full; size++) {
        uint8_t *copy = exact(full, size);
        assert_int_equal(vo_rtp_decode(copy, size, 100, &rtp), size >= 12);
        if (size >= 20) { /* the extension's length is there: 100 - 24 */
            assert_int_equal(rtp.payload_offset, 24);
            assert_int_equal(rtp.payload_length, 76);
        } else if (size >= 12) { /* nearest possible place: 12 + 4 + 4 */
            assert_int_equal(rtp.payload_offset, 20);
        }
        free(copy);
    }
}

static void short_datagrams_are_not_rtp(void **state)
{
    (void)state;
    struct vo_rtp rtp;
    for (uint32_t length = 0; length <= sizeof full; length++) { /* nothing snapped: headers must fit */
        uint8_t *copy = exact(full, length);
        assert_int_equal(vo_rtp_decode(copy, length, length, &rtp), length >= 24);
        free(copy);
    }
}

static void other_versions_and_lying_extensions_are_refused(void **state)
{
    (void)state;
    uint8_t packet[40] = {0x40};
    struct vo_rtp rtp;
    assert_false(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
    packet[0] = 0xC0;
    assert_false(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
    packet[0] = 0x90;
    packet[14] = 0xFF; /* extension of 65,535 words */
    packet[15] = 0xFF;
    assert_false(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
    packet[14] = 0;
    packet[15] = 6; /* 12 + 4 + 24 = 40: just fits */
    assert_true(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
    assert_int_equal(rtp.payload_length, 0);
    packet[15] = 7;
    assert_false(vo_rtp_decode(packet, sizeof packet, sizeof packet, &rtp));
}

static void padding_is_taken_off_where_it_can_be_read(void **state)
{
    (void)state;
    uint8_t packet[32] = {0xA0, 0x08};
    struct vo_rtp rtp;
    packet[31] = 4;
    assert_true(vo_rtp_decode(packet, 32, 32, &rtp));
    assert_true(rtp.padding);
    assert_int_equal(rtp.payload_length, 16); /* 32 - 12 - 4 */
    packet[31] = 20;                          /* nothing but padding: bandwidth probes look so */
    assert_true(vo_rtp_decode(packet, 32, 32, &rtp));
    assert_int_equal(rtp.payload_length, 0);
    packet[31] = 21; /* more than there is: not a count */
    assert_true(vo_rtp_decode(packet, 32, 32, &rtp));
    assert_int_equal(rtp.payload_length, 20);
    packet[31] = 4; /* the last byte on the wire was not captured */
    assert_true(vo_rtp_decode(packet, 32, 33, &rtp));
    assert_int_equal(rtp.payload_length, 21);
}

static void captured_bytes_behind_the_datagram_are_ignored(void **state)
{
    (void)state;
    uint8_t packet[32] = {0xA0, 0x08};
    struct vo_rtp rtp;
    packet[19] = 2;
    packet[31] = 9;
    assert_true(vo_rtp_decode(packet, 32, 20, &rtp));
    assert_int_equal(rtp.payload_length, 6); /* 20 - 12 - 2 */
}

static void rtcp_shares_the_port(void **state)
{
    (void)state;
    uint8_t report[28] = {0x80, 200, 0, 6}; /* (6 + 1) * 4 = 28 */
    assert_int_equal(classify(report, 28, 28), VO_MEDIA_RTCP);
    assert_int_equal(classify(report, 4, 28), VO_MEDIA_RTCP);
    report[3] = 7; /* 32 bytes of 28: a marked packet of type 72 instead, or a lie */
    assert_int_equal(classify(report, 28, 28), VO_MEDIA_RTP);
    report[3] = 6;
    static const struct {
        uint8_t second;
        enum vo_media_packet kind;
    } cases[] = {{191, VO_MEDIA_RTP},  {192, VO_MEDIA_RTCP}, {207, VO_MEDIA_RTCP}, {223, VO_MEDIA_RTCP},
                 {224, VO_MEDIA_RTP},  {72, VO_MEDIA_RTP},   {76, VO_MEDIA_RTP},   {0, VO_MEDIA_RTP},
                 {0x80, VO_MEDIA_RTP}, {0xFF, VO_MEDIA_RTP}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        report[1] = cases[i].second;
        assert_int_equal(classify(report, 28, 28), cases[i].kind);
    }
    const uint8_t bye[4] = {0x80, 203, 0, 0}; /* shorter than any RTP header */
    assert_int_equal(classify(bye, 4, 4), VO_MEDIA_RTCP);
    const uint8_t eleven[11] = {0x80, 0};
    assert_int_equal(classify(eleven, 11, 11), VO_MEDIA_OTHER);
}

static void the_neighbours_are_told_by_their_marks(void **state)
{
    (void)state;
    const uint8_t stun[20] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x42};
    const uint8_t old_stun[20] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x43};
    const uint8_t long_stun[20] = {0x01, 0x01, 0, 4, 0x21, 0x12, 0xA4, 0x42};
    const uint8_t zrtp[16] = {0x10, 0, 0, 1, 'Z', 'R', 'T', 'P'};
    const uint8_t not_zrtp[16] = {0x10, 0, 0, 1, 'Z', 'R', 'T', 'X'};
    const uint8_t dtls[13] = {22, 0xFE, 0xFF}, dtls12[13] = {23, 0xFE, 0xFD}, tls[13] = {22, 3, 3};
    const uint8_t channel[8] = {0x40, 0x00, 0, 4}, long_channel[8] = {0x4F, 0xFF, 0, 5};
    const uint8_t unassigned[20] = {80}, version_3[20] = {192}, gap[20] = {4};
    assert_int_equal(classify(stun, 20, 20), VO_MEDIA_STUN);
    assert_int_equal(classify(stun, 8, 20), VO_MEDIA_STUN);
    assert_int_equal(classify(old_stun, 20, 20), VO_MEDIA_OTHER);
    assert_int_equal(classify(long_stun, 20, 20), VO_MEDIA_OTHER);
    assert_int_equal(classify(long_stun, 20, 24), VO_MEDIA_STUN);
    assert_int_equal(classify(zrtp, 16, 16), VO_MEDIA_ZRTP);
    assert_int_equal(classify(not_zrtp, 16, 16), VO_MEDIA_OTHER);
    assert_int_equal(classify(dtls, 13, 13), VO_MEDIA_DTLS);
    assert_int_equal(classify(dtls, 12, 12), VO_MEDIA_OTHER);
    assert_int_equal(classify(dtls12, 13, 13), VO_MEDIA_DTLS);
    assert_int_equal(classify(tls, 13, 13), VO_MEDIA_OTHER);
    assert_int_equal(classify(channel, 8, 8), VO_MEDIA_TURN_CHANNEL);
    assert_int_equal(classify(long_channel, 8, 8), VO_MEDIA_OTHER);
    assert_int_equal(classify(unassigned, 20, 20), VO_MEDIA_OTHER);
    assert_int_equal(classify(version_3, 20, 20), VO_MEDIA_OTHER);
    assert_int_equal(classify(gap, 20, 20), VO_MEDIA_OTHER);
}

static void classifying_never_reads_past_the_capture(void **state)
{
    (void)state;
    uint8_t packet[24] = {0};
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second += 5)
            for (uint32_t size = 0; size <= 10; size++) {
                packet[0] = (uint8_t)first;
                packet[1] = (uint8_t)second;
                enum vo_media_packet kind = classify(packet, size, 24);
                if (size < 2)
                    assert_int_equal(kind, VO_MEDIA_OTHER);
            }
}

static void static_types_are_those_of_rfc_3551(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        const char *codec;
        uint32_t clock;
        uint8_t channels;
        const char *media;
    } table[] = {
        {0, "PCMU", 8000, 1, "audio"},   {3, "GSM", 8000, 1, "audio"},    {4, "G723", 8000, 1, "audio"},
        {5, "DVI4", 8000, 1, "audio"},   {6, "DVI4", 16000, 1, "audio"},  {7, "LPC", 8000, 1, "audio"},
        {8, "PCMA", 8000, 1, "audio"},   {9, "G722", 8000, 1, "audio"},   {10, "L16", 44100, 2, "audio"},
        {11, "L16", 44100, 1, "audio"},  {12, "QCELP", 8000, 1, "audio"}, {13, "CN", 8000, 1, "audio"},
        {14, "MPA", 90000, 1, "audio"},  {15, "G728", 8000, 1, "audio"},  {16, "DVI4", 11025, 1, "audio"},
        {17, "DVI4", 22050, 1, "audio"}, {18, "G729", 8000, 1, "audio"},  {25, "CelB", 90000, 1, "video"},
        {26, "JPEG", 90000, 1, "video"}, {28, "nv", 90000, 1, "video"},   {31, "H261", 90000, 1, "video"},
        {32, "MPV", 90000, 1, "video"},  {33, "MP2T", 90000, 1, "video"}, {34, "H263", 90000, 1, "video"},
    };
    unsigned found = 0;
    for (unsigned type = 0; type < 256; type++)
        found += vo_rtp_static_payload((uint8_t)type) != NULL;
    assert_int_equal(found, sizeof table / sizeof *table);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct vo_rtp_static *entry = vo_rtp_static_payload(table[i].type);
        assert_non_null(entry);
        assert_string_equal(entry->codec, table[i].codec);
        assert_string_equal(entry->media, table[i].media);
        assert_int_equal(entry->clock_hz, table[i].clock);
        assert_int_equal(entry->channels, table[i].channels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(plain_g711_packet),
        cmocka_unit_test(snapped_packets_keep_the_length_on_the_wire),
        cmocka_unit_test(short_datagrams_are_not_rtp),
        cmocka_unit_test(other_versions_and_lying_extensions_are_refused),
        cmocka_unit_test(padding_is_taken_off_where_it_can_be_read),
        cmocka_unit_test(captured_bytes_behind_the_datagram_are_ignored),
        cmocka_unit_test(rtcp_shares_the_port),
        cmocka_unit_test(the_neighbours_are_told_by_their_marks),
        cmocka_unit_test(classifying_never_reads_past_the_capture),
        cmocka_unit_test(static_types_are_those_of_rfc_3551),
    };
    return cmocka_run_group_tests_name("rtp", tests, NULL, NULL);
}
