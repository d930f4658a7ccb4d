#!/usr/bin/env python3
"""UDP over the lab's air: talk.py echo [PORT] answers every packet; talk.py call HOST SECONDS [PACE_MS [TOS [PORT]]] sends one each
PACE_MS and prints as JSON how many were sent and came back, the round-trip times and the longest gap between two answers."""
import json
import socket
import sys
import time


def echo(port):
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("0.0.0.0", port))
    while True:
        data, address = peer.recvfrom(2048)
        peer.sendto(data, address)


def call(host, seconds, pace, tos, port):
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
    sent, came, trips, gap = 0, 0, [], 0.0
    begin = last = time.monotonic()
    while (now := time.monotonic()) < begin + seconds + 0.5:
        due = begin + sent * pace
        if due < begin + seconds and now >= due:
            try:
                own.sendto(sent.to_bytes(4, "big") + b"." * 168, (host, port))
            except OSError:
                pass  # no route for the moment: it counts as sent
            sent += 1
            continue
        own.settimeout(max(0.0005, min(due - now, 0.1) if due < begin + seconds else 0.1))
        try:
            number = int.from_bytes(own.recvfrom(2048)[0][:4], "big")
        except OSError:
            continue
        now = time.monotonic()
        came += 1
        trips.append(now - begin - number * pace)
        gap, last = max(gap, now - last), now
    trips.sort()
    print(json.dumps({"sent": sent, "came": came, "gap_ms": round(1000 * gap, 1),
                      "rtt_ms": round(1000 * trips[len(trips) // 2], 2) if trips else None}))


if __name__ == "__main__":
    words = dict(enumerate(sys.argv))
    if words.get(1) == "echo":
        echo(int(words.get(2, 7000)))
    else:
        call(words[2], float(words[3]), float(words.get(4, 20)) / 1000, int(words.get(5, "0"), 0), int(words.get(6, 7000)))
