/* Scenarios of codecs, timestamps and what senders do. */
#include "samples/gen.h"

#include <string.h>

#define TALK 1000

static void codec_call(struct gen *gen, const char *codec, bool silent)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, codec);
    duo.silent = silent;
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
    if (silent)
        duo.to_bob->codec = duo.to_alice->codec = NULL;
}

static void g722(struct gen *gen)
{
    codec_call(gen, "G722", false);
}

static void opus(struct gen *gen)
{
    codec_call(gen, "opus", false);
}

static void opus_without_sdp(struct gen *gen)
{
    codec_call(gen, "opus", true);
}

static void hold(struct gen *gen, bool running)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK / 2);
    gen_call_again(&duo.call, duo.to_bob->next, "inactive");
    gen_silence(duo.to_bob, 60, running);
    gen_silence(duo.to_alice, 60, running);
    gen_call_again(&duo.call, duo.to_bob->next - 200 * GEN_MS, "sendrecv");
    duo.to_bob->no_jitter = duo.to_alice->no_jitter = true;
    gen_duo_talk(&duo, TALK / 2);
    gen_duo_close(&duo);
}

static void hold_paused(struct gen *gen)
{
    hold(gen, false);
}

static void hold_running(struct gen *gen)
{
    hold(gen, true);
}

static void dtx(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.call.codecs = "PCMU CN";
    gen_duo_open(&duo);
    gen_talk(duo.to_alice, TALK);
    for (int spurt = 0; spurt < 5; spurt++) {
        gen_talk(duo.to_bob, 100);
        gen_use_codec(duo.to_bob, "CN");
        struct gen_packet *noise = gen_talk(duo.to_bob, 1);
        noise->untimed = true;
        noise->head[0] = 70; /* -70 dBov */
        noise->head_size = 1;
        gen_use_codec(duo.to_bob, "PCMU");
        gen_silence(duo.to_bob, 1.98, true);
    }
    gen_talk(duo.to_bob, 100);
    duo.to_bob->no_jitter = true;
    gen_expect(duo.to_bob, "rtp_comfort_noise_packets", 5);
    gen_duo_close(&duo);
}

/* One key (RFC 4733 2.5): 5 updates, then the end three times, under one timestamp. */
static void press(struct gen_stream *stream, uint8_t key, bool copied)
{
    uint32_t timestamp = stream->timestamp;
    size_t ends = copied ? 1 : 3, count = 5 + ends;
    gen_use_codec(stream, "telephone-event");
    stream->marker = true;
    struct gen_packet *packets = gen_talk(stream, count);
    for (size_t i = 0; i < count; i++) {
        bool end = i >= 5;
        unsigned duration = 160 * (unsigned)(end ? 6 : i + 1);
        packets[i].timestamp = timestamp;
        packets[i].untimed = true;
        packets[i].head[0] = key;
        packets[i].head[1] = (uint8_t)(end << 7 | 10);
        gen_store16(packets[i].head + 2, duration);
        packets[i].head_size = 4;
        packets[i].copies = copied && end ? 2 : 0;
    }
    gen_use_codec(stream, "PCMU");
    stream->marker = true;
}

static void events(struct gen *gen, bool copied)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.call.codecs = "PCMU telephone-event";
    gen_duo_open(&duo);
    gen_talk(duo.to_alice, TALK);
    for (uint8_t key = 1; key <= 11; key += 2) { /* 1 3 5 7 9 # */
        gen_talk(duo.to_bob, 100);
        press(duo.to_bob, key, copied);
    }
    gen_talk(duo.to_bob, 200);
    duo.to_bob->no_jitter = true;
    vo_json_put_string(&gen->facts, "dtmf", "13579#");
    gen_duo_close(&duo);
}

static void events_copied(struct gen *gen)
{
    events(gen, true);
}

static void events_numbered(struct gen *gen)
{
    events(gen, false);
}

static void codec_change(struct gen *gen, const char *codecs, const char *next)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.call.codecs = codecs;
    gen_duo_open(&duo);
    gen_talk(duo.to_alice, TALK);
    gen_talk(duo.to_bob, TALK - 300);
    gen_use_codec(duo.to_bob, next);
    gen_talk(duo.to_bob, 300);
    duo.to_bob->no_jitter = true;
    vo_json_put_integer(&gen->facts, "codec_changes", 1);
    gen_duo_close(&duo);
}

static void change_to_pcma(struct gen *gen)
{
    codec_change(gen, "PCMU PCMA", "PCMA");
}

static void change_to_g722(struct gen *gen)
{
    codec_change(gen, "PCMU G722", "G722");
}

static void ssrc_change(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_talk(duo.to_alice, TALK);
    gen_talk(duo.to_bob, TALK / 2);
    struct gen_stream *second = gen_stream(gen, &duo.up, "PCMU", 0x33330003, duo.to_bob->next);
    second->call_id = duo.call.id;
    gen_talk(second, TALK / 2);
    gen_duo_close(&duo);
}

static void skew(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    duo.to_bob->fast = 200e-6;
    gen_expect(duo.to_bob, "rtp_clock_skew_ppm", 200);
    gen_expect(duo.to_alice, "rtp_clock_skew_ppm", 0);
    gen_duo_talk(&duo, 30000);
    gen_duo_close(&duo);
}

static void freeze(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
    vo_time at = duo.to_bob->packets[500].time + 1500 * GEN_MS;
    for (size_t i = 500; i < TALK && duo.to_bob->packets[i].time < at; i++, at += GEN_MS / 5)
        duo.to_bob->packets[i].time = at;
}

static void one_way(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.one_way = true;
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
}

static void srtp(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.call.profile = "RTP/SAVP";
    duo.call.attributes =
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";
    gen_duo_open(&duo);
    duo.to_bob->secure = duo.to_alice->secure = true;
    gen_duo_talk(&duo, TALK);
    struct gen_stream *both[] = {duo.to_bob, duo.to_alice};
    for (int i = 0; i < 2; i++) {
        struct gen_path path = both[i]->path;
        path.from.port++;
        path.to.port++;
        for (size_t at = 250; at < TALK; at += 250)
            gen_rtcp(
                gen, both[i]->packets[at].time + 3 * GEN_MS, &path,
                &(struct gen_rtcp){.ssrc = both[i]->ssrc, .ntp = both[i]->packets[at].time, .secure = true});
        gen_expect_state(both[i], "rtp_media_state", "srtp");
    }
    gen_duo_close(&duo);
}

static void wrong_address(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.call.media[1] = gen_ip("10.0.0.9", 30000);
    gen_duo_open(&duo);
    gen_duo_talk(&duo, TALK);
    gen_expect_state(duo.to_bob, "rtp_address_state", "symmetric");
    gen_duo_close(&duo);
}

static void wrong_ptime(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    duo.to_bob->interval = 30 * GEN_MS;
    duo.to_bob->step = 240;
    duo.to_bob->size = 240;
    gen_talk(duo.to_bob, 700);
    gen_talk(duo.to_alice, 1050);
    gen_expect(duo.to_bob, "rtp_ptime_ms", 30);
    gen_expect_state(duo.to_bob, "rtp_ptime_state", "different");
    gen_expect(duo.to_alice, "rtp_ptime_ms", 20);
    gen_expect_state(duo.to_alice, "rtp_ptime_state", "as_signalled");
    gen_duo_close(&duo);
}

const struct gen_scenario gen_media_scenarios[] = {
    {"g722", "G.722: 16 kHz audio under a clock of 8000", g722},
    {"opus", "Opus with SDP: clock 48000", opus},
    {"opus-without-sdp", "Opus, payload type 111, no signalling in the capture", opus_without_sdp},
    {"hold-paused", "60 s of hold; timestamps stand still meanwhile", hold_paused},
    {"hold-running", "60 s of hold; timestamps run on meanwhile", hold_running},
    {"dtx", "five pauses of 2 s, each begun by comfort noise and ended by a marker", dtx},
    {"events-copied", "six keys, whose end packets are repeated with the same sequence number",
     events_copied},
    {"events-numbered", "six keys, whose end packets are repeated with new sequence numbers",
     events_numbered},
    {"change-to-pcma", "the sender changes from PCMU to PCMA", change_to_pcma},
    {"change-to-g722", "the sender changes from PCMU to G.722", change_to_g722},
    {"ssrc-change", "the sender changes its SSRC", ssrc_change},
    {"skew", "10 minutes; alice's clock runs 200 ppm fast", skew},
    {"freeze", "the network stands still for 1.5 s, then delivers all at once", freeze},
    {"one-way", "only alice's audio is seen", one_way},
    {"srtp", "SDES-SRTP with SRTCP", srtp},
    {"wrong-address", "alice sends elsewhere than bob's SDP tells", wrong_address},
    {"wrong-ptime", "ptime 20 is agreed, alice sends 30 ms", wrong_ptime},
    {NULL, NULL, NULL},
};
