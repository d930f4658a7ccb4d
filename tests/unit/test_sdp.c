#include "probes/decode/packet.h"
#include "probes/decode/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The spans of a decoded description point into `held`, which lives until the next decode(). */
static char *held;
static struct vo_sdp sdp;

static bool decode_size(const char *text, size_t size)
{
    free(held);
    held = malloc(size ? size : 1); /* exactly sized: the sanitizer sees one byte too far */
    assert_non_null(held);
    if (size)
        memcpy(held, text, size);
    memset(&sdp, 0xA5, sizeof sdp); /* whatever is not set shows */
    return vo_sdp_decode(held, (uint32_t)size, &sdp);
}

static bool decode(const char *text)
{
    return decode_size(text, strlen(text));
}

static void assert_span(struct vo_span span, const char *text)
{
    assert_non_null(span.at);
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.at, text, span.size);
}

static void assert_address(const uint8_t address[16], const char *text)
{
    uint8_t expected[16];
    assert_true(vo_address_parse(text, strlen(text), expected));
    assert_memory_equal(address, expected, 16);
}

static void assert_payload(const struct vo_sdp_media *media, uint8_t type, const char *codec, uint32_t clock,
                           uint8_t channels)
{
    const struct vo_sdp_payload *payload = vo_sdp_find_payload(media, type);
    assert_non_null(payload);
    assert_int_equal(payload->type, type);
    assert_string_equal(payload->codec, codec);
    assert_int_equal(payload->clock_hz, clock);
    assert_int_equal(payload->channels, channels);
}

static const char offer[] =
    "v=0\r\n"
    "o=alice 2890844526 2890844527 IN IP4 host.atlanta.example.com\r\n"
    "s=Call of \xC3\xA9t\xC3\xA9\r\n"
    "c=IN IP4 192.0.2.1\r\n"
    "t=0 0\r\n"
    "a=recvonly\r\n"
    "m=audio 49170 RTP/AVP 0 9 111 97 101 13 99\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1 \r\n"
    "a=rtpmap:97 iLBC/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\n"
    "a=rtpmap:120 ignored/8000\r\n"
    "a=ptime:20\r\n"
    "a=maxptime:62.5\r\n"
    "a=sendonly\r\n"
    "m=video 51372/2 RTP/SAVP 31 34\r\n"
    "c=IN IP6 2001:db8::7\r\n"
    "c=IN IP6 2001:db8::8\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
    "a=rtcp:53020 IN IP4 192.0.2.99\r\n";

static void reads_an_offer(void **state)
{
    (void)state;
    assert_true(decode(offer));
    assert_span(sdp.origin, "alice 2890844526");
    assert_span(sdp.origin_address, "host.atlanta.example.com");
    assert_int_equal(sdp.version, 2890844527);
    assert_false(sdp.truncated);
    assert_int_equal(sdp.media_count, 2);
    const struct vo_sdp_media *audio = &sdp.media[0], *video = &sdp.media[1];

    assert_string_equal(audio->kind, "audio");
    assert_int_equal(audio->port, 49170);
    assert_true(audio->has_address);
    assert_address(audio->address, "192.0.2.1");
    assert_false(audio->held);
    assert_false(audio->rtcp_mux);
    assert_int_equal(audio->rtcp_port, 49171);
    assert_false(audio->has_rtcp_address);
    assert_int_equal(audio->direction, VO_SDP_SENDONLY);
    assert_true(audio->ptime_ms == 20);
    assert_true(audio->maxptime_ms == 62.5);
    assert_false(audio->secure);
    assert_false(audio->sdes);
    assert_false(audio->dtls);
    assert_int_equal(audio->payload_count, 7);
    assert_payload(audio, 0, "PCMU", 8000, 1);
    assert_payload(audio, 9, "G722", 8000, 1); /* the clock of G.722 is 8000, not its 16 kHz */
    assert_payload(audio, 111, "opus", 48000, 2);
    assert_payload(audio, 97, "iLBC", 8000, 1);
    assert_payload(audio, 101, "telephone-event", 8000, 1);
    assert_payload(audio, 13, "CN", 8000, 1);
    assert_payload(audio, 99, "", 0, 1); /* dynamic and not explained: unknown */
    assert_null(vo_sdp_find_payload(audio, 120));
    assert_span(vo_sdp_find_payload(audio, 111)->fmtp, "minptime=10;useinbandfec=1");
    assert_span(vo_sdp_find_payload(audio, 101)->fmtp, "0-15");
    assert_null(vo_sdp_find_payload(audio, 0)->fmtp.at);

    assert_string_equal(video->kind, "video");
    assert_int_equal(video->port, 51372);
    assert_address(video->address, "2001:db8::7");
    assert_int_equal(video->rtcp_port, 53020);
    assert_true(video->has_rtcp_address);
    assert_address(video->rtcp_address, "192.0.2.99");
    assert_int_equal(video->direction, VO_SDP_RECVONLY);
    assert_true(video->secure);
    assert_true(video->sdes);
    assert_true(video->ptime_ms == 0);
    assert_payload(video, 34, "H263", 90000, 1);
}

static void reads_a_webrtc_offer(void **state)
{
    (void)state;
    assert_true(
        decode("v=0\no=- 46 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1\n"
               "a=fingerprint:sha-256 AA:BB\n"
               "m=AUDIO 9 udp/tls/rtp/savpf 111 \nc=IN IP4 0.0.0.0\na=RTCP-MUX\na=rtcp:10 IN IP4 0.0.0.0\n"
               "a=RtpMap: 111  OPUS/48000/2  \n"
               "a=candidate:1 1 udp 2122260223 192.0.2.15 50001 typ host generation 0\n"
               "a=candidate:1 2 UDP 2122260222 2001:db8::15 50002 typ host\n"
               "a=candidate:2 1 tcp 1518280447 192.0.2.15 9 typ host tcptype active\n"
               "a=candidate:3 1 udp 2122260223 3f1c.local 50003 typ host\n"
               "a=candidate:4 1 udp 1 192.0.2.15 70000 typ host\n"
               "a=candidate:4 1 udp 1 192.0.2.15\n"
               "a=candidate:4 256 udp 1 192.0.2.15 50004\n"
               "m=application 9 UDP/DTLS/SCTP 5000\nc=in ip4 192.0.2.2\na=mid:1\n"));
    assert_int_equal(sdp.media_count, 2);
    const struct vo_sdp_media *audio = &sdp.media[0], *data = &sdp.media[1];
    assert_string_equal(audio->kind, "audio");
    assert_true(audio->secure);
    assert_true(audio->dtls);
    assert_false(audio->sdes);
    assert_true(audio->held);
    assert_true(audio->has_address);
    assert_true(audio->rtcp_mux);
    assert_int_equal(audio->rtcp_port, 9);
    assert_payload(audio, 111, "OPUS", 48000, 2);
    assert_int_equal(audio->candidate_count, 2);
    assert_address(audio->candidates[0].address, "192.0.2.15");
    assert_int_equal(audio->candidates[0].port, 50001);
    assert_int_equal(audio->candidates[0].component, 1);
    assert_address(audio->candidates[1].address, "2001:db8::15");
    assert_int_equal(audio->candidates[1].component, 2);
    assert_string_equal(data->kind, "application");
    assert_int_equal(data->payload_count, 0);
    assert_address(data->address, "192.0.2.2");
    assert_false(data->held);
    assert_true(data->dtls); /* the session's fingerprint */
    assert_false(sdp.truncated);
}

static void connection_lines(void **state)
{
    (void)state;
    static const struct {
        const char *session, *media, *address; /* address NULL: none */
        bool held;
    } cases[] = {
        {"c=IN IP4 192.0.2.1\n", "", "192.0.2.1", false},
        {"c=IN IP4 192.0.2.1\n", "c=IN IP4 192.0.2.2\n", "192.0.2.2", false},
        {"", "c=IN IP4 233.252.0.1/127/3\n", "233.252.0.1", false},
        {"", "c=IN IP6 ff15::101/3\n", "ff15::101", false},
        {"c=IN IP4 192.0.2.1\n", "c=IN IP4 0.0.0.0\n", "0.0.0.0", true},
        {"c=IN IP4 0.0.0.0\n", "", "0.0.0.0", true},
        {"c=IN IP4 0.0.0.0\n", "c=IN IP4 192.0.2.2\n", "192.0.2.2", false},
        {"c=IN IP6 ::\n", "", "::", true},
        {"c=IN IP4 192.0.2.1\n", "c=IN IP4 phone.example.com\n", NULL, false},
        {"c=IN IP4 phone.example.com\n", "", NULL, false},
        {"c=IN IP4\n", "", NULL, false},
        {"c=ATM NSAP 47.0091\n", "", NULL, false},
        {"", "", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text, "v=0\n%sm=audio 5004 RTP/AVP 0\n%s", cases[i].session, cases[i].media);
        assert_true(decode(text));
        assert_int_equal(sdp.media[0].has_address, cases[i].address != NULL);
        if (cases[i].address)
            assert_address(sdp.media[0].address, cases[i].address);
        assert_int_equal(sdp.media[0].held, cases[i].held);
    }
}

static void profiles(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        bool secure;
        unsigned payloads;
    } cases[] = {
        {"RTP/AVP", false, 1},     {"RTP/AVPF", false, 1},        {"RTP/SAVP", true, 1},
        {"RTP/SAVPF", true, 1},    {"UDP/TLS/RTP/SAVP", true, 1}, {"rtp/avp", false, 1},
        {"TCP/RTP/AVP", false, 1}, {"udptl", false, 0},           {"TCP/TLS/RTP/SAVPF", true, 1},
        {"TCP/TLS/BFCP", true, 0}, {"DTLS/SCTP", true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "v=0\nm=audio 5004 %s 8\na=rtpmap:8 PCMA/8000", cases[i].profile);
        assert_true(decode(text));
        assert_int_equal(sdp.media[0].secure, cases[i].secure);
        assert_int_equal(sdp.media[0].payload_count, cases[i].payloads);
    }
}

static void directions(void **state)
{
    (void)state;
    static const char *const names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    for (int session = 0; session < 4; session++)
        for (int media = 0; media < 4; media++) {
            char text[200];
            snprintf(text, sizeof text, "v=0\na=%s\nm=audio 1 RTP/AVP 0\na=%s\nm=video 3 RTP/AVP 31\n",
                     names[session], names[media]);
            assert_true(decode(text));
            assert_int_equal(sdp.media[0].direction, media);
            assert_int_equal(sdp.media[1].direction, session);
        }
    assert_true(decode("v=0\nm=audio 1 RTP/AVP 0\n"));
    assert_int_equal(sdp.media[0].direction, VO_SDP_SENDRECV);
}

static void rtcp_ports(void **state)
{
    (void)state;
    static const struct {
        const char *port, *attributes;
        unsigned rtcp;
    } cases[] = {
        {"5004", "", 5005},
        {"5004", "a=rtcp:6000\n", 6000},
        {"5004", "a=rtcp-mux\n", 5004},
        {"5004", "a=rtcp:6000\na=rtcp-mux\n", 5004},
        {"5004", "a=rtcp-mux-only\n", 5004},
        {"5004", "a=rtcp:70000\n", 5005}, /* no port */
        {"65535", "", 0},                 /* there is none after it */
        {"0", "", 0},
        {"0", "a=rtcp:6000\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "v=0\nm=audio %s RTP/AVP 0\n%s", cases[i].port, cases[i].attributes);
        assert_true(decode(text));
        assert_int_equal(sdp.media[0].rtcp_port, cases[i].rtcp);
    }
}

static void rtpmaps_that_are_none_leave_rfc_3551(void **state)
{
    (void)state;
    static const struct {
        const char *map, *codec;
        unsigned clock, channels;
    } cases[] = {
        {"10", "L16", 44100, 2},
        {"10 L16", "L16", 44100, 2},
        {"10 L16/", "L16", 44100, 2},
        {"10 L16/0", "L16", 44100, 2},
        {"10 L16/-8000", "L16", 44100, 2},
        {"10 L16/4294967296", "L16", 44100, 2},
        {"10 /8000", "L16", 44100, 2},
        {"x L16/8000", "L16", 44100, 2},
        {"10 PCMU/16000", "PCMU", 16000, 1},
        {"10 L24/48000/6", "L24", 48000, 6},
        {"10 L24/48000/600", "L24", 48000, 1},
        {"10 a-name-of-more-than-23-bytes/8000", "a-name-of-more-than-23-", 8000, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "v=0\nm=audio 5004 RTP/AVP 10\na=rtpmap:%s\n", cases[i].map);
        assert_true(decode(text));
        assert_payload(&sdp.media[0], 10, cases[i].codec, cases[i].clock, (uint8_t)cases[i].channels);
    }
}

static void packet_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double ms;
    } cases[] = {{"20", 20},  {" 30 ", 30}, {"2.5", 2.5}, {"0", 0},  {"-20", 0},
                 {"20ms", 0}, {"", 0},      {"60000", 0}, {".5", 0}, {"99999999999999999999", 0},
                 {"20.x", 0}, {"20.", 20}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100];
        snprintf(text, sizeof text, "v=0\nm=audio 5004 RTP/AVP 0\na=ptime:%s\n", cases[i].text);
        assert_true(decode(text));
        assert_true(sdp.media[0].ptime_ms == cases[i].ms);
    }
}

static void a_bad_section_does_not_spill_into_its_neighbour(void **state)
{
    (void)state;
    assert_true(decode("v=0\nm=audio 5004 RTP/AVP 0\nm=audio 70000 RTP/AVP 8\nc=IN IP4 "
                       "192.0.2.9\na=sendonly\na=crypto:1 x y\n"
                       "m=audio\na=inactive\nm=video 6000 RTP/AVP 31\n"));
    assert_int_equal(sdp.media_count, 2);
    assert_int_equal(sdp.media[0].direction, VO_SDP_SENDRECV);
    assert_false(sdp.media[0].has_address);
    assert_false(sdp.media[0].secure);
    assert_int_equal(sdp.media[0].rtcp_port, 5005);
    assert_int_equal(sdp.media[1].port, 6000);
    assert_int_equal(sdp.media[1].direction, VO_SDP_SENDRECV);
}

static void more_than_fits_is_told(void **state)
{
    (void)state;
    char text[4000];
    int at = snprintf(text, sizeof text, "v=0\nm=audio 5004 RTP/AVP");
    for (int type = 0; type < 32; type++)
        at += snprintf(text + at, sizeof text - (size_t)at, " %d %d", type,
                       type); /* a repetition takes no room */
    assert_true(decode(text));
    assert_int_equal(sdp.media[0].payload_count, 32);
    assert_false(sdp.truncated);
    at += snprintf(text + at, sizeof text - (size_t)at, " 128 999 x 96\n");
    assert_true(decode(text));
    assert_int_equal(sdp.media[0].payload_count, 32);
    assert_true(sdp.truncated);

    at = snprintf(text, sizeof text, "v=0\n");
    for (int i = 0; i < 9; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "m=audio %d RTP/AVP 0\n", 5000 + i);
        assert_true(decode(text));
        assert_int_equal(sdp.media_count, i < 8 ? i + 1 : 8);
        assert_int_equal(sdp.truncated, i == 8);
    }

    at = snprintf(text, sizeof text, "v=0\nm=audio 5004 RTP/AVP 0\n");
    for (int i = 0; i < 17; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "a=candidate:1 1 UDP 1 192.0.2.1 %d typ host\n",
                       5000 + i);
        assert_true(decode(text));
        assert_int_equal(sdp.media[0].candidate_count, i < 16 ? i + 1 : 16);
        assert_int_equal(sdp.truncated, i == 16);
    }
}

static void what_is_not_sdp(void **state)
{
    (void)state;
    assert_false(decode(""));
    assert_false(decode("\r\n\r\n"));
    assert_false(decode("o=- 1 1 IN IP4 192.0.2.1\nm=audio 5004 RTP/AVP 0\n"));
    assert_false(decode("Signal=5\nDuration=160\n"));
    assert_int_equal(sdp.media_count, 0);
    assert_true(decode("\r\n v=0"));
    assert_int_equal(sdp.media_count, 0);
    assert_null(sdp.origin.at);
    assert_true(decode("v=0\no=-\no=a b\n=\n==\nm\nm=\na=\na=:\na=rtpmap\n"));
    assert_null(sdp.origin.at);
    assert_int_equal(sdp.media_count, 0);
    assert_true(decode("v=0\no=- 7 x\n")); /* a version that is no number, no address */
    assert_span(sdp.origin, "- 7");
    assert_int_equal(sdp.version, 0);
    assert_null(sdp.origin_address.at);
}

static void every_prefix(void **state)
{
    (void)state;
    const char *first = strstr(offer, "m=audio 49170 RTP/AVP"),
               *second = strstr(offer, "m=video 51372/2 RTP/SAVP");
    for (size_t size = 0; size < sizeof offer - 1; size++) {
        assert_int_equal(decode_size(offer, size), size >= 2);
        /* a section counts once its profile has begun */
        unsigned expected = (size > (size_t)(first - offer) + 14) + (size > (size_t)(second - offer) + 16);
        assert_int_equal(sdp.media_count, expected);
    }
    const char hostile[] = "v=0\nm=audio 5004 RTP/AVP 0 \0 8\na=rtpmap:0 \0/8000\n\0=\n\r\r\r\n";
    for (size_t size = 0; size < sizeof hostile; size++)
        decode_size(hostile, size);
    assert_int_equal(sdp.media_count, 1);
    assert_payload(&sdp.media[0], 8, "PCMA", 8000, 1);
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
        cmocka_unit_test(reads_an_offer),
        cmocka_unit_test(reads_a_webrtc_offer),
        cmocka_unit_test(connection_lines),
        cmocka_unit_test(profiles),
        cmocka_unit_test(directions),
        cmocka_unit_test(rtcp_ports),
        cmocka_unit_test(rtpmaps_that_are_none_leave_rfc_3551),
        cmocka_unit_test(packet_times),
        cmocka_unit_test(a_bad_section_does_not_spill_into_its_neighbour),
        cmocka_unit_test(more_than_fits_is_told),
        cmocka_unit_test(what_is_not_sdp),
        cmocka_unit_test(every_prefix),
    };
    return cmocka_run_group_tests_name("sdp", tests, NULL, release);
}
