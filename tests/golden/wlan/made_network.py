"""A capture of several networks: beacons whose load and levels change, stations that send, retries, damage; and one of it by another receiver."""
import random
import struct

from made_elements import beacon, element
from made_frames import FROM_DS, RETRY, TO_DS, data
from wire import *

NOISE_DBM = -95


def load(rng, kind):
    """None; Cisco's version 1; 802.11e; both, as Cisco's access points can."""
    old = element(11, struct.pack('<HBB', rng.randrange(30), rng.randrange(101), 0))
    new = element(11, struct.pack('<HBH', rng.randrange(30), rng.randrange(256), 0))
    return (b'', old, new, old + new, new + old)[kind]


def frames():
    """(frequency, level, whether it is whole, frame)."""
    rng = random.Random(90)
    access_points = [(0x020000010000 + (n << 8), mhz, number, n % 5) for n, (mhz, number) in
                     enumerate([(2412, 1), (2437, 6), (2462, 11), (5180, 36), (5200, 40), (5500, 100), (5745, 149), (2412, 1), (5180, 36), (5220, 44)])]
    for turn in range(40):
        for bssid, mhz, number, kind in access_points:
            address = bssid.to_bytes(6, 'big')
            level = -30 - (bssid >> 8 & 15) * 5 - rng.randrange(6)
            body = element(0, b'net-%d' % number) + element(1, b'\x82\x84\x8b\x96') + element(3, bytes([number])) + element(5, bytes([turn % 3, 3, 0, rng.randrange(256)]))
            yield mhz, level, rng.random() > 0.05, beacon(8 if rng.random() < 0.9 else 5, body + load(rng, kind), address)
            for flags in (TO_DS, FROM_DS, TO_DS | RETRY, FROM_DS):
                if rng.random() < 0.5:
                    yield mhz, level - 3, rng.random() > 0.05, data(rng, 8, flags, rng.choice((0, 5, 6)), sequence=turn << 4)


def behind_radiotap():
    rng = random.Random(91)
    for mhz, level, whole, frame in frames():
        fields = {FLAGS: bytes([FCS_AT_END | (0 if whole else BAD_FCS)]), RATE: b'\x0c', CHANNEL: channel(mhz), SIGNAL: dbm(level), NOISE: dbm(NOISE_DBM)}
        chains = [{SIGNAL: dbm(level - rng.randrange(5)), ANTENNA: bytes([i])} for i in range(rng.randrange(3))]
        yield radiotap(fields, chains) + with_fcs(frame, whole)


def behind_ppi():
    for mhz, level, whole, frame in frames():
        common = ppi_common(PPI_FCS | (0 if whole else PPI_BAD_FCS), 12, mhz, 0x140, level, NOISE_DBM, 1)
        yield ppi([common]) + with_fcs(frame, whole)


def captures():
    yield 'made-network.pcap', pcap(behind_radiotap(), LINK_RADIOTAP), [{}] * sum(1 for _ in frames())
    of_ppi = {name: ANY for name in ('signal', 'noise', 'signals', 'frequency', 'channel_flags', 'preamble', 'kbps', 'fcs', 'tsft', 'bad_fcs', 'width',
                                     'center', 'primary')}
    yield 'made-network-ppi.pcap', pcap(behind_ppi(), LINK_PPI), \
        [{**of_ppi, 'bad_fcs': None if whole else '1'} for _, _, whole, _ in frames()]
