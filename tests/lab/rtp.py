#!/usr/bin/env python3
"""RTP over the lab's air, and what a capture says of its gaps.

rtp.py send HOST PORT SECONDS [SSRC]   a packet of G.711 each 20 ms
rtp.py sink PORT                       takes what comes, so that no ICMP goes back
rtp.py gaps PCAP RECORDS...            for each roam of the records: the gap by the capture of the interface (tcpdump), found
                                       independently, against the one that is recorded; exit status: how much is wrong
"""
import datetime
import json
import socket
import struct
import sys
import time

OWN = bytes.fromhex("020000000100")


def send(host, port, seconds, ssrc):
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("0.0.0.0", 40000))
    begin = time.monotonic()
    for number in range(int(seconds * 50)):
        wait = begin + number * 0.02 - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            own.sendto(struct.pack("!BBHII", 0x80, 0, number & 0xffff, number * 160, ssrc) + b"\xd5" * 160, (host, port))
        except OSError:
            pass


def sink(port):
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("0.0.0.0", port))
    while True:
        own.recv(2048)


def received(path):
    """(time, source port, sequence number, SSRC) of each UDP packet that was sent to the interface."""
    data = open(path, "rb").read()
    nano = {0xa1b2c3d4: 1e-6, 0xa1b23c4d: 1e-9}[struct.unpack("<I", data[:4])[0]]
    at, packets = 24, []
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack("<IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        if len(frame) >= 54 and frame[:6] == OWN and frame[12:14] == b"\x08\x00" and frame[23] == 17:
            packets.append((seconds + fraction * nano, struct.unpack("!H", frame[34:36])[0],
                            struct.unpack("!H", frame[44:46])[0], struct.unpack("!I", frame[50:54])[0]))
    return packets


def seconds_of(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + (fraction or "0"))


def gap_by_capture(stream, begin, end):
    """Longest time between two packets that overlaps begin to end; how many sequence numbers never came."""
    pairs = [(b[0] - a[0], a, b) for a, b in zip(stream, stream[1:]) if b[0] >= begin and a[0] <= end]
    length, last, first = max(pairs)
    missing = {(last[2] + i) & 0xffff for i in range(1, (first[2] - last[2]) & 0xffff)}
    missing -= {p[2] for p in stream if last[0] - 1 < p[0] < first[0] + 5}
    return 1000 * length, len(missing)


def gaps(path, files):
    bad, compared, packets = 0, 0, received(path)
    for name in files:
        told = [json.loads(line) for line in open(name)]
        events = {e["subject"]["id"]: e for e in told if e["record"] == "event" and e["kind"] == "wlan_roam"}
        for record in told:
            if record["record"] != "observation" or record["subject"]["kind"] != "roam" or "wlan_roam_gap_ms" not in record["metrics"]:
                continue
            media, event = record["subject"]["media"], events[record["subject"]["id"]]
            stream = [p for p in packets if (p[1] == 5008 if media == "echo" else f":{p[1]}>" in media and f"#0x{p[3]:08x}" in media)]
            begin = seconds_of(event.get("disconnected") or event["authentication"])
            length, lost = gap_by_capture(stream, begin - 0.1, seconds_of(event.get("keys_last") or event["connected"]) + 0.1)
            metrics = record["metrics"]
            good = abs(length - metrics["wlan_roam_gap_ms"]) < 1 and lost == metrics["wlan_roam_lost_packets"]
            bad, compared = bad + (not good), compared + 1
            print("ok  " if good else "FAIL", f"gap of {media} at {event['time']}: capture {length:.3f} ms, {lost} lost; recorded",
                  metrics["wlan_roam_gap_ms"], metrics["wlan_roam_lost_packets"], "+-", record["uncertainty"]["wlan_roam_gap_ms"])
    print(compared, "gaps compared")
    return bad or compared == 0


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int((sys.argv[5:] or ["0xc0ffee"])[0], 0))
    elif sys.argv[1] == "sink":
        sink(int(sys.argv[2]))
    else:
        sys.exit(gaps(sys.argv[2], sys.argv[3:]))
