/* Scenarios of packets, tunnels, signalling, RTCP, legs and points of capture. */
#include "samples/gen.h"

#include <math.h>

#define TALK 1000

static void talk_and_close(struct gen_duo *duo)
{
    gen_duo_open(duo);
    gen_duo_talk(duo, TALK);
    gen_duo_close(duo);
}

static void dscp_one_way(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    duo.to_alice->path.dscp = 0;
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
}

static void ecn(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.up.ecn = 1;
    duo.call.path.ecn = 2;
    talk_and_close(&duo);
}

static void tunnel(struct gen *gen, enum gen_tunnel kind, uint8_t outer_dscp)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.up.tunnel = duo.call.path.tunnel = kind;
    duo.up.outer_dscp = outer_dscp;
    talk_and_close(&duo);
    if (kind == GEN_VXLAN || kind == GEN_GRE) {
        gen_expect(duo.to_bob, "rtp_outer_dscp_46_percent", outer_dscp == 46 ? 100 : 0);
        gen_expect(duo.to_alice, "rtp_outer_dscp_46_percent", outer_dscp == 46 ? 100 : 0);
    }
}

static void vlan(struct gen *gen)
{
    tunnel(gen, GEN_VLAN, 0);
}

static void qinq(struct gen *gen)
{
    tunnel(gen, GEN_QINQ, 0);
}

static void vxlan(struct gen *gen)
{
    tunnel(gen, GEN_VXLAN, 0);
}

static void gre(struct gen *gen)
{
    tunnel(gen, GEN_GRE, 46);
}

static void ipv6(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    duo.up.from = gen_ip("2001:db8::1", 20000);
    duo.up.to = gen_ip("2001:db8::2", 30000);
    duo.call.path.from = gen_ip("2001:db8::1", 5060);
    duo.call.path.to = gen_ip("2001:db8::2", 5060);
    duo.call.media[0] = duo.up.from;
    duo.call.media[1] = duo.up.to;
    talk_and_close(&duo);
}

static void fragments(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "opus"); /* a dynamic payload type: its name and clock are known from SDP alone */
    duo.call.fragments = duo.call.padded = true;
    talk_and_close(&duo);
}

static void sip_tcp(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "opus");
    duo.call.tcp = true;
    duo.call.path.from.port = 40060;
    talk_and_close(&duo);
}

static struct gen_path rtcp_path(struct gen_path path)
{
    path.from.port++;
    path.to.port++;
    return path;
}

/* The point of capture is 10 ms from alice and 15 ms from bob. Every 5 s alice reports, and bob 2.5 s after
 * he heard it. Seen from the point, the loop over bob takes 30 ms and that over alice 20 ms; together the
 * round trip, 50 ms. */
static void rtcp_rtt(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, 1500);
    struct gen_path up = rtcp_path(duo.up), down = gen_reverse(up);
    const vo_time to_alice = 10 * GEN_MS, to_bob = 15 * GEN_MS, way = to_alice + to_bob, wait = 2500 * GEN_MS;
    vo_time bob_sent = 0;
    for (vo_time sent = GEN_START + 3 * GEN_S; sent < duo.to_bob->next - 5 * GEN_S; sent += 5 * GEN_S) {
        struct gen_report report = {.about = duo.to_alice->ssrc, .last_report = gen_ntp_middle(bob_sent)};
        report.delay_since = (uint32_t)llround((double)(sent - bob_sent - way) / 1e9 * 65536);
        gen_rtcp(
            gen, sent + to_alice, &up,
            &(struct gen_rtcp){.ssrc = duo.to_bob->ssrc, .ntp = sent, .report = bob_sent ? &report : NULL});
        bob_sent = sent + way + wait;
        report = (struct gen_report){.about = duo.to_bob->ssrc, .last_report = gen_ntp_middle(sent)};
        report.delay_since = (uint32_t)(wait * 65536 / GEN_S);
        gen_rtcp(gen, bob_sent + to_bob, &down,
                 &(struct gen_rtcp){.ssrc = duo.to_alice->ssrc, .ntp = bob_sent, .report = &report});
    }
    gen_expect(duo.to_bob, "rtp_half_loop_ms", 30);
    gen_expect(duo.to_alice, "rtp_half_loop_ms", 20);
    gen_expect(duo.to_bob, "rtp_rtt_ms", 50);
    gen_expect(duo.to_alice, "rtp_rtt_ms", 50);
    gen_duo_close(&duo);
}

/* The point is beside alice and sees no loss; bob reports 15 lost of every 500. */
static void rtcp_loss(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    gen_duo_open(&duo);
    gen_duo_talk(&duo, 1500);
    struct gen_path down = gen_reverse(rtcp_path(duo.up));
    for (int i = 1; i <= 5; i++) {
        const struct gen_packet *newest = &duo.to_bob->packets[250 * i - 1];
        int32_t lost = 15 * i / 2, before = 15 * (i - 1) / 2;
        struct gen_report report = {.about = duo.to_bob->ssrc,
                                    .highest = (uint32_t)newest->position,
                                    .fraction = (uint8_t)((lost - before) * 256 / 250),
                                    .lost = lost,
                                    .jitter = 40};
        gen_rtcp(gen, newest->time + 30 * GEN_MS, &down,
                 &(struct gen_rtcp){.ssrc = duo.to_alice->ssrc, .ntp = newest->time, .report = &report});
    }
    gen_expect(duo.to_bob, "rtcp_reports", 5);
    gen_expect(duo.to_bob, "rtcp_expected_packets", 1000);
    gen_expect(duo.to_bob, "rtcp_lost_packets", 30);
    gen_expect(duo.to_bob, "rtcp_loss_percent", 3);
    gen_duo_close(&duo);
}

/* alice 10.0.0.1 – 10.0.0.5 B2BUA 10.0.0.6 – bob 10.0.0.2: two Call-IDs, the same RTP relayed 5 ms later. */
static void b2bua(struct gen *gen)
{
    struct gen_duo duo;
    gen_duo_init(&duo, gen, "PCMU");
    struct gen_address inner = gen_ip("10.0.0.5", 24000), outer = gen_ip("10.0.0.6", 26000);
    struct gen_path second = {.from = outer, .to = duo.up.to, .dscp = 46}, back = gen_reverse(second);
    struct gen_call other = duo.call;
    duo.up.to = duo.call.media[1] = inner;
    duo.call.path.to = gen_ip("10.0.0.5", 5060);
    other.id = "generated-2";
    other.path.from = gen_ip("10.0.0.6", 5060);
    other.media[0] = outer;
    gen_duo_open(&duo);
    gen_call_begin(&other, duo.start + 20 * GEN_MS, duo.start + 990 * GEN_MS);
    gen_duo_talk(&duo, TALK);
    gen_duo_close(&duo);
    gen_call_end(&other, duo.to_alice->next + 210 * GEN_MS);
    gen_stream_again(duo.to_bob, &second, 5 * GEN_MS)->call_id = other.id;
    /* bob's audio reaches the B2BUA first: seen 5 ms before alice's leg shows it */
    gen_stream_again(duo.to_alice, &back, -5 * GEN_MS)->call_id = other.id;
    vo_json_put_number(&gen->facts, "leg_delay_ms", 5);
}

/* Point b's clock is 3.7 s ahead and runs 20 ppm fast. */
static vo_time clock_of_b(vo_time time)
{
    return time + 3700 * GEN_MS + (time - GEN_START) / 50000;
}

static void two_points(struct gen *gen)
{
    static const vo_time extra_ms[] = {0, 1, 2, 3, 3, 2, 1, 0};
    struct gen_duo duo;
    gen->clock_of_b = clock_of_b;
    gen_duo_init(&duo, gen, "PCMU");
    struct gen_path up = duo.up, down = gen_reverse(duo.up);
    up.point = down.point = 1;
    gen_duo_open(&duo);
    gen_duo_talk(&duo, 3000);
    struct gen_stream *to_bob = gen_stream_again(duo.to_bob, &up, 30 * GEN_MS);
    gen_stream_again(duo.to_alice, &down, -20 * GEN_MS);
    for (size_t i = 0; i < to_bob->count; i++)
        to_bob->packets[i].time += extra_ms[i % 8] * GEN_MS;
    for (size_t i = 0; i < 7; i++)
        to_bob->packets[400 * (i + 1)].dropped = true;
    gen_duo_close(&duo);
    struct gen_call seen_by_b = duo.call;
    seen_by_b.path.point = 1;
    seen_by_b.offset[0] = 30 * GEN_MS;
    seen_by_b.offset[1] = -20 * GEN_MS;
    gen_call_begin(&seen_by_b, duo.start, duo.start + GEN_S);
    gen_call_end(&seen_by_b, duo.to_alice->next + 200 * GEN_MS);
    vo_json_put_number(&gen->facts, "clock_offset_s", 3.7);
    vo_json_put_number(&gen->facts, "clock_skew_ppm", 20);
    vo_json_put_number(&gen->facts, "delay_to_bob_min_ms", 30);
    vo_json_put_number(&gen->facts, "delay_to_bob_mean_ms", 31.5);
    vo_json_put_number(&gen->facts, "delay_to_bob_max_ms", 33);
    vo_json_put_number(&gen->facts, "delay_to_alice_ms", 20);
    vo_json_put_integer(&gen->facts, "lost_between", 7);
    /* Packets alone tell the sum of both ways, not how it divides. */
    vo_json_put_number(&gen->facts, "loop_min_ms", 50);
    vo_json_put_number(&gen->facts, "clock_ambiguity_ms", 5);
}

static void pcapng(struct gen *gen)
{
    struct gen_duo duo, other;
    gen->pcapng = true;
    gen->interface_drops[0] = 120;
    gen_duo_init(&duo, gen, "PCMU");
    talk_and_close(&duo);
    gen_duo_init(&other, gen, "PCMA");
    other.call.id = "generated-2";
    other.up.from = other.call.media[0] = gen_ip("10.0.1.1", 20000);
    other.up.to = other.call.media[1] = gen_ip("10.0.1.2", 30000);
    other.call.path.from = gen_ip("10.0.1.1", 5060);
    other.call.path.to = gen_ip("10.0.1.2", 5060);
    other.up.interface = other.call.path.interface = 1;
    talk_and_close(&other);
    vo_json_put_integer(&gen->facts, "eth0_dropped", 120);
    vo_json_put_integer(&gen->facts, "eth1_dropped", 0);
}

static void snaplen(struct gen *gen)
{
    struct gen_duo duo;
    gen->snaplen = 60;
    gen_duo_init(&duo, gen, "PCMU");
    talk_and_close(&duo);
    duo.to_bob->call_id = duo.to_alice->call_id = NULL; /* SIP is cut */
    vo_json_put_integer(&gen->facts, "snapped_packets", 2 * TALK + 7);
}

const struct gen_scenario gen_network_scenarios[] = {
    {"dscp-one-way", "DSCP 46 towards bob, 0 towards alice", dscp_one_way},
    {"ecn", "ECN bits are set beside DSCP 46", ecn},
    {"vlan", "an 802.1Q tag", vlan},
    {"qinq", "802.1ad: two tags", qinq},
    {"vxlan", "within VXLAN, whose outer DSCP is 0", vxlan},
    {"gre", "within GRE, whose outer DSCP is 46", gre},
    {"ipv6", "SIP and RTP over IPv6", ipv6},
    {"fragments", "SIP in IP fragments, the last one first; the codec is known from SDP alone", fragments},
    {"sip-tcp", "SIP over TCP: messages share segments and are cut by them, sequence numbers wrap", sip_tcp},
    {"rtcp-rtt", "RTCP whose times give a round trip of 50 ms: 30 beyond bob, 20 beyond alice", rtcp_rtt},
    {"rtcp-loss", "captured beside the sender: no loss here, 3 % in bob's reports", rtcp_loss},
    {"b2bua", "two legs: the same RTP relayed 5 ms later under other addresses", b2bua},
    {"two-points", "two files of one call (OUT and OUT.b); b's clock 3.7 s ahead and 20 ppm fast",
     two_points},
    {"pcapng", "pcapng with two interfaces, one of which dropped 120 packets", pcapng},
    {"snaplen", "packets cut at 60 bytes", snaplen},
    {NULL, NULL, NULL},
};
