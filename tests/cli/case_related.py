"""What belongs together: the lines of a bundle, the calls of a conversation, the connections to a server."""
import resource
import struct

import captures
from captures import ALICE, BOB, START
from harness import SANITIZED, case, need, observations, records

PROBE = "voready-rtp"


def signal(time, source, destination, first, call, *headers, body=b""):
    return time, captures.udp(source, 5060, destination, 5060, captures.sip(first, *headers, body=body, call=call), dscp=40)


def media(time, source, destination, payload_type, ssrc, count, step):
    for i in range(count):
        head = struct.pack(">BBHII", 0x80, payload_type, i, i * step, ssrc)
        yield time + i * 0.02, captures.udp(source, 16384, destination, 16384, head + b"x" * 100)


@case("rtp: a bundle's payload types tell its media")
def bundle(bench):
    """RFC 9143 9.2: audio, video, and a type that both lines list, on one pair of ports."""
    def description(address):
        where = ".".join(map(str, address))
        return (f"v=0\r\no=- 1 1 IN IP4 {where}\r\ns=-\r\nc=IN IP4 {where}\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
                "m=audio 16384 RTP/AVP 96 98\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:98 L16/16000\r\n"
                "m=video 16384 RTP/AVP 97 98\r\na=mid:1\r\na=rtcp-mux\r\na=rtpmap:97 VP8/90000\r\na=rtpmap:98 H264/90000\r\n").encode()
    kind = "Content-Type: application/sdp"
    frames = [signal(START, ALICE, BOB, "INVITE sip:bob@example.com SIP/2.0", "b", "CSeq: 1 INVITE", kind, body=description(ALICE)),
              signal(START + 0.1, BOB, ALICE, "SIP/2.0 200 OK", "b", "CSeq: 1 INVITE", kind, body=description(BOB))]
    for payload_type, step in ((96, 960), (97, 1800), (98, 320)):
        frames += media(START + 1, ALICE, BOB, payload_type, payload_type, 200, step)
    bench.file("bundle.pcap", captures.pcap(sorted(frames, key=lambda frame: frame[0])))
    bench.run(PROBE, "-o", "out.jsonl", "bundle.pcap").exits(0)
    told = {o["subject"]["payload_type"]: o["subject"] for o in observations(records(bench.path("out.jsonl"), True), "rtp_stream")}
    kinds = {number: subject["media"] for number, subject in told.items()}
    need(kinds == {96: "audio", 97: "video", 98: "unknown"}, f"media is {kinds}")
    need("list its payload type" in told[98].get("media_unknown", ""), f"why is not told: {told[98]}")
    need("media_unknown" not in told[96] and "codec" not in told[98], f"too much is told: {told}")


def generated(count, packets=20):
    """Calls of a traffic generator: others by every address, one recording and so one SSRC in each direction."""
    kind = "Content-Type: application/sdp"
    frames = []
    for i in range(count):
        caller, callee = (bytes([10, side, i >> 8, i & 255]) for side in (1, 2))
        begin, call = START + 2.0 * i / count, f"generated-{i}@example.com"
        offer, answer = (captures.sdp(end, 16384).replace(b"o=- 1", b"o=- %d" % i) for end in (caller, callee))
        frames.append(signal(begin, caller, callee, "INVITE sip:bob@example.com SIP/2.0", call, "CSeq: 1 INVITE", kind, body=offer))
        frames.append(signal(begin + 0.001, callee, caller, "SIP/2.0 200 OK", call, "CSeq: 1 INVITE", kind, body=answer))
        frames += media(begin + 0.01, caller, callee, 0, 0xCAFE, packets, 160)
        frames += media(begin + 0.012, callee, caller, 0, 0xBEEF, packets, 160)
    return captures.pcap(sorted(frames, key=lambda frame: frame[0]))


def seconds_of(bench, path):
    """Processor time of a measurement: the least of three."""
    least = float("inf")
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        bench.run(PROBE, "-o", "out.jsonl", path).exits(0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


@case("rtp: one SSRC in two thousand calls")
def one_ssrc(bench):
    bench.file("calls.pcap", generated(2000))
    bench.run(PROBE, "-o", "out.jsonl", "calls.pcap").exits(0)
    found = records(bench.path("out.jsonl"), complete=True)
    streams, calls = observations(found, "rtp_stream"), observations(found, "call")
    need(len(streams) == 4000 and len(calls) == 2000, f"{len(streams)} streams and {len(calls)} calls")
    legs = sum("first_leg" in o["subject"] or "rtp_point_delay_ms" in o["metrics"] for o in streams)
    need(legs == 0, f"{legs} streams are taken for legs of others")
    linked = sum("linked_calls" in o["subject"] for o in calls)
    need(linked == 0, f"{linked} calls are linked with others")
    need(len({o["subject"]["call_id"] for o in streams}) == 2000, "streams are given to other calls")
    said = [o["subject"].get("shared_ssrc", "") for o in observations(found, "capture")]
    need(len(said) == 1 and said[0].startswith("4000 streams of SSRC 0x"), f"it is not said: {said}")


def few(count):
    return captures.pcap(sorted((frame for i in range(count) for frame in media(
        START, bytes([10, 1, 0, i]), bytes([10, 2, 0, i]), 0, 0xCAFE, 40, 160)), key=lambda frame: frame[0]))


@case("rtp: four streams of one SSRC may be legs, five are not")
def limit(bench):
    for count, legs in ((4, 3), (5, 0)):
        bench.file("few.pcap", few(count))
        bench.run(PROBE, "-o", "out.jsonl", "few.pcap").exits(0)
        found = records(bench.path("out.jsonl"), complete=True)
        told = sum("first_leg" in o["subject"] for o in observations(found, "rtp_stream"))
        need(told == legs, f"{told} of {count} streams have a first leg instead of {legs}")
        said = "shared_ssrc" in observations(found, "capture")[0]["subject"]
        need(said == (legs == 0), f"shared_ssrc is {said} of {count}")


@case("rtp: time grows with calls of one SSRC, not with their square")
def linear(bench):
    """What does not grow is in both, so that twice the calls take at most twice the time; a half more for the machine."""
    for count in (2000, 4000):
        bench.file(f"{count}.pcap", generated(count, packets=6))
    once, twice = seconds_of(bench, "2000.pcap"), seconds_of(bench, "4000.pcap")
    need(SANITIZED or twice < 3 * once, f"{twice:.3f} s for 4000 calls, {once:.3f} s for 2000")


def hello(client, server, port, count=1):
    """TLS connections, of which nothing can be read: they begin in the middle."""
    data = b"\x17\x03\x03\x00\x40" + b"e" * 64
    for i in range(count):
        yield captures.tcp(client, port + i, server, 5061, 1, data)
        yield captures.tcp(server, 5061, client, port + i, 1, data)


@case("rtp: connections to one TLS server are one record")
def hidden(bench):
    server = bytes([203, 0, 113, 1])
    other = bytes([203, 0, 113, 2])
    frames = [(START + i * 0.001, data) for i, data in
              enumerate([*hello(ALICE, server, 20000, 5000), *hello(BOB, server, 20000, 3), *hello(ALICE, other, 20000)])]
    bench.file("tls.pcap", captures.pcap(frames))
    bench.measured(PROBE, "-o", "out.jsonl", "tls.pcap").exits(0).below(64)
    calls = {o["subject"]["id"]: o for o in observations(records(bench.path("out.jsonl"), complete=True), "call")}
    need(sorted(calls) == ["tls 203.0.113.1:5061", "tls 203.0.113.2:5061"], f"{len(calls)} records, such as {sorted(calls)[:2]}")
    one = calls["tls 203.0.113.1:5061"]
    need(one["subject"]["connections"] == 5003, f"{one['subject']['connections']} connections instead of 5003")
    need(one["metrics"]["sip_packets"] == 2 * 5003, f"{one['metrics']['sip_packets']} packets instead of {2 * 5003}")
    need(one["states"]["sip_signalling_state"] == "encrypted", f"states: {one['states']}")


@case("rtp: TLS to more servers than are kept apart")
def hidden_limit(bench):
    frames = [(START + i * 0.001, data) for i in range(3000)
              for data in hello(ALICE, bytes([203, 1, i >> 8, i & 255]), 20000)]
    bench.file("tls.pcap", captures.pcap(frames))
    bench.measured(PROBE, "-o", "out.jsonl", "tls.pcap").exits(5).says("1976 TLS connections", "1024 servers").below(64)
    found = records(bench.path("out.jsonl"), complete=False)
    capture = observations(found, "capture")[0]
    need(len(observations(found, "call")) == 1024, "the records of servers are not 1024")
    need(capture["subject"].get("encrypted_signalling_left_out") == 1976, f"{capture['subject']}")
    need(capture["metrics"]["sip_packets"] == 6000, f"{capture['metrics']['sip_packets']} SIP packets instead of 6000")
