"""What a network can send to whoever listens: it must end soon, in bounded memory, and the call beside it stays measured."""
import random
import re
import struct

import captures
from captures import ALICE, BOB, START
from harness import case, need, observations, packets, records

PROBE = "voready-rtp"
SOON = 20.0  # seconds, also for a busy machine


def hostile_case(name, make, resident, check=None):
    """`make` gives the frames that surround a sound call; `resident`: mebibytes."""
    @case(f"rtp: {name}")
    def measure(bench):
        frames = captures.call()
        frames[150:150] = [(START + 2, data) for data in make()]
        with open(bench.path("hostile.pcap"), "wb") as file:
            file.write(captures.pcap(frames))
        result = bench.measured(PROBE, "-o", "out.jsonl", "hostile.pcap", patience=SOON, limit=512)
        result.exits(0).below(resident)
        found = records(bench.path("out.jsonl"), complete=True)
        calls = [c for c in observations(found, "call") if "call-1@" in str(c["subject"])]
        need(len(calls) == 1, f"{len(calls)} calls instead of the one that is sound")
        mine = [s for s in observations(found, "rtp_stream") if "0x000a11ce" in s["subject"]["id"]]
        need(len(mine) == 1 and mine[0]["metrics"]["rtp_packets"] == 100, "the stream of the sound call is not measured")
        if check:
            check(found)


def connection(port, stream, segment=1400):
    """A TCP connection of Alice to Bob's SIP port that carries `stream`, never closed."""
    frames = [captures.tcp(ALICE, port, BOB, 5060, 0, b"", flags=0x02),
              captures.tcp(BOB, 5060, ALICE, port, 0, b"", flags=0x12)]
    return frames + [captures.tcp(ALICE, port, BOB, 5060, 1 + at, stream[at:at + segment])
                     for at in range(0, len(stream), segment)]


def message(headers, call="big@example.com", **how):
    return captures.sip("INVITE sip:bob@example.com SIP/2.0", "CSeq: 1 INVITE", *headers, call=call, **how)


def udp_sip(content):
    return captures.udp(ALICE, 5062, BOB, 5060, content)


hostile_case("SIP with ten thousand headers over UDP", lambda: [udp_sip(message(["a:b"] * 10_000))], 32)
hostile_case("SIP with ten thousand headers over TCP", lambda: connection(4000, message(["X-Header: value"] * 10_000)), 32)
hostile_case("SIP with ten thousand Via headers",
             lambda: connection(4000, message([f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{i}" for i in range(10_000)])), 32)
hostile_case("SIP with a header of 64 KB over UDP", lambda: [udp_sip(message(["X: " + "y" * 65_000]))], 32)
hostile_case("SIP with a header of 64 KB over TCP", lambda: connection(4000, message(["X: " + "y" * 65_536])), 32)
hostile_case("SIP with a header of 4 MB without an end",
             lambda: connection(4000, b"INVITE sip:bob@example.com SIP/2.0\r\nX: " + b"y" * 4_000_000), 48)
hostile_case("SIP with Call-ID, From and To of 60 KB",
             lambda: [udp_sip(b"INVITE sip:b SIP/2.0\r\nCall-ID: " + b"c" * 20_000 + b"\r\nFrom: " + b"f" * 20_000 +
                              b"\r\nTo: " + b"t" * 20_000 + b"\r\nCSeq: 1 INVITE\r\n\r\n")], 32)
hostile_case("SIP over TCP that never ends",
             lambda: connection(4000, message([], length=2_000_000_000) + b"v=0\r\n" * 2_000_000), 48)
hostile_case("SIP over TCP with a negative and a huge length",
             lambda: connection(4000, message([], length=-1) * 50) + connection(4001, message([], length=10**30) * 50), 32)
hostile_case("two thousand SIP connections that never end",
             lambda: [f for port in range(2000) for f in connection(4000 + port, message([], length=60_000) + b"x" * 14_000)],
             160)
hostile_case("TCP segments behind a hole that is never filled",
             lambda: [f for port in range(200) for f in connection(4000 + port, message([]) * 40)[:2] +
                      connection(4000 + port, message([]) * 60)[4:]], 96)
hostile_case("SDP with two thousand media lines",
             lambda: connection(4000, message(["Content-Type: application/sdp"], body=b"v=0\r\nc=IN IP4 192.0.2.1\r\n" +
                                              b"".join(b"m=audio %d RTP/AVP 0\r\n" % (2000 + 2 * i) for i in range(2000)))), 32)
hostile_case("forty thousand calls that are never answered",
             lambda: [udp_sip(message([], call=f"{i}@example.com")) for i in range(40_000)], 256)


def fragments_of(payload, identity, cuts, more_at_end=False):
    """Fragments begin and end at `cuts` (pairs of multiples of 8, but the last end)."""
    last = max(end for _, end in cuts)
    return [captures.ip(ALICE, BOB, payload[begin:end], identity=identity,
                        fragment=(0x2000 if end < last or more_at_end else 0) | begin // 8) for begin, end in cuts]


def overlapping():
    good = captures.udp_segment(5062, 5060, message(["X: " + "y" * 1500]))
    evil = bytes(len(good))
    size = len(good)
    for identity, cuts in enumerate([[(0, 800), (400, size)], [(0, 800), (0, 400), (800, size)], [(800, size), (0, 816)],
                                     [(0, 800)] * 50 + [(800, size)], [(8, 16)] * 3000, [(0, size), (8, 16)]], 1):
        yield from fragments_of(good, identity, cuts)
        yield from fragments_of(evil, identity, cuts)


def beyond_the_end():
    for identity in range(1, 200):
        yield captures.ip(ALICE, BOB, b"z" * 1400, identity=identity, fragment=0x1FFF)
        yield captures.ip(ALICE, BOB, b"z" * 1400, identity=identity, fragment=0x2000 | 0x1FF0)
        yield captures.ip(ALICE, BOB, b"", identity=identity, fragment=0x2000)


def first_only():
    for identity in range(65_536):
        yield captures.ip(ALICE, BOB, captures.udp_segment(5062, 5060, b"x" * 100)[:104], identity=identity, fragment=0x2000)


hostile_case("fragments that overlap", overlapping, 32)
hostile_case("fragments beyond the largest packet", beyond_the_end, 32)
hostile_case("fragments that never complete", first_only, 64)


def tunnels():
    """IP in IP in IP, far deeper than anything real; cut and whole."""
    data = captures.udp(ALICE, 1, BOB, 2, b"")[14:]
    for _ in range(300):
        data = captures.ip(ALICE, BOB, data, protocol=4)[14:]
        yield captures.ip(ALICE, BOB, data, protocol=4)


hostile_case("tunnels in tunnels", tunnels, 32)


def random_bytes():
    chance = random.Random(7)
    for size in range(3000):
        yield chance.randbytes(size % 200)
        port = chance.choice([5060, 5061, 16384, 20480, 3478, 4789, 2152])
        yield captures.udp(ALICE, 1024 + size, BOB, port, chance.randbytes(size % 160))
        yield captures.tcp(ALICE, 1024 + size, BOB, port, chance.getrandbits(32), chance.randbytes(size % 160),
                           flags=chance.getrandbits(6))


hostile_case("random bytes", random_bytes, 64)


def rtcp_lies():
    for length in (0, 1, 2, 6, 255, 65535):
        for count in (0, 1, 31):
            yield captures.udp(ALICE, 16385, BOB, 20481, struct.pack(">BBHI", 0x80 | count, 200, length, 0xA11CE) + b"\xff" * 40)
            yield captures.udp(ALICE, 16385, BOB, 20481, struct.pack(">BBHI", 0x80 | count, 207, length, 0xA11CE) + b"\x07" * 40)


hostile_case("RTCP whose lengths lie", rtcp_lies, 32)


@case("rtp: a million datagrams of random SSRC")
def random_ssrc(bench):
    with open(bench.path("random.pcap"), "wb") as file:
        file.writelines(captures.random_rtp(1_000_000))
    result = bench.measured(PROBE, "-o", "out.jsonl", "random.pcap", patience=60, limit=512)
    result.exits(0).below(64)
    found = records(bench.path("out.jsonl"), complete=True)
    need(packets(found) < 1000, f"{packets(found)} packets are taken for speech")


@case("rtp: no more streams than allowed")
def stream_limit(bench):
    """300 streams where 100 are measured at once: those pushed out are in the records, and it is said."""
    frames = [(START + i * 0.02 + s * 0.00001, captures.udp(ALICE, 10000 + 2 * s, BOB, 40000, captures.rtp(i, 100 + s, b"x" * 20)))
              for i in range(60) for s in range(300)]
    bench.file("many.pcap", captures.pcap(frames))
    bench.run(PROBE, "--max-streams", "100", "-o", "out.jsonl", "many.pcap").exits(5).says("closed early", "--max-streams")
    found = records(bench.path("out.jsonl"), complete=False)
    streams = observations(found, "rtp_stream")
    evicted = sum(1 for stream in streams if stream["subject"].get("evicted") == "yes")
    told = observations(found, "capture")[0]["metrics"]["capture_evicted_streams"]
    need(evicted >= 200 and told == evicted, f"{evicted} streams were closed early, the capture tells {told}")


@case("rtp: more calls than can be followed")
def call_limit(bench):
    invite = udp_sip(message([], call="0000000@example.com"))
    at = [m.start() for m in re.finditer(b"0000000@example.com", invite)]
    with open(bench.path("calls.pcap"), "wb") as file:
        file.write(captures.pcap([]))
        for i in range(100_100):
            for place in at:
                invite = invite[:place] + b"%07d" % i + invite[place + 7:]
            file.write(struct.pack("<IIII", int(START) + i // 1000, i % 1000, len(invite), len(invite)) + invite)
    bench.measured(PROBE, "-o", "out.jsonl", "calls.pcap").exits(5).says("100000", "split").below(400)
    found = records(bench.path("out.jsonl"), complete=False)
    need(len(observations(found, "call")) == 100_000, "the first calls are measured")
