"""Small captures, written byte by byte: a call, and what an attacker or a broken tool would send instead."""
import random
import struct

ALICE, BOB = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
START = 1_700_000_000.0
UDP, TCP = 17, 6


def pcap(frames, linktype=1, snaplen=262144):
    """`frames`: (time in seconds, bytes), or (time, bytes, captured, length) to lie."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, linktype)]
    for time, data, *lie in frames:
        captured, length = lie or (len(data), len(data))
        out.append(struct.pack("<IIII", int(time), int(time % 1 * 1e6), captured, length))
        out.append(data)
    return b"".join(out)


def ip(source, destination, payload, protocol=UDP, dscp=46, identity=0, fragment=0):
    """Ethernet and IPv4; `fragment` is the field of flags and offset."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, dscp << 2, 20 + len(payload), identity, fragment, 60, protocol, 0,
                         source, destination)
    return b"\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\x00" + header + payload


def udp_segment(source_port, destination_port, payload):
    return struct.pack(">HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def udp(source, source_port, destination, destination_port, payload, dscp=46):
    return ip(source, destination, udp_segment(source_port, destination_port, payload), dscp=dscp)


def tcp(source, source_port, destination, destination_port, sequence, payload, flags=0x18, ack=1):
    head = struct.pack(">HHIIBBHHH", source_port, destination_port, sequence % 2**32, ack, 0x50, flags, 65535, 0, 0)
    return ip(source, destination, head + payload, protocol=TCP, dscp=40)


def sip(first, *headers, body=b"", length=None, call="call-1@example.com"):
    fixed = ["Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" + call, "From: <sip:alice@example.com>;tag=a",
             "To: <sip:bob@example.com>" + ("" if first.startswith("INVITE") else ";tag=b"), "Call-ID: " + call]
    text = "\r\n".join([first, *fixed, *headers, f"Content-Length: {len(body) if length is None else length}"])
    return text.encode() + b"\r\n\r\n" + body


def sdp(address, port):
    where = ".".join(map(str, address))
    return (f"v=0\r\no=- 1 1 IN IP4 {where}\r\ns=-\r\nc=IN IP4 {where}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n").encode()


def rtp(sequence, ssrc, payload=b"\xd5" * 160):
    return struct.pack(">BBHII", 0x80, 0, sequence % 65536, sequence * 160 % 2**32, ssrc) + payload


def invite(**how):
    return sip("INVITE sip:bob@example.com SIP/2.0", "CSeq: 1 INVITE", "Content-Type: application/sdp",
               body=sdp(ALICE, 16384), **how)


def call(seconds=2.0, lost=()):
    """A call of two RTP streams, PCMU of 20 ms, between INVITE and BYE. `lost`: numbers of packets of Alice."""
    def signal(after, message, from_alice):
        ends = (ALICE, 5060, BOB, 5060) if from_alice else (BOB, 5060, ALICE, 5060)
        return START + after, udp(*ends, message, dscp=40)
    answer = sip("SIP/2.0 200 OK", "CSeq: 1 INVITE", "Content-Type: application/sdp", body=sdp(BOB, 20480))
    frames = [signal(0, invite(), True), signal(0.1, sip("SIP/2.0 180 Ringing", "CSeq: 1 INVITE"), False),
              signal(0.5, answer, False), signal(0.55, sip("ACK sip:bob@example.com SIP/2.0", "CSeq: 1 ACK"), True)]
    for i in range(int(seconds * 50)):
        if i not in lost:
            frames.append((START + 0.6 + i * 0.02, udp(ALICE, 16384, BOB, 20480, rtp(1000 + i, 0xA11CE))))
        frames.append((START + 0.61 + i * 0.02, udp(BOB, 20480, ALICE, 16384, rtp(60000 + i, 0xB0B))))
    frames += [signal(seconds + 1, sip("BYE sip:bob@example.com SIP/2.0", "CSeq: 2 BYE"), True),
               signal(seconds + 1.05, sip("SIP/2.0 200 OK", "CSeq: 2 BYE"), False)]
    return frames


def call_pcap(**how):
    return pcap(call(**how))


def random_rtp(count, seed=1):
    """Datagrams that all look like RTP of version 2, none of the same stream."""
    chance = random.Random(seed)
    head = udp(ALICE, 16384, BOB, 20480, bytes(12 + 20), dscp=0)[:14 + 20]
    out = [pcap([])]
    for i in range(count):
        out.append(struct.pack("<IIII", int(START) + i // 10000, i % 10000 * 100, 74, 74))
        out.append(head)
        out.append(struct.pack(">HHHHBB", chance.getrandbits(16), chance.getrandbits(16), 40, 0, 0x80,
                               chance.getrandbits(7) & 0x3F))
        out.append(chance.randbytes(30))
    return out
