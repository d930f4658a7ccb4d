"""802.11 frames with radiotap, for the cases of voready-wlan: a voice WLAN of one access point and a phone."""
import struct
import zlib

import captures

AP, PHONE, FOREIGN = b"\x02\0\0\0\x0a\0", b"\x02\0\0\0\x01\0", b"\x02\0\0\0\x0f\0"
EVERYBODY = b"\xff" * 6
RADIOTAP = 127


def radiotap(signal=-60, mhz=5180, flags=0x10, rate=12):
    """Flags 0x10: the FCS is at the end; 0x40: and it is wrong."""
    body = struct.pack("<BBHHb", flags, rate, mhz, 0x140, signal)
    return struct.pack("<BBHI", 0, 0, 8 + len(body), 2 | 4 | 8 | 32) + body


def whole(frame, **how):
    return radiotap(**how) + frame + struct.pack("<I", zlib.crc32(frame))


def elements(ssid=b"voice", load=(12, 80, 20000)):
    found = bytes((0, len(ssid))) + ssid + b"\x01\x08\x8c\x12\x98\x24\xb0\x48\x60\x6c\x03\x01\x24"
    if load:
        found += struct.pack("<BBHBH", 11, 5, *load)
    return found + bytes.fromhex("30140100000fac040100000fac040100000fac010000") + bytes.fromhex("dd180050f2020101840003a4000027a4000042435e0062322f00")


def beacon(sequence, ap=AP, ssid=b"voice", **how):
    head = b"\x80\0\0\0" + EVERYBODY + ap + ap + struct.pack("<H", (sequence & 4095) << 4)
    return whole(head + struct.pack("<QHH", sequence * 102400, 100, 0x11) + elements(ssid), **how)


def data(sequence, up=True, priority=6, retry=False, body=b"\xaa" * 180):
    """Encrypted data of the phone (or to it) with that user priority."""
    control = 0x4188 if up else 0x4288
    addresses = AP + PHONE + AP if up else PHONE + AP + AP
    return whole(struct.pack("<HH", control | (0x800 if retry else 0), 44) + addresses + struct.pack("<HH", (sequence & 4095) << 4, priority) + body)


def ack(to):
    return whole(b"\xd4\0\0\0" + to, signal=-55)


def survey(seconds=5.0, retries=()):
    """Beacons each 102.4 ms; a frame up each 20 ms, acknowledged. Those in `retries` were sent twice, the first time in vain."""
    frames = []
    for i in range(int(seconds / 0.1024)):
        frames.append((captures.START + i * 0.1024, beacon(i)))
    for i in range(int(seconds / 0.02)):
        at = captures.START + 0.005 + i * 0.02
        if i in retries:
            frames.append((at - 0.001, data(i)))
        frames.append((at, data(i, retry=i in retries)))
        frames.append((at + 0.0003, ack(PHONE)))
    return sorted(frames)


def survey_pcap(**how):
    return captures.pcap(survey(**how), RADIOTAP)
